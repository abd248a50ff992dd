import DNSWire
import LinuxIO
import PluginKit
import Testing

@testable import Plugins

struct ErrorsPluginTests {
    @Test func logsWhatWentWrong() throws {
        let bench = PluginBench()
        let plugin = try bench.plugin(ErrorsPlugin.self, "errors")
        let lost = bench.chain([plugin])
        _ = bench.ask(lost, Query(name: "Example.org."))
        #expect(bench.lines.take() == ["[ERROR] plugin/errors: 2 example.org. A: plugin/errors: no next plugin found"])

        let stub = StubAnswer(plugin: "kubernetes", code: .serverFailure, failure: "not synced")
        _ = bench.ask(bench.chain([plugin], stub), Query(name: "a\\.b.test.", type: .https))
        #expect(bench.lines.take() == ["[ERROR] plugin/errors: 2 a\\.b.test. HTTPS: plugin/kubernetes: not synced"])

        _ = bench.ask(bench.chain([plugin], StubAnswer(code: .nameError)), Query())
        #expect(bench.lines.take().isEmpty)
    }

    @Test func consolidatesByTheClock() throws {
        let bench = PluginBench()
        let plugin = try bench.plugin(
            ErrorsPlugin.self, "errors {\n consolidate 30s \"not synced$\" warning\n consolidate 1m30s synced\n}")
        let stub = StubAnswer(plugin: "kubernetes", code: .serverFailure, failure: "not synced")
        let chain = bench.chain([plugin], stub)
        #expect(plugin.tick(bench.process.clock.monotonic()) == nil)
        for _ in 0..<3 { _ = bench.ask(chain, Query()) }
        let deadline = try #require(plugin.tick(bench.process.clock.monotonic()))
        #expect(deadline == bench.process.clock.monotonic() + 30_000_000_000)
        #expect(plugin.tick(deadline - 1) == deadline)
        #expect(bench.lines.take().isEmpty)
        #expect(plugin.tick(deadline) == nil)
        #expect(
            bench.lines.take() == ["[WARNING] plugin/errors: 3 errors like 'not synced$' occurred in last 30s"])
        // What is still being counted when the server stops is told, and what comes then is not held back.
        _ = bench.ask(chain, Query())
        plugin.stop()
        #expect(
            bench.lines.take() == ["[WARNING] plugin/errors: 1 errors like 'not synced$' occurred in last 30s"])
        _ = bench.ask(chain, Query())
        #expect(
            bench.lines.take() == ["[WARNING] plugin/errors: 2 example.org. A: plugin/kubernetes: not synced"])
    }

    /// The thread does by itself what the test above does by hand.
    @Test func startsAndStops() throws {
        let bench = PluginBench()
        let plugin = try bench.plugin(ErrorsPlugin.self, "errors {\n consolidate 1h .*\n}")
        try plugin.start()
        _ = bench.ask(bench.chain([plugin]), Query())
        plugin.stop()
        #expect(bench.lines.all == ["[ERROR] plugin/errors: 1 errors like '.*' occurred in last 1h0m0s"])
    }

    @Test func showsTheFirst() throws {
        let pattern = ErrorConsolidator.Pattern(
            period: 10, expression: try RegularExpression("^a"), level: .info, showsFirst: true)
        var consolidator = ErrorConsolidator([pattern])
        #expect(consolidator.take("b", now: 0) == .logged(.error))
        #expect(consolidator.take("a", now: 0) == .logged(.info))
        #expect(consolidator.summaries(now: 10).isEmpty)
        #expect(consolidator.nextDeadline == nil)
        #expect(consolidator.take("ab", now: 20) == .logged(.info))
        #expect(consolidator.take("ac", now: 29) == .counted)
        #expect(consolidator.nextDeadline == 30)
        #expect(consolidator.summaries(now: 29).isEmpty)
        #expect(
            consolidator.summaries(now: 30) == [
                .init(level: .info, text: "2 errors like '^a' occurred in last 10ns")
            ])
    }

    @Test(arguments: [
        ("^Failed to .+", "Failed to x", true), ("^Failed to .+", " Failed to x", false),
        (".* i/o timeout$", "read udp: i/o timeout", true), ("timeout$", "timeout\n", false),
        ("(?i)TIMEOUT", "timeout", true), ("^\\d$", "\u{0663}", false), ("^.$", "\u{E9}", true), ("", "", true),
        // More work than a match may be: no match, and no wait.
        ("^(a+)+$", String(repeating: "a", count: 64) + "b", false),
    ])
    func matches(_ pattern: String, _ text: String, _ expected: Bool) throws {
        #expect(try RegularExpression(pattern).matches(text) == expected)
    }
}
