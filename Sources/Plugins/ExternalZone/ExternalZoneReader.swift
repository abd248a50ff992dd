import ClusterZone
import DNSWire
import KubernetesAPI
import PluginKit
import RecordIndex

/// What one worker answers names of an external zone with. Such names are asked for from outside of the cluster, and rarely: it
/// may allocate.
///
/// `@unchecked Sendable`: belongs to its worker.
final class ExternalZoneReader: @unchecked Sendable {
    let plugin: ExternalZonePlugin
    private let kubernetes: KubernetesPlugin
    private let source: any ClusterSource
    private var version: UInt64
    /// Keeps the memory behind its view alive: replaced between batches only.
    private var snapshot: IndexSnapshot
    private var externalVersion: UInt64
    private var external: ExternalServices

    /// One address, or host name, that a name leads to.
    struct Found {
        enum Host: Hashable {
            case address(AddressKey)
            case name(DomainName)
        }

        let host: Host
        /// -1 where the service has none.
        let port: Int32
        /// The labels before the zone of the name that SRV records point at, in wire form.
        let target: [UInt8]
    }

    /// What a name comes to.
    private enum Outcome {
        case found([Found])
        case noData
        case nameError
    }

    init(_ plugin: ExternalZonePlugin, _ kubernetes: KubernetesPlugin) {
        self.plugin = plugin
        self.kubernetes = kubernetes
        source = kubernetes.source
        version = source.index.version
        snapshot = source.index.snapshot
        externalVersion = source.external.version
        external = source.external.current
    }

    /// Takes up a new state of the cluster.
    func beginBatch() {
        if source.external.version != externalVersion {
            externalVersion = source.external.version
            external = source.external.current
        }
        guard source.index.version != version else { return }
        version = source.index.version
        snapshot = source.index.snapshot
    }

    // MARK: Answers

    /// Answers a question below a zone, which `labelsLeft` of its labels stand before.
    func answer(
        _ exchange: UnsafeMutablePointer<Exchange>, labelsLeft: Int, fallsThrough: Bool
    ) -> Verdict {
        guard let name = exchange.pointee.clientName else { return .next }
        let labels = name.lowercased().labels
        guard labelsLeft <= labels.count else { return .next }
        let zone = labels[labelsLeft...].reversed().reduce(DomainName.root) { name, label in
            (try? name.prepending(label: label)) ?? name
        }
        let before = labels[..<labelsLeft].map { Array($0) }
        var answer = ExternalZoneAnswer(exchange, name: name, zone: zone, plugin: plugin, serial: snapshot.view.serial)
        let type = exchange.pointee.request.type
        if type == .axfr || type == .ixfr {
            // Transfers are the transfer plugin's.
            exchange.pointee.fail(.refused)
            return .answered
        }
        if before.isEmpty {
            answer.writeApex(type, nameServers: nameServerAddresses)
            return .answered
        }
        if before.last == plugin.apex {
            answer.writeNameServer(before, type, nameServerAddresses)
            return .answered
        }
        switch type == .ptr ? pointers(exchange, before) : find(before) {
        case .found(let found): answer.write(found, type)
        case .noData: answer.writeNegative(.noError)
        case .nameError:
            guard snapshot.view.gaps.isDisjoint(with: [.namespaces, .services, .endpoints]) else {
                // Never NXDOMAIN for a name that may well exist.
                exchange.pointee.fail(.serverFailure)
                return .answered
            }
            if fallsThrough { return .next }
            answer.writeNegative(.nameError)
        }
        return .answered
    }

    /// What a name leads to: SERVICE.NAMESPACE, with an endpoint's label or _PORT._PROTOCOL before it.
    private func find(_ labels: [[UInt8]]) -> Outcome {
        guard let namespace = labels.last, hasNamespace(namespace) else { return .nameError }
        guard labels.count > 1 else { return .noData }
        let service = labels[labels.count - 2]
        var endpoint: [UInt8] = []
        var port: [UInt8] = []
        var transport: [UInt8] = []
        switch labels.count {
        case 2: break
        case 3: endpoint = Self.withoutUnderscore(labels[0])
        case 4:
            port = Self.withoutUnderscore(labels[0])
            transport = Self.withoutUnderscore(labels[1])
        default: return .nameError
        }
        let key = ServiceRecords.key(namespace: namespace, service: service)
        let found: [Found]
        if let service = external.service(key) {
            found = addresses(of: service, key, port: port, transport: transport)
        } else if plugin.servesHeadless {
            found = endpoints(key, endpoint: endpoint, port: port, transport: transport)
        } else {
            found = []
        }
        return found.isEmpty ? .nameError : .found(found)
    }

    private static func withoutUnderscore(_ label: [UInt8]) -> [UInt8] {
        label.first == UInt8(ascii: "_") ? Array(label.dropFirst()) : label
    }

    private func hasNamespace(_ name: [UInt8]) -> Bool {
        // SAFETY: the bytes are read while the closure runs.
        name.withUnsafeBytes { bytes in
            bytes.baseAddress.map { snapshot.view.namespace($0, bytes.count) >= 0 } ?? false
        }
    }

    private func addresses(
        of service: ExternalServices.Service, _ key: [UInt8], port: [UInt8], transport: [UInt8]
    ) -> [Found] {
        // CoreDNS: a service without ports has one that SRV records leave out.
        let ports = service.ports.isEmpty ? [PortObject(port: -1)] : service.ports
        let matching = ports.filter { candidate in
            (port.isEmpty || candidate.name.lowercased().utf8.elementsEqual(port))
                && (transport.isEmpty || candidate.transport.lowercased().utf8.elementsEqual(transport))
        }
        return service.addresses.flatMap { address -> [Found] in
            let host: Found.Host
            if let key = address.address?.key {
                host = .address(key)
            } else if let name = try? DomainName(parsing: address.text) {
                host = .name(name)
            } else {
                return []
            }
            return matching.map { Found(host: host, port: $0.port, target: key) }
        }
    }

    /// The endpoints of a headless service, or the one with a label of any service.
    private func endpoints(_ key: [UInt8], endpoint: [UInt8], port: [UInt8], transport: [UInt8]) -> [Found] {
        let view = snapshot.view
        // SAFETY: the bytes are read while the closure runs; the snapshot keeps the block.
        let block = key.withUnsafeBytes { bytes in bytes.baseAddress.flatMap { view.service($0, bytes.count) } }
        guard let block, block.answersForward, block.isHeadless || !endpoint.isEmpty else { return [] }
        var found: [Found] = []
        for place in 0..<block.rowCount {
            let row = block.row(place)
            let text = block.label(row.label)
            let label = Array(UnsafeRawBufferPointer(start: text + 1, count: Int(text.load(as: UInt8.self))))
            guard endpoint.isEmpty || label == endpoint else { continue }
            guard let host = Self.host(row, block) else { continue }
            for number in 0..<block.portCount(group: row.portGroup) {
                let candidate = block.port(number, group: row.portGroup)
                let isWanted = port.withUnsafeBytes { name in
                    transport.withUnsafeBytes { transport in
                        (name.baseAddress.map { candidate.isNamed($0, name.count) } ?? true)
                            && (transport.baseAddress.map { candidate.hasTransport($0, transport.count) } ?? true)
                    }
                }
                guard isWanted else { continue }
                let target = [UInt8(truncatingIfNeeded: label.count)] + label + key
                found.append(Found(host: host, port: candidate.number, target: target))
            }
        }
        return found
    }

    private static func host(_ row: RowView, _ block: ServiceBlock) -> Found.Host? {
        if row.kind == RowView.name {
            let (start, count) = block.target(of: row)
            // SAFETY: the name has `count` bytes within the block.
            return (try? DomainName(wire: Array(UnsafeRawBufferPointer(start: start, count: count)))).map { .name($0) }
        }
        // SAFETY: an address of the block has 4 or 16 bytes.
        let octets = UnsafeRawBufferPointer(start: block.address(of: row), count: row.kind == RowView.ipv4 ? 4 : 16)
        return IPAddress(octets: octets).map { .address($0.key) }
    }

    /// The services at the address that a reverse name spells.
    private func pointers(_ exchange: UnsafeMutablePointer<Exchange>, _ labels: [[UInt8]]) -> Outcome {
        let request = exchange.pointee.request
        guard let address = reverseAddress(exchange.pointee.name, labelCount: request.labelCount) else {
            // CoreDNS: a name that spells no address exists as any other does, without PTR records.
            if case .found = find(labels) { return .noData }
            return find(labels)
        }
        let keys = external.keys(at: address)
        if keys.isEmpty { return .nameError }
        return .found(keys.map { Found(host: .address(address), port: -1, target: $0) })
    }

    /// The addresses of the services that this server is an endpoint of; its own where it is none (CoreDNS: nsAddrs).
    private var nameServerAddresses: [AddressKey] {
        let view = snapshot.view
        var found: [AddressKey] = []
        var isEndpoint = false
        var seen: Set<Int> = []
        for address in kubernetes.localAddresses {
            var matches = view.reverse(address)
            while true {
                let value = matches.next()
                if value < 0 { break }
                let match = ReverseMatch(value)
                if match.isClusterAddress { continue }
                isEndpoint = true
                guard seen.insert(match.place).inserted else { continue }
                let block = view.block(match.place)
                if plugin.servesHeadless, block.isHeadless {
                    for place in 0..<block.rowCount {
                        if case .address(let key) = Self.host(block.row(place), block) { found.append(key) }
                    }
                } else {
                    let key = Array(UnsafeRawBufferPointer(start: block.key, count: block.keyLength))
                    found += external.service(key)?.addresses.compactMap { $0.address?.key } ?? []
                }
            }
        }
        if !isEndpoint, kubernetes.options.isLive { found = kubernetes.localAddresses }
        var unique: Set<AddressKey> = []
        return found.filter { unique.insert($0).inserted }
    }
}
