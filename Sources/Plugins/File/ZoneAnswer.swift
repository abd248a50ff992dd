import DNSWire

/// The answer of a zone to one question: RFC 1034, section 4.3.2, with RFC 4592 for wildcards, RFC 6672 for DNAME, and what
/// CoreDNS puts into the other sections.
struct ZoneAnswer {
    /// What the zone says.
    enum Outcome {
        /// The name has the type, or an alias leads out of the zone.
        case found
        /// The name exists without the type.
        case noData
        /// The name exists only because others lie below it.
        case emptyNonTerminal
        case nameError
        /// The name lies in a zone of its own.
        case referral
        /// An alias leads to itself.
        case failed
        /// A DNAME leads to a name that is too long (RFC 6672, section 2.2).
        case nameTooLong
    }

    /// Most aliases of one answer, as CoreDNS has it.
    private static let mostAliases = 9

    private let zone: Zone
    private let type: RecordType
    /// Whether signatures and NSEC records are wanted (RFC 3225).
    private let withSignatures: Bool

    private(set) var answer: [ResourceRecord] = []
    private(set) var authority: [ResourceRecord] = []
    private(set) var additional: [ResourceRecord] = []
    private(set) var outcome = Outcome.found
    /// Where the last alias leads to, if that is outside of the zone.
    private(set) var externalTarget: DomainName?
    /// The wildcard that the answer, or the last part of it, was made of.
    private(set) var wildcard: DomainName?

    /// - Parameter name: in lower case, within the zone.
    init(_ zone: Zone, name: DomainName, type: RecordType, withSignatures: Bool) {
        self.zone = zone
        self.type = type
        self.withSignatures = withSignatures
        follow(name)
    }

    private mutating func follow(_ question: DomainName) {
        var name = question
        var seen = [question]
        while let target = look(name) {
            guard target.isSubdomain(of: zone.origin) else {
                externalTarget = target
                return
            }
            // Aliases that lead back end there: no record stands in an answer twice.
            guard !seen.contains(target), seen.count < Self.mostAliases else { return }
            seen.append(target)
            name = target
        }
    }

    /// Looks a name up; returns where an alias leads to.
    private mutating func look(_ name: DomainName) -> DomainName? {
        let starts = Self.labelStarts(name, within: zone.origin)
        var encloser = zone.apex
        for (depth, start) in starts.enumerated() {
            guard let node = zone.node(name.wire[start...]) else { return synthesize(name, below: encloser) }
            encloser = node
            let isWhole = start == 0
            if !isWhole, let substitution = node.set(.dname) { return substitute(name, node, substitution) }
            // DS belongs to the parent's side of the cut (RFC 4035, section 3.1.4.1).
            if depth > 0, let servers = node.set(.ns), !(type == .ds && isWhole) {
                refer(servers, node)
                return nil
            }
            if isWhole { return take(node, as: name, isWildcard: false) }
        }
        return nil
    }

    /// Where the labels of the name begin, from the origin downwards to the name itself.
    private static func labelStarts(_ name: DomainName, within origin: DomainName) -> [Int] {
        var starts: [Int] = []
        var position = 0
        let last = name.wire.count - origin.wire.count
        while position <= last {
            starts.append(position)
            guard position < last, position < name.wire.count else { break }
            position += 1 + Int(name.wire[position])
        }
        return starts.reversed()
    }

    // MARK: - A name that exists

    private mutating func take(_ node: ZoneNode, as name: DomainName, isWildcard: Bool) -> DomainName? {
        if type != .cname, let alias = node.set(.cname) {
            append(alias, to: &answer, owner: name)
            if isWildcard { denyCloserName(name) }
            guard case .cname(let target)? = alias.records.first?.data else { return nil }
            return target
        }
        let isApex = node.owner == zone.origin
        if type == .rrsig, !node.signatures.isEmpty {
            answer += node.signatures.map { Self.renamed($0, name) }
        } else if let set = isApex && type == .soa ? zone.authority : node.set(type) {
            append(set, to: &answer, owner: isWildcard ? name : nil)
        } else {
            let isEmpty = node.isEmpty && !isWildcard
            outcome = isEmpty ? .emptyNonTerminal : .noData
            deny(isEmpty ? zone.nodeBefore(name) : node)
            return nil
        }
        outcome = .found
        // CoreDNS: the apex's name servers stand in the authority section of every answer but their own.
        let isNameServers = isApex && type == .ns
        if !isNameServers, let servers = zone.apex.set(.ns) { append(servers, to: &authority) }
        if isWildcard { denyCloserName(name) }
        addAddresses(of: answer, glueOnlyBelow: isNameServers ? zone.origin : nil)
        return nil
    }

    /// RFC 4035, section 3.1.3.3: a signed answer out of a wildcard shows that there is no closer name.
    private mutating func denyCloserName(_ name: DomainName) {
        guard withSignatures, let denial = zone.nodeBefore(name)?.set(.nsec) else { return }
        append(denial, to: &authority)
    }

    // MARK: - A name that does not exist

    private mutating func synthesize(_ name: DomainName, below encloser: ZoneNode) -> DomainName? {
        // RFC 4592, section 3.3.1: only the wildcard of the closest encloser counts.
        let wildcard = [1, UInt8(ascii: "*")] + encloser.owner.wire
        if let node = zone.node(wildcard) {
            self.wildcard = node.owner
            return take(node, as: name, isWildcard: true)
        }
        outcome = .nameError
        let before = zone.nodeBefore(name)
        deny(before)
        // RFC 4035, section 3.1.3.2: that there is no wildcard is shown, too.
        if withSignatures, let asterisk = try? DomainName(wire: wildcard),
            let other = zone.nodeBefore(asterisk), other.owner != before?.owner, let denial = other.set(.nsec)
        {
            append(denial, to: &authority)
        }
        return nil
    }

    /// Writes a negative answer's authority section: SOA (RFC 2308, section 2), and what denies.
    private mutating func deny(_ node: ZoneNode?) {
        append(zone.authority, to: &authority)
        if withSignatures, let denial = node?.set(.nsec) { append(denial, to: &authority) }
    }

    // MARK: - DNAME and delegations

    private mutating func substitute(_ name: DomainName, _ node: ZoneNode, _ set: RecordSet) -> DomainName? {
        guard let record = set.records.first, case .dname(let target) = record.data else { return nil }
        append(set, to: &answer)
        let prefix = name.wire.dropLast(node.owner.wire.count)
        // RFC 6672, section 2.2: the owner's labels are replaced, those before it stay.
        guard let substituted = try? DomainName(wire: prefix + target.lowercased().wire) else {
            outcome = .nameTooLong
            return nil
        }
        guard substituted != name else {
            answer = []
            outcome = .failed
            return nil
        }
        answer.append(ResourceRecord(owner: name, ttl: record.ttl, data: .cname(substituted)))
        guard type != .cname else {
            if let servers = zone.apex.set(.ns) { append(servers, to: &authority) }
            return nil
        }
        return substituted
    }

    private mutating func refer(_ servers: RecordSet, _ node: ZoneNode) {
        outcome = .referral
        authority += servers.records
        if withSignatures {
            // RFC 4035, section 3.1.4: DS, or the proof that there is none.
            if let signers = node.set(.ds) ?? node.set(.nsec) { append(signers, to: &authority) }
        }
        addAddresses(of: servers.records, glueOnlyBelow: node.owner)
    }

    // MARK: - Sections

    /// Adds the addresses of what the records point to, each name's once.
    ///
    /// - Parameter glueOnlyBelow: names of servers count below this name only; nil where NS records are not looked at.
    private mutating func addAddresses(of records: [ResourceRecord], glueOnlyBelow cut: DomainName?) {
        var seen: Set<DomainName> = []
        for record in records {
            let target: DomainName? =
                switch record.data {
                case .srv(_, _, _, let target): target
                case .mx(_, let exchange): exchange
                case .svcb(let binding), .https(let binding): binding.target
                case .ns(let server): cut.map { server.isSubdomain(of: $0) } ?? false ? server : nil
                default: nil
                }
            guard let name = target?.lowercased(), name.isSubdomain(of: zone.origin), seen.insert(name).inserted,
                let node = zone.node(name.wire)
            else { continue }
            for addressType in [RecordType.a, .aaaa] {
                if let set = node.set(addressType) { append(set, to: &additional) }
            }
        }
    }

    private func append(_ set: RecordSet, to section: inout [ResourceRecord], owner: DomainName? = nil) {
        let records = withSignatures ? set.records + set.signatures : set.records
        section += owner.map { owner in records.map { Self.renamed($0, owner) } } ?? records
    }

    private static func renamed(_ record: ResourceRecord, _ owner: DomainName) -> ResourceRecord {
        var record = record
        record.owner = owner
        return record
    }
}
