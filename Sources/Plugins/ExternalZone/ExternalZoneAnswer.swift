import DNSWire
import PluginKit
import RecordIndex

/// Writes one answer of an external zone.
struct ExternalZoneAnswer {
    /// SOA timers in seconds, as CoreDNS has them.
    private static let refresh: UInt32 = 7200
    private static let retry: UInt32 = 1800
    private static let expire: UInt32 = 86400
    /// What a service's weights add up to (CoreDNS).
    private static let weights = 100

    private let exchange: UnsafeMutablePointer<Exchange>
    private let name: DomainName
    private let zone: DomainName
    private let plugin: ExternalZonePlugin
    private let serial: UInt32
    private var writer: RecordWriter

    init(
        _ exchange: UnsafeMutablePointer<Exchange>, name: DomainName, zone: DomainName, plugin: ExternalZonePlugin,
        serial: UInt32
    ) {
        self.exchange = exchange
        self.name = name
        self.zone = zone
        self.plugin = plugin
        self.serial = serial
        writer = RecordWriter(exchange)
        exchange.pointee.code = .noError
        exchange.pointee.flags = Header.authoritative
    }

    // MARK: The zone's own names

    /// The zone's own name.
    mutating func writeApex(_ type: RecordType, nameServers: [AddressKey]) {
        switch type {
        case .soa:
            if let soa { writeAnswer(soa) }
        case .ns:
            guard let nameServer else { return }
            writeAnswer(record(zone, .ns(nameServer)))
            for address in nameServers { writeAdditional(record(nameServer, Self.data(address))) }
        default: writeNegative(.noError)
        }
    }

    /// `dns.ZONE`, `ns1.dns.ZONE` and what else lies there.
    mutating func writeNameServer(_ labels: [[UInt8]], _ type: RecordType, _ addresses: [AddressKey]) {
        if labels.count == 1 { return writeNegative(.noError) }
        guard labels.count == 2, labels[0] == Array("ns1".utf8) else { return writeNegative(.nameError) }
        writeAddresses(addresses, type)
        if exchange.pointee.writer.answerCount == 0 { writeNegative(.noError) }
    }

    /// No such name, or none with records of the type.
    mutating func writeNegative(_ code: ResponseCode) {
        exchange.pointee.code = code
        guard !exchange.pointee.writer.isTruncated, let soa, writer.write(soa, exchange) else { return }
        exchange.pointee.writer.authorityCount &+= 1
    }

    private var nameServer: DomainName? {
        try? zone.prepending(label: plugin.apex).prepending(label: Array("ns1".utf8))
    }

    private var soa: ResourceRecord? {
        guard let nameServer,
            let mailbox = try? zone.prepending(label: plugin.apex).prepending(
                label: Array("hostmaster".utf8))
        else { return nil }
        return record(
            zone,
            .soa(
                StartOfAuthority(
                    primary: nameServer, mailbox: mailbox, serial: serial, refresh: Self.refresh, retry: Self.retry,
                    expire: Self.expire, minimum: plugin.ttl)))
    }

    // MARK: Services

    /// What a name leads to.
    mutating func write(_ found: [ExternalZoneReader.Found], _ type: RecordType) {
        switch type {
        case .a, .aaaa: writeAddresses(found, type)
        case .srv: writeServices(found)
        case .ptr: writePointers(found)
        default: break
        }
        if exchange.pointee.writer.answerCount == 0 { writeNegative(.noError) }
    }

    private mutating func writeAddresses(_ found: [ExternalZoneReader.Found], _ type: RecordType) {
        var addresses: [AddressKey] = []
        var aliases: [DomainName] = []
        // A headless service may have thousands of endpoints.
        var seen: Set<ExternalZoneReader.Found.Host> = []
        for entry in found where seen.insert(entry.host).inserted {
            switch entry.host {
            case .address(let address): addresses.append(address)
            case .name(let name): aliases.append(name)
            }
        }
        writeAddresses(addresses, type)
        for alias in aliases {
            writeAnswer(record(name, .cname(alias)))
            // The last one is looked up.
            if !exchange.pointee.writer.isTruncated { exchange.pointee.aliasTarget = writer.dataStart }
        }
    }

    private mutating func writeAddresses(_ addresses: [AddressKey], _ type: RecordType) {
        for address in addresses where address.isIPv4 == (type == .a) && (type == .a || type == .aaaa) {
            writeAnswer(record(name, Self.data(address)))
        }
    }

    private mutating func writeServices(_ found: [ExternalZoneReader.Found]) {
        // CoreDNS: all addresses and ports share the weight, whether they have a record of their own or not.
        let weight = UInt16(clamping: max(1, Self.weights / max(1, found.count)))
        var records: [ResourceRecord] = []
        var additional: [ResourceRecord] = []
        // A headless service may have thousands of endpoints.
        var seen: Set<ResourceRecord> = []
        for entry in found where entry.port >= 0 {
            var target = name
            switch entry.host {
            case .name(let host): target = host
            case .address(let address):
                guard let owner = domain(entry.target) else { continue }
                target = owner
                let extra = record(owner, Self.data(address))
                if seen.insert(extra).inserted { additional.append(extra) }
            }
            let service = record(
                name,
                .srv(
                    priority: 0, weight: weight, port: UInt16(truncatingIfNeeded: entry.port), target: target))
            if seen.insert(service).inserted { records.append(service) }
        }
        for record in records { writeAnswer(record) }
        for record in additional { writeAdditional(record) }
    }

    private mutating func writePointers(_ found: [ExternalZoneReader.Found]) {
        // CoreDNS: in the first of the zones.
        guard let zone = plugin.zones.names.first else { return }
        for entry in found {
            guard let target = Self.domain(entry.target, zone) else { continue }
            writeAnswer(record(name, .ptr(target)))
        }
    }

    // MARK: Records

    private func domain(_ labels: [UInt8]) -> DomainName? { Self.domain(labels, zone) }

    private static func domain(_ labels: [UInt8], _ zone: DomainName) -> DomainName? {
        try? DomainName(wire: labels + zone.wire)
    }

    private func record(_ owner: DomainName, _ data: RecordData) -> ResourceRecord {
        ResourceRecord(owner: owner, ttl: plugin.ttl, data: data)
    }

    private static func data(_ address: AddressKey) -> RecordData {
        address.isIPv4
            ? .a(IPv4Address(bits: address.ipv4)) : .aaaa(IPv6Address(high: address.high, low: address.low))
    }

    private mutating func writeAnswer(_ record: ResourceRecord) {
        guard !exchange.pointee.writer.isTruncated else { return }
        if writer.write(record, exchange) {
            exchange.pointee.writer.answerCount &+= 1
        } else {
            exchange.pointee.writer.isTruncated = true
        }
    }

    private mutating func writeAdditional(_ record: ResourceRecord) {
        // RFC 2181, section 9: what is additional may be left out.
        guard !exchange.pointee.writer.isTruncated, writer.write(record, exchange) else { return }
        exchange.pointee.writer.additionalCount &+= 1
    }
}
