import LinuxIO
import Synchronization
import Testing

@testable import KubernetesAPI

@Suite("cluster watcher")
struct ClusterWatcherTests {
    private func watcher(_ transport: FakeTransport, _ sink: RecordingSink, _ clock: ManualClock) -> ClusterWatcher {
        var options = WatchOptions()
        options.usesStreamingLists = false
        return ClusterWatcher(
            WatchSettings(streams: [WatchStream(.services)], options: options), transport: transport,
            body: FakeBody.self,
            sink: sink, clock: clock.clock, seed: 1, notice: { _ in })
    }

    @Test("start and stop: a thread, woken, joined, its requests given up; a second stop and a late start do nothing")
    func startAndStop() throws {
        let clock = ManualClock()
        let transport = FakeTransport(clock, blocks: true)
        let sink = RecordingSink()
        let watcher = watcher(transport, sink, clock)
        try watcher.start()
        try watcher.start()
        #expect(transport.started.wait())
        #expect(transport.answer("/api/v1/services", .head(200, "fake"), .body("listed a 1\n")))
        transport.wakeUp()
        #expect(sink.called.wait())
        watcher.stop()
        watcher.stop()
        #expect(sink.take().first == "begin services")
        #expect(transport.state.withLock { $0.open.isEmpty && $0.cancelled.count == 1 && $0.requests.count == 1 })
        try watcher.start()
        #expect(transport.state.withLock { $0.requests.count } == 1)
    }

    @Test("a stop before the start is one")
    func stopFirst() throws {
        let clock = ManualClock()
        let transport = FakeTransport(clock, blocks: true)
        let watcher = watcher(transport, RecordingSink(), clock)
        watcher.stop()
        try watcher.start()
        #expect(transport.state.withLock { $0.requests.isEmpty })
    }
}
