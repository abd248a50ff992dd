/// Puts objects together from the fields that the protobuf reader finds, and says what they are.
struct ProtobufAssembly {
    let resource: WatchedResource
    let detail: ObjectDetail
    /// Whether what is read now is frames of a watch, or a single answer.
    var isWatch = false

    var metadata = MetadataDraft()
    var service = ServiceDraft()
    var slice = EndpointSliceDraft()
    var pod = PodDraft()
    /// Of the port at hand, of a service or slice.
    private var portName: String?
    private var portProtocol: String?
    private var portNumber: Int32?
    /// What is wrong with the object at hand; the first of several.
    private var problem: String?

    private var eventType: EventType?
    private var kind: String?
    /// What was found behind the kind.
    private var found: ProtobufMessage?
    private var listVersion = ""
    private var continueToken = ""
    private var statusCode = 0
    private var statusMessage = ""
    private var statusReason = ""
    private var retryAfterSeconds: Int?

    init(resource: WatchedResource, detail: ObjectDetail) {
        self.resource = resource
        self.detail = detail
    }

    /// Whether entries of `labels` are read.
    var wantsLabels: Bool {
        // A slice names its service in a label.
        keepsLabels || resource == .endpointSlices
    }

    private var keepsLabels: Bool { detail.contains(.labels) || resource == .namespaces }

    /// Whether entries of `annotations` are read.
    var wantsAnnotations: Bool { isWatch || resource == .endpointSlices }

    /// The message of one object of the resource.
    var item: ProtobufMessage {
        switch resource {
        case .namespaces: .namespace
        case .services: .service
        case .endpointSlices: .endpointSlice
        case .pods: .pod
        // No server says such a thing in protobuf; root() refuses its kind.
        case .serviceImports: .status
        }
    }

    /// The message that the kind stands for.
    func root() throws(BodyFault) -> ProtobufMessage {
        guard let kind else { throw BodyFault("an object without a kind, expected the kind before the object") }
        if kind == "Status" { return .status }
        let expected = isWatch ? resource.kind : resource.kind + "List"
        guard kind == expected, resource != .serviceImports else {
            throw BodyFault("an object of the kind \"\(kind.prefix(64))\", expected \(expected)")
        }
        return isWatch ? item : .list
    }

    /// Begins a message.
    mutating func enter(_ message: ProtobufMessage) throws(BodyFault) {
        switch message {
        case .watchEvent:
            eventType = nil
            found = nil
        case .unknown:
            kind = nil
        case .list, .status:
            found = message
            statusCode = 0
            statusMessage = ""
            statusReason = ""
            retryAfterSeconds = nil
        case .namespace, .service, .endpointSlice, .pod:
            if isWatch { found = message }
            begin()
        case .labelEntry, .annotationEntry:
            metadata.entry = MetadataDraft.Entry(isAnnotation: message == .annotationEntry)
            metadata.entryCount += 1
            if metadata.entryCount > BodyLimits.mostLabels {
                metadata.entry.use = .nothing
                note("more than \(BodyLimits.mostLabels) labels and annotations")
            }
        case .serviceSpec: service.hasSpec = true
        case .servicePort, .endpointPort:
            portName = nil
            portProtocol = nil
            portNumber = nil
        case .endpoint:
            slice.beginEndpoint()
        case .objectReference: slice.endpoints.setTarget()
        default: break
        }
    }

    /// Ends a message.
    mutating func leave(_ message: ProtobufMessage, _ handler: (BodyEvent) -> Void) throws(BodyFault) {
        switch message {
        case .watchEvent: try endEvent(handler)
        case .namespace, .service, .endpointSlice, .pod:
            if !isWatch { handler(object(.listed)) }
        case .labelEntry, .annotationEntry: metadata.endEntry(keepsLabels: keepsLabels)
        case .servicePort: endServicePort()
        case .endpointPort: endEndpointPort()
        case .loadBalancerIngress:
            if service.ingress.count < BodyLimits.mostAddresses {
                service.endIngress()
            } else {
                note("more than \(BodyLimits.mostAddresses) of status.loadBalancer.ingress")
            }
        case .endpoint:
            slice.endpointCount += 1
            guard slice.endpointCount <= BodyLimits.mostEndpoints else {
                note("more than \(BodyLimits.mostEndpoints) endpoints")
                return
            }
            slice.endEndpoint()
        default: break
        }
    }

    /// Takes a text of at most `text.limit` bytes, which stay where they are during the call only.
    @inline(__always)
    mutating func take(_ text: ProtobufText, _ bytes: UnsafeBufferPointer<UInt8>) throws(BodyFault) {
        switch text {
        // By far the most frequent ones, and those that are not made into strings.
        case .endpointAddress:
            guard isText(bytes, text) else { return }
            if !slice.endpoints.addAddress(bytes), slice.addressThatIsNone == nil {
                slice.addressThatIsNone = String(decoding: bytes.prefix(64), as: UTF8.self)
            }
            if bytes.isEmpty { note("an address of an endpoint is \"\", expected an address") }
        case .endpointHostname: if isText(bytes, text) { slice.endpoints.setHostname(bytes) }
        case .endpointZone: if isText(bytes, text) { slice.endpoints.setZone(bytes) }
        case .targetKind: if isText(bytes, text) { slice.endpoints.setTargetKind(bytes) }
        case .targetName: if isText(bytes, text) { slice.endpoints.setTargetName(bytes) }
        case .entryKey: takeKey(bytes)
        default: try take(text, string(bytes, text))
        }
    }

    /// A text of `length` bytes, more than `text.limit`, is skipped.
    mutating func skip(_ text: ProtobufText, length: Int) throws(BodyFault) {
        switch text {
        case .entryKey:
            metadata.entry.use = .nothing
        case .entryValue:
            metadata.entry.use = .nothing
            note("a label of \(length) bytes, expected at most \(text.limit)")
        case .statusMessage, .statusReason: break
        case .eventType, .kind, .listVersion, .continueToken, .version, .name, .namespace:
            throw BodyFault("\(text.title) has \(length) bytes, expected at most \(text.limit)")
        default:
            note("\(text.title) has \(length) bytes, expected at most \(text.limit)")
        }
    }

    /// Takes a number.
    mutating func take(_ number: ProtobufNumber, _ value: UInt64) {
        switch number {
        case .statusCode: statusCode = Int(Int64(bitPattern: value))
        case .retryAfterSeconds:
            // Servers always write the field; 0 is none.
            let seconds = Int(Int64(bitPattern: value))
            retryAfterSeconds = seconds > 0 ? seconds : nil
        case .portNumber:
            guard value <= UInt64(UInt16.max) else {
                let port = Int64(bitPattern: value)
                return note("the number of a port is \(port), expected a number from 0 to 65535")
            }
            portNumber = Int32(truncatingIfNeeded: value)
        case .publishNotReadyAddresses: service.publishNotReadyAddresses = value != 0
        case .hostNetwork: pod.usesHostNetwork = value != 0
        case .ready: slice.ready = value != 0
        case .serving: slice.serving = value != 0
        case .terminating: slice.terminating = value != 0
        }
    }

    /// The whole answer was read: a list, or a Status in its place.
    func finish(_ handler: (BodyEvent) -> Void) throws(BodyFault) {
        switch found {
        case .list: handler(.listEnd(version: listVersion, continueToken: continueToken))
        case .status: handler(.status(status))
        default: throw BodyFault("the answer ends before its object")
        }
    }

    private mutating func take(_ text: ProtobufText, _ string: String) throws(BodyFault) {
        switch text {
        case .eventType:
            guard let type = EventType(rawValue: string) else { throw EventType.unknown(string) }
            eventType = type
        case .kind: kind = string
        case .listVersion: listVersion = string
        case .continueToken: continueToken = string
        case .statusMessage: statusMessage = string
        case .statusReason: statusReason = string
        case .namespace: metadata.namespace = string
        case .name: metadata.name = string
        case .version: metadata.version = string
        case .entryValue: metadata.entry.value = string
        case .serviceType: if !string.isEmpty { service.type = choice(string, text, or: .clusterIP) }
        case .clusterIP:
            service.single = ClusterIP(string)
            service.singleProblem = service.single == nil ? Self.refusal(string, text, ClusterIP.rule) : nil
        case .clusterIPs:
            guard hasRoom(service.clusterIPs.count, text) else { return }
            if let address = ClusterIP(string) {
                service.clusterIPs.append(address)
            } else {
                note(Self.refusal(string, text, ClusterIP.rule))
            }
        case .externalIP:
            if hasRoom(service.externalIPs.count, text) { service.externalIPs.append(HostAddress(string)) }
        case .externalName: service.externalName = string
        case .portName: portName = string
        case .portProtocol: portProtocol = string
        case .ingressIP: service.ingressIP = string
        case .ingressHostname: service.ingressHostname = string
        case .addressType: slice.addressType = choice(string, text, or: .fqdn)
        case .phase: if !string.isEmpty { pod.phase = choice(string, text, or: .unknown) }
        case .podIP: pod.address = address(string, text)
        case .podIPs:
            guard hasRoom(pod.addresses.count, text) else { return }
            if let address = address(string, text) { pod.addresses.append(address) }
        case .podHostname: pod.hostname = string
        case .podSubdomain: pod.subdomain = string
        case .endpointAddress, .endpointHostname, .endpointZone, .targetKind, .targetName, .entryKey: break
        }
    }
}

extension ProtobufAssembly {
    private var status: APIStatus {
        APIStatus(
            code: statusCode, reason: statusReason, message: statusMessage, retryAfterSeconds: retryAfterSeconds)
    }

    /// Begins an object.
    private mutating func begin() {
        metadata = MetadataDraft()
        problem = nil
        switch resource {
        case .services: service = ServiceDraft()
        case .endpointSlices: slice.reset()
        case .pods: pod = PodDraft()
        case .namespaces, .serviceImports: break
        }
    }

    /// Says what the frame was about.
    private func eventFault() -> BodyFault {
        BodyFault("an event of a watch without a type and an object")
    }

    private mutating func endEvent(_ handler: (BodyEvent) -> Void) throws(BodyFault) {
        guard let found else {
            // An empty frame says nothing.
            if eventType == nil { return }
            throw eventFault()
        }
        if found == .status { return handler(.status(status)) }
        guard let eventType else { throw eventFault() }
        if let change = eventType.change { return handler(object(change)) }
        guard eventType == .bookmark else {
            throw BodyFault("an event of type ERROR with an object of the kind \(resource.kind), expected Status")
        }
        handler(.bookmark(version: metadata.version, endsInitialEvents: metadata.endsInitialEvents))
    }

    private mutating func endServicePort() {
        guard service.ports.count < BodyLimits.mostPorts else { return note("more than \(BodyLimits.mostPorts) ports") }
        guard let portNumber else { return note("the number of a port is missing, expected a number from 0 to 65535") }
        service.ports.append(PortObject(name: portName ?? "", transport: portProtocol ?? "TCP", port: portNumber))
    }

    private mutating func endEndpointPort() {
        guard slice.ports.count < BodyLimits.mostPorts else { return note("more than \(BodyLimits.mostPorts) ports") }
        slice.ports.append(EndpointPortObject(name: portName, transport: portProtocol, port: portNumber))
    }

    /// The object that was read.
    private mutating func object(_ change: BodyEvent.Change) -> BodyEvent {
        switch resource {
        case .services: if let problem = service.problem { note(problem) }
        case .endpointSlices: if let problem = slice.problem { note(problem) }
        case .namespaces, .pods, .serviceImports: break
        }
        if metadata.name.isEmpty { note("metadata.name is missing, expected text") }
        if metadata.namespace.isEmpty, resource != .namespaces { note("metadata.namespace is missing, expected text") }
        // What is gone is gone, whatever else it was.
        if let problem, change != .deleted || metadata.name.isEmpty {
            let key = ObjectKey(
                namespace: resource == .namespaces ? "" : metadata.namespace, name: metadata.name)
            return .unusable(change, key, version: metadata.version, problem: problem)
        }
        let object: WatchedObject =
            switch resource {
            case .services: .service(service.finish(metadata))
            case .endpointSlices: .endpointSlice(slice.finish(metadata))
            case .pods: .pod(pod.finish(metadata))
            case .namespaces, .serviceImports:
                .namespace(NamespaceObject(name: metadata.name, labels: metadata.labels))
            }
        return .object(
            change, object, version: metadata.version,
            triggerTime: resource == .endpointSlices ? metadata.triggerTime : nil)
    }

    private mutating func note(_ problem: String) {
        if self.problem == nil { self.problem = problem }
    }

    private mutating func hasRoom(_ count: Int, _ text: ProtobufText) -> Bool {
        if count < BodyLimits.mostAddresses { return true }
        note("more than \(BodyLimits.mostAddresses) of \(text.title)")
        return false
    }

    private mutating func takeKey(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard metadata.entry.use == nil else { return }
        if metadata.entry.isAnnotation {
            metadata.entry.use = MetadataDraft.use(ofAnnotation: bytes)
        } else {
            metadata.entry.use = MetadataDraft.use(ofLabel: bytes, keepsLabels: keepsLabels)
            if keepsLabels { metadata.entry.key = string(bytes, .entryKey) }
        }
    }

    private mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ string: String, _ text: ProtobufText, or fallback: Choice
    ) -> Choice {
        if let choice = Choice(rawValue: string) { return choice }
        let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        note(Self.refusal(string, text, "one of \(known)"))
        return fallback
    }

    /// The address that `string` is; empty text is none.
    private mutating func address(_ string: String, _ text: ProtobufText) -> IPAddress? {
        if string.isEmpty { return nil }
        if let address = IPAddress(string) { return address }
        note(Self.refusal(string, text, "an IP address"))
        return nil
    }

    private static func refusal(_ string: String, _ text: ProtobufText, _ expected: String) -> String {
        "\(text.title) is \"\(string.prefix(NodeLimits.maximumShownCharacters))\", expected \(expected)"
    }

    private mutating func string(_ bytes: UnsafeBufferPointer<UInt8>, _ text: ProtobufText) -> String {
        if let string = String(validating: bytes, as: UTF8.self) { return string }
        note("\(text.title) is not UTF-8")
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether the bytes are UTF-8; notes it where they are not.
    @inline(__always)
    private mutating func isText(_ bytes: UnsafeBufferPointer<UInt8>, _ text: ProtobufText) -> Bool {
        var all: UInt8 = 0
        for byte in bytes { all |= byte }
        if all < 0x80 || String(validating: bytes, as: UTF8.self) != nil { return true }
        note("\(text.title) is not UTF-8")
        return false
    }
}
