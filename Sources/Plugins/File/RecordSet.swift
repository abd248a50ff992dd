import DNSWire

/// The records of one type that a name has, with their signatures.
struct RecordSet {
    let type: RecordType
    var records: [ResourceRecord] = []
    /// RRSIG records that cover the type (RFC 4034, section 3).
    var signatures: [ResourceRecord] = []
}

/// A name of a zone with its records; one without any is an empty non-terminal (RFC 4592, section 2.2.2).
struct ZoneNode {
    /// In lower case.
    let owner: DomainName
    private(set) var sets: [RecordSet] = []

    init(owner: DomainName) { self.owner = owner }

    /// Whether it has no records and is there for the names below it.
    var isEmpty: Bool { sets.allSatisfy { $0.records.isEmpty } }

    /// The records of a type; nil where there are none.
    func set(_ type: RecordType) -> RecordSet? {
        sets.first { $0.type == type && !$0.records.isEmpty }
    }

    /// All signatures, whatever they cover.
    var signatures: [ResourceRecord] { sets.flatMap(\.signatures) }

    /// Adds a record unless it is there already (RFC 2181, section 5).
    mutating func add(_ record: ResourceRecord) {
        let covered = Self.coveredType(record)
        let place =
            sets.firstIndex { $0.type == covered ?? record.type }
            ?? {
                sets.append(RecordSet(type: covered ?? record.type))
                return sets.count - 1
            }()
        if covered != nil {
            if !sets[place].signatures.contains(record) { sets[place].signatures.append(record) }
        } else if !sets[place].records.contains(where: { $0.data == record.data }) {
            sets[place].records.append(record)
        }
    }

    /// The type that a signature covers; nil where the record is none.
    private static func coveredType(_ record: ResourceRecord) -> RecordType? {
        guard record.type == .rrsig, case .unknown(_, let octets) = record.data, octets.count >= 2 else { return nil }
        return RecordType(rawValue: UInt16(octets[0]) << 8 | UInt16(octets[1]))
    }
}
