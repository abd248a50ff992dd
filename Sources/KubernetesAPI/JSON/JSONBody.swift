/// Reads answers in `application/json`: lists and Status objects, kept whole until their end, and watches, an event on each
/// line.
struct JSONBody {
    private let resource: WatchedResource
    private let decoder: ObjectDecoder
    private var isWatch: Bool
    /// What has come of the list, or of the line.
    private var pending: [UInt8] = []
    /// How many bytes came before `pending`.
    private var base = 0

    init(resource: WatchedResource, detail: ObjectDetail, isWatch: Bool) {
        self.resource = resource
        self.isWatch = isWatch
        decoder = ObjectDecoder(detail: detail)
    }

    /// Reads the next piece.
    mutating func read(_ bytes: UnsafeRawBufferPointer, _ handler: (BodyEvent) -> Void) throws(BodyFault) {
        var rest = bytes[...]
        // watch.md rule 15: only what is new is searched for the end of the line.
        while isWatch, let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
            try keep(rest[..<newline], atMost: BodyLimits.largestEvent, "an event")
            if base == 0, pending == [UInt8(ascii: "{")] {
                // An event has one line; a single object, which is a Status then, is indented.
                isWatch = false
                rest = rest[newline...]
                break
            }
            rest = rest[(newline + 1)...]
            try event(handler)
            base += pending.count + 1
            pending.removeAll(keepingCapacity: pending.capacity < 1 << 20)
        }
        if isWatch {
            try keep(rest, atMost: BodyLimits.largestEvent, "an event")
        } else {
            try keep(rest, atMost: BodyLimits.largestList, "a list")
        }
    }

    /// The body ended.
    mutating func end(_ handler: (BodyEvent) -> Void) throws(BodyFault) {
        guard isWatch else { return try answer(handler) }
        guard pending.allSatisfy({ $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: " ") }) else {
            throw BodyFault("the answer ends inside an event", offset: base + pending.count)
        }
    }

    private mutating func keep(
        _ bytes: Slice<UnsafeRawBufferPointer>, atMost limit: Int, _ what: String
    ) throws(BodyFault) {
        guard bytes.count <= limit - pending.count else {
            throw BodyFault("\(what) of more than \(limit) bytes", offset: base + limit)
        }
        pending.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes))
    }

    /// Reads the line that is pending.
    private func event(_ handler: (BodyEvent) -> Void) throws(BodyFault) {
        var type: String?
        var object: TextNode?
        do throws(NodeFault) {
            var source = JSONSource(pending)
            // An empty line says nothing.
            guard try source.nextDocument() else { return }
            guard case .mapping = try source.shape() else {
                throw NodeFault(source.position, "an event that is no mapping")
            }
            try source.enter()
            var isFirst = true
            while let key = try source.nextKey(isFirst: isFirst) {
                isFirst = false
                switch key {
                case "type": type = try source.node(.everything).text
                case "object": object = try source.node(.object)
                default: try source.skip()
                }
            }
            if try source.nextDocument() { throw NodeFault(source.position, "text behind the event on its line") }
        } catch {
            throw located(error)
        }
        guard let type, let object else {
            throw BodyFault("an event of a watch without a type and an object", offset: base)
        }
        guard let type = EventType(rawValue: type) else {
            var fault = EventType.unknown(type)
            fault.offset = base
            throw fault
        }
        let kind = object["kind"]?.text
        if kind == "Status" { return handler(.status(Self.status(object))) }
        if let change = type.change { return try take(object, change, handler) }
        guard type == .bookmark, kind == resource.kind else {
            throw unexpected(kind, expected: type == .bookmark ? resource.kind : "Status")
        }
        let metadata = object["metadata"]
        handler(
            .bookmark(
                version: metadata?["resourceVersion"]?.text ?? "",
                endsInitialEvents: metadata?["annotations"]?[EventType.initialEventsEnd]?.text == "true"))
    }

    /// Reads the list or Status that is pending.
    private func answer(_ handler: (BodyEvent) -> Void) throws(BodyFault) {
        var source = JSONSource(pending)
        var items: JSONSource?
        let head: TextNode
        do throws(NodeFault) {
            guard try source.nextDocument(), case .mapping = try source.shape() else {
                throw NodeFault(source.position, "an answer that is no mapping, expected a list")
            }
            let start = source.position
            var fields: [TextNode.Field] = []
            var isFirst = true
            try source.enter()
            while let key = try source.nextKey(isFirst: isFirst) {
                isFirst = false
                if key == "items", case .sequence = try source.shape() {
                    // Lists of custom resources have their kind and version behind the items, so these are read later.
                    items = source
                    try source.skip()
                } else if let wanted = WantedFields.object.below(key) {
                    try source.append(key, wanted, to: &fields, checkingDuplicates: true)
                } else {
                    try source.skip()
                }
            }
            if try source.nextDocument() { throw NodeFault(source.position, "text behind the answer's object") }
            head = TextNode(position: start, value: .mapping(fields))
        } catch {
            throw located(error)
        }
        let kind = head["kind"]?.text
        if kind == "Status" { return handler(.status(Self.status(head))) }
        guard kind == resource.kind + "List" else { throw unexpected(kind, expected: resource.kind + "List") }
        if var items { try take(&items, handler) }
        handler(
            .listEnd(
                version: head["metadata"]?["resourceVersion"]?.text ?? "",
                continueToken: head["metadata"]?["continue"]?.text ?? ""))
    }

    private func take(_ items: inout JSONSource, _ handler: (BodyEvent) -> Void) throws(BodyFault) {
        var isFirst = true
        do throws(NodeFault) {
            try items.enter()
        } catch {
            throw located(error)
        }
        while true {
            let item: TextNode
            do throws(NodeFault) {
                guard try items.nextElement(isFirst: isFirst) else { return }
                isFirst = false
                item = try items.node(.object)
            } catch {
                throw located(error)
            }
            try take(item, .listed, handler)
        }
    }

    private func take(
        _ node: TextNode, _ change: BodyEvent.Change, _ handler: (BodyEvent) -> Void
    ) throws(BodyFault) {
        let metadata = node["metadata"]
        let version = metadata?["resourceVersion"]?.text ?? ""
        let trigger =
            resource == .endpointSlices ? metadata?["annotations"]?[TriggerTime.annotation]?.text : nil
        let object: WatchedObject
        do throws(NodeFault) {
            switch try decoder.decode(node, kind: resource.kind, apiVersion: nil) {
            case .service(let service): object = .service(service)
            case .endpointSlice(let slice): object = .endpointSlice(slice)
            case .pod(let pod): object = .pod(pod)
            case .namespace(let namespace): object = .namespace(namespace)
            case .serviceImport(let imported): object = .serviceImport(imported)
            case .endpoints, .skipped: throw NodeFault(nil, "it is of another API group")
            }
        } catch {
            let name = metadata?["name"]?.text ?? ""
            let namespace = resource == .namespaces ? "" : metadata?["namespace"]?.text ?? ""
            let kind = node["kind"]?.text ?? resource.kind
            guard kind == resource.kind else { throw unexpected(kind, expected: resource.kind) }
            let key = ObjectKey(namespace: namespace, name: name)
            // What is gone is gone, whatever else it was.
            if change == .deleted, !name.isEmpty {
                let bare = bare(key, metadata)
                return handler(.object(change, bare, version: version, triggerTime: nil))
            }
            return handler(.unusable(change, key, version: version, problem: error.problem))
        }
        guard object.resource == resource else { throw unexpected(node["kind"]?.text, expected: resource.kind) }
        handler(
            .object(
                change, object, version: version, triggerTime: trigger.flatMap { TriggerTime.nanoseconds($0.utf8) }))
    }

    /// An object of which nothing but the key is known.
    private func bare(_ key: ObjectKey, _ metadata: TextNode?) -> WatchedObject {
        let labels = metadata?["labels"]
        return switch resource {
        case .namespaces: .namespace(NamespaceObject(name: key.name))
        case .services: .service(ServiceObject(namespace: key.namespace, name: key.name))
        case .endpointSlices:
            .endpointSlice(
                EndpointSliceObject(
                    namespace: key.namespace, name: key.name,
                    serviceName: labels?[EndpointSliceObject.serviceNameLabel]?.text,
                    importName: labels?[EndpointSliceObject.importNameLabel]?.text,
                    sourceCluster: labels?[EndpointSliceObject.sourceClusterLabel]?.text))
        case .pods: .pod(PodObject(namespace: key.namespace, name: key.name))
        case .serviceImports: .serviceImport(ServiceImportObject(namespace: key.namespace, name: key.name))
        }
    }

    private static func status(_ node: TextNode) -> APIStatus {
        let retry = number(node["details"]?["retryAfterSeconds"]).flatMap { $0 > 0 ? $0 : nil }
        return APIStatus(
            code: number(node["code"]) ?? 0, reason: node["reason"]?.text ?? "", message: node["message"]?.text ?? "",
            retryAfterSeconds: retry)
    }

    private static func number(_ node: TextNode?) -> Int? {
        guard case .number(let digits)? = node?.value else { return nil }
        return Int(digits)
    }

    private func unexpected(_ kind: String?, expected: String) -> BodyFault {
        let found = kind.map { "an object of the kind \"\($0.prefix(64))\"" } ?? "an object without a kind"
        return BodyFault("\(found), expected \(expected)", offset: base)
    }

    private func located(_ fault: NodeFault) -> BodyFault {
        guard let position = fault.position else { return BodyFault(fault.problem, offset: base) }
        return BodyFault("line \(position.line), column \(position.column): \(fault.problem)", offset: base)
    }
}
