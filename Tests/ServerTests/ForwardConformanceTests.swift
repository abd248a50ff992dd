import DNSWire
import Foundation
import LinuxIO
import ServerHarness
import Testing

/// What CoreDNS answered when it forwarded to a server of example.zone, and what it asked that server.
@Suite struct ForwardConformanceTests {
    private struct Case: Decodable {
        var name: String
        var corefile: String
        var rows: [Row]
    }

    private struct Row: Decodable {
        struct Question: Decodable {
            var name: String
            var type: String
            var edns: UInt16?
            var tcp: Bool?
            var `do`: Bool?
            var rd: Bool?
        }

        struct Answer: Decodable {
            var rcode: String
            var flags: [String]
            /// These four are missing where the answer was truncated.
            var answer: [String]?
            var authority: [String]?
            var additional: [String]?
            var question: String?
            var edns: Int
        }

        var q: Question
        var a: Answer
    }

    private static let folder =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Fixtures"

    private static func cases() throws -> [Case] {
        try JSONDecoder().decode(
            [Case].self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/forward-cases.json")))
    }

    @Test(arguments: ["forward", "forward-except", "forward-force-tcp", "forward-dead"])
    func agreesAsRecorded(name: String) throws {
        let zone = try ZoneFile(String(contentsOfFile: Self.folder + "/example.zone", encoding: .utf8))
        let upstream = try TestUpstream { .answer(zone.answer($0)) }
        let recorded = try #require(try Self.cases().first { $0.name == name })
        let server = try RunningServer(
            recorded.corefile.replacingOccurrences(of: ".:{PORT} {\n", with: ".:0 {\n    bind 127.0.0.1\n")
                .replacingOccurrences(of: "{UPSTREAM}", with: "\(upstream.address)"))
        let datagrams = try server.datagramClient()
        let streams = try server.streamClient()
        #expect(!recorded.rows.isEmpty)
        for row in recorded.rows {
            var question = DNSQuestion(row.q.name, RecordType(mnemonic: row.q.type) ?? .opt, udpSize: row.q.edns)
            question.dnssecOK = row.q.do ?? false
            if !(row.q.rd ?? true) { question.flags = 0 }
            let response = try row.q.tcp ?? false ? streams.ask(question) : datagrams.ask(question)
            #expect("\(response.code)" == row.a.rcode, "\(row.q)")
            #expect(response.flagNames == row.a.flags.sorted(), "\(row.q)")
            #expect(response.ednsVersion.map(Int.init) ?? -1 == row.a.edns, "\(row.q)")
            guard let answer = row.a.answer else { continue }
            #expect(response.answerLines == answer.sorted(), "\(row.q)")
            #expect(DNSResponse.lines(response.authority) == (row.a.authority ?? []).sorted(), "\(row.q)")
            #expect(DNSResponse.lines(response.additional) == (row.a.additional ?? []).sorted(), "\(row.q)")
            #expect(response.name.map { "\($0)" } == row.a.question, "\(row.q)")
        }
    }
}
