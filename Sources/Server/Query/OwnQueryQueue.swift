import LinuxIO
import PluginKit
import Synchronization

/// Takes the questions that plugins ask of their own accord to the event loop's thread.
final class OwnQueryQueue: Sendable {
    /// Most questions that wait to be taken over. What comes beyond is not asked: plugins ask again when they see the next
    /// query for the same name.
    static let mostQueries = 4096

    /// Where questions go: set once, before queries are answered.
    ///
    /// `@unchecked Sendable`: the router is used on the loop's thread only. Its chains have the queue, so the queue must not
    /// keep it.
    private final class Target: @unchecked Sendable {
        private weak let link: Router.Link?

        init(_ router: Router) { link = router.link }

        var router: Router? { link?.router }
    }

    private struct State {
        var queries: [(query: OwnQuery, chain: Int)] = []
        var target: Target?
    }

    private let loop: EventLoop
    private let state = Mutex(State())

    init(loop: EventLoop) { self.loop = loop }

    /// Has questions answered by `router`, which belongs to the loop's thread.
    func serve(with router: Router) {
        let target = Target(router)
        state.withLock { $0.target = target }
    }

    /// Takes a question for the chain at `chain`; any thread may call it.
    func add(_ query: OwnQuery, chain: Int) {
        let count = state.withLock { state -> Int in
            guard state.queries.count < Self.mostQueries else { return 0 }
            state.queries.append((query, chain))
            return state.queries.count
        }
        if count == 0 { return query.ended() }
        // The loop empties the queue whole, so only the first has to wake it.
        if count == 1 { loop.execute { self.drain() } }
    }

    private func drain() {
        let (queries, target) = state.withLock { state in
            defer { state.queries = [] }
            return (state.queries, state.target)
        }
        let router = target?.router
        for (query, chain) in queries {
            if let router { router.start(query, chain: chain) } else { query.ended() }
        }
    }
}
