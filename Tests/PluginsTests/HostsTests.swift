import DNSWire
import Foundation
import LinuxIO
import PluginKit
import Testing

@testable import Plugins

struct HostsTests {
    /// The recorded answers of CoreDNS 1.14.7 were given with this file.
    static let text = """
        10.0.0.1 gw.lan gateway
        10.0.0.2 Two.lan two
        fd00::2 two.lan
        10.0.0.3 multi.lan multi2.lan
        10.0.0.33 multi.lan
        # comment
        127.0.0.1 localhost # loopback
        bad line here

        """

    /// What is asked, and the code, AA and answers that come; "next" where the next plugin answers.
    typealias Row = (name: String, type: RecordType, expected: [String])

    private static let next = ["next"]
    private static let failure = ["SERVFAIL"]

    /// Answers in a line each; the code where there is none; "next" where the plugin behind was asked.
    private func ask(_ bench: PluginBench, _ chain: Chain, _ row: Row) -> [String] {
        let outcome = bench.ask(chain, Query(name: row.name, type: row.type))
        #expect(outcome.isWhole)
        if outcome.code == .refused { return Self.next }
        #expect(outcome.records(2).isEmpty)
        let isAuthoritative = outcome.flags & Header.authoritative != 0
        #expect(isAuthoritative == (outcome.code == .noError))
        return outcome.code == .noError ? outcome.records(1).map(words) : ["\(outcome.code)"]
    }

    private func check(_ directive: String, _ rows: [Row], text: String = Self.text) throws {
        let folder = try TestFolder()
        try folder.write("hosts", text)
        let bench = PluginBench()
        let plugin = try bench.plugin(
            HostsPlugin.self, directive.replacingOccurrences(of: "FILE", with: folder.path + "/hosts"))
        plugin.file.look()
        let chain = bench.chain([plugin], StubAnswer(code: .refused))
        for row in rows { #expect(ask(bench, chain, row) == row.expected, "\(row.name) \(row.type)") }
    }

    @Test func answersAsRecorded() throws {
        let reverse6 = "2." + String(repeating: "0.", count: 29) + "d.f.ip6.arpa."
        try check(
            "hosts FILE {\n 10.9.9.9 inline.lan\n ttl 77\n fallthrough\n}",
            [
                ("gw.lan.", .a, ["gw.lan. 77 IN A 10.0.0.1"]),
                ("gateway.", .a, ["gateway. 77 IN A 10.0.0.1"]),
                ("two.lan.", .aaaa, ["two.lan. 77 IN AAAA fd00::2"]),
                ("TWO.lan.", .a, ["two.lan. 77 IN A 10.0.0.2"]),
                ("multi.lan.", .a, ["multi.lan. 77 IN A 10.0.0.3", "multi.lan. 77 IN A 10.0.0.33"]),
                ("MULTI.lan.", .a, ["multi.lan. 77 IN A 10.0.0.3", "multi.lan. 77 IN A 10.0.0.33"]),
                ("multi2.lan.", .a, ["multi2.lan. 77 IN A 10.0.0.3"]),
                ("inline.lan.", .a, ["inline.lan. 77 IN A 10.9.9.9"]),
                ("inline.lan.", .aaaa, []), ("gw.lan.", .aaaa, []), ("gw.lan.", .mx, []),
                (
                    "1.0.0.10.in-addr.arpa.", .ptr,
                    ["1.0.0.10.in-addr.arpa. 77 IN PTR gw.lan.", "1.0.0.10.in-addr.arpa. 77 IN PTR gateway."]
                ),
                (reverse6, .ptr, ["\(reverse6) 77 IN PTR two.lan."]),
                ("9.9.9.10.in-addr.arpa.", .ptr, ["9.9.9.10.in-addr.arpa. 77 IN PTR inline.lan."]),
                ("09.9.9.10.in-addr.arpa.", .ptr, Self.next), ("8.9.9.10.in-addr.arpa.", .ptr, Self.next),
                ("gw.lan.", .ptr, Self.next), ("none.lan.", .a, Self.next), (".", .a, Self.next),
                ("localhost.", .a, ["localhost. 77 IN A 127.0.0.1"]),
                ("loopback.", .a, Self.next), ("line.", .a, Self.next),
            ])
        try check(
            "hosts FILE lan {\n no_reverse\n}",
            [
                ("gw.lan.", .a, ["gw.lan. 3600 IN A 10.0.0.1"]), ("gw.lan.", .aaaa, []), ("gw.lan.", .txt, []),
                ("none.lan.", .a, Self.failure), ("lan.", .soa, Self.failure), ("none.lan.", .txt, Self.failure),
                ("1.0.0.10.in-addr.arpa.", .ptr, Self.next), ("gateway.", .a, Self.next),
            ])
    }

    @Test func wildcardsStandForOneLabel() throws {
        try check(
            "hosts FILE example.com {\n 10.0.0.12 b.example.com\n fd00::9 *.example.com\n fallthrough x.example.com\n}",
            [
                ("a.example.com.", .a, ["a.example.com. 3600 IN A 10.0.0.11"]),
                // The file has no IPv6 address of its own for it, so that the Corefile's wildcard counts.
                ("a.example.com.", .aaaa, ["a.example.com. 3600 IN AAAA fd00::9"]),
                (
                    "b.example.com.", .a,
                    ["b.example.com. 3600 IN A 10.0.0.10", "b.example.com. 3600 IN A 10.0.0.12"]
                ),
                ("apps.example.com.", .a, ["apps.example.com. 3600 IN A 10.0.0.10"]),
                ("*.example.com.", .a, ["*.example.com. 3600 IN A 10.0.0.10"]),
                ("apps.example.com.", .mx, []),
                ("example.com.", .a, Self.failure), ("deep.apps.example.com.", .a, Self.failure),
                ("deep.x.example.com.", .a, Self.next), ("x.example.com.", .a, ["x.example.com. 3600 IN A 10.0.0.10"]),
                ("10.0.0.10.in-addr.arpa.", .ptr, Self.next),
                ("11.0.0.10.in-addr.arpa.", .ptr, ["11.0.0.10.in-addr.arpa. 3600 IN PTR a.example.com."]),
            ], text: "10.0.0.10 *.example.com\r\n::ffff:10.0.0.11 a.example.com other.org *\r\n")
    }

    @Test func otherTypesMayBePassedOn() throws {
        try check(
            "hosts FILE {\n fallthrough lan\n fallthrough_unsupported\n}",
            [
                ("gw.lan.", .aaaa, []), ("gw.lan.", .https, Self.next), ("gateway.", .https, []),
                ("none.lan.", .a, Self.next), ("none.", .a, Self.failure),
            ])
    }

    /// A list of many names for one address: what does not fit is cut, and TC says so.
    @Test func cutsWhatDoesNotFit() throws {
        let folder = try TestFolder()
        let path = try folder.write("hosts", (0..<300).map { "10.0.\($0 / 200).\($0 % 200) all.lan\n" }.joined())
        let bench = PluginBench()
        let plugin = try bench.plugin(HostsPlugin.self, "hosts \(path)")
        plugin.file.look()
        let chain = bench.chain([plugin])
        for (name, size, count) in [("all.lan.", 512, 29), ("ALL.lan.", 528, 30), ("all.lan.", 1232, 74)] {
            let outcome = bench.ask(chain, Query(name: name, udpSize: UInt16(size)))
            #expect(outcome.isWhole)
            #expect(outcome.flags & Header.truncated != 0)
            #expect(outcome.records(1).count == count, "\(name) \(size)")
            #expect(outcome.message.count <= size)
        }
    }

    @Test func followsItsFile() throws {
        let folder = try TestFolder()
        let bench = PluginBench()
        let path = folder.path + "/hosts"
        let plugin = try bench.plugin(HostsPlugin.self, "hosts \(path) {\n 10.0.0.9 inline.lan\n}")
        #expect(bench.lines.take() == ["[WARNING] plugin/hosts: File does not exist: \(path)"])
        let chain = bench.chain([plugin])
        func gets(_ address: String?) -> Bool {
            bench.ask(chain, Query(name: "a.lan.")).records(1).map(words)
                == (address.map { ["a.lan. 3600 IN A \($0)"] } ?? [])
        }
        plugin.file.look()
        #expect(gets(nil))
        try folder.write("hosts", "10.0.0.1 a.lan b.lan")
        plugin.file.look()
        #expect(gets("10.0.0.1"))
        #expect(bench.lines.take().isEmpty)
        #expect(gauges(bench) == [#"coredns_hosts_entries{hostsfile="\#(path)"} 6"#])
        try folder.write("hosts", "10.0.0.22 a.lan\n\n10.0.0.300 b.lan\n10.0.0.4\n10.0.0.4 a..b c.lan\n")
        plugin.file.look()
        plugin.file.look()
        #expect(gets("10.0.0.22"))
        #expect(
            bench.lines.take() == [
                "[WARNING] plugin/hosts: \(path):3: '10.0.0.300' is not an address (and 2 more that were passed over)"
            ])
        // CoreDNS: what a file said that is gone stays.
        try folder.remove("hosts")
        plugin.file.look()
        plugin.file.look()
        #expect(gets("10.0.0.22"))
        #expect(
            bench.lines.take() == [
                "[WARNING] plugin/hosts: stat \(path): No such file or directory (ENOENT); what was read before stays in use"
            ])
        try folder.write("hosts", "10.0.0.3 a.lan\n")
        plugin.file.look()
        #expect(gets("10.0.0.3"))
        #expect(bench.ask(chain, Query(name: "inline.lan.")).records(1).count == 1)
    }

    private func gauges(_ bench: PluginBench) -> [String] {
        MetricsText.write(bench.process.metrics.all).split(separator: "\n").map(String.init)
            .filter { $0.hasPrefix("coredns_hosts_entries") }
    }

    @Test func exportsWhenTheFileWasChanged() throws {
        let folder = try TestFolder()
        let path = try folder.write("hosts", "10.0.0.1 a.lan\n")
        let changed = Date(timeIntervalSince1970: 1_700_000_000.5)
        try FileManager.default.setAttributes([.modificationDate: changed], ofItemAtPath: path)
        let bench = PluginBench()
        let plugin = try bench.plugin(HostsPlugin.self, "hosts \(path)")
        plugin.file.look()
        let text = MetricsText.write(bench.process.metrics.all)
        #expect(text.contains("coredns_hosts_reload_timestamp_seconds 1.7000000005e+09\n"))
    }

    static let warnings: [(text: String, lines: [String])] = [
        ("hosts /dev/null {\n 10.0.0.1 a\n}", []),
        (
            "hosts /dev/null {\n falthrough\n}",
            [
                "[WARNING] Corefile:3:2: plugin/hosts: 'falthrough' is neither an address nor a property, the line has no effect "
                    + "(did you mean 'fallthrough'?)"
            ]
        ),
        (
            "hosts /dev/null {\n 10.0.0.1\n}",
            ["[WARNING] Corefile:3:2: plugin/hosts: no name behind the address 10.0.0.1"]
        ),
        ("hosts /etc", ["[WARNING] plugin/hosts: Hosts file \"/etc\" is a directory"]),
        ("hosts no.hosts", ["[WARNING] plugin/hosts: File does not exist: /conf/no.hosts"]),
    ]

    @Test(arguments: warnings.indices)
    func warns(_ row: Int) throws {
        let bench = PluginBench()
        _ = try bench.plugin(HostsPlugin.self, Self.warnings[row].text)
        #expect(bench.lines.all == Self.warnings[row].lines)
    }
}
