import RecordIndex

/// Records for tests, in short.
func endpoint(
    _ address: AddressKey, _ label: String, group: Int = 0, zone: String = "", isHostname: Bool = false
) -> ServiceRecords.Endpoint {
    ServiceRecords.Endpoint(
        location: .address(address), label: Array(label.utf8), isHostname: isHostname, portGroup: group,
        zone: Array(zone.utf8))
}

func port(_ name: String, _ number: Int32, _ transport: String = "tcp") -> ServiceRecords.Port {
    ServiceRecords.Port(name: Array(name.utf8), transport: Array(transport.utf8), number: number)
}

func records(
    _ namespace: String, _ name: String, _ kind: ServiceRecords.Kind = .clusterAddress,
    _ change: (inout ServiceRecords) -> Void = { _ in }
) -> ServiceRecords {
    var records = ServiceRecords(namespace: Array(namespace.utf8), name: Array(name.utf8), kind: kind)
    change(&records)
    return records
}

/// Namespace and name of a service.
struct ServiceKey: Hashable {
    var namespace: String
    var name: String

    init(_ namespace: String, _ name: String) {
        self.namespace = namespace
        self.name = name
    }

    var wire: [UInt8] { ServiceRecords.key(namespace: Array(namespace.utf8), service: Array(name.utf8)) }
}

extension IndexChange {
    /// A change of services alone; nil removes.
    static func services(_ services: [ServiceKey: ServiceRecords?]) -> IndexChange {
        var change = IndexChange()
        for (key, records) in services { change.set(key, records) }
        return change
    }

    /// Sets or, with nil, removes a service.
    mutating func set(_ key: ServiceKey, _ records: ServiceRecords?) {
        services[key.wire] = .some(records.map { ServiceBlockMemory(compiling: $0) })
    }

    /// Counts of pods by address and namespace.
    static func pods(_ pods: [(AddressKey, String, Int)]) -> IndexChange {
        var change = IndexChange()
        for (address, namespace, count) in pods {
            change.pods[PodPlace(address: address, namespace: Array(namespace.utf8))] = count
        }
        return change
    }
}

extension ServiceRecords {
    /// Adds `endpoints`, whose port groups are there.
    mutating func add(_ endpoints: [Endpoint]) {
        for endpoint in endpoints { append(endpoint) }
    }
}

extension Array<UInt8> {
    /// Calls `body` with the bytes, of which there may be none.
    func withPointer<Result>(_ body: (UnsafeRawPointer, Int) -> Result) -> Result {
        let padded = self + [0]
        return padded.withUnsafeBytes { bytes in
            var none: UInt8 = 0
            return bytes.baseAddress.map { body($0, count) } ?? body(&none, 0)
        }
    }
}

/// A label with its length byte in front.
func wire(_ label: String) -> [UInt8] { [UInt8(label.utf8.count)] + Array(label.utf8) }

extension IndexView {
    func find(_ namespace: String, _ name: String) -> ServiceBlock? {
        ServiceRecords.key(namespace: Array(namespace.utf8), service: Array(name.utf8)).withPointer { service($0, $1) }
    }

    func findNamespace(_ name: String) -> Int { Array(name.utf8).withPointer { namespace($0, $1) } }

    /// What stands in the reverse table for an address: key of the service, and whether the address is its own.
    func owners(of address: AddressKey) -> [String] {
        var found: [String] = []
        var matches = reverse(address)
        while true {
            let value = matches.next()
            if value < 0 { return found.sorted() }
            let match = ReverseMatch(value)
            found.append("\(block(match.place).text) \(match.isClusterAddress ? "own" : "endpoint")")
        }
    }
}

extension ServiceBlock {
    /// The key as text: `service.namespace`.
    var text: String {
        let bytes = (0..<keyLength).map { key.load(fromByteOffset: $0, as: UInt8.self) }
        guard let first = bytes.first else { return "" }
        let name = bytes.dropFirst().prefix(Int(first))
        return String(decoding: name, as: UTF8.self) + "."
            + String(decoding: bytes.dropFirst(Int(first) + 2), as: UTF8.self)
    }

    func labelText(_ index: Int) -> String {
        let start = label(index)
        return String(
            decoding: (0..<Int(start.load(as: UInt8.self))).map { start.load(fromByteOffset: $0 + 1, as: UInt8.self) },
            as: UTF8.self)
    }

    /// The address of a row as a key.
    func key(of row: RowView) -> AddressKey {
        let start = address(of: row)
        let bytes = (0..<(row.kind == RowView.ipv4 ? 4 : 16)).map {
            UInt64(start.load(fromByteOffset: $0, as: UInt8.self))
        }
        if bytes.count == 4 { return AddressKey(ipv4: UInt32(bytes.reduce(0) { $0 << 8 | $1 })) }
        return AddressKey(high: bytes[..<8].reduce(0) { $0 << 8 | $1 }, low: bytes[8...].reduce(0) { $0 << 8 | $1 })
    }

    /// All rows as text: label, address, port group's numbers, zone, multiplicity, flags.
    var rowTexts: [String] {
        (0..<rowCount).map { index in
            let row = row(index)
            let place = row.kind == RowView.name ? "name \(row.index)" : "\(key(of: row).text)"
            let ports = (0..<portCount(group: row.portGroup)).map { "\(port($0, group: row.portGroup).number)" }
            return "\(labelText(row.label)) \(place) \(ports.joined(separator: ",")) z\(row.zone) x\(row.multiplicity)"
                + (row.isHostname ? " host" : "")
        }
    }
}

extension AddressKey {
    /// The address as hexadecimal text, IPv4 without its prefix.
    var text: String { isIPv4 ? String(ipv4, radix: 16) : String(high, radix: 16) + ":" + String(low, radix: 16) }
}
