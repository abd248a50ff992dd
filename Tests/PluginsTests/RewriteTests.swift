import DNSWire
import Foundation
import LinuxIO
import PluginKit
import Synchronization
import Testing

@testable import Plugins

/// `rewrite`: what later plugins see of a query, and what the client gets.
@Suite struct RewriteTests {
    /// Stands behind `rewrite` and remembers the request that it sees.
    private final class Witness: Sendable {
        struct Seen: Equatable {
            var question = ""
            var key = ""
            var options: [RecordData.Option]?
            var isWhole = false
            var client: [UInt8] = []
        }
        private let kept = Mutex(Seen())

        var seen: Seen { kept.withLock { $0 } }

        var step: Step {
            Step(
                context: Unmanaged.passRetained(self).toOpaque(),
                down: { context, exchange in
                    Unmanaged<Witness>.fromOpaque(context).takeUnretainedValue().look(Step.exchange(exchange))
                    return Verdict.next.rawValue
                },
                release: { Unmanaged<Witness>.fromOpaque($0).release() })
        }

        private func look(_ exchange: UnsafeMutablePointer<Exchange>) {
            let request = exchange.pointee.request
            let bytes = UnsafeRawBufferPointer(
                start: exchange.pointee.writer.base, count: exchange.pointee.requestLength)
            var offset = 12
            let name = (try? DomainName.read(from: bytes, at: &offset)) ?? .root
            var seen = Seen()
            seen.question = "\(name) \(request.recordClass) \(request.type)"
            seen.key = "\(exchange.pointee.questionName)"
            offset += 4
            if request.hasEDNS, let record = try? ResourceRecord.read(from: bytes, at: &offset),
                case .opt(let options) = record.data
            {
                seen.options = options
            }
            seen.isWhole = offset == bytes.count && exchange.pointee.writer.position == request.questionEnd
            seen.client = exchange.pointee.withClientRequest { Array($0) }
            kept.withLock { $0 = seen }
        }
    }

    private var bench = PluginBench()

    private struct Result {
        let outcome: Outcome
        let seen: Witness.Seen
    }

    private func ask(_ rules: String, _ query: Query, _ answer: StubAnswer = StubAnswer()) throws -> Result {
        let witness = Witness()
        let worker = WorkerContext(server: "dns://:53", zone: ".", transport: bench.transport)
        let plugin = try bench.plugin(RewritePlugin.self, rules)
        let number = try #require(PluginTable.number(of: "rewrite"))
        let steps = [(number, try #require(plugin.makeStep(worker))), (number, witness.step), (number, answer.step)]
        let chain = Chain(steps.map { (plugin: $0.0, step: $0.1) }, udpSize: 1232)
        let outcome = bench.ask(chain, query)
        #expect(outcome.isWhole, "\(rules)")
        #expect(witness.seen.question.isEmpty || witness.seen.client == query.bytes, "\(rules)")
        return Result(outcome: outcome, seen: witness.seen)
    }

    private static func plain(_ record: String) -> String {
        record.split(whereSeparator: { $0 == "\t" || $0 == " " }).joined(separator: " ")
    }

    @Test func laterPluginsSeeTheNewQuestion() throws {
        let rows: [(String, Query, String)] = [
            ("rewrite name old.example www.example", Query(name: "old.example."), "www.example. IN A"),
            ("rewrite name old.example www.example", Query(name: "OLD.Example."), "www.example. IN A"),
            ("rewrite name old.example www.example", Query(name: "x.old.example."), "x.old.example. IN A"),
            ("rewrite name exact Old.example. WWW.example", Query(name: "old.example."), "www.example. IN A"),
            ("rewrite name prefix pre- www", Query(name: "pre-.example."), "www.example. IN A"),
            (
                "rewrite name prefix a a.very.long.prefix.of.many.labels", Query(name: "a.b."),
                "a.very.long.prefix.of.many.labels.b. IN A"
            ),
            ("rewrite name suffix .schmoogle.com. .google.com.", Query(name: "a.schmoogle.com."), "a.google.com. IN A"),
            ("rewrite name suffix .schmoogle.com. .google.com.", Query(name: "schmoogle.com."), "schmoogle.com. IN A"),
            ("rewrite name substring zap a.b", Query(name: "zap.c.zap.example."), "a.b.c.a.b.example. IN A"),
            (
                #"rewrite name regex (.*)-(us-west-1)\.example\.org {1}.service.{2}.consul"#,
                Query(name: "FTP-us-west-1.example.org."), "ftp.service.us-west-1.consul. IN A"
            ),
            ("rewrite type ANY HINFO", Query(name: "A.b.", type: .any), "A.b. IN HINFO"),
            ("rewrite stop type AAAA A", Query(name: "a.b.", type: .mx), "a.b. IN MX"),
            ("rewrite class CH IN", Query(name: "a.b.", recordClass: .chaos), "a.b. IN A"),
            (
                "rewrite continue name a.b c.d\nrewrite name c.d e.f\nrewrite name e.f g.h", Query(name: "a.b."),
                "e.f. IN A"
            ),
            (
                "rewrite continue type A AAAA\nrewrite continue {\nname suffix .b .c\n}", Query(name: "a.b."),
                "a.c. IN AAAA"
            ),
            // A name with characters that mean something: its text has escapes, and so has the rule.
            (#"rewrite name suffix .b .c"#, Query(name: #"a\.x\032y.b."#), #"a\.x\ y.c. IN A"#),
        ]
        for (rules, query, question) in rows {
            let result = try ask(rules, query)
            #expect(result.seen.question == question, "\(rules)")
            let name = question[..<(question.range(of: " IN ")?.lowerBound ?? question.endIndex)]
            #expect(result.seen.key == name.lowercased(), "\(rules)")
            #expect(result.seen.isWhole, "\(rules)")
            // The client finds its own question.
            #expect(
                result.outcome.message.prefix(query.bytes.count).dropFirst(12) == query.bytes.dropFirst(12), "\(rules)")
        }
    }

    @Test func aNameThatIsNoneIsAServerFailure() throws {
        for rules in [
            "rewrite name regex (.*)\\.b {1}.{1}..c", "rewrite name prefix a \(String(repeating: "x", count: 64))",
        ] {
            let result = try ask(rules, Query(name: "a.b."))
            #expect(result.outcome.code == .serverFailure)
            #expect(result.seen.question.isEmpty)
            #expect(result.outcome.message.prefix(21).dropFirst(12) == Query(name: "a.b.").bytes.dropFirst(12))
        }
    }

    private struct Row {
        var rules: String
        var query: Query
        var stub: StubAnswer
        var code = ResponseCode.noError
        var answer: [String] = []
        var authority: [String] = []
        var additional: [String] = []
    }

    @Test func theResponseIsMadeOneToTheClientsQuestion() throws {
        let services = StubAnswer(
            flags: Header.authoritative,
            answer: [
                "_sip._tcp.example. 300 IN SRV 10 20 5060 big1.example.",
                "_sip._tcp.example. 300 IN SRV 10 60 5060 other.test.",
            ],
            authority: ["example. 300 IN NS ns1.example.", "example. 60 IN SOA ns1.example. admin.example. 1 2 3 4 5"],
            additional: ["big1.example. 300 IN A 192.0.2.101"])
        let web = StubAnswer(
            answer: ["www.example. 300 IN CNAME x.www.example.", "x.www.example. 5 IN A 192.0.2.80"],
            authority: ["example. 300 IN NS ns1.example."])
        let missing = StubAnswer(
            code: .nameError, authority: ["example. 60 IN SOA ns1.example. admin.example. 1 2 3 4 5"])
        let rows = [
            Row(
                rules: "rewrite name old.test www.example", query: Query(name: "old.test."), stub: web,
                answer: ["old.test. 300 IN CNAME x.old.test.", "x.old.test. 5 IN A 192.0.2.80"],
                authority: ["example. 300 IN NS ns1.example."]),
            Row(
                rules: "rewrite name substring old.test www.example", query: Query(name: "old.test."), stub: web,
                answer: ["www.example. 300 IN CNAME x.www.example.", "x.www.example. 5 IN A 192.0.2.80"],
                authority: ["example. 300 IN NS ns1.example."]),
            Row(
                rules: "rewrite stop name suffix .legacy.test .example answer auto",
                query: Query(name: "_sip._tcp.legacy.test.", type: .srv), stub: services,
                answer: [
                    "_sip._tcp.legacy.test. 300 IN SRV 10 20 5060 big1.legacy.test.",
                    "_sip._tcp.legacy.test. 300 IN SRV 10 60 5060 other.test.",
                ],
                authority: [
                    "example. 300 IN NS ns1.legacy.test.",
                    "example. 60 IN SOA ns1.legacy.test. admin.example. 1 2 3 4 5",
                ],
                additional: ["big1.legacy.test. 300 IN A 192.0.2.101"]),
            Row(
                rules: #"""
                    rewrite stop {
                        name regex (.*)\.(\w+)\.svc\.test {1}.example
                        answer name (.*)\.example {1}.any.svc.test
                        value (.*)\.example {1}.any.svc.test
                    }
                    """#,
                query: Query(name: "_sip._tcp.d.svc.test.", type: .srv), stub: services,
                answer: [
                    "_sip._tcp.any.svc.test. 300 IN SRV 10 20 5060 big1.any.svc.test.",
                    "_sip._tcp.any.svc.test. 300 IN SRV 10 60 5060 other.test.",
                ],
                authority: [
                    "example. 300 IN NS ns1.any.svc.test.",
                    "example. 60 IN SOA ns1.any.svc.test. admin.example. 1 2 3 4 5",
                ],
                additional: ["big1.any.svc.test. 300 IN A 192.0.2.101"]),
            Row(
                rules: "rewrite continue name prefix pre- www\nrewrite ttl suffix .example 42",
                query: Query(name: "pre-.example."), stub: web,
                answer: ["www.example. 42 IN CNAME x.www.example.", "x.www.example. 42 IN A 192.0.2.80"],
                authority: ["example. 42 IN NS ns1.example."]),
            Row(
                rules: "rewrite ttl regex .* 30-100", query: Query(name: "www.example."), stub: web,
                answer: ["www.example. 100 IN CNAME x.www.example.", "x.www.example. 30 IN A 192.0.2.80"],
                authority: ["example. 100 IN NS ns1.example."]),
            Row(
                rules: "rewrite rcode exact nx.example NXDOMAIN NOERROR", query: Query(name: "nx.example."),
                stub: missing,
                authority: ["example. 60 IN SOA ns1.example. admin.example. 1 2 3 4 5"]),
            Row(
                rules: "rewrite rcode nx.example SERVFAIL 3", query: Query(name: "nx.example."),
                stub: StubAnswer(code: .serverFailure), code: .nameError),
            Row(
                rules: "rewrite rcode exact nx.example NXDOMAIN NOERROR", query: Query(name: "ny.example."),
                stub: missing,
                code: .nameError, authority: ["example. 60 IN SOA ns1.example. admin.example. 1 2 3 4 5"]),
            Row(
                rules: "rewrite cname suffix .www.example. .new.test.", query: Query(name: "www.example."), stub: web,
                answer: ["www.example. 300 IN CNAME x.new.test."], authority: ["example. 300 IN NS ns1.example."]),
            Row(
                rules: "rewrite cname other.example new.test", query: Query(name: "www.example."), stub: web,
                answer: ["www.example. 300 IN CNAME x.www.example.", "x.www.example. 5 IN A 192.0.2.80"],
                authority: ["example. 300 IN NS ns1.example."]),
        ]
        for row in rows {
            for size in [nil, UInt16(1232)] {
                var query = row.query
                query.udpSize = size
                let outcome = try ask(row.rules, query, row.stub).outcome
                #expect(outcome.code == row.code, "\(row.rules)")
                #expect(outcome.flags & 0xF == row.code.rawValue, "\(row.rules)")
                #expect(outcome.records(1).map(Self.plain) == row.answer, "\(row.rules)")
                #expect(outcome.records(2).map(Self.plain) == row.authority, "\(row.rules)")
                #expect(outcome.records(3).map(Self.plain) == row.additional, "\(row.rules)")
                let question = row.query.bytes.dropFirst(12)
                #expect(outcome.message.dropFirst(12).prefix(question.count) == question, "\(row.rules)")
                #expect(
                    outcome.message.suffix(11).prefix(3)
                        == (size == nil ? outcome.message.suffix(11).prefix(3) : [0, 0, 41]))
            }
        }
    }

    @Test func whatNoLongerFitsBesideTheLongerNamesIsCut() throws {
        let long = (0..<3).map { "\(String(repeating: "abcdefghij", count: 6)).l\($0)." }.joined()
        let stub = StubAnswer(answer: (0..<29).map { "a.b. 60 IN A 192.0.2.\($0)" })
        let result = try ask("rewrite name \(long) a.b", Query(name: long), stub)
        #expect(result.outcome.flags & Header.truncated != 0)
        #expect(result.outcome.message.count <= 512)
        #expect(result.outcome.records(1).count == (512 - 12 - 4 - (3 * 64 + 1)) / 16)
    }

    @Test func optionsAreSetForLaterPlugins() throws {
        let abcd: [UInt8] = Array("abcd".utf8)
        let rows: [(String, UInt16?, [RecordData.Option]?)] = [
            ("rewrite edns0 local set 0xffee 0x61626364", 1232, [.init(code: 0xFFEE, octets: abcd)]),
            ("rewrite edns0 local set 65518 abcd", nil, [.init(code: 0xFFEE, octets: abcd)]),
            ("rewrite edns0 local append 0xffee abcd revert", 1232, [.init(code: 0xFFEE, octets: abcd)]),
            ("rewrite edns0 local replace 0xffee abcd", 1232, []),
            ("rewrite edns0 local replace 0xffee abcd", nil, nil),
            ("rewrite edns0 nsid set", 1232, [.init(code: 3, octets: [])]),
            ("rewrite edns0 subnet set 20 56", 1232, [.init(code: 8, octets: [0, 1, 20, 0, 10, 1, 0x20])]),
            ("rewrite edns0 subnet set 0 0", nil, [.init(code: 8, octets: [0, 1, 0, 0])]),
            ("rewrite edns0 local set 1 {qname}", nil, [.init(code: 1, octets: Array("A.b.".utf8))]),
            ("rewrite edns0 local set 1 {qtype}", nil, [.init(code: 1, octets: [0, 1])]),
            ("rewrite edns0 local set 1 {client_ip}", nil, [.init(code: 1, octets: [10, 1, 0x2F, 4])]),
            ("rewrite edns0 local set 1 {client_port}", nil, [.init(code: 1, octets: [0x12, 0x34])]),
            ("rewrite edns0 local set 1 {protocol}", nil, [.init(code: 1, octets: Array("udp".utf8))]),
            ("rewrite edns0 local set 1 {server_ip}", nil, [.init(code: 1, octets: [10, 0, 0, 10])]),
            ("rewrite edns0 local set 1 {server_port}", nil, [.init(code: 1, octets: [0, 53])]),
            ("rewrite edns0 local set 1 {some/label}", nil, nil),
            (
                "rewrite continue edns0 local set 1 a\nrewrite continue edns0 local append 1 b\nrewrite edns0 local set 2 c",
                nil, [.init(code: 1, octets: [97]), .init(code: 2, octets: [99])]
            ),
            ("rewrite continue edns0 local set 1 a\nrewrite edns0 local unset 1", 1232, []),
        ]
        var own = self
        own.bench.client = SocketAddress(ipv4: 0x0A01_2F04, port: 0x1234)
        for (rules, size, options) in rows {
            let result = try own.ask(rules, Query(name: "A.b.", udpSize: size))
            #expect(result.seen.options == options, "\(rules)")
            #expect(result.seen.question == "A.b. IN A", "\(rules)")
            #expect(result.seen.isWhole, "\(rules)")
            // RFC 6891, section 6.1.1: no OPT record for who sent none.
            if size == nil { #expect(result.outcome.message.count == Query(name: "A.b.").bytes.count, "\(rules)") }
        }
    }

    @Test func theResponseCarriesTheServersOwnOptionsUnlessReverted() throws {
        let opt: [UInt8] = [0, 0, 41, 4, 208, 0, 0, 0, 0]
        let rows: [(String, [UInt8])] = [
            ("rewrite edns0 local set 0xffee abcd", [0, 8, 0xFF, 0xEE, 0, 4, 97, 98, 99, 100]),
            ("rewrite edns0 local set 0xffee abcd revert", [0, 0]),
            (
                "rewrite continue {\nedns0 local set 0xffee abcd\n}\nrewrite edns0 local replace 0xffee bcde revert",
                [0, 8, 0xFF, 0xEE, 0, 4, 97, 98, 99, 100]
            ),
            ("rewrite edns0 subnet set 24 56", [0, 0]), ("rewrite edns0 nsid set", [0, 0]),
        ]
        for (rules, data) in rows {
            let result = try ask(rules, Query(name: "a.b.", udpSize: 1232))
            #expect(result.outcome.message == Array(result.outcome.message.prefix(21)) + opt + data, "\(rules)")
        }
    }

    @Test func aQueryThatNobodyAnswersLeavesNothingBehind() throws {
        let plugin = try bench.plugin(RewritePlugin.self, "rewrite name a.b c.d")
        let worker = WorkerContext(server: "dns://:53", zone: ".", transport: .udp)
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: 512, alignment: 8)
        let exchange = UnsafeMutablePointer<Exchange>.allocate(capacity: 1)
        exchange.initialize(to: Exchange(random: FastRandom(seed: 1)))
        let step = try #require(plugin.makeStep(worker))
        defer {
            step.release(step.context)
            exchange.pointee.deallocate()
            exchange.deallocate()
            buffer.deallocate()
        }
        let down = try #require(step.down)
        for name in ["a.b.", "x.y."] {
            let bytes = Query(name: name).bytes
            buffer.copyMemory(from: bytes, byteCount: bytes.count)
            #expect(exchange.pointee.take(buffer, length: bytes.count, capacity: 512, transport: .udp) == .answer)
            #expect(exchange.pointee.replacedBy == Exchange.nobody)
            #expect(Verdict(rawValue: down(step.context, UnsafeMutableRawPointer(exchange))) == .next)
            #expect((exchange.pointee.replacedBy == Exchange.nobody) == (name == "x.y."))
            #expect(exchange.pointee.withClientRequest { Array($0) } == bytes)
        }
    }
}
