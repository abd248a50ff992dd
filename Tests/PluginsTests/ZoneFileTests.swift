import DNSWire
import Foundation
import PluginKit
import Testing

@testable import Plugins

/// Master files: how they are read, what is wrong with them, and how they are followed.
struct ZoneFileTests {
    /// The records of a file, in a line each.
    private func read(_ folder: TestFolder, _ text: String, origin: String = "t.") throws -> [String] {
        let path = try folder.write("db", text)
        var reader = ZoneFileReader()
        do {
            try reader.read(path, origin: try DomainName(parsing: origin))
        } catch {
            return ["\(error)".replacingOccurrences(of: folder.path + "/", with: "")]
        }
        return reader.lines.map { words("\($0.record)") }
    }

    private static let soa = "@ IN SOA ns admin (\n  1 ; serial\n  2h 1h30m\n  1w ; expiry\n  5 )\n"
    private static let soaLine = "t. 5 IN SOA ns.t. admin.t. 1 7200 5400 604800 5"

    static let texts: [(text: String, lines: [String])] = [
        ("", []), (soa, [soaLine]),
        (soa + "WWW A 10.0.0.1\n  AAAA ::1\n", [soaLine, "www.t. 5 IN A 10.0.0.1", "www.t. 5 IN AAAA ::1"]),
        ("$TTL 1h\n" + soa, [soaLine.replacingOccurrences(of: " 5 IN", with: " 3600 IN")]),
        // Without $TTL it is the TTL before that counts.
        ("a 7 A 10.0.0.1\nb A 10.0.0.2\n", ["a.t. 7 IN A 10.0.0.1", "b.t. 7 IN A 10.0.0.2"]),
        (
            "$TTL 9\na 7 IN A 10.0.0.1\nb IN 8 A 10.0.0.2\nc A 10.0.0.3\n",
            ["a.t. 7 IN A 10.0.0.1", "b.t. 8 IN A 10.0.0.2", "c.t. 9 IN A 10.0.0.3"]
        ),
        (
            "$ttl 9\n$ORIGIN sub\na A 10.0.0.1\n$origin .\nb A 10.0.0.2\n",
            ["a.sub.t. 9 IN A 10.0.0.1", "b. 9 IN A 10.0.0.2"]
        ),
        (
            "$TTL 9\n$INCLUDE more in\nb A 10.0.0.2\n$INCLUDE more\n",
            [
                "x.in.t. 9 IN A 10.9.9.9", "in.t. 9 IN TXT \"included\"", "b.t. 9 IN A 10.0.0.2",
                "x.t. 9 IN A 10.9.9.9",
                "t. 9 IN TXT \"included\"",
            ]
        ),
        ("$TTL 9\nt TYPE65400 \\# 2 ABCD\n", ["t.t. 9 IN TYPE65400 \\# 2 ABCD"]),
        ("a\\.b 1 A 10.0.0.1\n\\097 1 A 10.0.0.1", ["a\\.b.t. 1 IN A 10.0.0.1", "a.t. 1 IN A 10.0.0.1"]),
        ("a A 10.0.0.1", ["db:1:3: found \"A\", expected a TTL, as there is no default"]),
        ("\n\na 5 A 10.0.0.256\n", ["db:3:7: found \"10.0.0.256\", expected an IPv4 address"]),
        ("a 5 CH TXT x\n", ["db:1:1: found a record of class CH, expected class IN"]),
        ("$GENERATE 1-2 a A 1\n", ["db:1:17: found \"A\", expected a TTL, as there is no default"]),
        (
            "$TTL 9\n$GENERATE 9-11/2 h-$ A 10.0.0.$\nb A 10.0.0.1\n",
            ["h-9.t. 9 IN A 10.0.0.9", "h-11.t. 9 IN A 10.0.0.11", "b.t. 9 IN A 10.0.0.1"]
        ),
        (
            "$GENERATE 9-10 ${1,3}.${-9,2,x}.${245,0,X} 5 CNAME \\$$.x\n",
            ["010.00.FE.t. 5 IN CNAME $9.x.t.", "011.01.FF.t. 5 IN CNAME $10.x.t."].map { $0.lowercased() }
                .map { $0.replacingOccurrences(of: " in cname", with: " IN CNAME") }
        ),
        (
            "$GENERATE 2-1 a A 1\n",
            ["db:1:11: found \"2-1\", expected a range START-STOP or START-STOP/STEP of at most 65536 numbers"]
        ),
        (
            "$GENERATE 0-1 ${-1} 5 A 10.0.0.1\n",
            ["db:1:15: found \"${-1}\", expected ${OFFSET,WIDTH,BASE} with a number of 0 or more as the outcome"]
        ),
        ("$GENERATE 1-2\n", ["db:1:14: found the end of the line, expected a range such as 1-254 and a record"]),
        ("$NAME a\n", ["db:1:1: found \"$NAME\", expected a record, $ORIGIN, $TTL, $INCLUDE or $GENERATE"]),
        ("$TTL soon\n", ["db:1:6: found \"soon\", expected a number of seconds or a time such as 1h30m"]),
        ("$ORIGIN\n", ["db:1:8: found the end of the line, expected a domain name"]),
        ("$ORIGIN a b\n", ["db:1:11: found \"b\", expected the end of the line"]),
        ("$ORIGIN a..b\n", ["db:1:9: found \"a..b\", expected a domain name (a label is empty)"]),
        (
            "\n $INCLUDE bad\n",
            [
                "db:2:11: found an included file with an error (bad:2:5: found \"B\", expected a TTL, a class or a type), "
                    + "expected one that can be read"
            ]
        ),
        (
            "$INCLUDE no\n",
            [
                "db:1:10: found an included file with an error (open no: No such file or directory (ENOENT)), "
                    + "expected one that can be read"
            ]
        ),
        ("a 5 TXT (\n\"x\"\n", ["db:1:9: found \"(\" without an end, expected \")\" behind it"]),
    ]

    @Test(arguments: texts.indices)
    func reads(_ row: Int) throws {
        let folder = try TestFolder()
        try folder.write("more", "x A 10.9.9.9\n@ TXT included\n")
        try folder.write("bad", "\na 5 B 10.9.9.9\n")
        #expect(try read(folder, Self.texts[row].text) == Self.texts[row].lines)
    }

    @Test func aFileThatIncludesItselfIsAnError() throws {
        let folder = try TestFolder()
        let lines = try read(folder, "$INCLUDE db\n")
        #expect(lines.count == 1)
        #expect(lines.first?.contains("files that include each other at most 7 deep") == true)
    }

    static let order = [
        "example.", "a.example.", "yljkjljk.a.example.", "z.a.example.", "zabc.a.example.", "z.example.",
        "\\001.z.example.", "*.z.example.", "\\200.z.example.",
    ]

    /// The example of RFC 4034, section 6.1.
    @Test func canonicalOrder() throws {
        let names = try Self.order.map { try DomainName(parsing: $0) }
        for (left, one) in names.enumerated() {
            for (right, other) in names.enumerated() {
                #expect(CanonicalOrder.precedes(one, other) == (left < right), "\(one) \(other)")
            }
        }
    }

    private static func zone(_ serial: Int, _ rest: String) -> String {
        "@ 60 IN SOA ns. admin. \(serial) 2 3 4 5\n\(rest)\n"
    }

    @Test func followsItsFiles() throws {
        let folder = try TestFolder()
        let bench = PluginBench()
        let path = folder.path + "/db"
        let plugin = try bench.plugin(FilePlugin.self, "file \(path) t u {\n reload 10s\n}")
        #expect(
            bench.lines.take() == [
                "[WARNING] plugin/file: Failed to open \"open \(path): No such file or directory (ENOENT)\": trying again in 10s"
            ])
        let chain = bench.chain([plugin])
        func answer(_ name: String = "a.t.") -> [String] {
            let outcome = bench.ask(chain, Query(name: name))
            return outcome.code == .noError ? outcome.records(1).map(words) : ["\(outcome.code)"]
        }
        func look() -> [String] {
            plugin.files.look(0)
            return bench.lines.take().map { $0.replacingOccurrences(of: folder.path + "/", with: "") }
        }
        #expect(answer() == ["SERVFAIL"])
        #expect(look().isEmpty)
        try folder.write("db", Self.zone(1, "a A 10.0.0.1\nx. A 10.0.0.9"))
        #expect(
            look() == [
                "[WARNING] plugin/file: db:3: x. lies outside of the zone t. and is left out",
                "[INFO] plugin/file: Successfully reloaded zone \"t.\" in \"\(path)\" with 1 SOA serial"
                    .replacingOccurrences(of: folder.path + "/", with: ""),
                "[WARNING] plugin/file: db:3: x. lies outside of the zone u. and is left out",
                "[INFO] plugin/file: Successfully reloaded zone \"u.\" in \"db\" with 1 SOA serial",
            ])
        #expect(answer() == ["a.t. 60 IN A 10.0.0.1"])
        #expect(answer("a.u.") == ["a.u. 60 IN A 10.0.0.1"])
        #expect(look().isEmpty)
        // The serial says whether a zone has changed.
        try folder.write("db", Self.zone(1, "a A 10.0.0.22"))
        #expect(look().count == 2)
        #expect(answer() == ["a.t. 60 IN A 10.0.0.1"])
        try folder.write("db", Self.zone(2, "a A 10.0.0.256"))
        #expect(
            look() == [
                "[ERROR] plugin/file: db:2:5: found \"10.0.0.256\", expected an IPv4 address; what was read before stays in use"
            ])
        #expect(look().isEmpty)
        #expect(answer() == ["a.t. 60 IN A 10.0.0.1"])
        try folder.write("db", Self.zone(2, "$INCLUDE more"))
        try folder.write("more", "a A 10.0.0.3")
        #expect(look().count == 2)
        #expect(answer() == ["a.t. 60 IN A 10.0.0.3"])
        try folder.remove("db")
        #expect(look().count == 1)
        #expect(look().isEmpty)
        #expect(answer() == ["a.t. 60 IN A 10.0.0.3"])
    }

    @Test func anyChangeCountsByTime() throws {
        let folder = try TestFolder()
        let path = try folder.write("db", Self.zone(1, "$INCLUDE more"))
        try folder.write("more", "a A 10.0.0.1")
        let bench = PluginBench()
        let plugin = try bench.plugin(FilePlugin.self, "file \(path) t {\n reload_by_mtime\n}")
        let chain = bench.chain([plugin])
        #expect(bench.ask(chain, Query(name: "a.t.")).records(1).map(words) == ["a.t. 60 IN A 10.0.0.1"])
        try folder.write("more", "a A 10.0.0.22")
        plugin.files.look(0)
        #expect(bench.ask(chain, Query(name: "a.t.")).records(1).map(words) == ["a.t. 60 IN A 10.0.0.22"])
    }

    static let broken: [(zone: String, error: String)] = [
        ("a 5 A 10.0.0.1", "file \"DB\" has no SOA record for origin t."),
        ("\na 5 A 1", "DB:2:7: found \"1\", expected an IPv4 address"),
        (
            "@ 60 IN SOA ns. admin. 1 2 3 4 5\nx TYPE51 \\# 5 0100000000",
            "DB:2: found NSEC3PARAM of x.t., expected a zone that is signed with NSEC or not at all, as NSEC3 is not supported"
        ),
    ]

    @Test(arguments: broken.indices)
    func aBrokenFileIsAnErrorAtItsPlaceInTheCorefile(_ row: Int) throws {
        let folder = try TestFolder()
        let path = try folder.write("db", Self.broken[row].zone)
        let expected = Self.broken[row].error.replacingOccurrences(of: "DB", with: path)
        #expect(PluginBench().failure(FilePlugin.self, "file \(path) t") == "Corefile:2:6: plugin/file: \(expected)")
    }

    /// CoreDNS: `file db.example.org` in the block of the root.
    @Test func aForeignSOARecordIsSaid() throws {
        let folder = try TestFolder()
        let path = try folder.write("db", "$ORIGIN example.org.\n" + Self.zone(1, "a A 10.0.0.1"))
        let bench = PluginBench()
        let chain = bench.chain([try bench.plugin(FilePlugin.self, "file \(path)")])
        #expect(
            bench.lines.all == [
                "[WARNING] plugin/file: \(path): the SOA record is that of example.org., and the zone ."
            ])
        #expect(bench.ask(chain, Query(name: "a.example.org.")).records(1).count == 1)
        #expect(
            bench.ask(chain, Query(name: "x.")).records(2).map(words).first?.hasPrefix("example.org. 60 IN SOA") == true
        )
    }
}
