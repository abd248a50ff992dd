import LinuxIO
import PluginKit

/// Serves TCP for all listeners on one thread: each listener has a router of its own, which only that thread uses.
///
/// `@unchecked Sendable`: what is not thread-safe is touched by the loop's thread only, and by `init` before that runs.
final class StreamService: @unchecked Sendable {
    private let loop: EventLoop
    private var servers: [LengthPrefixedServer] = []
    private let thread: Thread

    /// Binds nothing: `listeners` are open already.
    ///
    /// - Parameter makeRouter: called for each listener, on the calling thread.
    init(
        _ listeners: [(StreamListener, ListenerPlan)], clock: Clock, makeRouter: (ListenerPlan) -> Router
    ) throws(SystemError) {
        let loop = try EventLoop(clock: clock)
        self.loop = loop
        for (listener, plan) in listeners {
            let router = makeRouter(plan)
            let server = LengthPrefixedServer(loop: loop) { frame, length, client, local in
                router.beginBatch(clock.monotonic())
                let answer = router.answer(
                    frame, length: length, capacity: LengthPrefixedServer.maximumFrame, client: client, local: local)
                router.endBatch(clock.monotonic())
                return answer
            }
            try server.serve(listener)
            servers.append(server)
        }
        thread = try Thread.spawn(name: "tcp") { loop.run() }
    }

    /// Answers what has come, closes the connections and ends the thread.
    func stop() {
        for server in servers { server.close() }
        loop.execute { [loop] in loop.stop() }
        thread.join()
    }
}
