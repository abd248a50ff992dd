import DNSWire

/// A zone as a test's upstream serves it: as CoreDNS's `file` does, as far as the recorded cases go.
package struct ZoneFile: Sendable {
    package let origin: DomainName
    private let records: [ResourceRecord]
    private var names: Set<String> = []

    /// Reads a zone file: `$ORIGIN` and `$TTL` stand for themselves.
    package init(_ text: String) throws {
        var lexer = PresentationLexer(Array(text.utf8))
        var origin = DomainName.root
        var defaultTTL: UInt32?
        var owner: DomainName?
        var records: [ResourceRecord] = []
        while let entry = try lexer.nextEntry() {
            let words = entry.tokens.map { String(decoding: $0.octets, as: UTF8.self) }
            switch words[0] {
            case "$ORIGIN": origin = try DomainName(parsing: words[1])
            case "$TTL": defaultTTL = UInt32(words[1])
            default:
                let record = try ResourceRecord.parse(
                    entry, origin: origin, previousOwner: owner, defaultTTL: defaultTTL, defaultClass: .internet)
                owner = record.owner
                records.append(record)
            }
        }
        self.origin = origin
        self.records = records
        for record in records {
            // A name exists with everything above it.
            var name = "\(record.owner.lowercased())"[...]
            while name.count > "\(origin)".count {
                names.insert(String(name))
                name = name.drop { $0 != "." }.dropFirst()
            }
        }
        names.insert("\(origin)")
    }

    private func find(_ name: String, _ type: RecordType) -> [ResourceRecord] {
        records.filter { "\($0.owner.lowercased())" == name && $0.type == type }
    }

    /// Records as lines, with the owner as the question has it where it is a wildcard's.
    private func matching(_ name: String, _ type: RecordType) -> [ResourceRecord]? {
        if names.contains(name) { return find(name, type) }
        let parent = name.drop { $0 != "." }.dropFirst()
        let wildcard = "*.\(parent)"
        guard names.contains(wildcard), let owner = try? DomainName(parsing: name) else { return nil }
        return find(wildcard, type).map {
            ResourceRecord(owner: owner, recordClass: $0.recordClass, ttl: $0.ttl, data: $0.data)
        }
    }

    /// The response to a query.
    package func answer(_ query: TestUpstream.Query) -> [UInt8] {
        var name = query.name
        guard name == "\(origin)" || name.hasSuffix(".\(origin)") else {
            return query.response(code: .refused, flags: 0)
        }
        var answer: [ResourceRecord] = []
        var code = ResponseCode.noError
        var isEmpty = true
        for _ in 0..<10 {
            guard let found = matching(name, query.type) else {
                code = .nameError
                break
            }
            answer += found
            if !found.isEmpty || query.type == .cname {
                isEmpty = found.isEmpty
                break
            }
            guard let alias = matching(name, .cname)?.first, case .cname(let target) = alias.data else { break }
            answer.append(alias)
            name = "\(target.lowercased())"
            if !name.hasSuffix(".\(origin)") {
                isEmpty = false
                return whole(query, query.response(answer.map(Self.line)))
            }
        }
        let nameServers = find("\(origin)", .ns)
        var authority = nameServers
        if isEmpty || code == .nameError {
            // RFC 2308, section 5: with the least TTL of the SOA record.
            authority = find("\(origin)", .soa).map { soa in
                ResourceRecord(owner: soa.owner, recordClass: soa.recordClass, ttl: 60, data: soa.data)
            }
        } else if query.type == .ns {
            authority = []
        }
        let targets = (answer + authority).compactMap { record -> String? in
            switch record.data {
            case .ns(let name): "\(name.lowercased())"
            case .mx(_, let name): "\(name.lowercased())"
            case .srv(_, _, _, let name): "\(name.lowercased())"
            default: nil
            }
        }
        let additional = targets.flatMap { find($0, .a) }
        return whole(
            query,
            query.response(
                answer.map(Self.line), authority: authority.map(Self.line), additional: additional.map(Self.line),
                code: code))
    }

    private static func line(_ record: ResourceRecord) -> String {
        "\(record.owner) \(record.ttl) IN \(record.type) \(record.data)"
    }

    /// The response, or none of its records where the client cannot take it.
    private func whole(_ query: TestUpstream.Query, _ response: [UInt8]) -> [UInt8] {
        var size = 512
        let end = query.questionEnd
        if query.bytes.count >= end + 11 { size = max(512, Int(query.bytes[end + 3]) << 8 | Int(query.bytes[end + 4])) }
        return query.isStream || response.count <= size
            ? response : query.response(flags: Header.authoritative | Header.truncated)
    }
}
