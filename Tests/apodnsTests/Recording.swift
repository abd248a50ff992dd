import DNSWire
import Foundation
import ServerHarness

/// A question and the answer that CoreDNS gave, as the recordings have them.
struct Recording: Decodable, Sendable {
    struct Question: Decodable, Sendable {
        var name: String
        var type: String
        var edns: UInt16?
        var tcp: Bool?
        var `do`: Bool?
        var rd: Bool?
    }

    struct Answer: Decodable, Sendable, Equatable {
        var rcode: String
        var flags: [String]
        /// These four are nil where the answer was truncated.
        var answer: [String]?
        var authority: [String]?
        var additional: [String]?
        var question: String?
        /// -1 without an OPT record.
        var edns: Int
        var mayLackAdditional: Bool?

        enum CodingKeys: String, CodingKey {
            case rcode, flags, answer, authority, additional, question, edns
            case mayLackAdditional = "additional_may_be_cut"
        }
    }

    var q: Question
    var a: Answer

    /// The query as it was sent.
    var question: DNSQuestion {
        var question = DNSQuestion(q.name, RecordType(mnemonic: q.type) ?? .opt, udpSize: q.edns)
        question.dnssecOK = q.do ?? false
        if !(q.rd ?? true) { question.flags &= ~Header.recursionDesired }
        return question
    }

    static let folder = Fixtures.folder + "/conformance"

    /// All rows of one configuration.
    static func rows(_ configuration: String) throws -> [Recording] {
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(configuration).jsonl"))
        return try data.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(Recording.self, from: $0) }
    }
}

extension Recording.Answer {
    /// A response in the form of a recording.
    init(_ response: DNSResponse) {
        self.init(
            rcode: "\(response.code)", flags: response.flagNames, edns: response.ednsVersion.map(Int.init) ?? -1,
            mayLackAdditional: nil)
        // Of a truncated answer only the response code and the flags count.
        if response.isTruncated { return }
        answer = DNSResponse.lines(response.answer)
        authority = DNSResponse.lines(response.authority)
        additional = DNSResponse.lines(response.additional)
        question = response.name?.description ?? ""
    }

    /// Whether a server that gives this answer agrees with a recorded one.
    func agrees(with recorded: Recording.Answer) -> Bool {
        var recorded = recorded
        if recorded.mayLackAdditional == true {
            if flags.contains("TC") { return rcode == recorded.rcode }
            guard Set(additional ?? []).isSubset(of: recorded.additional ?? []) else { return false }
            recorded.additional = additional
            recorded.mayLackAdditional = nil
        }
        return self == recorded
    }
}
