import CCurl

/// Makes requests to one server on an event loop: over HTTP/2 where the server speaks it, many at a time over a connection,
/// else over several connections with HTTP/1.1 (libcurl's multi interface, led by the loop). Nothing blocks, no name is
/// resolved, and connections are kept for the requests that follow.
///
/// Belongs to the loop's thread.
package final class HTTPSClient {
    /// Handles kept that nobody uses: as many as a busy moment has at a time.
    private static let mostSpare = 256

    let loop: EventLoop
    let server: HTTPSServer
    private let limits: HTTPSLimits
    private let fields: HTTPSFields
    private unowned let receiver: any HTTPSReceiver
    // SAFETY: made in `init` and cleaned up in `close`, after every transfer was taken out; nil from then on.
    private var multi: UnsafeMutableRawPointer?
    /// Where a request is that somebody waits for.
    private enum Place {
        case underWay(HTTPSTransfer)
        /// Its number in the queue.
        case waiting(Int)
    }

    private var wanted: [UInt64: Place] = [:]
    /// Requests under way, abandoned ones among them.
    private var underWay: [UnsafeMutableRawPointer: HTTPSTransfer] = [:]
    /// Requests that wait for their turn.
    private var queue = HTTPSQueue()
    private var spare: [HTTPSTransfer] = []
    /// Sockets that the loop watches for libcurl, and for what.
    var sockets: [Int32: EventLoop.Events] = [:]
    private var timer: TimerID?
    /// Why a socket could not be opened since requests ended last.
    var openError: SystemError?
    /// Whether libcurl is at work: it must not be called then. Nothing of this is called from within it but the functions that it
    /// was given, which do not call it.
    private var isInside = false

    /// - Parameters:
    ///   - mediaType: what is posted, and what is wanted.
    ///   - receiver: is not kept, and must outlive the client or its `close`.
    /// - Returns: nil where there is no memory.
    package init?(
        _ server: HTTPSServer, mediaType: String, limits: HTTPSLimits = HTTPSLimits(), loop: EventLoop,
        receiver: any HTTPSReceiver
    ) {
        guard CurlLibrary.problem == nil, let multi = curl_multi_init() else { return nil }
        self.loop = loop
        self.server = server
        self.limits = limits
        self.receiver = receiver
        self.multi = multi
        fields = HTTPSFields(mediaType: mediaType)
        apodns_curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, limits.connections)
        apodns_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, max(1, limits.idleConnections))
        // SAFETY: the context is this object; `close`, which `deinit` calls too, ends the multi before it goes.
        apodns_curl_multi_set_functions(
            multi, Self.watchSocket, Self.setTimer, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { close() }

    /// Whether `close` was called.
    package var isClosed: Bool { multi == nil }

    // MARK: Requests

    /// Begins a request, or has it wait for its turn.
    ///
    /// - Parameter ticket: what the receiver is told with its outcome; no other request that is not ended or abandoned has it.
    /// - Returns: why it cannot be made; nil where its outcome will come.
    package func begin(_ ticket: UInt64, _ request: HTTPSRequest) -> String? {
        guard !isClosed else { return "the client is closed" }
        guard underWay.count >= limits.requestsUnderWay else {
            return start(ticket, request) ? nil : "no memory for a request"
        }
        guard queue.count < limits.requestsWaiting else { return "too many requests wait" }
        wanted[ticket] = .waiting(queue.append(ticket, request))
        return nil
    }

    private func makeTransfer() -> HTTPSTransfer? {
        HTTPSTransfer(server, limits: limits, owner: Unmanaged.passUnretained(self).toOpaque())
    }

    /// False where there is no memory for it.
    private func start(_ ticket: UInt64, _ request: HTTPSRequest) -> Bool {
        guard let multi, let transfer = spare.popLast() ?? makeTransfer(), transfer.prepare(request, fields) else {
            return false
        }
        // The loop leads it on: libcurl asks for a timer.
        guard curl_multi_add_handle(multi, transfer.handle) == CURLM_OK else { return false }
        transfer.ticket = ticket
        underWay[transfer.handle] = transfer
        wanted[ticket] = .underWay(transfer)
        return true
    }

    /// Nobody wants to know about a request any more. Where it is under way it goes on until its time is over: a connection that
    /// is being made, or waits for a response, is of use to the next request.
    package func abandon(_ ticket: UInt64) {
        switch wanted.removeValue(forKey: ticket) {
        case .underWay(let transfer): transfer.ticket = nil
        case .waiting(let number): queue.remove(number)
        case nil: break
        }
    }

    /// Ends all requests, of which nothing is heard any more, and closes all connections.
    package func close() {
        guard let multi, !isInside else { return }
        isInside = true
        for transfer in underWay.values { curl_multi_remove_handle(multi, transfer.handle) }
        // Closes the connections, and has the loop let go of their sockets first.
        curl_multi_cleanup(multi)
        isInside = false
        self.multi = nil
        for descriptor in sockets.keys { loop.unregister(descriptor) }
        sockets = [:]
        setTimer(milliseconds: -1)
        underWay = [:]
        wanted = [:]
        queue = HTTPSQueue()
        spare = []
    }

    /// Requests under way, abandoned ones among them, and waiting: for tests.
    package var requestCount: Int { underWay.count + queue.count }

    // MARK: Leading libcurl on

    /// Has libcurl do what there is to do about a socket, or about time (CURL_SOCKET_TIMEOUT).
    func lead(_ descriptor: Int32, _ events: Int32) {
        guard let multi, !isInside else { return }
        var running: Int32 = 0
        isInside = true
        curl_multi_socket_action(multi, descriptor, events, &running)
        isInside = false
        endTransfers()
    }

    /// Tells of the requests that have ended, and begins those that have waited for that.
    private func endTransfers() {
        guard let multi else { return }
        var ended: [HTTPSTransfer] = []
        var code = CURLE_OK
        while let handle = apodns_curl_multi_ended(multi, &code) {
            guard let transfer = underWay.removeValue(forKey: handle) else { continue }
            curl_multi_remove_handle(multi, handle)
            transfer.code = code
            ended.append(transfer)
        }
        guard !ended.isEmpty else { return }
        startWaiting()
        // libcurl has returned: whoever is told may begin requests, or close the client.
        for transfer in ended {
            guard !isClosed else { return }
            if let isNew = transfer.hasNewConnection { receiver.usedConnection(isNew: isNew) }
            if let ticket = transfer.ticket {
                wanted[ticket] = nil
                transfer.withOutcome(server.peer, openError: openError) { receiver.ended(ticket, $0) }
            }
            transfer.ticket = nil
            if !isClosed, spare.count < Self.mostSpare { spare.append(transfer) }
        }
        openError = nil
    }

    private func startWaiting() {
        while !isClosed, underWay.count < limits.requestsUnderWay, let (ticket, request) = queue.takeFirst() {
            guard !start(ticket, request) else { continue }
            wanted[ticket] = nil
            let failure = HTTPSFailure(description: "no memory for a request", hasLostKeptConnection: false)
            receiver.ended(ticket, .failed(failure))
        }
    }

    // MARK: Time

    /// Has libcurl be led on after so many milliseconds; -1: not at all.
    func setTimer(milliseconds: Int) {
        if let timer { loop.cancel(timer) }
        timer = nil
        guard milliseconds >= 0, !isClosed else { return }
        timer = loop.schedule(after: UInt64(milliseconds) * Clock.millisecond) { [unowned self] in
            timer = nil
            lead(CURL_SOCKET_TIMEOUT, 0)
        }
    }
}
