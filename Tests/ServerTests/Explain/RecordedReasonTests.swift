import Foundation
import Plugins
import Server
import ServerHarness
import Testing

/// The names of the recordings, with every rule of a cluster zone among them: what is said of each agrees with its answer.
@Suite struct RecordedReasonTests {
    private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    private struct Row: Decodable {
        struct Question: Decodable {
            let name: String
            let type: String
        }
        let q: Question
    }

    /// Words of which a reason for a name that is not there has one.
    private static let negations = [
        "no ", "not ", "none ", "nothing", "neither", "alone", "only", "leaves", "disabled", "never",
    ]

    /// Words that the first reason for records has not.
    private static let denials = ["there is no ", " has no ", " has not ", " is not "]

    @Test(arguments: ["defaults", "ignore-empty", "namespaces", "noendpoints", "zonal"])
    func agreeWithTheAnswer(configuration: String) throws {
        let folder = "\(Self.tests)/apodnsTests/Fixtures/conformance/\(configuration)"
        let corefile = try String(contentsOfFile: "\(folder).Corefile", encoding: .utf8)
            .replacingOccurrences(of: "world.json", with: "\(Self.tests)/ClusterZoneTests/Fixtures/world.json")
        let explaining = try RunningServer.configure(corefile, prepare: { ExplainedClusters.turnOn($0) })
        try explaining.startExplaining()
        let rows = try Data(contentsOf: URL(fileURLWithPath: "\(folder).jsonl")).split(separator: UInt8(ascii: "\n"))
        var asked: Set<String> = []
        var wrong: [String] = []
        for row in rows {
            let question = try JSONDecoder().decode(Row.self, from: row).q
            guard asked.insert("\(question.name) \(question.type)").inserted else { continue }
            let explanation = Explanation(try ExplainedQuestion(question.name, type: question.type), explaining)
            let lines = explanation.lines
            guard let kubernetes = lines.firstIndex(where: { $0.contains("kubernetes answers for its zone") }) else {
                continue
            }
            let reasons = lines[(kubernetes + 1)...].prefix { $0.hasPrefix("  ") }
            let isNegated = reasons.contains { reason in Self.negations.contains { reason.contains($0) } }
            let isWrong =
                reasons.isEmpty
                || (explanation.resolves && Self.denials.contains { reasons.first?.contains($0) == true })
                || (!explanation.resolves && lines[0].hasPrefix("NXDOMAIN") && !isNegated)
            if isWrong { wrong.append(lines.joined(separator: "\n")) }
        }
        #expect(asked.count > 300)
        #expect(wrong.isEmpty, "\(wrong.count) of \(asked.count):\n\(wrong.prefix(8).joined(separator: "\n\n"))")
    }
}
