import Corefile
import LinuxIO
import Synchronization
import Testing

@testable import PluginKit

/// What the blocks of a configuration share.
@Suite struct ProcessTests {
    @Test func logLinesHaveTheirLevel() {
        let journal = JournalOfLines()
        let log = journal.log
        log.debug("not yet")
        log.isDebugging = true
        log.debug("a")
        log.info("b")
        log.warning("c")
        log.error("d")
        #expect(journal.lines == ["[DEBUG] a", "[INFO] b", "[WARNING] c", "[ERROR] d"])
    }

    @Test func endpointsAnswerTheirPaths() {
        let endpoints = AdminEndpoints()
        let (one, two) = (SocketAddress.loopback(port: 8080), SocketAddress.loopback(port: 8181))
        #expect(endpoints.addresses.isEmpty)
        let place = SourceLocation(file: "Corefile", line: 2, column: 5)
        endpoints.add(two, path: "/ready", at: place) { HTTPResponse(status: 503, text: "not yet") }
        endpoints.add(one, path: "/health", at: place) { HTTPResponse(status: 200, text: "OK") }
        endpoints.add(one, path: "/metrics", at: place) { HTTPResponse(status: 200, text: "1") }
        #expect(endpoints.addresses == [one, two])
        #expect(endpoints.respond(one, path: "/health") == HTTPResponse(status: 200, text: "OK"))
        #expect(endpoints.respond(one, path: "/metrics") == HTTPResponse(status: 200, text: "1"))
        #expect(endpoints.respond(two, path: "/ready") == HTTPResponse(status: 503, text: "not yet"))
        let missing = HTTPResponse(status: 404, text: "404 page not found\n")
        #expect(endpoints.respond(two, path: "/health") == missing)
        #expect(endpoints.respond(one, path: "/health/") == missing)
        #expect(endpoints.respond(.loopback(port: 1), path: "/health") == missing)
        // Two blocks with the same directive: the later one answers.
        endpoints.add(one, path: "/health", at: place) { HTTPResponse(status: 200, text: "again") }
        #expect(endpoints.respond(one, path: "/health") == HTTPResponse(status: 200, text: "again"))
        #expect(endpoints.addresses == [one, two])
    }

    @Test func lameduckIsTheLongest() {
        let lifecycle = Lifecycle()
        #expect(lifecycle.lameduck == 0)
        for (set, expected) in [(5, 5), (3, 5), (7, 7), (0, 7)] as [(UInt64, UInt64)] {
            lifecycle.extendLameduck(to: set)
            #expect(lifecycle.lameduck == expected)
        }
        #expect(!lifecycle.isStopping)
        lifecycle.isStopping = true
        #expect(lifecycle.isStopping)
    }

    /// A plugin's readiness that a test sets.
    private final class Switch: Sendable {
        let isOn = Atomic<Bool>(false)
        let asked = Atomic<Int>(0)

        var answer: @Sendable () -> Bool {
            {
                self.asked.wrappingAdd(1, ordering: .relaxed)
                return self.isOn.load(ordering: .relaxed)
            }
        }
    }

    @Test(arguments: [false, true])
    func readinessIsAskedForUntilItIsThere(continuously: Bool) {
        let lifecycle = Lifecycle()
        #expect(lifecycle.pluginsNotReady().isEmpty)
        let (one, two, three) = (Switch(), Switch(), Switch())
        lifecycle.addReadiness("kubernetes", one.answer)
        lifecycle.addReadiness("kubernetes", two.answer)
        lifecycle.addReadiness("autopath", three.answer)
        lifecycle.monitorsContinuously = continuously
        #expect(lifecycle.pluginsNotReady() == ["autopath", "kubernetes"])
        three.isOn.store(true, ordering: .relaxed)
        one.isOn.store(true, ordering: .relaxed)
        #expect(lifecycle.pluginsNotReady() == ["kubernetes"])
        two.isOn.store(true, ordering: .relaxed)
        #expect(lifecycle.pluginsNotReady().isEmpty)
        // Ready once is ready for good, unless the Corefile says otherwise.
        three.isOn.store(false, ordering: .relaxed)
        #expect(lifecycle.pluginsNotReady() == (continuously ? ["autopath"] : []))
        #expect(three.asked.load(ordering: .relaxed) == (continuously ? 4 : 2))
    }

    private final class SharedThing: Sendable {}
    private final class OtherThing: Sendable {}

    @Test func sharedThingsAreMadeOnce() {
        let process = ProcessContext(log: JournalOfLines().log)
        let thing = process.shared { SharedThing() }
        #expect(process.shared { SharedThing() } === thing)
        let other = process.shared { OtherThing() }
        #expect(process.shared { OtherThing() } === other)
        #expect(ProcessContext(log: JournalOfLines().log).shared { SharedThing() } !== thing)
    }

    @Test func metricsOfAllCollectors() {
        let registry = MetricsRegistry()
        registry.register("b_total", help: "first", kind: .counter) { [.init(labels: [("x", "1")], value: 1)] }
        registry.register("a", help: "a", kind: .gauge) { [] }
        registry.register("b_total", help: "second", kind: .gauge) { [.init(labels: [("x", "2")], value: 2)] }
        #expect(registry.all.map(\.name) == ["a", "b_total"])
        let family = registry.all[1]
        #expect(family.help == "first" && family.kind == .counter)
        #expect(family.collect().map(\.value) == [1, 2])
    }

    @Test func histogramsAddUp() {
        let samples = MetricsRegistry.Sample.histogram(
            bounds: [0.00025, 1, 1e6], buckets: [1, 0, 2, 4], sum: 12.5, labels: [("zone", ".")])
        #expect(samples.map(\.suffix) == ["_bucket", "_bucket", "_bucket", "_bucket", "_sum", "_count"])
        #expect(samples.map(\.value) == [1, 1, 3, 7, 12.5, 7])
        #expect(samples.prefix(4).map { $0.labels.last?.1 } == ["0.00025", "1", "1e+06", "+Inf"])
        #expect(samples.allSatisfy { $0.labels.first?.0 == "zone" })
    }

    @Test func intervalsKeepTheirRhythm() {
        let schedule = IntervalSchedule(interval: 10)
        // At a time: how often the work is done, and when it is due next.
        let rows: [(now: UInt64, done: Int, next: UInt64)] = [
            (100, 0, 110), (109, 0, 110), (110, 1, 120), (110, 1, 120), (125, 2, 130), (171, 3, 180), (179, 3, 180),
        ]
        var done = 0
        for row in rows {
            #expect(schedule.run(row.now) { done += 1 } == row.next, "at \(row.now)")
            #expect(done == row.done, "at \(row.now)")
        }
    }
}
