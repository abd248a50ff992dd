import DNSWire
import LinuxIO
import PluginKit
import Testing

@testable import Plugins

struct LogPluginTests {
    private func lines(
        _ text: String, _ query: Query, _ answer: StubAnswer, client: SocketAddress? = nil, tcp: Bool = false,
        took: UInt64 = 37_990_251
    ) throws -> [String] {
        var bench = PluginBench()
        if let client { bench.client = client }
        bench.transport = tcp ? .tcp : .udp
        let chain = bench.chain([try bench.plugin(LogPlugin.self, text)], answer)
        _ = bench.ask(chain, query, took: took)
        return bench.lines.all
    }

    @Test func writesTheCommonFormat() throws {
        let answer = StubAnswer(flags: Header.authoritative, answer: ["example.org. 5 IN A 10.0.0.1"])
        let query = Query(name: "Example.ORG.", udpSize: 4096)
        #expect(
            try lines("log", query, answer) == [
                "[INFO] 127.0.0.1:50759 - 29008 \"A IN example.org. udp 40 false 4096\" NOERROR qr,aa,rd 56 0.037990251s"
            ])
        #expect(
            try lines("log . {combined}", query, answer, took: 0) == [
                "[INFO] 127.0.0.1:50759 - 29008 \"A IN example.org. udp 40 false 4096\" NOERROR qr,aa,rd 56 0s \"0\""
            ])
    }

    @Test(arguments: [
        ("{type} {class} {name} {proto}", "TYPE65280 CH \\032\\009\\.x\\@.test. udp"),
        ("{size} {>bufsize} {>do} {>id} {>opcode}", "39 1232 true 7 0"),
        ("{remote} {port} {local}", "[2001:db8::1] 9 10.0.0.10"),
        ("{rcode} {>rflags} {rsize} {duration}", "NXDOMAIN qr,ra,cd 39 0.000000001s"),
        ("{/log/class} {/x}", "- -"),
        ("a } {x} { {type} } {type", "a } {x} { TYPE65280 } {type"),
        ("{{type}} {>rflags}{rcode}", "{TYPE65280} qr,ra,cdNXDOMAIN"),
        ("{}", "{}"),
        ("{TYPE} {>ID} {common", "{TYPE} {>ID} {common"),
    ])
    func replaces(_ format: String, _ expected: String) throws {
        let query = Query(
            name: "\\ \\009\\.x\\@.test.", type: RecordType(rawValue: 65280), recordClass: RecordClass(rawValue: 3),
            identifier: 7, flags: Header.checkingDisabled, udpSize: 1232, dnssecOK: true)
        let client = SocketAddress(high: 0x2001_0DB8 << 32, low: 1, port: 9)
        let found = try lines(
            "log . \"\(format)\"", query, StubAnswer(code: .nameError, flags: Header.recursionAvailable),
            client: client, took: 1)
        #expect(found == ["[INFO] " + expected.replacing("\\032", with: "\\ ")])
    }

    @Test func overTCPTheBufferIsTheLargest() throws {
        #expect(
            try lines("log . \"{proto} {>bufsize}\"", Query(udpSize: 512), StubAnswer(), tcp: true)
                == ["[INFO] tcp 65535"])
        #expect(try lines("log . \"{proto} {>bufsize}\"", Query(udpSize: 100), StubAnswer()) == ["[INFO] udp 512"])
        #expect(try lines("log . \"{proto} {>bufsize}\"", Query(), StubAnswer()) == ["[INFO] udp 512"])
    }

    static let soa = "example.org. 5 IN SOA ns.example.org. m.example.org. 1 2 3 4 5"
    static let classes: [(name: String, type: RecordType, answer: StubAnswer, expected: ResponseClass)] = [
        ("positive", .a, StubAnswer(answer: ["example.org. 5 IN A 10.0.0.1"]), .success),
        ("empty", .a, StubAnswer(), .success),
        ("referral", .a, StubAnswer(authority: ["example.org. 5 IN NS ns.example.org."]), .success),
        ("no data", .a, StubAnswer(authority: [soa]), .denial),
        ("no data after a name server", .a, StubAnswer(authority: ["example.org. 5 IN NS n.", soa]), .denial),
        ("a start of authority as the answer", .soa, StubAnswer(answer: [soa]), .success),
        ("one in the additional section", .a, StubAnswer(additional: [soa]), .success),
        ("no name", .a, StubAnswer(code: .nameError, authority: [soa]), .denial),
        ("no name behind an alias", .a, StubAnswer(code: .nameError, answer: ["example.org. 5 IN CNAME x."]), .error),
        ("failure", .a, StubAnswer(code: .serverFailure), .error),
        ("refused", .a, StubAnswer(code: .refused), .error),
        ("not implemented, with records", .a, StubAnswer(code: .notImplemented, authority: [soa]), .error),
        ("transfer", .axfr, StubAnswer(answer: [soa]), .error),
    ]

    @Test(arguments: classes.indices)
    func tellsClassesApart(_ row: Int) throws {
        let row = Self.classes[row]
        for wanted in ["success", "denial", "error"] {
            let found = try lines(
                "log . \"x {rcode}\" {\n class \(wanted)\n}", Query(type: row.type, udpSize: 1232), row.answer)
            #expect(
                found.isEmpty == (ResponseClass.bits(named: wanted) != row.expected.rawValue), "\(row.name) \(wanted)")
        }
        #expect(try lines("log {\n class denial all\n}", Query(type: row.type), row.answer).count == 1)
    }

    /// RFC 4034, section 3.1.5. The bench's clock stands at 1,700,000,000.
    @Test(arguments: [
        (1_600_000_000 as UInt32, 1_800_000_000 as UInt32, true), (1_600_000_000, 1_650_000_000, false),
        (1_750_000_000, 1_800_000_000, false),
    ])
    func signaturesThatAreNotValidAreErrors(_ inception: UInt32, _ expiration: UInt32, _ isValid: Bool) throws {
        func hexadecimal(_ value: UInt32) -> String {
            let text = String(value, radix: 16)
            return String(repeating: "0", count: 8 - text.count) + text
        }
        let signature =
            "example.org. 5 IN TYPE46 \\# 20 00010502 00000005 \(hexadecimal(expiration)) \(hexadecimal(inception)) 0000 00 00"
        let answer = StubAnswer(answer: ["example.org. 5 IN A 10.0.0.1", signature])
        for (asks, fails) in [(true, !isValid), (false, false)] {
            let found = try lines(
                "log . {\n class error\n}", Query(udpSize: 1232, dnssecOK: asks), answer)
            #expect(found.isEmpty == !fails)
        }
    }

    @Test(arguments: [
        ("log sub.example.org. \"1\"\nlog example.org \"2\"\nlog . \"3\"", "a.SUB.example.org.", "2"),
        (
            "log sub.example.org. x \"{type}\"\nlog example.org y \"2{type}\"\nlog . z \"3{type}\"",
            "a.SUB.example.org.", "A"
        ),
        ("log . x \"1{type}\"\nlog example.org y \"2{type}\"", "example.org.", "1A"),
        ("log example.org y \"2{type}\"\nlog . z \"3{type}\"", "badexample.org.", "3A"),
        ("log example.net example.ORG \"{name}\"", "example.org.", "example.org."),
        ("log example.net example.ORG \"{name}\"", "org.", ""),
        // The first rule for the name decides, even if its class is another.
        ("log example.org y \"2{type}\" {\n class error\n}\nlog . z \"3{type}\"", "example.org.", ""),
    ])
    func theFirstRuleForTheNameDecides(_ text: String, _ name: String, _ expected: String) throws {
        let found = try lines(text, Query(name: name), StubAnswer(answer: ["x. 1 IN A 10.0.0.1"]))
        // The first row's formats have no brace, so that they are names; what is logged then is the common format.
        if text.hasPrefix("log sub.example.org. \"1\"") {
            #expect(found.count == 1)
            #expect(found.first?.contains("a.sub.example.org.") == true)
        } else {
            #expect(found == (expected.isEmpty ? [] : ["[INFO] " + expected]))
        }
    }

    @Test func warnsOfAFormatWithoutAName() throws {
        let bench = PluginBench()
        _ = try bench.plugin(LogPlugin.self, "log {combined}")
        #expect(
            bench.lines.all == [
                "[WARNING] Corefile:2:5: plugin/log: '{combined}' is taken as a name, as CoreDNS does: a format needs a name "
                    + "before it, such as '.'"
            ])
    }
}
