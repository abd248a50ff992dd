import DNSWire
import RecordIndex

/// Hosts text, compiled: a look-up by name allocates nothing.
///
/// `@unchecked Sendable`: written by `init` only.
final class HostsTable: @unchecked Sendable {
    private let names: NameTable
    private let wildcards: NameTable
    private let records: UnsafeMutableRawPointer
    private let hash: SeededHash
    private let hasWildcards: Bool
    /// Addresses and host names in all.
    let count: Int

    /// - Parameter hash: the keyed hash of the names.
    init(_ text: HostsText, hash: SeededHash) {
        var writer = RecordBytes()
        var named: [(key: [UInt8], hash: UInt64, value: UInt32)] = []
        for (name, entry) in text.entries {
            named.append((name, name.withUnsafeBytes { hash.hash($0) }, writer.append(entry)))
        }
        var wild: [(key: [UInt8], hash: UInt64, value: UInt32)] = []
        for (name, entry) in text.wildcards {
            wild.append((name, name.withUnsafeBytes { hash.hash($0) }, writer.append(entry)))
        }
        names = NameTable(named)
        wildcards = NameTable(wild)
        hasWildcards = !wild.isEmpty
        count = text.count
        self.hash = hash
        let bytes = writer.bytes
        records = .allocate(byteCount: max(1, bytes.count), alignment: 1)
        // SAFETY: as many bytes are copied as were allocated.
        bytes.withUnsafeBytes { if let start = $0.baseAddress { records.copyMemory(from: start, byteCount: $0.count) } }
    }

    deinit { records.deallocate() }

    /// What to look names up through: valid for as long as the table is kept.
    var view: HostsView {
        HostsView(
            names: names.view, wildcards: wildcards.view, hasWildcards: hasWildcards,
            records: UnsafeRawPointer(records),
            hash: hash)
    }

    /// The records of all names, one behind the other: three counts of four bytes, the addresses, and the host names, each
    /// behind its length.
    private struct RecordBytes {
        var bytes: [UInt8] = []

        /// Returns where the entry stands.
        mutating func append(_ entry: HostsText.Entry) -> UInt32 {
            let offset = UInt32(clamping: bytes.count)
            for count in [entry.ipv4.count, entry.ipv6.count, entry.hostNames.count] { append(UInt32(clamping: count)) }
            for address in entry.ipv4 { append(address.bits.bigEndian) }
            for address in entry.ipv6 {
                append(address.high.bigEndian)
                append(address.low.bigEndian)
            }
            for name in entry.hostNames {
                bytes.append(UInt8(clamping: name.count))
                bytes += name
            }
            return offset
        }

        private mutating func append(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value) { bytes += $0 }
        }
    }
}

/// The reading side of a `HostsTable`.
struct HostsView {
    fileprivate let names: NameTableView
    fileprivate let wildcards: NameTableView
    fileprivate let hasWildcards: Bool
    fileprivate let records: UnsafeRawPointer
    fileprivate let hash: SeededHash

    /// What the table has for a name.
    struct Match {
        /// The name's own records.
        fileprivate(set) var own: HostsRecord?
        /// Those of the wildcard beside it, which count where the name has none of a family.
        fileprivate(set) var wildcard: HostsRecord?

        /// The IPv4 addresses, four bytes each.
        var ipv4: HostsRecord.Run {
            let run = own?.ipv4 ?? .none
            return run.count > 0 ? run : wildcard?.ipv4 ?? .none
        }

        /// The IPv6 addresses, sixteen bytes each.
        var ipv6: HostsRecord.Run {
            let run = own?.ipv6 ?? .none
            return run.count > 0 ? run : wildcard?.ipv6 ?? .none
        }

        /// Whether the name has an address.
        var exists: Bool { ipv4.count > 0 || ipv6.count > 0 }
    }

    /// Looks the question's name up.
    func find(_ name: QuestionName, length: Int, labelCount: Int) -> Match {
        // SAFETY: the name holds `length` bytes and `labelCount` labels; values of the tables are offsets of records.
        var match = Match()
        let place = names.find(name.bytes, length, hash: hash.hash(name.bytes, length))
        if place >= 0 { match.own = HostsRecord(base: records + place) }
        // CoreDNS: an asterisk stands for one label, and needs a label behind it.
        guard hasWildcards, labelCount >= 2 else { return match }
        let parent = name.offset(ofLabel: 1)
        let rest = length &- parent
        let wild = wildcards.find(name.bytes + parent, rest, hash: hash.hash(name.bytes + parent, rest))
        if wild >= 0 { match.wildcard = HostsRecord(base: records + wild) }
        return match
    }
}

/// The records of one name within a `HostsTable`.
struct HostsRecord {
    fileprivate let base: UnsafeRawPointer

    /// Some addresses or names that stand behind each other.
    struct Run {
        let start: UnsafeRawPointer?
        let count: Int

        static var none: Run { Run(start: nil, count: 0) }
    }

    // SAFETY of all of them: `RecordBytes` wrote three counts and what they count.
    private func number(_ index: Int) -> Int { Int(base.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self)) }

    var ipv4: Run { Run(start: base + 12, count: number(0)) }
    var ipv6: Run { Run(start: base + 12 + number(0) &* 4, count: number(1)) }
    /// Host names, each behind a byte with its length.
    var hostNames: Run { Run(start: base + 12 + number(0) &* 4 + number(1) &* 16, count: number(2)) }
}
