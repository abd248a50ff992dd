import DNSWire
import Foundation
import ServerHarness

/// A Corefile, questions, and what CoreDNS 1.14.7 answered to them, in order.
struct RecordedCase: Decodable, Sendable {
    var name: String
    /// `{PORT}` is the port asked, `{UPSTREAM}` a server of example.zone, `{DIR}` the folder of the files.
    var corefile: String
    var files: [String: String]
    var rows: [Row]

    struct Row: Decodable, Sendable {
        var q: Question
        var a: Answer
    }

    struct Question: Decodable, Sendable {
        var name: String
        var type: String
        var `class`: String?
        var edns: UInt16?
        var tcp: Bool?
        var `do`: Bool?
        var rd: Bool?
    }

    /// What counts of an answer: all of it but the order of the records, a SOA record's serial and the compression.
    struct Answer: Decodable, Equatable, Sendable {
        var rcode: String
        var flags: [String]
        /// -1 without an OPT record.
        var edns: Int
        /// These four are missing where the answer was truncated.
        var answer: [String]?
        var authority: [String]?
        var additional: [String]?
        var question: String?
    }

    /// All cases, in the order of the recording.
    static let all: [RecordedCase] = {
        let data = FileManager.default.contents(atPath: "\(folder)/plugin-cases.json") ?? Data()
        return (try? JSONDecoder().decode([RecordedCase].self, from: data)) ?? []
    }()

    /// What the upstream served.
    static func upstreamZone() throws -> ZoneFile {
        try ZoneFile(String(contentsOfFile: folder + "/example.zone", encoding: .utf8))
    }

    /// The saved cluster that some cases name `world.json`.
    static let world =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
        + "/ClusterZoneTests/Fixtures/world.json"

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Fixtures"
}

extension RecordedCase.Question {
    /// The query as it was sent; nil where the recording has a type or a class that is unknown here.
    var query: DNSQuestion? {
        guard let type = RecordType(mnemonic: type), let recordClass = RecordClass(mnemonic: self.class ?? "IN") else {
            return nil
        }
        var question = DNSQuestion(name, type, udpSize: edns)
        question.recordClass = recordClass
        question.dnssecOK = self.do ?? false
        if rd == false { question.flags = 0 }
        return question
    }
}

extension RecordedCase.Answer {
    /// A response in the form of a recording.
    init(_ response: DNSResponse) {
        rcode = "\(response.code)"
        flags = response.flagNames
        edns = response.ednsVersion.map(Int.init) ?? -1
        if response.isTruncated { return }
        answer = Self.lines(response.answer)
        authority = Self.lines(response.authority)
        additional = Self.lines(response.additional)
        question = response.name.map { "\($0)" } ?? ""
    }

    /// The same with all names in lower case.
    var lowercased: Self {
        var other = self
        other.question = question?.lowercased()
        other.answer = answer?.map { $0.lowercased() }.sorted()
        other.authority = authority?.map { $0.lowercased() }.sorted()
        other.additional = additional?.map { $0.lowercased() }.sorted()
        return other
    }

    /// The lines of a section, with the client's port as the recording has it in what `whoami` says.
    private static func lines(_ section: [ResourceRecord]) -> [String] {
        DNSResponse.lines(section).map { line in
            guard let head = line.firstRange(of: " SRV 0 0 "), line.hasSuffix(" ."), line.hasPrefix("_") else {
                return line
            }
            return line[..<head.upperBound] + "PORT ."
        }.sorted()
    }
}
