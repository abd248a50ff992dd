import Corefile
import Glibc
import LinuxIO
import PluginKit
import Synchronization
import Testing

@testable import Plugins

struct HealthReadyTests {
    @Test func healthAnswers() throws {
        let bench = PluginBench()
        let plugin = try bench.plugin(HealthPlugin.self, "health {\n lameduck 5s\n}")
        #expect("\(plugin.address)" == "[::]:8080")
        #expect(bench.process.admin.addresses == [plugin.address])
        #expect(bench.process.admin.respond(plugin.address, path: "/health") == HTTPResponse(status: 200, text: "OK"))
        #expect(bench.process.admin.respond(plugin.address, path: "/").status == 404)
        #expect(bench.process.lifecycle.lameduck == 5_000_000_000)
        // The longest of several blocks counts.
        _ = try bench.plugin(HealthPlugin.self, "health :8081 {\n lameduck 1s\n}")
        #expect(bench.process.lifecycle.lameduck == 5_000_000_000)
    }

    @Test func theProbeMeasures() throws {
        let bench = PluginBench()
        let metrics = HealthMetrics.of(bench.process)
        #expect(HealthMetrics.of(bench.process) === metrics)
        let clock = bench.clock
        var probe = HealthProbe(
            address: .wildcard(port: 8080), process: bench.process, metrics: metrics,
            request: { address in
                clock.advance(nanoseconds: address.port == 8080 ? 2_500_000 : 1_500_000_000)
                return nil
            })
        #expect("\(probe.target)" == "127.0.0.1:8080")
        probe.check()
        #expect(bench.lines.take().isEmpty)
        probe = HealthProbe(
            address: SocketAddress(ipv4: 0x0A00_0001, port: 81), process: bench.process, metrics: metrics,
            request: probe.request)
        probe.check()
        #expect(
            bench.lines.take() == [
                "[WARNING] plugin/health: Local health request to \"http://10.0.0.1:81/health\" took more than 1s: 1.5s"
            ])
        probe.request = { _ in "connect: Connection refused (ECONNREFUSED)" }
        probe.check()
        #expect(
            bench.lines.take() == [
                "[WARNING] plugin/health: Local health request to \"http://10.0.0.1:81/health\" failed: connect: Connection "
                    + "refused (ECONNREFUSED)"
            ])
        #expect(
            MetricsText.write(bench.process.metrics.all) == """
                # HELP coredns_health_request_duration_seconds Histogram of the time (in seconds) each request took.
                # TYPE coredns_health_request_duration_seconds histogram
                coredns_health_request_duration_seconds_bucket{le="0.00025"} 1
                coredns_health_request_duration_seconds_bucket{le="0.0025"} 2
                coredns_health_request_duration_seconds_bucket{le="0.025"} 2
                coredns_health_request_duration_seconds_bucket{le="0.25"} 2
                coredns_health_request_duration_seconds_bucket{le="2.5"} 3
                coredns_health_request_duration_seconds_bucket{le="+Inf"} 3
                coredns_health_request_duration_seconds_sum 1.5025
                coredns_health_request_duration_seconds_count 3
                # HELP coredns_health_request_failures_total The number of times the health check failed.
                # TYPE coredns_health_request_failures_total counter
                coredns_health_request_failures_total 1

                """)
    }

    /// Over a real connection, to the server that the endpoint has.
    @Test func theProbeAsksOverHTTP() throws {
        let bench = PluginBench()
        let listener = try StreamListener.listen(.loopback(port: 0))
        let address = listener.boundAddress
        let plugin = try bench.plugin(HealthPlugin.self, "health \(address)")
        let loop = try EventLoop()
        let server = HTTPServer(loop: loop) { path, _ in bench.process.admin.respond(plugin.address, path: path) }
        try server.serve(listener)
        let thread = try LinuxIO.Thread.spawn(name: "test") { loop.run() }
        #expect(HealthProbe.get(address) == nil)
        server.close { loop.stop() }
        thread.join()
        // Nobody listens where a listener was.
        let closed = try StreamListener.listen(.loopback(port: 0)).boundAddress
        #expect(HealthProbe.get(closed)?.contains("ECONNREFUSED") == true)
        // Started and stopped, before its first check is due.
        try plugin.start()
        plugin.stop()
    }

    @Test func anIntervalLeavesOutWhatWasMissed() {
        let schedule = IntervalSchedule(interval: 10)
        var runs = 0
        for (now, next, expected) in [(5, 15, 0), (14, 15, 0), (15, 25, 1), (16, 25, 1), (47, 55, 2), (55, 65, 3)] {
            #expect(schedule.run(UInt64(now)) { runs += 1 } == UInt64(next))
            #expect(runs == expected)
        }
    }

    @Test func readyWaitsForPlugins() throws {
        let bench = PluginBench()
        let plugin = try bench.plugin(ReadyPlugin.self, "ready")
        func ask() -> HTTPResponse { bench.process.admin.respond(plugin.address, path: "/ready") }
        #expect("\(plugin.address)" == "[::]:8181")
        #expect(ask() == HTTPResponse(status: 200, text: "OK"))

        let state = Mutex(["kubernetes": false, "erratic": false, "other": true])
        for name in ["other", "kubernetes", "erratic", "kubernetes"] {
            bench.process.lifecycle.addReadiness(name) { state.withLock { $0[name] ?? false } }
        }
        #expect(ask() == HTTPResponse(status: 503, text: "erratic,kubernetes"))
        #expect(bench.lines.take() == ["[INFO] plugin/ready: Plugins not ready: \"erratic,kubernetes\""])
        state.withLock { $0["erratic"] = true }
        #expect(ask().body == Array("kubernetes".utf8))
        // What was ready once is not asked again, unless `monitor continuously` says so.
        state.withLock { $0 = ["kubernetes": true] }
        #expect(ask() == HTTPResponse(status: 200, text: "OK"))
        state.withLock { $0 = [:] }
        #expect(ask().status == 200)
        _ = try bench.plugin(ReadyPlugin.self, "ready {\n monitor continuously\n}")
        #expect(ask() == HTTPResponse(status: 503, text: "erratic,kubernetes,other"))
        state.withLock { $0 = ["kubernetes": true, "erratic": true, "other": true] }
        #expect(ask().status == 200)

        bench.process.lifecycle.isStopping = true
        #expect(ask() == HTTPResponse(status: 503, text: "Shutting down"))
    }
}
