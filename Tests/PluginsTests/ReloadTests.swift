import LinuxIO
import PluginKit
import Testing

@testable import Plugins

/// What `reload` says, and what the process makes of it.
struct ReloadTests {
    private static let second = Clock.second

    static let rows: [(text: String, interval: ReloadInterval?)] = [
        ("reload", ReloadInterval(interval: 30 * second, jitter: 15 * second)),
        ("reload 10s", ReloadInterval(interval: 10 * second, jitter: 5 * second)),
        ("reload 2s", ReloadInterval(interval: 2 * second, jitter: second)),
        ("reload 10s 0s", ReloadInterval(interval: 10 * second, jitter: 0)),
        ("reload 10s 1s", ReloadInterval(interval: 10 * second, jitter: second)),
        ("reload 1m 50s", ReloadInterval(interval: 60 * second, jitter: 30 * second)),
        ("reload off", nil),
        ("whoami", nil),
    ]

    @Test(arguments: rows.indices) func options(_ row: Int) throws {
        let bench = PluginBench()
        if Self.rows[row].text.hasPrefix("reload") { _ = try bench.plugin(ReloadPlugin.self, Self.rows[row].text) }
        #expect(bench.process.reloadInterval == Self.rows[row].interval)
    }

    /// CoreDNS: of several blocks the last one counts.
    @Test func theLastBlockCounts() throws {
        let bench = PluginBench()
        _ = try bench.plugin(ReloadPlugin.self, "reload 10s")
        _ = try bench.plugin(ReloadPlugin.self, "reload 20s 0s")
        #expect(bench.process.reloadInterval == ReloadInterval(interval: 20 * Self.second, jitter: 0))
    }

    /// CoreDNS: half of the jitter more or less.
    @Test func theJitterIsDrawn() {
        var random = FastRandom(seed: 1)
        let interval = ReloadInterval(interval: 30 * Self.second, jitter: 15 * Self.second)
        let drawn = (0..<1000).map { _ in interval.drawn(&random) }
        let (least, most) = (drawn.min() ?? 0, drawn.max() ?? 0)
        #expect(least >= 22_500_000_000 && least < 23_000_000_000)
        #expect(most < 37_500_000_000 && most > 37_000_000_000)
        let exact = ReloadInterval(interval: 5 * Self.second, jitter: 0)
        #expect(exact.drawn(&random) == 5 * Self.second)
    }

    @Test func metrics() throws {
        let bench = PluginBench()
        let metrics = ReloadMetrics.of(bench.process)
        func samples(_ name: String) -> [MetricsRegistry.Sample] {
            bench.process.metrics.all.first { $0.name == name }?.collect() ?? []
        }
        #expect(samples("coredns_reload_failed_total").map(\.value) == [0])
        #expect(samples("coredns_reload_version_info").isEmpty)
        metrics.countFailure()
        metrics.setRunning("aa")
        metrics.setRunning("bb")
        // The same ones for a configuration that takes the place of another.
        ReloadMetrics.of(ProcessContext(succeeding: bench.process)).countFailure()
        #expect(samples("coredns_reload_failed_total").map(\.value) == [2])
        let info = samples("coredns_reload_version_info")
        #expect(info.map(\.value) == [1])
        #expect(info.first?.labels.map { "\($0.0)=\($0.1)" } == ["hash=sha512", "value=bb"])
    }

    /// What a configuration shares with the one whose place it takes, and what it does not.
    @Test func contexts() {
        final class Shared: Sendable {}
        final class Own: Sendable {}
        let old = PluginBench().process
        old.lifecycle.extendLameduck(to: 5)
        old.lifecycle.monitorsContinuously = true
        old.reloadInterval = ReloadInterval(interval: 1, jitter: 0)
        old.lifecycle.addReadiness("kubernetes") { false }
        let (shared, own) = (old.shared { Shared() }, old.configured { Own() })
        let new = ProcessContext(succeeding: old)
        #expect(new.shared { Shared() } === shared)
        #expect(new.configured { Own() } !== own)
        #expect(new.metrics === old.metrics && new.log === old.log)
        #expect(new.isReload && !old.isReload)
        #expect(new.lifecycle.lameduck == 0 && !new.lifecycle.monitorsContinuously && new.reloadInterval == nil)
        #expect(new.lifecycle.pluginsNotReady() == [] && old.lifecycle.pluginsNotReady() == ["kubernetes"])
        #expect(new.admin.addresses == [])
        new.lifecycle.isStopping = true
        #expect(old.lifecycle.isStopping)
        old.retire()
        #expect(old.lifecycle.pluginsNotReady() == [])
        #expect(old.configured { Own() } !== own)
        #expect(old.shared { Shared() } === shared)
    }
}
