import DNSWire
import Foundation
import ServerHarness
import Testing

/// Every recorded answer of CoreDNS, over real sockets.
@Suite struct ConformanceTests {
    static let configurations = [
        "defaults", "ignore-empty", "labels", "namespace-labels", "namespaces", "noendpoints", "other-zone",
        "pod-names",
        "pods-insecure", "pods-verified", "two-zones", "zonal",
    ]

    private static let longestMessage = 65_535
    /// More than an SRV record of these names takes.
    private static let longestRecord = 100

    /// A server with the recorded configuration.
    static func server(_ configuration: String) throws -> RunningServer {
        let text = try String(contentsOfFile: "\(Recording.folder)/\(configuration).Corefile", encoding: .utf8)
        #expect(text.contains("snapshot world.json"))
        // Nothing else is changed but where the server listens.
        return try RunningServer(
            text.replacingOccurrences(of: "world.json", with: Fixtures.world)
                .replacingOccurrences(of: ". {\n", with: ". {\n    bind 127.0.0.1\n"))
    }

    @Test(arguments: configurations)
    func agreesAsRecorded(configuration: String) throws {
        let server = try Self.server(configuration)
        let datagrams = try server.datagramClient()
        let streams = try server.streamClient()
        var exceptions = RecordingException.all.filter { $0.configuration == configuration }
        var disagreements: [String] = []
        let rows = try Recording.rows(configuration)
        for row in rows {
            let isStream = row.q.tcp ?? false
            let response = try isStream ? streams.ask(row.question) : datagrams.ask(row.question)
            let answer = Recording.Answer(response)
            if let place = exceptions.firstIndex(where: { $0.name == row.q.name && "\($0.type)" == row.q.type }) {
                #expect(!answer.agrees(with: row.a), "\(exceptions[place].name) needs no exception any more")
                let outcome = exceptions[place].expected
                #expect(outcome.holds(for: response), "\(row.q): \(answer)")
                exceptions[place].rows -= 1
                if exceptions[place].rows == 0 { exceptions.remove(at: place) }
            } else if !answer.agrees(with: row.a) {
                disagreements.append("\(row.q)\n    recorded \(row.a)\n    have     \(answer)")
            }
        }
        #expect(rows.count >= 398)
        #expect(
            disagreements.isEmpty,
            "\(disagreements.count) of \(rows.count):\n\(disagreements.prefix(5).joined(separator: "\n"))")
        #expect(exceptions.isEmpty, "recorded no more: \(exceptions)")
    }

    @Test(arguments: configurations)
    func answersTheSameOverTCP(configuration: String) throws {
        let server = try Self.server(configuration)
        let datagrams = try server.datagramClient()
        let streams = try server.streamClient()
        for row in try Recording.rows(configuration) where row.q.tcp != true {
            let overTCP = try streams.ask(row.question)
            let overUDP = try datagrams.ask(row.question)
            // Uncompressed targets (RFC 2782) of a thousand endpoints with long names are more than a message holds.
            let isFull = overTCP.bytes.count > Self.longestMessage - Self.longestRecord
            #expect(!overTCP.isTruncated || isFull && overUDP.isTruncated, "\(row.q)")
            #expect(overTCP.code == overUDP.code, "\(row.q)")
            #expect(overTCP.ednsVersion == overUDP.ednsVersion, "\(row.q)")
            let (full, cut) = (Recording.Answer(overTCP), Recording.Answer(overUDP))
            if overUDP.isTruncated {
                // What was cut had come so far as it fits: all of it is in the whole answer.
                #expect(Set(overUDP.answerLines).isSubset(of: overTCP.answerLines), "\(row.q)")
                #expect(overUDP.answer.count < overTCP.answer.count, "\(row.q)")
            } else {
                #expect(full.answer == cut.answer && full.authority == cut.authority, "\(row.q)")
                // TC is for the answer section alone (RFC 2181, section 9): UDP may have less of the additional one.
                #expect(Set(cut.additional ?? []).isSubset(of: full.additional ?? []), "\(row.q)")
                if overTCP.bytes.count <= Int(row.q.edns ?? 512) {
                    #expect(full.additional == cut.additional, "\(row.q)")
                }
            }
        }
    }
}
