import LinuxIO
import PluginKit
import Synchronization

/// Serves TCP, and TLS over it, for all listeners on one thread: each listener has a router of its own, which only that thread uses.
///
/// `@unchecked Sendable`: what is not thread-safe is touched by the loop's thread only, and before that runs by the thread
/// that makes the service.
final class StreamService: @unchecked Sendable {
    /// How long answers that clients have not taken yet are waited for at the end, in nanoseconds.
    private static let longestDrain = 2 * Clock.second

    private let loop: EventLoop
    private let queries: WaitingQueries
    private let servers: [LengthPrefixedServer]
    private let thread = Mutex<Thread?>(nil)

    /// Opens nothing: `listeners` are open already. Nothing is served before `start`.
    ///
    /// - Parameter makeRouter: called for each listener, on the calling thread; the router is to belong to the loop.
    init(
        _ listeners: [(StreamListener, ListenerPlan)], clock: Clock, queries: WaitingQueries,
        makeRouter: (ListenerPlan) -> Router
    ) throws(SystemError) {
        loop = queries.loop
        self.queries = queries
        var servers: [LengthPrefixedServer] = []
        for (listener, plan) in listeners {
            let router = makeRouter(plan)
            let server = LengthPrefixedServer(loop: loop, limits: plan.streamLimits) { frame, length, client, local in
                router.beginBatch(clock.monotonic())
                let answer = router.answer(
                    frame, length: length, capacity: LengthPrefixedServer.maximumFrame, client: client, local: local)
                router.endBatch(clock.monotonic())
                return answer
            }
            router.park = { [unowned router, weak server] request, client, local in
                guard let server, let reply = server.takeReply() else { return }
                router.startWaiting(request, client: client, local: local, startedAt: clock.monotonic()) {
                    [weak server] response, _ in
                    server?.reply(reply, response)
                }
            }
            try server.serve(listener, tls: plan.tls)
            servers.append(server)
        }
        self.servers = servers
    }

    /// Starts the thread.
    func start() throws(SystemError) {
        let loop = loop
        let started = try Thread.spawn(name: "tcp") { loop.run() }
        thread.withLock { $0 = started }
    }

    /// Accepts nothing more, answers what has come (queries over UDP that wait here too), closes the connections and ends the
    /// thread.
    func stop() {
        guard let running = thread.withLock({ $0 }) else { return loop.forgetAll() }
        let loop = loop
        loop.execute { _ = loop.schedule(after: Self.longestDrain) { loop.stop() } }
        let counter = Drained(servers.count + 1)
        loop.execute { self.queries.drain { if counter.isLast() { loop.stop() } } }
        for server in servers {
            server.close { if counter.isLast() { loop.stop() } }
        }
        running.join()
        // Handlers hold servers, which hold the loop: only this takes them apart.
        loop.forgetAll()
        queries.abandonAll()
        loop.endTurn()
    }

    /// Counts down to the last of several.
    private final class Drained: Sendable {
        private let left: Atomic<Int>

        init(_ count: Int) { left = Atomic(count) }

        func isLast() -> Bool { left.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 }
    }
}
