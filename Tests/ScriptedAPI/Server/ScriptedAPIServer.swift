import Glibc
import Synchronization

/// A Kubernetes API server for tests: real sockets, HTTP/1.1 in plain text or TLS, lists and watches of a `ScriptedCluster`,
/// and every fault that a server can have. One thread for each connection; `stop()` ends them all.
package final class ScriptedAPIServer: Sendable {
    struct State {
        var settings = ScriptedSettings()
        var faults = FaultBook()
        var recordings: [Recording]?
        var requests: [ScriptedRequest] = []
        var channels: [Int: Channel] = [:]
        var threads: [Int: WorkerThread] = [:]
        var ended: [Int] = []
        var connections = 0
        var watches = 0
        var stalled = 0
        var faultCount = 0
        var resumes = 0
        var isPaused = false
        var isStopping = false
        var wantsListening = true
        var isListening = true
        var contexts: [ContextKey: ServerContext] = [:]
    }

    struct ContextKey: Hashable {
        let certificate: ScriptedCertificate
        let clients: ScriptedClientCertificates
    }

    /// Requests that are remembered.
    private static let requestLimit = 200_000
    /// How long a change of the listener may take.
    private static let patience: Int64 = 10_000_000_000

    package let cluster: ScriptedCluster
    /// The port, the same one until the end.
    package let port: UInt16
    package let isTLS: Bool
    let state = Monitor(State())
    private let loopback: ScriptedLoopback
    private let acceptWakeup: Wakeup
    private let acceptThread = Mutex<WorkerThread?>(nil)

    /// Starts to listen on a free port.
    ///
    /// Throws when there is no socket, thread or certificate to be had.
    package init(
        _ cluster: ScriptedCluster, tls: Bool = false, on loopback: ScriptedLoopback = .ipv4,
        settings: ScriptedSettings = ScriptedSettings()
    ) throws(ScriptedAPIError) {
        self.cluster = cluster
        self.loopback = loopback
        isTLS = tls
        if tls { _ = try ScriptedCertificates.shared() }
        acceptWakeup = try Wakeup()
        let listener = try Listener(loopback, port: 0)
        port = listener.port
        state.update { $0.settings = settings }
        let thread: WorkerThread
        do {
            thread = try WorkerThread { [self] in accept(listener) }
        } catch {
            listener.close()
            throw error
        }
        acceptThread.withLock { $0 = thread }
    }

    /// `http://127.0.0.1:PORT`, or that of ::1 when there is nothing else.
    package var url: String {
        var host = "127.0.0.1"
        if case .ipv6 = loopback { host = "[::1]" }
        return "\(isTLS ? "https" : "http")://\(host):\(port)"
    }

    /// Ends all connections and threads. Nothing is left when it returns.
    package func stop() {
        state.update { $0.isStopping = true }
        acceptWakeup.signal()
        let thread = acceptThread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        thread?.join()
    }

    // MARK: - Behaviour

    /// How it behaves.
    package var settings: ScriptedSettings {
        get { state.read { $0.settings } }
        set { state.update { $0.settings = newValue } }
    }

    /// Changes settings in one step.
    package func configure(_ body: (inout ScriptedSettings) -> Void) {
        state.update { body(&$0.settings) }
    }

    /// The next requests that match fail so; plans are used up in the order they were made.
    package func fail(_ faults: ScriptedFault..., times: Int = 1, on match: ScriptedRequestMatch = .any) {
        state.update { $0.faults.plan(faults, times: times, match) }
    }

    /// From now on each request that matches fails with this probability, in one of these ways.
    package func fail(
        anyOf choices: [ScriptedFault], probability: Double, seed: UInt64, on match: ScriptedRequestMatch = .any
    ) {
        state.update { $0.faults.plan(anyOf: choices, probability: probability, seed: seed, match) }
    }

    /// The next requests that match get this answer.
    package func answer(_ answer: ScriptedAnswer, times: Int = 1, on match: ScriptedRequestMatch = .any) {
        state.update { $0.faults.plan(answer, times: times, match) }
    }

    /// Nothing fails any more, and no made-up answers are left. Answers under way keep their faults.
    package func clearFaults() {
        state.update { $0.faults.clear() }
    }

    /// Ends all connections that are open now, without goodbye.
    package func disconnectAll() {
        for channel in state.read({ Array($0.channels.values) }) { channel.interrupt() }
    }

    /// Nothing is sent any more, on any connection, until `resume()`.
    package func pause() {
        state.update { $0.isPaused = true }
    }

    /// Goes on after `pause()`, and with everything that stalls.
    package func resume() {
        let channels = state.update { state in
            state.isPaused = false
            state.resumes += 1
            return Array(state.channels.values)
        }
        for channel in channels { channel.wakeup.signal() }
    }

    /// Closes the port: connections are refused. Those that are open stay.
    package func refuseConnections() throws {
        try setListening(false)
    }

    /// Opens the same port again.
    package func acceptConnections() throws {
        try setListening(true)
    }

    private func setListening(_ wanted: Bool) throws {
        state.update { $0.wantsListening = wanted }
        acceptWakeup.signal()
        guard state.wait(until: monotonicNow() + Self.patience, { $0.isListening == wanted || $0.isStopping }) else {
            throw ScriptedAPIError("port \(port) could not be \(wanted ? "opened again" : "closed")")
        }
    }

    /// Answers with recorded bodies, and with 404 what was not recorded.
    ///
    /// - Parameter folder: has `index.tsv`, lines of NAME, a tab, `GET TARGET` and how it was asked, and NAME.body and
    ///   NAME.headers for each.
    package func playRecording(_ folder: String) throws(ScriptedAPIError) {
        let recordings = try Recording.read(folder)
        state.update { $0.recordings = recordings }
    }

    // MARK: - What happened

    /// All requests until now, in the order they came.
    package var requests: [ScriptedRequest] { state.read { $0.requests } }

    /// Forgets the requests.
    package func clearRequests() {
        state.update { $0.requests.removeAll() }
    }

    /// How many faults answers were given until now.
    package var faultCount: Int { state.read { $0.faultCount } }

    /// How many watches are being served.
    package var watchCount: Int { state.read { $0.watches } }

    /// How many connections are open.
    package var connectionCount: Int { state.read { $0.channels.count } }

    /// Waits until so many requests that match have come; false when they have not after the time.
    package func waitForRequests(
        _ count: Int, matching match: ScriptedRequestMatch = .any, milliseconds: Int = 10_000
    ) -> Bool {
        wait(milliseconds) { state in
            state.requests.count >= count && state.requests.lazy.filter(match.matches).count >= count
        }
    }

    /// Waits until exactly so many watches are being served.
    package func waitForWatches(_ count: Int, milliseconds: Int = 10_000) -> Bool {
        wait(milliseconds) { $0.watches == count }
    }

    /// Waits until exactly so many answers stall, or wait because of `pause()`.
    package func waitForStalls(_ count: Int, milliseconds: Int = 10_000) -> Bool {
        wait(milliseconds) { $0.stalled == count }
    }

    /// Waits until exactly so many connections are open.
    package func waitForConnections(_ count: Int, milliseconds: Int = 10_000) -> Bool {
        wait(milliseconds) { $0.channels.count == count }
    }

    private func wait(_ milliseconds: Int, _ isWanted: (State) -> Bool) -> Bool {
        state.wait(until: monotonicNow() + Int64(milliseconds) * 1_000_000, isWanted)
    }

    /// Remembers a request, and says what is to go wrong with it.
    func begin(_ request: ScriptedRequest) -> (settings: ScriptedSettings, faults: FaultSet, answer: ScriptedAnswer?) {
        state.update { state in
            if state.requests.count >= Self.requestLimit { state.requests.removeFirst(Self.requestLimit / 2) }
            state.requests.append(request)
            let list = state.faults.faults(for: request)
            state.faultCount += list.count
            let faults = FaultSet(list, resumes: state.resumes)
            var answer = state.faults.answer(for: request)
            if answer == nil, let recordings = state.recordings {
                answer = Recording.answer(to: request, among: recordings)
            }
            return (state.settings, faults, answer)
        }
    }

    /// Sends nothing until `resume()`, or for some time.
    ///
    /// - Parameter since: how many calls of `resume()` do not count; nil for those until now.
    func stall(_ channel: Channel, milliseconds: Int?, since: Int? = nil) throws(ChannelEnd) {
        let resumes = state.update { state in
            state.stalled += 1
            return since ?? state.resumes
        }
        try hold(channel, milliseconds: milliseconds, since: resumes)
    }

    /// Sends nothing until there have been more than `resumes` calls of `resume()`, or for some time.
    private func hold(_ channel: Channel, milliseconds: Int?, since resumes: Int) throws(ChannelEnd) {
        defer { state.update { $0.stalled -= 1 } }
        let deadline = milliseconds.map { monotonicNow() + Int64($0) * 1_000_000 }
        try channel.pause(until: deadline) { self.state.read { $0.resumes } != resumes }
    }

    func waitWhilePaused(_ channel: Channel) throws(ChannelEnd) {
        // In one step: a `resume()` in between would not be seen.
        let resumes = state.update { state -> Int? in
            guard state.isPaused else { return nil }
            state.stalled += 1
            return state.resumes
        }
        if let resumes { try hold(channel, milliseconds: nil, since: resumes) }
    }
}

// MARK: - Connections

extension ScriptedAPIServer {
    private func accept(_ first: Listener) {
        var listener: Listener? = first
        while true {
            let (isStopping, wantsListening, ended) = state.update { state in
                let ended = state.ended.compactMap { state.threads.removeValue(forKey: $0) }
                state.ended.removeAll()
                return (state.isStopping, state.wantsListening, ended)
            }
            for thread in ended { thread.join() }
            if isStopping { break }
            if !wantsListening, let open = listener {
                open.close()
                listener = nil
                state.update { $0.isListening = false }
            } else if wantsListening, listener == nil {
                listener = try? Listener(loopback, port: port)
                if listener != nil { state.update { $0.isListening = true } }
            }
            var polled = [pollfd(fd: acceptWakeup.descriptor, events: Int16(POLLIN), revents: 0)]
            for descriptor in listener?.descriptors ?? [] {
                polled.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
            }
            // A port that somebody else has now is tried again soon.
            poll(&polled, nfds_t(polled.count), wantsListening && listener == nil ? 20 : -1)
            if polled[0].revents != 0 { acceptWakeup.clear() }
            for entry in polled.dropFirst() where entry.revents != 0 {
                let descriptor = Glibc.accept(entry.fd, nil, nil)
                if descriptor >= 0 { serve(descriptor) }
            }
        }
        listener?.close()
        let (channels, threads) = state.update { state in
            state.isListening = false
            return (Array(state.channels.values), Array(state.threads.values))
        }
        for channel in channels { channel.interrupt() }
        for thread in threads { thread.join() }
        state.update { state in
            state.threads.removeAll()
            state.ended.removeAll()
        }
    }

    private func serve(_ descriptor: Int32) {
        // Without descriptors or threads the client sees the connection closed.
        guard let channel = try? Channel(descriptor: descriptor) else { return }
        let number = state.update { state in
            state.connections += 1
            state.channels[state.connections] = channel
            return state.connections
        }
        let thread = try? WorkerThread { [self] in
            ConnectionWorker(server: self, channel: channel, number: number).run()
            state.update { state in
                state.channels[number] = nil
                state.ended.append(number)
            }
            acceptWakeup.signal()
        }
        state.update { state in
            if let thread { state.threads[number] = thread } else { state.channels[number] = nil }
        }
    }

    /// The TLS context of now; made at the first use of each kind.
    func context() throws(ScriptedAPIError) -> ServerContext {
        let (key, known) = state.read { state in
            let key = ContextKey(certificate: state.settings.certificate, clients: state.settings.clientCertificates)
            return (key, state.contexts[key])
        }
        if let known { return known }
        let context = try ServerContext(key.certificate, clients: key.clients)
        state.update { $0.contexts[key] = context }
        return context
    }
}
