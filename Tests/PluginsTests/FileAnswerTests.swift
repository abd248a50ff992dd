import DNSWire
import Foundation
import PluginKit
import Testing

@testable import Plugins

/// The answers of zones, as CoreDNS 1.14.7 gave them where they were recorded.
struct FileAnswerTests {
    /// The zone that was recorded.
    static let corp = """
        $ORIGIN corp.test.
        $TTL 600
        @ IN SOA ns1 hostmaster 2026010101 7200 3600 1209600 120
        @ IN NS ns1
        @ IN A 10.1.0.1
        ns1 IN A 10.1.0.53
        www IN A 10.1.0.80
        www IN AAAA fd00::80
        alias IN CNAME www
        chain IN CNAME alias
        out IN CNAME www.example.
        gone IN CNAME nothere
        *.w IN A 10.1.0.99
        *.w IN TXT "wild"
        host.w IN A 10.1.0.98
        *.cw IN CNAME www
        sub IN NS ns.sub
        ns.sub IN A 10.1.2.53
        deep.ent IN A 10.1.0.44
        mx IN MX 5 mail
        mail IN A 10.1.0.25
        srv._x IN SRV 1 2 3 www
        dn.legacy IN DNAME example.

        """

    typealias Row = (name: String, type: RecordType, dnssecOK: Bool, expected: String)

    static let soa = "corp.test. 600 SOA ns1.corp.test. hostmaster.corp.test. 2026010101 7200 3600 1209600 120"

    /// Code, AA, and the three sections, each sorted.
    static let recorded: [Row] = [
        ("corp.test.", .a, false, "NOERROR AA | corp.test. 600 A 10.1.0.1 | corp.test. 600 NS ns1.corp.test. | "),
        ("corp.test.", .soa, false, "NOERROR AA | \(soa) | corp.test. 600 NS ns1.corp.test. | "),
        ("corp.test.", .ns, false, "NOERROR AA | corp.test. 600 NS ns1.corp.test. |  | ns1.corp.test. 600 A 10.1.0.53"),
        (
            "www.corp.test.", .a, false,
            "NOERROR AA | www.corp.test. 600 A 10.1.0.80 | corp.test. 600 NS ns1.corp.test. | "
        ),
        (
            "www.corp.test.", .aaaa, false,
            "NOERROR AA | www.corp.test. 600 AAAA fd00::80 | corp.test. 600 NS ns1.corp.test. | "
        ),
        ("www.corp.test.", .mx, false, "NOERROR AA |  | \(soa) | "),
        (
            "WWW.corp.test.", .a, false,
            "NOERROR AA | www.corp.test. 600 A 10.1.0.80 | corp.test. 600 NS ns1.corp.test. | "
        ),
        (
            "alias.corp.test.", .a, false,
            "NOERROR AA | alias.corp.test. 600 CNAME www.corp.test.; www.corp.test. 600 A 10.1.0.80 | corp.test. 600 NS ns1.corp.test. | "
        ),
        (
            "chain.corp.test.", .a, false,
            "NOERROR AA | alias.corp.test. 600 CNAME www.corp.test.; chain.corp.test. 600 CNAME alias.corp.test.; www.corp.test. 600 A 10.1.0.80 | corp.test. 600 NS ns1.corp.test. | "
        ),
        (
            "chain.corp.test.", .cname, false,
            "NOERROR AA | chain.corp.test. 600 CNAME alias.corp.test. | corp.test. 600 NS ns1.corp.test. | "
        ),
        ("gone.corp.test.", .a, false, "NXDOMAIN AA | gone.corp.test. 600 CNAME nothere.corp.test. | \(soa) | "),
        (
            "a.w.corp.test.", .a, false,
            "NOERROR AA | a.w.corp.test. 600 A 10.1.0.99 | corp.test. 600 NS ns1.corp.test. | "
        ),
        (
            "a.b.w.corp.test.", .txt, false,
            "NOERROR AA | a.b.w.corp.test. 600 TXT \"wild\" | corp.test. 600 NS ns1.corp.test. | "
        ),
        ("a.w.corp.test.", .mx, false, "NOERROR AA |  | \(soa) | "),
        (
            "host.w.corp.test.", .a, false,
            "NOERROR AA | host.w.corp.test. 600 A 10.1.0.98 | corp.test. 600 NS ns1.corp.test. | "
        ),
        ("host.w.corp.test.", .txt, false, "NOERROR AA |  | \(soa) | "),
        ("w.corp.test.", .a, false, "NOERROR AA |  | \(soa) | "),
        (
            "x.cw.corp.test.", .a, false,
            "NOERROR AA | www.corp.test. 600 A 10.1.0.80; x.cw.corp.test. 600 CNAME www.corp.test. | corp.test. 600 NS ns1.corp.test. | "
        ),
        (
            "sub.corp.test.", .a, false,
            "NOERROR - |  | sub.corp.test. 600 NS ns.sub.corp.test. | ns.sub.corp.test. 600 A 10.1.2.53"
        ),
        (
            "x.sub.corp.test.", .a, false,
            "NOERROR - |  | sub.corp.test. 600 NS ns.sub.corp.test. | ns.sub.corp.test. 600 A 10.1.2.53"
        ),
        (
            "ns.sub.corp.test.", .a, false,
            "NOERROR - |  | sub.corp.test. 600 NS ns.sub.corp.test. | ns.sub.corp.test. 600 A 10.1.2.53"
        ),
        ("ent.corp.test.", .a, false, "NOERROR AA |  | \(soa) | "),
        (
            "deep.ent.corp.test.", .a, false,
            "NOERROR AA | deep.ent.corp.test. 600 A 10.1.0.44 | corp.test. 600 NS ns1.corp.test. | "
        ),
        (
            "mx.corp.test.", .mx, false,
            "NOERROR AA | mx.corp.test. 600 MX 5 mail.corp.test. | corp.test. 600 NS ns1.corp.test. | mail.corp.test. 600 A 10.1.0.25"
        ),
        (
            "srv._x.corp.test.", .srv, false,
            "NOERROR AA | srv._x.corp.test. 600 SRV 1 2 3 www.corp.test. | corp.test. 600 NS ns1.corp.test. | www.corp.test. 600 A 10.1.0.80; www.corp.test. 600 AAAA fd00::80"
        ),
        ("nx.corp.test.", .a, false, "NXDOMAIN AA |  | \(soa) | "),
        ("www.legacy.corp.test.", .a, false, "NXDOMAIN AA |  | \(soa) | "),
        ("corp.test.", .any, false, "NOERROR AA |  | \(soa) | "),
        ("corp.test.", .soa, true, "NOERROR AA | \(soa) | corp.test. 600 NS ns1.corp.test. | "),
    ]

    /// Not recorded: what the RFCs say.
    static let others: [Row] = [
        (
            "out.corp.test.", .a, false,
            "NOERROR AA | out.corp.test. 600 CNAME www.example. | corp.test. 600 NS ns1.corp.test. | "
        ),
        ("alias.corp.test.", .mx, false, "NOERROR AA | alias.corp.test. 600 CNAME www.corp.test. | \(soa) | "),
        (
            "www.dn.legacy.corp.test.", .cname, false,
            "NOERROR AA | dn.legacy.corp.test. 600 DNAME example.; www.dn.legacy.corp.test. 600 CNAME www.example. | "
                + "corp.test. 600 NS ns1.corp.test. | "
        ),
        (
            "dn.legacy.corp.test.", .dname, false,
            "NOERROR AA | dn.legacy.corp.test. 600 DNAME example. | corp.test. 600 NS ns1.corp.test. | "
        ),
        ("sub.corp.test.", .ds, false, "NOERROR AA |  | \(soa) | "),
        (
            "x.sub.corp.test.", .ds, false,
            "NOERROR - |  | sub.corp.test. 600 NS ns.sub.corp.test. | ns.sub.corp.test. 600 A 10.1.2.53"
        ),
        (
            "*.w.corp.test.", .a, false,
            "NOERROR AA | *.w.corp.test. 600 A 10.1.0.99 | corp.test. 600 NS ns1.corp.test. | "
        ),
        // RFC 4592, section 3.3.1: a name that exists is the closest encloser of those below it.
        ("x.host.w.corp.test.", .a, false, "NXDOMAIN AA |  | \(soa) | "),
        ("x.ent.corp.test.", .a, false, "NXDOMAIN AA |  | \(soa) | "),
        ("corp.test.", .axfr, false, "REFUSED - |  |  | "), ("www.corp.test.", .ixfr, false, "REFUSED - |  |  | "),
        ("other.test.", .a, false, "NOTIMP - |  |  | "),
    ]

    /// What a query comes to, with its sections sorted.
    static func ask(_ bench: PluginBench, _ chain: Chain, _ row: Row) -> String {
        let outcome = bench.ask(
            chain, Query(name: row.name, type: row.type, udpSize: row.dnssecOK ? 4096 : nil, dnssecOK: row.dnssecOK))
        #expect(outcome.isWhole)
        let sections = (1...3).map { section in
            outcome.records(section).map { words($0).replacingOccurrences(of: " IN ", with: " ") }.sorted()
                .joined(separator: "; ")
        }
        let flags = outcome.flags & Header.authoritative != 0 ? "AA" : "-"
        return (["\(outcome.code) \(flags)"] + sections).joined(separator: " | ")
    }

    /// Sets `file` up with the zone, and something behind it that answers NOTIMP.
    static func check(_ zone: String, _ origin: String, _ rows: [Row], options: String = "") throws {
        let folder = try TestFolder()
        let path = try folder.write("db", zone)
        let bench = PluginBench()
        let plugin = try bench.plugin(FilePlugin.self, "file \(path) \(origin) {\n\(options)\n}")
        #expect(bench.lines.all.isEmpty)
        let chain = bench.chain([plugin], StubAnswer(code: .notImplemented))
        for row in rows { #expect(ask(bench, chain, row) == row.expected, "\(row.name) \(row.type)") }
    }

    @Test func answersAsRecorded() throws { try Self.check(Self.corp, "corp.test", Self.recorded) }

    @Test func answersByTheRFCs() throws { try Self.check(Self.corp, "corp.test", Self.others) }

    @Test func namesThatAreNotThereMayBePassedOn() throws {
        try Self.check(
            Self.corp, "corp.test",
            [
                ("nx.corp.test.", .a, false, "NOTIMP - |  |  | "), ("ent.corp.test.", .a, false, "NOTIMP - |  |  | "),
                ("www.corp.test.", .mx, false, "NOERROR AA |  | \(Self.soa) | "),
                (
                    "gone.corp.test.", .a, false,
                    "NXDOMAIN AA | gone.corp.test. 600 CNAME nothere.corp.test. | \(Self.soa) | "
                ),
                ("x.ent.corp.test.", .a, false, "NOTIMP - |  |  | "),
            ], options: "fallthrough")
        try Self.check(
            Self.corp, "corp.test",
            [
                ("nx.corp.test.", .a, false, "NXDOMAIN AA |  | \(Self.soa) | "),
                ("x.ent.corp.test.", .a, false, "NOTIMP - |  |  | "),
            ],
            options: "fallthrough ent.corp.test")
    }

    private static let top = "@ 60 IN SOA ns. admin. 1 2 3 4 5\n"
    private static let topSOA = "t. 60 SOA ns. admin. 1 2 3 4 5"

    @Test func aliasesThatLeadInCirclesEnd() throws {
        let zone = """
            \(Self.top)a CNAME b
            b CNAME c
            c CNAME a
            self CNAME self
            *.w CNAME x.w
            d DNAME d
            e DNAME e.e
            long DNAME \((0..<3).map { _ in String(repeating: "l", count: 63) }.joined(separator: ".")).t.
            """
        try Self.check(
            zone, "t",
            [
                ("a.t.", .a, false, "NOERROR AA | a.t. 60 CNAME b.t.; b.t. 60 CNAME c.t.; c.t. 60 CNAME a.t. |  | "),
                ("self.t.", .a, false, "NOERROR AA | self.t. 60 CNAME self.t. |  | "),
                ("y.w.t.", .a, false, "NOERROR AA | x.w.t. 60 CNAME x.w.t.; y.w.t. 60 CNAME x.w.t. |  | "),
                ("x.d.t.", .a, false, "SERVFAIL - |  |  | "),
            ])
        let folder = try TestFolder()
        let bench = PluginBench()
        let chain = bench.chain([try bench.plugin(FilePlugin.self, "file \(try folder.write("db", zone)) t")])
        let grown = bench.ask(chain, Query(name: "x.e.t.", udpSize: 4096))
        #expect(grown.isWhole)
        #expect(grown.records(1).count <= 2 * 9)
        let long = bench.ask(chain, Query(name: String(repeating: "m", count: 63) + ".long.t.", udpSize: 4096))
        #expect(long.code.description == "YXDOMAIN")
        #expect(long.records(1).count == 1)
    }

    @Test func serviceBindingsAndMailHaveAddressesOnce() throws {
        try Self.check(
            """
            \(Self.top)  NS ns
            ns A 10.0.0.1
            m MX 1 Host
              MX 2 host
              MX 3 else.where.
            h HTTPS 1 host alpn=h2
            *.w SRV 0 0 1 HOST
            host A 10.0.0.2
                 AAAA fd00::2
            """, "t",
            [
                (
                    "m.t.", .mx, false,
                    "NOERROR AA | m.t. 60 MX 1 host.t.; m.t. 60 MX 2 host.t.; m.t. 60 MX 3 else.where. | t. 60 NS ns.t. | "
                        + "host.t. 60 A 10.0.0.2; host.t. 60 AAAA fd00::2"
                ),
                (
                    "h.t.", .https, false,
                    "NOERROR AA | h.t. 60 HTTPS 1 host.t. alpn=\"h2\" | t. 60 NS ns.t. | "
                        + "host.t. 60 A 10.0.0.2; host.t. 60 AAAA fd00::2"
                ),
                (
                    "a.w.t.", .srv, false,
                    "NOERROR AA | a.w.t. 60 SRV 0 0 1 HOST.t. | t. 60 NS ns.t. | "
                        + "host.t. 60 A 10.0.0.2; host.t. 60 AAAA fd00::2"
                ),
            ])
    }

    @Test func signaturesComeWithDO() throws {
        func signature(_ type: String) -> String { "RRSIG \(type) 8 1 60 20300101000000 20200101000000 1 t. AAAA" }
        let zone = """
            \(Self.top)   \(signature("SOA"))
               NS ns.else.
               \(signature("NS"))
               NSEC a.t. SOA NS RRSIG NSEC
               \(signature("NSEC"))
            a  A 10.0.0.1
               \(signature("A"))
               NSEC *.w.t. A RRSIG NSEC
            *.w A 10.0.0.2
               \(signature("A"))
               NSEC z.t. A RRSIG NSEC
            z  NS ns.z
               DS 1 8 2 00
               \(signature("DS"))
               NSEC t. NS DS RRSIG NSEC
            ns.z A 10.0.0.3
            """
        let bench = PluginBench()
        let folder = try TestFolder()
        let chain = bench.chain([try bench.plugin(FilePlugin.self, "file \(try folder.write("db", zone)) t")])
        /// Owners and types of the three sections; a signature with what it covers.
        func types(_ name: String, _ type: RecordType, _ dnssecOK: Bool = true) -> [String] {
            let outcome = bench.ask(chain, Query(name: name, type: type, udpSize: 4096, dnssecOK: dnssecOK))
            #expect(outcome.isWhole)
            return (1...3).map { section in
                outcome.records(section).map { line in
                    let parts = line.split(whereSeparator: \.isWhitespace)
                    guard parts[3] == "RRSIG" else { return "\(parts[0])\(parts[3])" }
                    let covered = RecordType(rawValue: UInt16(parts[6].prefix(4), radix: 16) ?? 0)
                    return "\(parts[0])RRSIG(\(covered))"
                }.joined(separator: " ")
            }
        }
        #expect(types("a.t.", .a, false) == ["a.t.A", "t.NS", ""])
        #expect(types("a.t.", .a) == ["a.t.A a.t.RRSIG(A)", "t.NS t.RRSIG(NS)", ""])
        #expect(types("a.t.", .mx) == ["", "t.SOA t.RRSIG(SOA) a.t.NSEC", ""])
        #expect(types("a.t.", .rrsig) == ["a.t.RRSIG(A)", "t.NS t.RRSIG(NS)", ""])
        #expect(types("a.t.", .nsec, false) == ["a.t.NSEC", "t.NS", ""])
        #expect(types("x.w.t.", .a) == ["x.w.t.A x.w.t.RRSIG(A)", "t.NS t.RRSIG(NS) *.w.t.NSEC", ""])
        #expect(types("w.t.", .a) == ["", "t.SOA t.RRSIG(SOA) a.t.NSEC", ""])
        #expect(types("b.t.", .a) == ["", "t.SOA t.RRSIG(SOA) a.t.NSEC t.NSEC t.RRSIG(NSEC)", ""])
        #expect(types("x.z.t.", .a) == ["", "z.t.NS z.t.DS z.t.RRSIG(DS)", "ns.z.t.A"])
        #expect(types("z.t.", .ds) == ["z.t.DS z.t.RRSIG(DS)", "t.NS t.RRSIG(NS)", ""])
        #expect(types("t.", .soa) == ["t.SOA t.RRSIG(SOA)", "t.NS t.RRSIG(NS)", ""])
    }

    /// What is asked for is cut with TC, what is extra without.
    @Test func cutsWhatDoesNotFit() throws {
        let zone =
            Self.top + (0..<40).map { "big A 10.0.0.\($0)\nmx MX \($0) h\($0)\nh\($0) A 10.0.1.\($0)\n" }.joined()
            + (0..<20).map { "cut NS ns\($0).cut\nns\($0).cut AAAA fd00::\($0)\n" }.joined()
        let folder = try TestFolder()
        let bench = PluginBench()
        let chain = bench.chain([try bench.plugin(FilePlugin.self, "file \(try folder.write("db", zone)) t")])
        let rows: [(String, RecordType, UInt16, Bool, ClosedRange<Int>)] = [
            ("big.t.", .a, 512, true, 29...29), ("big.t.", .a, 1232, false, 40...40),
            ("mx.t.", .mx, 1232, false, 40...40), ("mx.t.", .mx, 512, true, 20...30), ("cut.t.", .a, 512, true, 0...0),
            ("cut.t.", .a, 1232, false, 0...0),
        ]
        for (name, type, size, isCut, count) in rows {
            let outcome = bench.ask(chain, Query(name: name, type: type, udpSize: size))
            #expect(outcome.isWhole)
            #expect(outcome.message.count <= Int(size))
            #expect((outcome.flags & Header.truncated != 0) == isCut, "\(name) \(size)")
            #expect(count.contains(outcome.records(1).count), "\(name) \(size)")
        }
    }
}
