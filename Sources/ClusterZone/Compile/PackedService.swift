import KubernetesAPI

/// A Service in packed form: the name, a byte of flags, and, where the object itself is there, the rest of it.
enum PackedService {
    private enum Flag {
        static let headless: UInt8 = 1
        static let selector: UInt8 = 2
        static let notReady: UInt8 = 4
        /// What the type is follows in the two bits above.
        static let typeShift: UInt8 = 4
    }

    private static let types: [ServiceType] = [.clusterIP, .nodePort, .loadBalancer, .externalName]

    /// Packs a service whose name in lower case is `name`.
    static func pack(_ service: ServiceObject, name: [UInt8], into writer: inout PackedWriter) {
        writer.put(text: name)
        var flags = UInt8(truncatingIfNeeded: types.firstIndex(of: service.type) ?? 0) << Flag.typeShift
        if service.isHeadless { flags |= Flag.headless }
        if service.hasSelector { flags |= Flag.selector }
        if service.publishNotReadyAddresses { flags |= Flag.notReady }
        writer.put(flags)
        let addresses = service.clusterIPs.prefix(PackedWriter.longestText)
        writer.put(count: addresses.count)
        for address in addresses { writer.put(address) }
        writer.put(text: service.externalName)
        writer.put(ports: service.ports)
        let external = service.externalAddresses.prefix(PackedWriter.longestText)
        writer.put(count: external.count)
        for address in external { writer.put(text: address.text) }
        writer.put(labels: service.labels)
    }

    /// Whether the service whose packed form is `bytes` is headless, and whether it selects its endpoints.
    static func traits(_ bytes: [UInt8]) -> (isHeadless: Bool, hasSelector: Bool) {
        // SAFETY: the bytes are read while the closure runs.
        bytes.withUnsafeBytes { bytes in
            var reader = PackedReader(bytes)
            _ = reader.bytesOfText()
            let flags = reader.byte()
            return (flags & Flag.headless != 0, flags & Flag.selector != 0)
        }
    }

    /// The service whose packed form is `bytes`.
    static func unpack(_ bytes: [UInt8], namespace: String) -> ServiceObject {
        // SAFETY: the bytes are read while the closure runs.
        bytes.withUnsafeBytes { bytes in
            var reader = PackedReader(bytes)
            let name = reader.text()
            let flags = reader.byte()
            let addresses = (0..<reader.count()).map { _ in reader.address() }
            let externalName = reader.text()
            let ports = reader.ports()
            let external = (0..<reader.count()).map { _ in HostAddress(reader.text()) }
            return ServiceObject(
                namespace: namespace, name: name, type: types[Int(flags >> Flag.typeShift) & 3],
                isHeadless: flags & Flag.headless != 0, clusterIPs: addresses, externalName: externalName, ports: ports,
                hasSelector: flags & Flag.selector != 0, publishNotReadyAddresses: flags & Flag.notReady != 0,
                externalAddresses: external, labels: reader.labels())
        }
    }
}

extension PackedWriter {
    /// An address: its length, then its octets.
    mutating func put(_ address: IPAddress) {
        put(address.family.rawValue)
        if address.family == .v6 {
            put(address.high)
            put(address.low)
        } else {
            put(UInt32(truncatingIfNeeded: address.low))
        }
    }

    mutating func put(ports: [PortObject]) {
        let ports = ports.prefix(Self.longestText)
        put(count: ports.count)
        for port in ports {
            put(text: port.name)
            put(text: port.transport)
            put(UInt32(bitPattern: port.port))
        }
    }
}

extension PackedReader {
    mutating func address() -> IPAddress {
        guard byte() == IPAddress.Family.v6.rawValue else { return IPAddress(v4: number32()) }
        let high = number64()
        return IPAddress(high: high, low: number64())
    }

    mutating func ports() -> [PortObject] {
        (0..<count()).map { _ in
            let name = text()
            let transport = text()
            return PortObject(name: name, transport: transport, port: Int32(bitPattern: number32()))
        }
    }
}
