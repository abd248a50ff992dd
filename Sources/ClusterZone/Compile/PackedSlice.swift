import KubernetesAPI
import RecordIndex

/// An EndpointSlice in packed form, as far as the zone's options need it: the name, the address type, the cluster that it was
/// imported from (if any), the ports, the labels, and then each address of a ready endpoint with what names it. An IPv4 address without a name takes five bytes.
///
/// What DNS does not ask for is not there: endpoints that are not ready, the kinds of their targets, names and zones that
/// the options have no use for. Two slices that differ in nothing else are equal bytes.
struct PackedSlice {
    private enum Tag {
        static let text: UInt8 = 0
        static let v4: UInt8 = 1
        static let v6: UInt8 = 2
        static let address: UInt8 = 3
        static let hostname: UInt8 = 4
        static let podName: UInt8 = 8
        static let zone: UInt8 = 16
        /// The pod's name beside another label.
        static let alias: UInt8 = 32
    }

    /// A ready endpoint's address.
    enum Address {
        case v4(UInt32)
        case v6(IPAddress)
        /// Any other text: a host's name, or an address spelt in another way than the canonical one.
        case text(UnsafeRawBufferPointer)
    }

    /// An address and what names it.
    struct Endpoint {
        var address: Address
        /// The host's or the pod's name, a label in lower case; nil where the address names itself.
        var label: UnsafeRawBufferPointer?
        var isHostname: Bool
        /// Empty where there is none.
        var zone: UnsafeRawBufferPointer
        /// With `endpoint_aliases`: the pod's name in lower case where it is not the label; nil where it is, or is none.
        var podName: UnsafeRawBufferPointer?
    }

    /// Beside the address type: the source cluster follows.
    private static let clusterFlag: UInt8 = 0x80

    private static let types: [AddressType] = [.ipv4, .ipv6, .fqdn]

    private var reader: PackedReader
    let name: UnsafeRawBufferPointer
    let addressType: AddressType
    /// The cluster that an imported service's slice came from, in lower case; empty where the slice does not say.
    let cluster: UnsafeRawBufferPointer
    /// The ports as bytes: equal ones are equal ports.
    let ports: UnsafeRawBufferPointer
    private let labelStart: PackedReader

    /// Begins to read the packed form of a slice, which has to stay while this is in use.
    init(_ bytes: UnsafeRawBufferPointer) {
        reader = PackedReader(bytes)
        name = reader.bytesOfText()
        let type = reader.byte()
        addressType = Self.types[min(Int(type & ~Self.clusterFlag), Self.types.count - 1)]
        cluster =
            type & Self.clusterFlag != 0 ? reader.bytesOfText() : UnsafeRawBufferPointer(start: nil, count: 0)
        let start = reader.offset
        for _ in 0..<reader.count() {
            _ = reader.bytesOfText()
            _ = reader.bytesOfText()
            _ = reader.number32()
        }
        ports = reader.bytes(from: start)
        labelStart = reader
        for _ in 0..<reader.count() {
            _ = reader.bytesOfText()
            _ = reader.bytesOfText()
        }
    }

    /// The next endpoint, nil behind the last one.
    @inline(__always)
    mutating func next() -> Endpoint? {
        guard !reader.isAtEnd else { return nil }
        let tag = reader.byte()
        let address: Address
        switch tag & Tag.address {
        case Tag.v4: address = .v4(reader.number32())
        case Tag.v6:
            let high = reader.number64()
            address = .v6(IPAddress(high: high, low: reader.number64()))
        default: address = .text(reader.bytesOfText())
        }
        let label = tag & (Tag.hostname | Tag.podName) != 0 ? reader.bytesOfText() : nil
        let zone = tag & Tag.zone != 0 ? reader.bytesOfText() : UnsafeRawBufferPointer(start: nil, count: 0)
        let podName = tag & Tag.alias != 0 ? reader.bytesOfText() : nil
        return Endpoint(
            address: address, label: label, isHostname: tag & Tag.hostname != 0, zone: zone, podName: podName)
    }

    /// The ports as the index has them.
    static func ports(_ bytes: UnsafeRawBufferPointer) -> [ServiceRecords.Port] {
        var reader = PackedReader(bytes)
        let count = reader.count()
        // CoreDNS: a slice without ports has addresses, but no SRV records.
        guard count > 0 else { return [ServiceRecords.Port(name: [], transport: [], number: -1)] }
        return (0..<count).map { _ in
            let name = [UInt8](reader.bytesOfText())
            let transport = [UInt8](reader.bytesOfText())
            return ServiceRecords.Port(
                name: name, transport: transport, number: Int32(bitPattern: reader.number32()))
        }
    }

    // MARK: Objects

    /// Packs a slice.
    static func pack(_ slice: EndpointSliceObject, _ options: ZoneOptions, into writer: inout PackedWriter) {
        writer.put(text: slice.name)
        let cluster = options.servesImports && slice.importName != nil ? slice.sourceCluster ?? "" : ""
        let type = UInt8(truncatingIfNeeded: types.firstIndex(of: slice.addressType) ?? 0)
        writer.put(cluster.isEmpty ? type : type | clusterFlag)
        if !cluster.isEmpty { writer.put(text: EndpointLabel.lowerCased(cluster)) }
        let ports = slice.ports.prefix(PackedWriter.longestText)
        writer.put(count: ports.count)
        for port in ports {
            writer.put(text: EndpointLabel.lowerCased(port.name ?? ""))
            writer.put(text: EndpointLabel.lowerCased(port.transport ?? ""))
            writer.put(UInt32(bitPattern: port.port ?? -1))
        }
        writer.put(labels: options.labels == nil ? [:] : slice.labels)
        var endpoints = EndpointList.Reader(slice.endpoints)
        while let view = endpoints.next() {
            // EndpointSlice API: unknown readiness is to be read as ready. Terminating endpoints are not ready, and
            // publishNotReadyAddresses makes the slice controller say ready.
            guard view.conditions.ready ?? true else { continue }
            var label: [UInt8]?
            var names: UInt8 = 0
            if let hostname = view.hostname, let one = EndpointLabel.oneLabel(endpoints[hostname]) {
                label = one
                names = Tag.hostname
            }
            var podName: [UInt8]?
            if options.endpointPodNames || options.endpointAliases, let pod = view.targetName,
                let one = EndpointLabel.oneLabel(endpoints[pod])
            {
                if label == nil, options.endpointPodNames {
                    label = one
                    names = Tag.podName
                } else if options.endpointAliases, one != label {
                    podName = one
                    names |= Tag.alias
                }
            }
            let zone = options.zonal ? view.zone.map { EndpointLabel.lowerCased(endpoints[$0]) } ?? [] : []
            if !zone.isEmpty { names |= Tag.zone }
            var offset = view.addresses.lowerBound
            while offset < view.addresses.upperBound {
                switch endpoints.address(at: &offset) {
                case .ip(let address) where address.family == .v4:
                    writer.put(Tag.v4 | names)
                    writer.put(UInt32(truncatingIfNeeded: address.low))
                case .ip(let address):
                    writer.put(Tag.v6 | names)
                    writer.put(address.high)
                    writer.put(address.low)
                case .text(let range):
                    writer.put(Tag.text | names)
                    writer.put(text: endpoints[range])
                }
                if let label { writer.put(text: label) }
                if !zone.isEmpty { writer.put(text: zone) }
                if let podName { writer.put(text: podName) }
            }
        }
    }

    /// The slice whose packed form is `bytes`, with what was kept of it; each address is an endpoint.
    static func unpack(
        _ bytes: [UInt8], namespace: String, service: String?, imported: String?
    ) -> EndpointSliceObject {
        // SAFETY: the bytes are read while the closure runs.
        bytes.withUnsafeBytes { bytes in
            var slice = PackedSlice(bytes)
            func text(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }
            let ports = Self.ports(slice.ports).filter { !($0.number < 0 && $0.name.isEmpty && $0.transport.isEmpty) }
            var builder = EndpointListBuilder()
            while let endpoint = slice.next() {
                builder.begin()
                switch endpoint.address {
                case .v4(let number): builder.addAddress(IPAddress(v4: number).description.utf8)
                case .v6(let address): builder.addAddress(address.description.utf8)
                case .text(let bytes): builder.addAddress(bytes)
                }
                if let label = endpoint.label {
                    if endpoint.isHostname {
                        builder.setHostname(label)
                    } else {
                        builder.setTargetKind("Pod".utf8)
                        builder.setTargetName(label)
                    }
                }
                if let podName = endpoint.podName {
                    builder.setTargetKind("Pod".utf8)
                    builder.setTargetName(podName)
                }
                if !endpoint.zone.isEmpty { builder.setZone(endpoint.zone) }
                builder.end()
            }
            var labels = slice.labelStart
            return EndpointSliceObject(
                namespace: namespace, name: text(slice.name), serviceName: service, importName: imported,
                sourceCluster: slice.cluster.isEmpty ? nil : text(slice.cluster), addressType: slice.addressType,
                ports: ports.map { port in
                    EndpointPortObject(
                        name: port.name.isEmpty ? nil : String(decoding: port.name, as: UTF8.self),
                        transport: port.transport.isEmpty
                            ? nil : String(decoding: port.transport, as: UTF8.self).uppercased(),
                        port: port.number < 0 ? nil : port.number)
                }, endpoints: builder.finish(), labels: labels.labels())
        }
    }
}
