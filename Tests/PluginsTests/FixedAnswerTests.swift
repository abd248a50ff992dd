import DNSWire
import LinuxIO
import PluginKit
import Testing

@testable import Plugins

/// Plugins that know their answers by themselves.
struct FixedAnswerTests {
    static let behind = StubAnswer(answer: ["example.org. 1 IN A 192.0.2.1"])
    static let chaos = RecordClass(rawValue: 3)

    @Test func anyIsAnsweredShortly() throws {
        let bench = PluginBench()
        let chain = bench.chain([try bench.plugin(AnyPlugin.self, "any")], Self.behind)
        let outcome = bench.ask(chain, Query(name: "Example.ORG.", type: .any, udpSize: 1232))
        #expect(outcome.records(1).map(words) == [#"Example.ORG. 8482 IN HINFO "ANY obsoleted" "See RFC 8482""#])
        #expect(outcome.flags == Header.response | Header.recursionDesired)
        #expect(outcome.isWhole)
        #expect(bench.ask(chain, Query()).records(1).map(words) == ["example.org. 1 IN A 192.0.2.1"])
    }

    @Test func chaosSaysWhatItIs() throws {
        let bench = PluginBench()
        let host = HostName.current() ?? "localhost"
        let chain = bench.chain([try bench.plugin(ChaosPlugin.self, "chaos vers-1 a@b.c")], Self.behind)
        for (name, text) in [
            ("version.bind.", "vers-1"), ("VERSION.server.", "vers-1"), ("authors.bind.", "a@b.c"),
            ("hostname.bind.", host), ("id.server.", host),
        ] {
            let outcome = bench.ask(chain, Query(name: name, type: .txt, recordClass: Self.chaos))
            #expect(outcome.records(1).map(words) == ["\(name) 0 CH TXT \"\(text)\""])
            #expect(outcome.flags == Header.response | Header.recursionDesired)
            #expect(outcome.isWhole)
        }
        for query in [
            Query(name: "version.bind.", type: .txt), Query(name: "version.bind.", recordClass: Self.chaos),
            Query(name: "other.bind.", type: .txt, recordClass: Self.chaos),
        ] {
            #expect(bench.ask(chain, query).records(1).map(words) == ["example.org. 1 IN A 192.0.2.1"])
        }
    }

    @Test func chaosShufflesAuthors() throws {
        let bench = PluginBench()
        let chain = bench.chain([try bench.plugin(ChaosPlugin.self, "chaos v c b a b")])
        var orders: Set<[String]> = []
        for seed in 0..<200 {
            let query = Query(name: "authors.bind.", type: .txt, recordClass: Self.chaos, seed: UInt64(seed))
            let texts = bench.ask(chain, query).records(1).compactMap {
                words($0).split(separator: " ").last.map(String.init)
            }
            #expect(texts.sorted() == ["\"a\"", "\"b\"", "\"c\""])
            orders.insert(texts)
        }
        #expect(orders.count == 6)
    }

    @Test func chaosWithoutWordsAndWithTooManyOfThem() throws {
        let bench = PluginBench()
        QueryMetrics.of(bench.process).setBuild(version: "9.9.9", revision: "")
        let query = Query(name: "version.bind.", type: .txt, recordClass: Self.chaos)
        let plain = bench.chain([try bench.plugin(ChaosPlugin.self, "chaos")])
        #expect(bench.ask(plain, query).records(1).map(words) == [#"version.bind. 0 CH TXT "apodns-9.9.9""#])
        let long = String(repeating: "v", count: 300)
        let cut = bench.chain([try bench.plugin(ChaosPlugin.self, "chaos \(long)")])
        #expect(bench.ask(cut, query).records(1).map(words) == ["version.bind. 0 CH TXT \"\(long.prefix(255))\""])
    }

    static let soa = "604800 IN SOA localhost. root.localhost. 1 0 0 0 604800"
    static let localRows: [(String, RecordType, ResponseCode, [String], [String])] = [
        ("localhost.", .a, .noError, ["localhost. 604800 IN A 127.0.0.1"], []),
        ("LocalHost.", .aaaa, .noError, ["LocalHost. 604800 IN AAAA ::1"], []),
        ("localhost.", .mx, .noError, [], ["localhost. \(soa)"]),
        ("localhost.", .soa, .noError, ["localhost. \(soa)"], []),
        ("localhost.", .ns, .noError, ["localhost. 604800 IN NS localhost."], []),
        ("a.b.localhost.", .a, .noError, ["a.b.localhost. 604800 IN A 127.0.0.1"], []),
        ("a.localhost.", .txt, .noError, [], ["a.localhost. \(soa)"]),
        ("localhost.example.org.", .a, .noError, ["localhost.example.org. 604800 IN A 127.0.0.1"], []),
        ("0.in-addr.arpa.", .soa, .noError, ["0.in-addr.arpa. \(soa)"], []),
        ("0.in-addr.arpa.", .a, .noError, [], ["0.in-addr.arpa. \(soa)"]),
        ("255.in-addr.arpa.", .ns, .noError, ["255.in-addr.arpa. 604800 IN NS localhost."], []),
        ("1.0.0.127.in-addr.arpa.", .ptr, .noError, ["1.0.0.127.in-addr.arpa. 604800 IN PTR localhost."], []),
        ("1.0.0.127.In-addr.arpa.", .a, .noError, [], ["127.In-addr.arpa. \(soa)"]),
        ("2.0.0.127.in-addr.arpa.", .ptr, .nameError, [], ["127.in-addr.arpa. \(soa)"]),
        ("4.3.2.0.in-addr.arpa.", .ns, .nameError, [], ["0.in-addr.arpa. \(soa)"]),
        ("1.in-addr.arpa.", .ptr, .noError, ["example.org. 1 IN A 192.0.2.1"], []),
        ("alocalhost.", .a, .noError, ["example.org. 1 IN A 192.0.2.1"], []),
        ("localhosts.org.", .a, .noError, ["example.org. 1 IN A 192.0.2.1"], []),
        (".", .ns, .noError, ["example.org. 1 IN A 192.0.2.1"], []),
    ]

    @Test func localKnowsItsNames() throws {
        let bench = PluginBench()
        let chain = bench.chain([try bench.plugin(LocalPlugin.self, "local")], Self.behind)
        for (name, type, code, answer, authority) in Self.localRows {
            let outcome = bench.ask(chain, Query(name: name, type: type, udpSize: 1232))
            #expect(outcome.code == code, "\(name) \(type)")
            #expect(outcome.records(1).map(words) == answer, "\(name) \(type)")
            #expect(outcome.records(2).map(words) == authority, "\(name) \(type)")
            #expect(outcome.flags & Header.authoritative == 0)
            #expect(outcome.isWhole)
        }
    }

    @Test func localCountsAndSaysWhatIsBelow() throws {
        let bench = PluginBench()
        bench.process.log.isDebugging = true
        func count() -> Double? {
            bench.process.metrics.all.first { $0.name == "coredns_local_localhost_requests_total" }?.collect().first?
                .value
        }
        let off = try bench.plugin(LocalPlugin.self, "local {\n localhost_prefix off\n}")
        let on = try bench.plugin(LocalPlugin.self, "local {\n localhost_prefix on\n}")
        var chain: Chain? = bench.chain([off], Self.behind)
        func ask(_ name: String) -> [String] {
            chain.map { bench.ask($0, Query(name: name)).records(1).map(words) } ?? []
        }
        #expect(ask("localhost.example.org.") == ["example.org. 1 IN A 192.0.2.1"])
        #expect(ask("localhost.") == ["localhost. 604800 IN A 127.0.0.1"])
        #expect(count() == 0)
        #expect(ask("A.localhost.") == ["A.localhost. 604800 IN A 127.0.0.1"])
        #expect(count() == 1)
        #expect(
            bench.lines.all == [
                "[DEBUG] plugin/local: Intercepting localhost query for \"a.localhost.\" A, from 127.0.0.1"
            ])
        chain = bench.chain([on], Self.behind)
        #expect(ask("localhost.example.org.") == ["localhost.example.org. 604800 IN A 127.0.0.1"])
        // What the first chain counted is kept.
        #expect(count() == 2)
    }

    @Test func erraticAnswersAndDoesNot() throws {
        let bench = PluginBench()
        let rows: [(String, [Bool])] = [
            ("erratic", [false, true, false, true]), ("erratic {\n drop 3\n}", [false, true, true, false, true]),
            ("erratic {\n drop 0\n}", [true, true]),
            ("erratic {\n truncate\n drop\n}", [true, true]), ("erratic {\n truncate 2\n drop 2\n}", [false, true]),
        ]
        for (text, answered) in rows {
            let chain = bench.chain([try bench.plugin(ErraticPlugin.self, text)])
            #expect(answered.map { _ in bench.ask(chain, Query()).message.isEmpty } == answered.map { !$0 }, "\(text)")
        }
        let chain = bench.chain([try bench.plugin(ErraticPlugin.self, "erratic {\n truncate 3\n large\n}")])
        let first = bench.ask(chain, Query(udpSize: 1232))
        #expect(first.flags & Header.truncated != 0)
        #expect(first.records(1).map(words) == Array(repeating: "example.org. 0 IN A 192.0.2.53", count: 30))
        let second = bench.ask(chain, Query(type: .aaaa))
        #expect(second.flags & (Header.truncated | Header.authoritative) == Header.authoritative)
        #expect(second.records(1).map(words) == ["example.org. 0 IN AAAA 2001:db8::53"])
        #expect(bench.ask(chain, Query(type: .mx)).code == .serverFailure)
        let broken = bench.ask(chain, Query(type: .axfr))
        #expect(broken.records(1).count == 5)
        let transfer = bench.ask(chain, Query(type: .axfr))
        #expect(transfer.records(1).count == 6)
        #expect(transfer.records(1).first == transfer.records(1).last)
        #expect(transfer.isWhole)
    }

    @Test func erraticIsReadyNowAndThen() throws {
        let bench = PluginBench()
        let plugin = try bench.plugin(ErraticPlugin.self, "erratic")
        let chain = bench.chain([plugin])
        var ready: [Bool?] = [plugin.isReady]
        for _ in 0..<5 {
            _ = bench.ask(chain, Query())
            ready.append(plugin.isReady)
        }
        #expect(ready == [false, false, false, true, true, false])
    }
}
