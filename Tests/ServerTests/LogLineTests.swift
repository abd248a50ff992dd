import DNSWire
import LinuxIO
import ServerHarness
import Testing

/// Log lines that people have rules for, held against the formats of CoreDNS 1.14.7 (and of Go's net package in its errors):
/// the READMEs of its plugins `log` and `errors`, and what its plugins say when they start and end.
@Suite struct LogLineTests {
    /// What is asked, and the whole line that is to be in the log then.
    struct Row: Sendable, CustomTestStringConvertible {
        var what: String
        var question: DNSQuestion
        var overTCP = false
        /// A regular expression.
        var line: String
        var testDescription: String { what }
    }

    private static let client = #"127\.0\.0\.1:\d+"#

    private static func query(_ name: String, dnssecOK: Bool = false, udpSize: UInt16? = nil, flags: UInt16? = nil)
        -> DNSQuestion
    {
        var question = DNSQuestion(name, udpSize: udpSize)
        question.dnssecOK = dnssecOK
        if let flags { question.flags = flags }
        return question
    }

    static let rows: [Row] = [
        Row(
            what: "log: an answer", question: query("www.example."),
            line: #"\[INFO\] \#(client) - \d+ "A IN www\.example\. udp 29 false 512" NOERROR qr,aa,rd 45 0\.\d+s"#),
        Row(
            what: "log: EDNS and DO", question: query("www.example.", dnssecOK: true, udpSize: 4096),
            line: #"\[INFO\] \#(client) - \d+ "A IN www\.example\. udp 40 true 4096" NOERROR qr,aa,rd \d+ 0\.\d+s"#),
        Row(
            what: "log: TCP", question: query("www.example."), overTCP: true,
            line: #"\[INFO\] \#(client) - \d+ "A IN www\.example\. tcp 29 false 65535" NOERROR qr,aa,rd 45 0\.\d+s"#),
        Row(
            what: "log: a name that is not there", question: query("no.example."),
            line: #"\[INFO\] \#(client) - \d+ "A IN no\.example\. udp 28 false 512" NXDOMAIN qr,aa,rd \d+ 0\.\d+s"#),
        Row(
            what: "log: SERVFAIL, with the flags of a plain error", question: query("x.dead."),
            line: #"\[INFO\] \#(client) - \d+ "A IN x\.dead\. udp 24 false 512" SERVFAIL qr,rd 24 0\.\d+s"#),
        Row(
            what: "errors: nobody listens", question: query("udp.dead."),
            line:
                #"\[ERROR\] plugin/errors: 2 udp\.dead\. A: read udp \#(client)->127\.0\.0\.1:9: read: connection refused"#
        ),
        Row(
            what: "errors: nobody listens, over TCP", question: query("tcp.dead."), overTCP: true,
            line:
                #"\[ERROR\] plugin/errors: 2 tcp\.dead\. A: dial tcp 127\.0\.0\.1:9: connect: connection refused"#),
        Row(
            what: "errors: no answer", question: query("www.silent."),
            line: #"\[ERROR\] plugin/errors: 2 www\.silent\. A: read udp \#(client)->\#(client): i/o timeout"#),
        Row(
            what: "errors: the chain ends", question: query("nobody.test."),
            line: #"\[ERROR\] plugin/errors: 2 nobody\.test\. A: plugin/template: no next plugin found"#),
        Row(
            what: "hosts: a file that is not there", question: query("www.example."),
            line: #"\[WARNING\] plugin/hosts: File does not exist: /nowhere/hosts"#),
    ]

    @Test(arguments: rows) func saysAsCoreDNS(row: Row) throws {
        let upstream = try TestUpstream { query in
            if query.name.hasSuffix("silent.") { return .silence }
            if query.name == "no.example." {
                return .answer(
                    query.response(
                        authority: ["example. 60 IN SOA ns.example. admin.example. 1 7200 900 1209600 60"],
                        code: .nameError))
            }
            return .answer(query.response(["\(query.name) 60 IN A 192.0.2.1"]))
        }
        let server = try RunningServer(
            """
            example silent dead {
                bind 127.0.0.1
                log
                errors
                hosts /nowhere/hosts inside.example
                forward dead 127.0.0.1:9 {
                    max_fails 0
                }
                forward . \(upstream.address) {
                    read_timeout 50ms
                    max_fails 0
                    max_connect_attempts 1
                }
            }
            test {
                bind 127.0.0.1
                errors
                template IN AAAA test {
                    rcode NXDOMAIN
                }
            }
            """)
        _ =
            try row.overTCP
            ? server.streamClient().ask(row.question) : server.datagramClient().ask(row.question)
        let expected = try Regex(row.line)
        let isThere = holdsInTime { server.lines.all.contains { $0.wholeMatch(of: expected) != nil } }
        #expect(isThere, "\(server.lines.all.joined(separator: "\n"))")
    }
}
