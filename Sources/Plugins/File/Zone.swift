import DNSWire
import RecordIndex

/// A zone as its file has it: it never changes.
final class Zone: Sendable {
    /// In lower case.
    let origin: DomainName
    /// The zone's SOA record with its signatures.
    let authority: RecordSet
    let serial: UInt32
    /// How many records lie outside of the zone and were left out, and where the first of them stands.
    let leftOut: Int
    let firstLeftOut: String?
    /// Where the SOA record has another owner than the origin: that owner.
    let foreignAuthority: DomainName?
    private let nodes: [ZoneNode]
    private let table: NameTable
    private let hash = SeededHash()
    /// Places of the names that have an NSEC record, in canonical order (RFC 4034, section 6.1).
    private let secured: [Int]

    /// - Throws: what is wrong with the file as a zone.
    init(origin: DomainName, path: String, lines: [ZoneFileReader.Line]) throws(ZoneFileError) {
        var nodes = [ZoneNode(owner: origin)]
        var places = [origin.wire: 0]
        func place(_ owner: DomainName) -> Int {
            if let place = places[owner.wire] { return place }
            let place = nodes.count
            nodes.append(ZoneNode(owner: owner))
            places[owner.wire] = place
            return place
        }
        var leftOut = 0
        var firstLeftOut: String?
        var authority: ResourceRecord?
        for line in lines {
            let record = Self.folded(line.record)
            if record.type == .soa { authority = record }
            // NSEC3 and NSEC3PARAM: their denials would have to be found by hashes (CoreDNS does not either).
            guard record.type != .nsec3, record.type.rawValue != 51 else {
                throw ZoneFileError(
                    "\(line.path):\(line.number): found \(record.type) of \(record.owner), expected a zone that is signed "
                        + "with NSEC or not at all, as NSEC3 is not supported")
            }
            guard record.owner.isSubdomain(of: origin) else {
                if record.type == .soa { continue }
                leftOut += 1
                if firstLeftOut == nil { firstLeftOut = "\(line.path):\(line.number): \(record.owner)" }
                continue
            }
            nodes[place(record.owner)].add(record)
        }
        guard let authority, case .soa(let data) = authority.data else {
            throw ZoneFileError("file \"\(path)\" has no SOA record for origin \(origin)")
        }
        // RFC 4592, section 2.2.2: a name exists for as long as one below it does.
        for index in nodes.indices {
            var name = nodes[index].owner
            while name.wire.count > origin.wire.count, let parent = name.parent, places[parent.wire] == nil {
                _ = place(parent)
                name = parent
            }
        }
        self.origin = origin
        self.authority = nodes[0].set(.soa) ?? RecordSet(type: .soa, records: [authority])
        serial = data.serial
        foreignAuthority = nodes[0].set(.soa) == nil ? authority.owner : nil
        self.leftOut = leftOut
        self.firstLeftOut = firstLeftOut
        let hash = self.hash
        table = NameTable(
            nodes.enumerated().map { place, node in
                (node.owner.wire, node.owner.wire.withUnsafeBytes { hash.hash($0) }, UInt32(truncatingIfNeeded: place))
            })
        secured = nodes.indices.filter { nodes[$0].set(.nsec) != nil }
            .sorted { CanonicalOrder.precedes(nodes[$0].owner, nodes[$1].owner) }
        self.nodes = nodes
    }

    /// The node of the origin.
    var apex: ZoneNode { nodes[0] }

    /// The node of a name in wire form and lower case; nil where the zone does not have the name.
    func node(_ wire: some Collection<UInt8>) -> ZoneNode? {
        let found = wire.withContiguousStorageIfAvailable { bytes -> Int in
            // SAFETY: the bytes are read while the closure runs.
            guard let start = bytes.baseAddress else { return -1 }
            return table.view.find(start, bytes.count, hash: hash.hash(start, bytes.count))
        }
        guard let found, found >= 0, found < nodes.count else { return nil }
        return nodes[found]
    }

    /// The node whose NSEC record says that there is nothing between it and a name that does not exist.
    func nodeBefore(_ name: DomainName) -> ZoneNode? {
        var (low, high) = (0, secured.count)
        while low < high {
            let middle = (low + high) / 2
            if CanonicalOrder.precedes(name, nodes[secured[middle]].owner) { high = middle } else { low = middle + 1 }
        }
        return low > 0 ? nodes[secured[low - 1]] : nil
    }

    /// The record with the names in lower case that CoreDNS writes so.
    private static func folded(_ record: ResourceRecord) -> ResourceRecord {
        var record = record
        switch record.data {
        case .ns(let name): record.data = .ns(name.lowercased())
        case .cname(let name): record.data = .cname(name.lowercased())
        case .mx(let preference, let exchange):
            record.data = .mx(preference: preference, exchange: exchange.lowercased())
        case .soa(var authority):
            authority.primary = authority.primary.lowercased()
            authority.mailbox = authority.mailbox.lowercased()
            record.data = .soa(authority)
        default: break
        }
        return record
    }
}
