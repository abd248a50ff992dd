import Testing

@testable import Plugins

struct CacheOptionsTests {
    private static func options(_ change: (inout CacheOptions) -> Void) -> CacheOptions {
        var options = CacheOptions()
        options.zones = ["."]
        change(&options)
        return options
    }

    private static let second: UInt64 = 1_000_000_000

    @Test(arguments: [
        ("cache", options { _ in }),
        ("cache {\n}", options { _ in }),
        (
            "cache 30",
            options {
                $0.success.longestTTL = 30
                $0.denial.longestTTL = 30
            }
        ),
        (
            "cache 25 Example.NL sub.example.nl {\n success 10\n denial 10 15 2\n}",
            options {
                $0.zones = ["example.nl.", "sub.example.nl."]
                $0.success = CacheOptions.Bounds(capacity: 10, longestTTL: 25)
                $0.denial = CacheOptions.Bounds(capacity: 10, longestTTL: 15, shortestTTL: 2)
            }
        ),
        ("cache 10.0.0.0/24", options { $0.zones = ["0.0.10.in-addr.arpa."] }),
        ("cache 3600s", options { $0.zones = ["3600s."] }),
        (
            "cache {\n success 9984 20 10\n}",
            options { $0.success = .init(capacity: 9984, longestTTL: 20, shortestTTL: 10) }
        ),
        ("cache {\n prefetch 10\n}", options { $0.prefetchAmount = 10 }),
        (
            "cache {\n prefetch 10 2m 20%\n}",
            options {
                $0.prefetchAmount = 10
                $0.prefetchSpan = 120 * second
                $0.prefetchPercentage = 20
            }
        ),
        ("cache {\n serve_stale\n}", options { $0.stale = .init() }),
        ("cache {\n serve_stale 20m\n}", options { $0.stale = .init(longest: 1200) }),
        ("cache {\n serve_stale 0 VERIFY\n}", options { $0.stale = .init(longest: 0, verifies: true) }),
        (
            "cache {\n serve_stale 1h immediate 30s 5m\n}",
            options { $0.stale = .init(responseTTL: 30, failureRecheck: 300 * second) }
        ),
        (
            "cache {\n serve_stale 1h immediate 4294967295s\n}",
            options { $0.stale = .init(responseTTL: 4_294_967_295) }
        ),
        (
            "cache {\n serve_stale 1h verify 100ms 30s 30s\n serve_stale_policy prefer_positive\n}",
            options {
                $0.stale = .init(
                    verifies: true, verifyTimeout: second / 10, responseTTL: 30, failureRecheck: 30 * second)
                $0.prefersPositive = true
            }
        ),
        ("cache {\n servfail 0\n}", options { $0.failureTTL = 0 }),
        ("cache {\n servfail 5m\n}", options { $0.failureTTL = 300 }),
        (
            "cache {\n disable denial sub.example.org\n disable success\n keepttl\n}",
            options {
                $0.denialExceptions = ["sub.example.org."]
                $0.successExceptions = ["."]
                $0.keepsTTL = true
            }
        ),
    ])
    func reads(_ text: String, _ expected: CacheOptions) throws {
        let plugin = try PluginBench().plugin(CachePlugin.self, text)
        #expect(plugin.options == expected)
    }

    @Test(arguments: [
        ("cache 0", "Corefile:2:7: '0' found, expected a whole number from 1 to 2147483647"),
        ("cache -1 example.nl", "Corefile:2:7: '-1' found, expected a whole number from 1 to 2147483647"),
        ("cache\ncache", "Corefile:3:1: plugin/cache: this plugin can only be used once per Server Block"),
        ("cache {\n success\n}", "Corefile:3:2: 'success' has no argument, expected 1 to 3 arguments"),
        ("cache {\n denial aaa\n}", "Corefile:3:9: 'aaa' found, expected a whole number from 0 to 2147483647"),
        ("cache {\n success 10 0\n}", "Corefile:3:13: '0' found, expected a whole number from 1 to 2147483647"),
        ("cache {\n success 10 5 -1\n}", "Corefile:3:15: '-1' found, expected a whole number from 0 to 2147483647"),
        (
            "cache {\n positive 15\n}",
            "Corefile:3:2: unknown property 'positive' of 'cache', expected one of success, denial, prefetch, "
                + "serve_stale, serve_stale_policy, servfail, disable, keepttl"
        ),
        ("cache {\n prefetch -1\n}", "Corefile:3:11: '-1' found, expected a whole number from 0 to 2147483647"),
        (
            "cache {\n prefetch 0 blurp\n}",
            "Corefile:3:13: 'blurp' is not a duration: no number, expected a form such as 5s or 1h30m"
        ),
        (
            "cache {\n prefetch 1 1m 5%\n}",
            "Corefile:3:16: plugin/cache: '5%' found, expected a percentage from 10% to 90%"
        ),
        (
            "cache {\n prefetch 1 1m 20\n}",
            "Corefile:3:16: plugin/cache: '20' found, expected a percentage from 10% to 90%"
        ),
        (
            "cache {\n serve_stale -20m\n}",
            "Corefile:3:14: plugin/cache: invalid negative duration '-20m' for serve_stale, expected 0s or more"
        ),
        (
            "cache {\n serve_stale 1m nono\n}",
            "Corefile:3:17: plugin/cache: invalid value for serve_stale refresh mode: 'nono', expected immediate or verify"
        ),
        (
            "cache {\n serve_stale 1m immediate 1500ms\n}",
            "Corefile:3:27: plugin/cache: serve_stale response TTL '1500ms' found, expected whole seconds up to 4294967295s"
        ),
        (
            "cache {\n serve_stale 1m immediate 30s 6m\n}",
            "Corefile:3:31: plugin/cache: serve_stale failure recheck cannot exceed 5 minutes, '6m' found"
        ),
        (
            "cache {\n serve_stale 1m immediate 30s 5m 1s\n}",
            "Corefile:3:34: plugin/cache: unexpected argument '1s' of serve_stale"
        ),
        (
            "cache {\n serve_stale_policy prefer_positive\n}",
            "Corefile:3:2: plugin/cache: serve_stale_policy requires serve_stale"
        ),
        (
            "cache {\n serve_stale\n serve_stale_policy nono\n}",
            "Corefile:4:21: plugin/cache: invalid serve_stale_policy: 'nono', expected prefer_positive"
        ),
        (
            "cache {\n servfail 301s\n}",
            "Corefile:3:11: plugin/cache: caching SERVFAIL responses over 5 minutes is not permitted, '301s' found"
        ),
        (
            "cache {\n servfail -1s\n}",
            "Corefile:3:11: plugin/cache: invalid negative duration '-1s' for servfail, expected 0s or more"
        ),
        (
            "cache {\n disable both\n}",
            "Corefile:3:10: plugin/cache: 'both' found, cache type for disable must be success or denial"
        ),
        ("cache {\n keepttl yes\n}", "Corefile:3:10: Unexpected argument 'yes' of 'keepttl', expected none"),
    ])
    func refuses(_ text: String, _ error: String) {
        #expect(PluginBench().failure(CachePlugin.self, text) == error)
    }

    @Test func warnsOfATTLWithAUnit() throws {
        let bench = PluginBench()
        _ = try bench.plugin(CachePlugin.self, "cache 3600s")
        #expect(
            bench.lines.all == [
                "[WARNING] Corefile:2:7: plugin/cache: '3600s' is taken for a zone, as CoreDNS does; a TTL has no unit"
            ])
    }
}
