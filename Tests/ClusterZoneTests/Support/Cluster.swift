import ClusterZone
import DNSWire
import KubernetesAPI
import RecordIndex
import Testing

/// A small cluster that answers questions given as text: objects, compiled and indexed, behind a reader.
final class Cluster {
    var zoneOptions = ZoneOptions()
    private let zones: ZoneMatcher
    let index = RecordIndex(hash: SeededHash(seed: (1, 2)))
    private var snapshot: IndexSnapshot
    private var reader: ClusterReader
    private var state: ClusterState
    private let name = QuestionName()

    /// SOA serial of every cluster here.
    static let serial: UInt32 = 42

    init(
        _ objects: ClusterObjects, zones: [String] = ["cluster.local.", "in-addr.arpa.", "ip6.arpa."],
        multicluster: [String] = [], zone: ZoneOptions = ZoneOptions(), answers: ClusterOptions = ClusterOptions(),
        local: [String] = [],
        answersLocal: Bool = true
    ) throws {
        let wires = try zones.map { try DomainName(parsing: $0).wire }
        self.zones = ZoneMatcher(wires)
        state = ClusterState(options: zone)
        index.apply(state.replace(with: objects), serial: Cluster.serial)
        snapshot = index.snapshot
        reader = ClusterReader(
            index: snapshot.view, options: answers, zones: self.zones.view, primaryZone: wires[0],
            multicluster: Set(zones.indices.filter { multicluster.contains(zones[$0]) }),
            localAddresses: local.compactMap { IPAddress($0)?.key }, answersLocalAddresses: answersLocal)
    }

    deinit {
        reader.deallocate()
        name.deallocate()
    }

    /// Replaces all objects; false where that changes no answer.
    func replace(with objects: ClusterObjects) -> Bool {
        let changed = index.apply(state.replace(with: objects), serial: Cluster.serial).isPublished
        snapshot = index.snapshot
        reader.index = snapshot.view
        return changed
    }

    /// Takes it that these things are not known.
    func setGaps(_ gaps: IndexGaps) {
        var change = IndexChange()
        change.gaps = gaps
        index.apply(change, serial: Cluster.serial)
        snapshot = index.snapshot
        reader.index = snapshot.view
    }

    /// What the cluster says to one question.
    struct Reply {
        var outcome: ClusterOutcome
        var isTruncated: Bool
        /// Whether what is not known could change a negative answer.
        var isCertain: Bool
        var answers: [ResourceRecord]
        var authorities: [ResourceRecord]
        var additionals: [ResourceRecord]
        /// Length of the message in bytes.
        var length: Int
        /// The alias's target that is to be looked up elsewhere.
        var externalTarget: DomainName?
    }

    /// Asks; `limit` is the first offset that must not be written, and at least the question's end.
    func reply(
        _ question: DomainName, _ type: RecordType, limit: Int = 65_535, rotation: UInt32 = 0
    ) throws -> Reply {
        var message: [UInt8] = [0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0] + question.wire
        message += [UInt8(type.rawValue >> 8), UInt8(type.rawValue & 0xFF), 0, 1]
        let length = message.count
        // Behind the limit stands a mark that nobody may write over.
        let mark: UInt8 = 0xA5
        message += [UInt8](repeating: mark, count: max(limit - length, 0) + 300)
        var request = Request()
        return try message.withUnsafeMutableBytes { bytes in
            let base = try #require(bytes.baseAddress)
            try #require(request.read(base, length: length, name: name) == .answer)
            var writer = ResponseWriter(base: base, position: request.questionEnd, limit: max(limit, length))
            let match = zones.view.longestMatch(name, length: request.nameLength, labelCount: request.labelCount)
            try #require(match.index >= 0, "\(question) is in none of the zones")
            var asked = ClusterQuestion(
                name: name, request: request, labelsLeft: match.labelsLeft,
                isMulticluster: reader.isMulticluster(zone: match.index))
            asked.rotation = rotation
            var target = 0
            let outcome = reader.answer(asked, into: &writer, externalTarget: &target)
            let isCertain = reader.isCertain(outcome, asked)
            if outcome == .noData || outcome == .nameError { reader.writeSOA(asked, into: &writer) }
            #expect(writer.position <= max(limit, length), "\(question) \(type): written beyond the limit")
            #expect(
                bytes[max(limit, length)...].allSatisfy { $0 == mark }, "\(question) \(type): memory behind the limit")
            let written = UnsafeRawBufferPointer(rebasing: bytes[..<writer.position])
            var offset = request.questionEnd
            func records(_ count: UInt16) throws -> [ResourceRecord] {
                try (0..<count).map { _ in try ResourceRecord.read(from: written, at: &offset) }
            }
            let answers = try records(writer.answerCount)
            let authorities = try records(writer.authorityCount)
            let additionals = try records(writer.additionalCount)
            #expect(offset == writer.position, "\(question) \(type): bytes that the counts do not name")
            var alias: DomainName?
            if target > 0 {
                var place = target
                alias = try DomainName.read(from: written, at: &place)
            }
            return Reply(
                outcome: outcome, isTruncated: writer.isTruncated, isCertain: isCertain, answers: answers,
                authorities: authorities,
                additionals: additionals, length: writer.position, externalTarget: alias)
        }
    }

    /// Asks, and describes the reply in one line: the answers with ` | ` between them, behind ` + ` the additional records,
    /// ` TC`, and behind ` -> ` the target to look up elsewhere; or the outcome, where that is all, which is SERVFAIL where
    /// too little is known to deny something.
    ///
    /// Names in question and reply stand without `.cluster.local.`; an owner that is the question's name is left out,
    /// and so is a TTL of 5 seconds.
    func ask(_ text: String, _ type: RecordType, limit: Int = 65_535, rotation: UInt32 = 0) throws -> String {
        let question = try DomainName(parsing: text.hasSuffix(".") ? text : text + ".cluster.local.")
        let reply = try reply(question, type, limit: limit, rotation: rotation)
        let tail =
            (reply.additionals.isEmpty ? "" : " + " + lines(reply.additionals, question))
            + (reply.isTruncated ? " TC" : "") + (reply.externalTarget.map { " -> \($0)" } ?? "")
        switch reply.outcome {
        case .answered:
            #expect(!reply.answers.isEmpty || reply.isTruncated, "\(text) \(type): answered with nothing")
            #expect(reply.authorities.isEmpty)
            return lines(reply.answers, question) + tail
        case .noData where !reply.isCertain, .nameError where !reply.isCertain: return "SERVFAIL"
        case .noData: return check(reply, "NODATA") + tail
        case .nameError: return check(reply, "NXDOMAIN") + tail
        case .refused: return "REFUSED" + tail
        }
    }

    private func check(_ reply: Reply, _ name: String) -> String {
        #expect(
            reply.answers.isEmpty && reply.authorities.count == 1, "a negative answer has a SOA record and no other")
        return name
    }

    private func lines(_ records: [ResourceRecord], _ question: DomainName) -> String {
        records.map { record in
            let owner = record.owner == question ? "" : short(record.owner.description) + " "
            #expect(record.recordClass == .internet)
            let ttl = record.ttl == 5 ? "" : "/\(record.ttl)"
            return "\(owner)\(record.type)\(ttl) "
                + record.data.description.split(separator: " ").map { short($0) }.joined(separator: " ")
        }.joined(separator: " | ")
    }

    private func short(_ name: some StringProtocol) -> String {
        name.hasSuffix(".cluster.local.") ? String(name.dropLast(15)) : String(name)
    }

    /// Asks all of `rows` and compares what comes back.
    func check(
        _ rows: [(name: String, type: RecordType, expected: String)], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for row in rows {
            let found = try ask(row.name, row.type)
            #expect(found == row.expected, "\(row.name) \(row.type)", sourceLocation: sourceLocation)
        }
    }
}
