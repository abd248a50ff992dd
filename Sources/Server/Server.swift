import LinuxIO
import PluginKit
import Plugins
import Synchronization

/// A configuration at work: plugins started, sockets open, threads running. Another configuration may take its place while
/// queries are answered.
///
/// `@unchecked Sendable`: `listeners` and `retired` change only with `changing` held.
package final class Server: @unchecked Sendable {
    /// How long answers are waited for at the end, in nanoseconds: those of upstreams, which a query gets within 5 s or not at
    /// all, and those that clients have not taken yet.
    private static let longestDrain = 6 * Clock.second

    private let state: Mutex<State>
    /// Held by whoever starts, reloads or stops.
    let changing = Mutex(())
    /// Workers of each listener's UDP address.
    let workerCount: Int
    /// By the place as the configuration has it.
    var listeners: [ListenerPlan.Place: Listener] = [:]
    /// How the configuration at work answers at each of them.
    var routes: [ListenerPlan.Place: Generation.Routes] = [:]
    /// Those whose place others have taken, or that could not take one, and that queries may wait for still.
    var retired: [Generation] = []

    private struct State {
        /// What is served, or is to be, or was. One that has been replaced is not kept.
        var configuration: Configuration
        var current: Generation?
        /// The one that starts.
        var candidate: Generation?
        var isStopped = false
        var threads: Threads?
        var addresses: [SocketAddress] = []
        var waiting: [WaitingQueries] = []
        /// A field, and no mutex's own value: a closure that is a generic value is wrapped once more by each access.
        var whenRetired: (@Sendable () -> Void)?
    }

    /// What there is one of, for all configurations.
    struct Threads: Sendable {
        let loop: LoopThread
        let admin: AdminService
    }

    /// - Parameters:
    ///   - configuration: what to serve.
    ///   - workerCount: UDP workers for each address; as many as there are processors by default, within the quota of the
    ///     process's control group.
    package init(_ configuration: Configuration, workerCount: Int = ProcessorCount.available()) {
        state = Mutex(State(configuration: configuration))
        self.workerCount = max(1, workerCount)
    }

    /// What is served.
    package var configuration: Configuration { state.withLock { $0.configuration } }

    /// Whether queries are answered: also while plugins are told that everything has started, as `on startup` is.
    package var isServing: Bool { current != nil }

    /// The addresses that are listened at, in the order of the listeners; known once started. Where the configuration says
    /// port 0, the port that the system chose.
    package var addresses: [SocketAddress] { state.withLock { $0.addresses } }

    /// Queries that wait for something: an upstream's answer, say.
    package var waitingQueries: Int { state.withLock { $0.waiting }.reduce(0) { $0 + $1.count } }

    /// Has `body` called, on whatever thread, when a configuration that was replaced can be let go of: by `sweep`.
    package func onRetired(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.whenRetired = body } }

    /// Starts the plugins, opens the sockets and starts the threads.
    ///
    /// - Throws: what could not be started; whatever had been is stopped again.
    package func start() throws(StartError) {
        let outcome = changing.withLock { _ -> Result<Void, StartError> in
            do throws(StartError) {
                let threads = try makeThreads()
                try take(configuration, threads)
                return .success(())
            } catch {
                state.withLock { $0.isStopped = true }
                tearDown()
                return .failure(error)
            }
        }
        try outcome.get()
        current?.tellStarted()
    }

    /// Puts `configuration` in the place of the one that is served. Sockets of addresses that both have, the connections of
    /// clients, and clusters that both watch are carried over; queries that wait are finished by the configuration that has
    /// them. No query is lost.
    ///
    /// - Throws: what could not be started or opened; everything goes on as before then.
    package func reload(_ configuration: Configuration) throws(StartError) {
        let outcome = changing.withLock { _ -> Result<Void, StartError> in
            do throws(StartError) {
                guard let threads = state.withLock({ $0.threads }), current != nil else {
                    throw StartError("the server does not run")
                }
                try take(configuration, threads)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        defer { sweep() }
        try outcome.get()
        current?.tellStarted()
    }

    /// Breaks off a start or a reload that is under way, and allows no other. What is served goes on being served.
    package func forbidReloads() {
        let candidate = state.withLock { state in
            state.isStopped = true
            return state.candidate
        }
        // A start that waits for something waits no longer.
        candidate?.stopPlugins()
    }

    /// Stops what was replaced and has nothing more to do.
    package func sweep() {
        changing.withLock { _ in
            let done = retired.filter(\.hasLeftLoop)
            retired.removeAll(where: \.hasLeftLoop)
            for generation in done { finish(generation) }
            guard !done.isEmpty else { return }
            let waiting = ([current].compactMap { $0 } + retired).map(\.queries)
            state.withLock { $0.waiting = waiting }
        }
    }

    /// Configurations that were replaced and are not gone yet: for tests.
    package var retiredCount: Int { changing.withLock { _ in retired.count } }

    /// Stops answering, closes the sockets, and stops the plugins. May be called more than once, also while the server starts:
    /// then the start is broken off, and takes back what it has done.
    package func stop() {
        forbidReloads()
        let isStarting = state.withLock { $0.current == nil && $0.candidate != nil }
        // The start may be at something that never ends.
        if isStarting { return }
        changing.withLock { _ in tearDown() }
    }

    // MARK: What the parts of a reload have to do with

    var current: Generation? { state.withLock { $0.current } }

    var isStopped: Bool { state.withLock { $0.isStopped } }

    func setCandidate(_ candidate: Generation?) { state.withLock { $0.candidate = candidate } }

    /// Passes the point from which on the candidate is not broken off any more.
    ///
    /// - Throws: where it has been.
    func commit() throws(StartError) {
        let isStopped = state.withLock { state in
            if !state.isStopped { state.candidate = nil }
            return state.isStopped
        }
        if isStopped { throw Self.isEnding }
    }

    static let isEnding = StartError("the server is about to stop")

    /// Makes `generation` the one that is served.
    func setCurrent(_ generation: Generation) {
        let addresses = generation.configuration.listeners.compactMap { listeners[$0.listeningPlace]?.address }
        state.withLock { state in
            state.configuration = generation.configuration
            state.current = generation
            state.addresses = addresses
            state.waiting.append(generation.queries)
        }
    }

    func tellRetired() { state.withLock { $0.whenRetired }?() }

    private func makeThreads() throws(StartError) -> Threads {
        do throws(SystemError) {
            let clock = configuration.process.clock
            let threads = Threads(
                loop: try LoopThread(name: "tcp", clock: clock), admin: try AdminService(clock: clock))
            state.withLock { $0.threads = threads }
            return threads
        } catch {
            throw StartError("\(error)")
        }
    }

    // MARK: The end

    /// Stops everything there is. Accepts nothing more, answers what has come (queries that wait too), closes the connections
    /// and ends the threads.
    private func tearDown() {
        let (generation, threads) = state.withLock { state in
            let running = (state.current, state.threads)
            state.current = nil
            state.threads = nil
            state.addresses = []
            return running
        }
        let generations = retired + [generation].compactMap { $0 }
        retired = []
        for listener in listeners.values { listener.stopWorkers() }
        if let threads { endLoop(threads.loop, generations) }
        listeners = [:]
        routes = [:]
        for generation in generations {
            generation.queries.abandonAll()
            generation.queries.loop.endTurn()
            generation.leave()
            generation.dropWorkerRouters()
        }
        threads?.admin.stop()
        for generation in generations.reversed() { finish(generation) }
        if generations.isEmpty { stopPlugins(of: configuration) }
    }

    private func endLoop(_ thread: LoopThread, _ generations: [Generation]) {
        let loop = thread.loop
        let counter = Drained(listeners.count + generations.count) { loop.stop() }
        loop.execute { _ = loop.schedule(after: Self.longestDrain) { loop.stop() } }
        for generation in generations {
            loop.execute { generation.queries.drain { counter.countDown() } }
        }
        for listener in listeners.values {
            guard let service = listener.service else {
                counter.countDown()
                continue
            }
            service.close { counter.countDown() }
        }
        if listeners.isEmpty, generations.isEmpty { loop.stop() }
        thread.join()
    }

    private func finish(_ generation: Generation) {
        generation.stopPlugins()
        generation.configuration.process.retire()
    }

    private func stopPlugins(of configuration: Configuration) {
        for block in configuration.blocks.reversed() {
            for placed in block.plugins.reversed() { placed.plugin.stop() }
        }
    }

    /// Counts down to the last of several.
    private final class Drained: Sendable {
        private let left: Atomic<Int>
        private let last: @Sendable () -> Void

        init(_ count: Int, _ last: @escaping @Sendable () -> Void) {
            left = Atomic(count)
            self.last = last
        }

        func countDown() {
            if left.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 { last() }
        }
    }
}
