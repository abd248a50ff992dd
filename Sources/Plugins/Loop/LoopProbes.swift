import DNSWire

/// The questions that were sent to find out whether they come back, and which of them did. Has no clock and sends nothing.
///
/// Every probe has a name of its own. A client or an upstream that sends the same question again, or a datagram that arrives
/// twice, shows the same name again and proves nothing; only a second probe that comes back too does.
struct LoopProbes {
    /// Most probes that are remembered: as many as are sent in the time that probing lasts.
    static let most = 64
    /// How many different probes have to come back.
    static let proof = 2

    /// What a query means whose name may be a probe's.
    enum Sighting: Equatable {
        /// Not a probe of this server.
        case none
        /// A probe came back that had not before.
        case first
        /// A probe that is known to have come back, once more.
        case again
        /// As many different probes have come back as prove a loop.
        case proof
    }

    private var names: [[UInt8]: Bool] = [:]
    /// How many different probes have come back.
    private(set) var returned = 0

    /// Adds a probe; false where there are too many.
    mutating func add(_ name: DomainName) -> Bool {
        guard names.count < Self.most else { return false }
        names[name.lowercased().wire] = false
        return true
    }

    /// A query for `name`, in wire form and lower case, has come from outside.
    mutating func see(_ name: [UInt8]) -> Sighting {
        guard let wasSeen = names[name] else { return .none }
        if wasSeen { return .again }
        names[name] = true
        returned += 1
        return returned >= Self.proof ? .proof : .first
    }

    /// A name that nobody can guess: two random numbers of 62 bits before the zone, as CoreDNS has it.
    static func name(
        in zone: DomainName, _ random: inout some RandomNumberGenerator
    ) throws(NameError) -> DomainName {
        let second = try zone.prepending(label: String(UInt64.random(in: 0..<1 << 62, using: &random)).utf8)
        return try second.prepending(label: String(UInt64.random(in: 0..<1 << 62, using: &random)).utf8)
    }

    /// The query of a probe.
    static func request(_ name: DomainName) -> [UInt8] {
        let flags = Header.recursionDesired
        var bytes: [UInt8] = [0, 0, UInt8(flags >> 8), UInt8(flags & 0xFF), 0, 1, 0, 0, 0, 0, 0, 0]
        bytes += name.wire
        for word in [RecordType.hinfo.rawValue, RecordClass.internet.rawValue] {
            bytes += [UInt8(word >> 8), UInt8(word & 0xFF)]
        }
        return bytes
    }
}
