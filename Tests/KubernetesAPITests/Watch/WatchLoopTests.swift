import LinuxIO
import Synchronization
import Testing

@testable import KubernetesAPI

@Suite("watch loop")
struct WatchLoopTests {
    /// A loop over a fake transport, whose turns the test takes.
    private final class Rig {
        let clock = ManualClock()
        let transport: FakeTransport
        let sink = RecordingSink()
        var notices: [WatchNotice] = []
        private(set) var loop: WatchLoop<FakeTransport, FakeBody>?

        init(_ streams: [WatchStream], streaming: Bool = false) {
            transport = FakeTransport(clock)
            var options = WatchOptions()
            options.usesStreamingLists = streaming
            loop = WatchLoop(
                WatchSettings(streams: streams, options: options), transport: transport, body: FakeBody.self,
                sink: sink,
                clock: clock.clock, seed: 7, notice: { [unowned self] in notices.append($0) })
        }

        /// Turns until all that was queued is delivered, and once more if the streams are to ask for something.
        func turn(_ extra: Int = 0) {
            for _ in 0..<1000 where !transport.isIdle { loop?.turn(until: Int64(clamping: clock.clock.monotonic())) }
            for _ in 0..<extra { loop?.turn() }
        }

        /// The first request of each stream, without waiting for anything.
        func start() { loop?.turn(until: Int64(clamping: clock.clock.monotonic())) }

        /// Requests of the last turns.
        var lastPath: String { transport.paths.last ?? "" }
    }

    private let services = "/api/v1/services"
    private let slices = "/apis/discovery.k8s.io/v1/endpointslices"

    @Test("a list, then a watch: the order of calls, and one flush for the bytes that came together")
    func order() {
        let rig = Rig([WatchStream(.services)])
        rig.start()
        #expect(rig.transport.paths == [services + "?limit=500&resourceVersion=0"])
        rig.transport.answer(services, .head(200, "fake"), .body("listed a 1\nlisted b 2\nlis"), .body("ted c 3\n"))
        rig.turn()
        #expect(
            rig.sink.take() == [
                "begin services", "listed a 1", "listed b 2", "activity services", "flush", "listed c 3",
                "activity services", "flush",
            ])
        rig.transport.answer(services, .body("end 9\n"), .finished)
        rig.turn()
        #expect(rig.sink.take() == ["activity services", "flush", "end services", "services synced", "flush"])
        #expect(rig.lastPath.hasPrefix(services + "?watch=true&allowWatchBookmarks=true&timeoutSeconds="))
        #expect(rig.lastPath.hasSuffix("&resourceVersion=9"))
        rig.transport.answer(services, .head(200, "fake"), .body("deleted a 10\nbookmark 12\n"), .body("mod"))
        rig.turn()
        #expect(rig.sink.take() == ["deleted a 10", "activity services", "flush"])
        rig.transport.answer(services, .body("ified b 13\n"))
        rig.turn()
        #expect(rig.sink.take() == ["modified b 13", "activity services", "flush"])
        #expect(rig.notices.isEmpty)
        let requests = rig.transport.state.withLock { $0.requests.map(\.request) }
        #expect(requests.map(\.isWatch) == [false, true])
        #expect(requests.allSatisfy { $0.accept.hasPrefix("application/vnd.kubernetes.protobuf") })
    }

    @Test("what comes after an ERROR event in the same bytes is not taken in")
    func afterError() {
        let rig = Rig([WatchStream(.services)])
        rig.start()
        rig.transport.answer(services, .head(200, "fake"), .body("end 9\n"), .finished)
        rig.turn()
        _ = rig.sink.take()
        rig.transport.answer(services, .head(200, "fake"), .body("added a 10\nstatus 410\nadded b 11\nbookmark 12\n"))
        rig.turn()
        #expect(rig.sink.take() == ["added a 10", "activity services", "flush"])
        #expect(rig.transport.state.withLock { $0.cancelled.count } == 1)
        rig.turn(2)
        #expect(rig.lastPath == services + "?limit=500")
    }

    @Test(
        "a cut frame, garbage, a media type nobody reads: the request ends, and the watch goes on from the last version"
    )
    func broken() {
        for events in [
            [FakeTransport.Event.head(200, "fake"), .body("added a 10\nadded b"), .finished],
            [.head(200, "fake"), .body("added a 10\nGARBAGE\nadded b 11\n")],
            [.head(200, "text/html")], [.failed("the host does not answer")],
        ] {
            let rig = Rig([WatchStream(.services)])
            rig.start()
            rig.transport.answer(services, .head(200, "fake"), .body("end 9\n"), .finished)
            rig.turn()
            let count = rig.transport.paths.count
            for event in events { rig.transport.answer(services, event) }
            rig.turn()
            let lines = rig.sink.take()
            #expect(!lines.contains { $0.contains(" b") })
            #expect(rig.transport.state.withLock { $0.open.isEmpty })
            #expect(rig.transport.paths.count == count)
            rig.turn(2)
            #expect(rig.transport.paths.count == count + 1)
            #expect(rig.lastPath.hasSuffix("&resourceVersion=\(lines.contains("added a 10") ? 10 : 9)"))
        }
    }

    @Test("an error's body: read for its sentence, but neither for ever nor without end, and not when nobody can")
    func errorBodies() {
        for (events, least) in [
            ([FakeTransport.Event.head(429, "fake"), .body("status 429 7\n"), .finished], 7),
            ([.head(503, "text/html"), .body("<html>"), .finished], 0),
            // Objects in place of a Status are none: nothing would sweep them again.
            ([.head(500, "fake"), .body("listed a 1\nunusable b 2\nend 3\n"), .finished], 0),
            ([.head(503, "fake"), .body("GARBAGE\n"), .body("more"), .finished], 0),
            ([.head(500, "text/html")] + Array(repeating: .body(String(repeating: "x", count: 8192)), count: 9), 0),
            ([.head(500, "fake")], 10),
        ] as [([FakeTransport.Event], Int64)] {
            let rig = Rig([WatchStream(.services)])
            rig.start()
            let began = rig.clock.clock.monotonic()
            for event in events { rig.transport.answer(services, event) }
            rig.turn()
            rig.turn(4)
            #expect(rig.transport.paths.count == 2)
            let seconds = Int64((rig.clock.clock.monotonic() - began) / Clock.second)
            #expect(seconds >= least && seconds < least + 6)
            #expect(rig.sink.take() == ["services failing"])
            #expect(rig.notices.map(\.kind) == [.failing])
        }
    }

    @Test("401 refreshes the credentials before the next request")
    func unauthorized() {
        let rig = Rig([WatchStream(.services)])
        rig.start()
        rig.transport.answer(services, .head(401, "fake"), .body("status 401\n"), .finished)
        rig.turn()
        #expect(rig.transport.state.withLock { $0.refreshes } == 1)
        #expect(rig.transport.paths.count == 1)
    }

    @Test("an object that cannot be used is kept, and told of once in ten minutes")
    func unusable() {
        let rig = Rig([WatchStream(.services)])
        rig.start()
        rig.transport.answer(
            services, .head(200, "fake"), .body("unusable a 1\nunusable b 2\nlisted c 3\nend 9\n"), .finished)
        rig.turn()
        #expect(rig.sink.take().prefix(4) == ["begin services", "keep a", "keep b", "listed c 3"])
        #expect(
            rig.notices.map(\.description) == [
                "services: Service ns/a cannot be used and is left as it was: no address"
            ])
        rig.transport.answer(services, .head(200, "fake"))
        rig.turn()
        rig.clock.advance(nanoseconds: 601 * Clock.second)
        rig.transport.answer(services, .body("unusable a 12\n"))
        rig.turn()
        #expect(rig.notices.count == 2 && rig.notices[1].message.hasSuffix("(and 1 more since the last such line)"))
    }

    @Test("streams do not wait for each other: one that floods, one that is forbidden, one that comes through")
    func fairness() {
        let rig = Rig(
            [
                WatchStream(.services), WatchStream(.endpointSlices), WatchStream(.pods, namespace: "a"),
                WatchStream(.namespaces, namespace: "a"),
            ], streaming: true)
        rig.start()
        #expect(rig.transport.paths.count == 4)
        for number in 0..<200 {
            rig.transport.answer(services, .body("added s\(number) \(number)\n"))
            if number == 0 { rig.transport.answer(services, .head(200, "fake")) }
            if number == 20 { rig.transport.answer(slices, .head(200, "fake"), .body("added e 1\ncomplete 300\n")) }
            if number == 40 { rig.transport.answer("/api/v1/namespaces/a/pods", .head(403, "fake"), .finished) }
            if number == 60 { rig.transport.answer("/api/v1/namespaces?", .head(403, "fake"), .finished) }
        }
        rig.turn()
        let lines = rig.sink.take()
        #expect(lines.filter { $0 == "endpointslices synced" }.count == 1)
        #expect(lines.contains("pods in namespace \"a\" forbidden"))
        #expect(lines.contains("namespace \"a\" forbidden"))
        #expect(!lines.contains("services synced") && lines.contains("added s199 199"))
        #expect(rig.notices.map(\.stream.resource) == [.pods])
        // While the flood goes on, the forbidden one is tried again when its time has come.
        let pods = rig.transport.paths.filter { $0.contains("/pods") }.count
        rig.clock.advance(nanoseconds: 61 * Clock.second)
        rig.transport.answer(services, .body("added x 1\n"), .body("added y 2\n"))
        rig.turn()
        #expect(rig.transport.paths.filter { $0.contains("/pods") }.count == pods + 1)
        #expect(rig.transport.paths.filter { $0.contains("metadata.name") }.count == 1)
    }

    @Test("the clock's deadlines are the machines'")
    func deadlines() {
        let rig = Rig([WatchStream(.services), WatchStream(.endpointSlices)])
        rig.start()
        rig.transport.answer(services, .failed("x"))
        rig.turn()
        rig.turn(2)
        let waits = rig.transport.state.withLock { $0.waits }.filter { $0 > 0 }
        #expect(waits.count == 1 && waits[0] >= 800_000_000 && waits[0] < 1_600_000_000)
        #expect(rig.transport.paths.filter { $0.hasPrefix(services) }.count == 2)
    }

    @Test("an end gives up all requests")
    func end() {
        let rig = Rig([WatchStream(.services), WatchStream(.endpointSlices)])
        rig.start()
        rig.loop?.end()
        #expect(rig.transport.state.withLock { $0.open.isEmpty && $0.cancelled.count == 2 })
    }
}
