import Corefile
import DNSWire
import LinuxIO
import PluginKit
import Testing

@testable import Plugins

/// Plugins that change what others answer, or what is asked of them.
struct ShapingPluginTests {
    static let referral = StubAnswer(
        flags: Header.authoritative, authority: ["a.example.org. 300 IN NS ns.a.example.org."],
        additional: ["ns.a.example.org. 300 IN A 192.0.2.1"])
    static let whole = StubAnswer(
        flags: Header.authoritative, answer: ["example.org. 300 IN MX 10 mail.example.org."],
        authority: ["example.org. 300 IN NS ns1.example.org."],
        additional: ["mail.example.org. 300 IN A 192.0.2.25", "ns1.example.org. 300 IN A 192.0.2.1"])
    static let noData = StubAnswer(authority: ["example.org. 60 IN SOA ns1.example.org. admin.example.org. 1 2 3 4 5"])
    static let noName = StubAnswer(
        code: .nameError, authority: ["example.org. 60 IN SOA ns1.example.org. admin.example.org. 1 2 3 4 5"],
        additional: ["ns1.example.org. 300 IN A 192.0.2.1"])
    static let empty = StubAnswer(additional: ["ns1.example.org. 300 IN A 192.0.2.1"])

    @Test(arguments: [nil, 4096] as [UInt16?])
    func minimalCutsWhatIsNotNeeded(_ size: UInt16?) throws {
        let bench = PluginBench()
        let rows: [(StubAnswer, RecordType, [Int])] = [
            (Self.whole, .mx, [1, 0, 0]), (Self.referral, .a, [0, 1, 1]), (Self.noData, .a, [0, 1, 0]),
            (Self.noName, .a, [0, 1, 1]), (Self.empty, .a, [0, 0, 0]), (Self.whole, .axfr, [1, 1, 2]),
        ]
        for (answer, type, counts) in rows {
            let chain = bench.chain([try bench.plugin(MinimalPlugin.self, "minimal")], answer)
            let outcome = bench.ask(chain, Query(type: type, udpSize: size, dnssecOK: size != nil))
            #expect((1...3).map { outcome.records($0).count } == counts, "\(type)")
            #expect(outcome.isWhole)
            #expect(outcome.hasOPT == (size != nil))
        }
    }

    @Test func headerChangesFlags() throws {
        let bench = PluginBench()
        let (aa, ra, rd) = (Header.authoritative, Header.recursionAvailable, Header.recursionDesired)
        let rows: [(String, UInt16)] = [
            ("response set ra", aa | ra | rd), ("response clear aa RD", 0),
            ("response clear aa\n response set AA", aa | rd),
            ("Response Set ra aa\n response clear rd", aa | ra), ("query clear rd", aa), ("query set ra aa", aa | rd),
            ("query clear rd\n response set rd ra", aa | ra | rd),
        ]
        for (rules, flags) in rows {
            let plugin = try bench.plugin(HeaderPlugin.self, "header {\n \(rules)\n}")
            let outcome = bench.ask(bench.chain([plugin], Self.whole), Query())
            #expect(outcome.flags == Header.response | flags, "\(rules)")
            #expect(outcome.records(1).count == 1)
        }
    }

    @Test func nsidSaysWhoAnswers() throws {
        let bench = PluginBench()
        let plugin = try bench.plugin(NSIDPlugin.self, "nsid Use The Force")
        let chain = bench.chain([plugin], Self.whole)
        let option: [UInt8] = [0, 3, 0, 13] + Array("Use The Force".utf8)
        for (asks, size) in [(true, 4096), (true, 512), (false, 4096)] as [(Bool, UInt16)] {
            let outcome = bench.ask(chain, Query(type: .mx, udpSize: size, options: asks ? [0, 3, 0, 0] : []))
            #expect(outcome.options == (asks ? option : []))
            #expect(outcome.isWhole)
            #expect(outcome.records(3).count == 2)
        }
        #expect(bench.ask(chain, Query(type: .mx)).options == nil)
        // What is above may have shortened the message, which has its OPT record in other places then.
        let both = bench.chain([plugin, try bench.plugin(MinimalPlugin.self, "minimal")], Self.whole)
        let outcome = bench.ask(both, Query(type: .mx, udpSize: 1232, options: [0, 10, 0, 1, 7, 0, 3, 0, 0]))
        #expect(outcome.options == option)
        #expect(outcome.isWhole)
    }

    /// What is below may have asked others, who have said who they are.
    @Test func nsidTakesThePlaceOfAnothers() throws {
        let bench = PluginBench()
        let mine: [UInt8] = [0, 3, 0, 2] + Array("me".utf8)
        let cookie: [UInt8] = [0, 10, 0, 1, 7]
        let rows: [(upstream: [UInt8], kept: [UInt8])] = [
            ([0, 3, 0, 4] + Array("them".utf8), []),
            (cookie + [0, 3, 0, 4] + Array("them".utf8), cookie),
            ([0, 3, 0, 1, 1] + cookie + [0, 3, 0, 0], cookie),
            (cookie, cookie), ([], []),
            // What is not whole stays as it is.
            ([0, 10, 0, 0, 0, 3, 0], [0, 10, 0, 0, 0, 3, 0]),
        ]
        for row in rows {
            let below = StubAnswer(answer: ["example.org. 300 IN A 192.0.2.1"], options: row.upstream)
            let chain = bench.chain([try bench.plugin(NSIDPlugin.self, "nsid me")], below)
            let outcome = bench.ask(chain, Query(udpSize: 1232, options: [0, 3, 0, 0]))
            #expect(outcome.options == row.kept + mine, "\(row.upstream)")
            #expect(outcome.message.suffix(mine.count + row.kept.count).elementsEqual(row.kept + mine))
            #expect(outcome.records(1).count == 1)
            // Who has not asked for it gets what there is.
            #expect(bench.ask(chain, Query(udpSize: 1232)).options == row.upstream)
        }
    }

    /// However large the data, the response stays within what the client takes.
    @Test func nsidKeepsToTheSize() throws {
        let bench = PluginBench()
        let records = (1...60).map { "example.org. 300 IN A 192.0.2.\($0)" }
        for length in [1, 100, 400, 480, 512] {
            let data = String(repeating: "x", count: length)
            let chain = bench.chain(
                [try bench.plugin(NSIDPlugin.self, "nsid \(data)")], StubAnswer(answer: records))
            for size in [512, 700, 1232] as [UInt16] {
                let outcome = bench.ask(chain, Query(udpSize: size, options: [0, 3, 0, 0]))
                #expect(outcome.message.count <= Int(size))
                #expect(outcome.isWhole)
                #expect(outcome.options?.count == (length > 475 && size == 512 ? 0 : 4 + length))
            }
        }
    }

    /// What was found on the way down holds on the way up, though the request was another one in between.
    @Test func nsidKeepsToTheSizeBelowARewrite() throws {
        let bench = PluginBench()
        let data = String(repeating: "x", count: NSIDPlugin.longestData)
        let chain = bench.chain(
            [
                try bench.plugin(NSIDPlugin.self, "nsid \(data)"),
                try bench.plugin(RewritePlugin.self, "rewrite name www.example.org www.example.net"),
            ], StubAnswer(answer: ["www.example.net. 1 IN A 192.0.2.1"]))
        let outcome = bench.ask(
            chain, Query(name: "www.example.org.", udpSize: 512, options: [0, 3, 0, 0]), capacity: 512)
        #expect(outcome.isWhole)
        #expect(outcome.message.count <= 512)
        #expect(outcome.records(1).count == 1)
        #expect(outcome.options?.isEmpty == true)
    }

    @Test func nsidIsTheMachinesName() throws {
        let bench = PluginBench()
        let chain = bench.chain([try bench.plugin(NSIDPlugin.self, "nsid")], Self.whole)
        let options = bench.ask(chain, Query(udpSize: 1232, options: [0, 3, 0, 0])).options
        #expect(options?.dropFirst(4).elementsEqual((HostName.current() ?? "localhost").utf8) == true)
    }

    @Test(arguments: [("bufsize", 1232), ("bufsize 512", 512), ("bufsize 4096\nbufsize 600", 4096)])
    func bufsizeSetsTheBlocksSize(_ text: String, _ size: Int) throws {
        let setup = try PluginBench().setup(text)
        _ = try BufferSizePlugin(setup.block.directives, setup)
        #expect(setup.udpSize == size)
    }

    @Test(arguments: [("cancel", 5_001_000_000), ("cancel 1s", 1_000_000_000), ("cancel 1s\ncancel 2ms", 2_000_000)])
    func cancelSetsADeadline(_ text: String, _ timeout: UInt64) throws {
        let bench = PluginBench()
        let plugin = try bench.plugin(CancelPlugin.self, text)
        #expect(plugin.timeout == timeout)
        #expect(
            bench.ask(bench.chain([plugin], Self.whole), Query()).deadline == bench.process.clock.monotonic() + timeout)
    }
}
