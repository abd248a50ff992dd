import DNSWire
import Foundation
import LinuxIO
import ServerHarness
import Testing

/// What CoreDNS answered with plugins that look further: in other search domains, for addresses to translate, outside of the
/// cluster.
@Suite struct PluginConformanceTests {
    private struct Case: Decodable {
        var name: String
        var corefile: String
        var files: [String: String]
        var rows: [Row]
    }

    private struct Row: Decodable {
        struct Question: Decodable {
            var name: String
            var type: String
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
    private static let world =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
        + "/ClusterZoneTests/Fixtures/world.json"

    @Test(arguments: ["dns64", "autopath-file", "k8s-external"])
    func agreesAsRecorded(name: String) throws {
        let zone = try ZoneFile(String(contentsOfFile: Self.folder + "/example.zone", encoding: .utf8))
        let upstream = try TestUpstream { .answer(zone.answer($0)) }
        let cases = try JSONDecoder().decode(
            [Case].self, from: Data(contentsOf: URL(fileURLWithPath: Self.folder + "/plugin-cases.json")))
        let recorded = try #require(cases.first { $0.name == name })
        let folder = try TemporaryFolder()
        var text = recorded.corefile.replacingOccurrences(of: ".:{PORT} {\n", with: ".:0 {\n    bind 127.0.0.1\n")
            .replacingOccurrences(of: "{UPSTREAM}", with: "\(upstream.address)")
            .replacingOccurrences(of: "{DIR}/world.json", with: Self.world)
        for (file, content) in recorded.files {
            text = text.replacingOccurrences(of: "{DIR}/\(file)", with: try folder.write(file, content))
        }
        let server = try RunningServer(text)
        let client = try server.datagramClient()
        let stream = try server.streamClient()
        #expect(!recorded.rows.isEmpty)
        for row in recorded.rows {
            let question = DNSQuestion(row.q.name, RecordType(mnemonic: row.q.type) ?? .opt, udpSize: nil)
            let response = try client.ask(question)
            #expect("\(response.code)" == row.a.rcode, "\(row.q)")
            #expect(response.flagNames == row.a.flags.sorted(), "\(row.q)")
            #expect(response.ednsVersion.map(Int.init) ?? -1 == row.a.edns, "\(row.q)")
            guard let answer = row.a.answer else { continue }
            // What is found over TCP is the same.
            for response in [response, try stream.ask(question)] {
                #expect(response.answerLines == answer.sorted(), "\(row.q)")
                #expect(DNSResponse.lines(response.authority) == (row.a.authority ?? []).sorted(), "\(row.q)")
                #expect(DNSResponse.lines(response.additional) == (row.a.additional ?? []).sorted(), "\(row.q)")
                #expect(response.name.map { "\($0)" } == row.a.question, "\(row.q)")
            }
        }
    }
}
