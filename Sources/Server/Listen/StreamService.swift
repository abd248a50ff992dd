import LinuxIO
import PluginKit
import Synchronization

/// Serves one TCP listener on the event loop, over TLS or not, with a router that may be replaced between two queries.
///
/// `@unchecked Sendable`: belongs to the loop's thread, but for `close`.
final class StreamService: @unchecked Sendable {
    private let server: LengthPrefixedServer
    private let current: Current

    /// What queries are answered with. The loop's own.
    private final class Current {
        var router: Router

        init(_ router: Router) { self.router = router }
    }

    /// Serves nothing before `serve`.
    init(loop: EventLoop, limits: LengthPrefixedLimits, tls: TLSContext?, clock: Clock, router: Router) {
        let current = Current(router)
        self.current = current
        server = LengthPrefixedServer(loop: loop, limits: limits) { frame, length, client, local in
            let router = current.router
            router.beginBatch(clock.monotonic())
            let answer = router.answer(
                frame, length: length, capacity: LengthPrefixedServer.maximumFrame, client: client, local: local)
            router.endBatch(clock.monotonic())
            return answer
        }
        server.tls = tls
        prepare(router, clock)
    }

    /// Serves the connections of `listener`.
    func serve(_ listener: StreamListener) throws(SystemError) { try server.serve(listener) }

    /// Has the queries from now on answered by another router, also those of connections that are open; new connections get
    /// another certificate.
    func replace(_ router: Router, limits: LengthPrefixedLimits, tls: TLSContext?, clock: Clock) {
        prepare(router, clock)
        current.router = router
        server.limits = limits
        server.tls = tls
    }

    /// Queries that wait get their answers through this server, whoever is the router by then.
    private func prepare(_ router: Router, _ clock: Clock) {
        router.park = { [unowned router, weak server] request, heldBy, client, local in
            guard let server, let reply = server.takeReply() else { return }
            router.startWaiting(
                request, heldBy: heldBy, client: client, local: local, startedAt: clock.monotonic()
            ) {
                [weak server] response, _ in
                server?.reply(reply, response)
            }
        }
    }

    /// Accepts nothing more, answers what has come, and closes the connections; then calls `done` on the loop's thread. Any
    /// thread may call it.
    func close(_ done: @Sendable @escaping () -> Void = {}) { server.close(done) }
}
