import CCurl
import LinuxIO
import Synchronization

/// A client of one API server: many requests at once on one thread, over libcurl's multi interface.
///
/// One thread uses it; only `wakeUp()` may be called from others. Nothing is under way between two calls of `run`, but
/// what the kernel receives. When the client goes away, its requests and a running credential plugin are ended.
// Unchecked, as handing a client to its thread is the owner's business; what `wakeUp` uses is an atomic and a function of
// libcurl that any thread may call (curl_multi_wakeup(3)).
package final class HTTPClient: @unchecked Sendable {
    /// A request that has not begun.
    private struct Waiting {
        let id: HTTPClientRequestID
        let request: HTTPClientRequest
        /// When `apiserver_qps` first held it up.
        var limitedSince: Int64?
        /// When it was asked for.
        let askedAt: Int64
    }

    /// Is told how requests fare.
    package var observer: (any HTTPClientObserver)?

    private let server: APIServer
    private let limits: RequestLimits
    private let clock: Clock
    private let multi: CurlMulti
    private var bucket: TokenBucket
    private var credentials: CredentialStore
    private var waiting: [Waiting] = []
    private var transfers: [HTTPClientRequestID: CurlTransfer] = [:]
    private var lastNumber: UInt64 = 0
    /// When the rate lets the next request pass.
    private var passesAt: Int64?
    /// When a request last saw no byte for too long: connections older than that are not trusted any more.
    private var suspectedAt: Int64?
    /// The handler of the `run` that is under way.
    private var handler: ((HTTPClientRequestID, HTTPClientEvent) -> Void)?
    private var isPerforming = false
    private var hasDelivered = false
    private let isWoken = Atomic<Bool>(false)

    /// A client of this server. Throws when there is no memory; nothing is connected yet.
    package init(_ server: APIServer, limits: RequestLimits, clock: Clock) throws(HTTPClientFailure) {
        self.server = server
        self.limits = limits
        self.clock = clock
        multi = try CurlMulti()
        credentials = CredentialStore(server)
        bucket = TokenBucket(
            rate: limits.queriesPerSecond, burst: limits.burst, now: Int64(clamping: clock.monotonic()))
    }

    deinit {
        for transfer in transfers.values { multi.remove(transfer) }
    }

    /// The API server's host and port.
    package var host: String { server.url.authority }

    /// Begins a request as soon as the limits allow it; its events come in `run`.
    package func start(_ request: HTTPClientRequest) -> HTTPClientRequestID {
        lastNumber &+= 1
        let id = HTTPClientRequestID(number: lastNumber)
        waiting.append(Waiting(id: id, request: request, askedAt: now()))
        return id
    }

    /// Ends a request; no event of it comes after this. May be called for one that has ended.
    package func cancel(_ id: HTTPClientRequestID) {
        waiting.removeAll { $0.id == id }
        guard let transfer = transfers[id] else { return }
        transfer.isOver = true
        // libcurl refuses to lose a transfer while it works on it; then it is removed right after that.
        if !isPerforming { remove(transfer) }
    }

    /// What the server was shown was refused (401): token files are read again and a credential plugin is run anew when
    /// the next request begins.
    package func refreshCredentials() {
        credentials.refuse()
    }

    /// Ends a `run`, the present one or the next. Any thread may call it.
    package func wakeUp() {
        isWoken.store(true, ordering: .sequentiallyConsistent)
        multi.wakeUp()
    }

    /// Works on the requests and calls `handler` with what happens to them. Returns once it has delivered what there was,
    /// at the deadline (monotonic nanoseconds), or after `wakeUp`.
    ///
    /// The handler may start and cancel requests. It must not call `run`.
    package func run(until deadline: Int64, _ handler: (HTTPClientRequestID, HTTPClientEvent) -> Void) {
        guard self.handler == nil else { return }
        withoutActuallyEscaping(handler) { handler in
            self.handler = handler
            defer { self.handler = nil }
            hasDelivered = false
            while true {
                beginWaiting()
                isPerforming = true
                multi.perform()
                isPerforming = false
                removeOver()
                endTransfers()
                failIdle()
                if isWoken.exchange(false, ordering: .sequentiallyConsistent) || hasDelivered { return }
                let now = now()
                guard now < deadline else { return }
                multi.wait(
                    milliseconds: milliseconds(from: now, to: nextTime(now: now, deadline: deadline)),
                    descriptors: waiting.isEmpty ? [] : credentials.descriptors)
            }
        }
    }

    private func now() -> Int64 {
        Int64(clamping: clock.monotonic())
    }

    private func deliver(_ id: HTTPClientRequestID, _ event: HTTPClientEvent) {
        hasDelivered = true
        handler?(id, event)
    }

    /// When there is something to do without anything arriving, the deadline at the latest.
    private func nextTime(now: Int64, deadline: Int64) -> Int64 {
        var next = deadline
        if let passesAt { next = min(next, passesAt) }
        if !waiting.isEmpty, let time = credentials.deadline(now: now) { next = min(next, time) }
        for transfer in transfers.values {
            if let end = idleEnd(transfer) { next = min(next, end) }
        }
        return next
    }

    /// Whole milliseconds, never less than the time that is left: else the last of it would be spent spinning.
    private func milliseconds(from now: Int64, to time: Int64) -> Int32 {
        let (span, overflow) = time.subtractingReportingOverflow(now)
        let left = Int64(clamping: clock.wait(UInt64(max(0, overflow ? .max : span))))
        return Int32(
            clamping: min(left / 1_000_000 + (left % 1_000_000 > 0 ? 1 : 0), HTTPClientTiming.longestPollMilliseconds))
    }

    // MARK: Beginning

    /// Begins the waiting requests that may begin, in their order.
    private func beginWaiting() {
        passesAt = nil
        guard !waiting.isEmpty else { return }
        let now = now()
        var inFlight = transfers.values.count { $0.status == nil }
        // The handler may cancel and start requests during this, so the list is looked at anew for each.
        for id in waiting.map(\.id) {
            guard let place = waiting.firstIndex(where: { $0.id == id }) else { continue }
            guard limits.maximumInFlight == 0 || inFlight < limits.maximumInFlight else { return }
            let request = waiting[place].request
            // Credentials before the rate: a request that cannot begin yet must not use up its turn.
            switch credentials.current(now: now, wall: clock.wall().seconds) {
            case .waiting:
                return
            case .failed(let failure):
                waiting.remove(at: place)
                let whole = HTTPClientFailure(failure.kind, "\(host): \(failure)")
                observer?.requestEnded(verb: "GET", host: host, status: nil, seconds: 0)
                deliver(id, .failed(whole))
            case .ready(let shown):
                guard passesRate(at: place, now: now) else { continue }
                waiting.remove(at: place)
                begin(id, request, shown, now: now)
                inFlight += 1
            }
        }
    }

    /// Whether the rate lets this request begin. Watches pass, as in client-go: they are few, and long.
    private func passesRate(at place: Int, now: Int64) -> Bool {
        guard !waiting[place].request.isWatch else { return true }
        // Another request is before this one.
        guard passesAt == nil else { return false }
        let wait = bucket.take(now: now)
        guard wait == 0 else {
            passesAt = now &+ wait
            if waiting[place].limitedSince == nil { waiting[place].limitedSince = now }
            return false
        }
        let seconds = waiting[place].limitedSince.map { Self.seconds(from: $0, to: now) } ?? 0
        observer?.rateLimiterPassed(verb: "GET", host: host, seconds: seconds)
        return true
    }

    private func begin(
        _ id: HTTPClientRequestID, _ request: HTTPClientRequest, _ shown: CredentialStore.Credentials, now: Int64
    ) {
        let isSuspect = suspectedAt.map { suspected in
            transfers.values.contains { $0.startedAt < suspected }
        }
        do throws(HTTPClientFailure) {
            let transfer = try CurlTransfer(
                request, id: id, now: now,
                settings: CurlTransfer.Settings(
                    to: server, request: request, shown: shown, wantsNewConnection: isSuspect ?? false,
                    // libcurl counts by the kernel's clock.
                    longestConnectionLife: suspectedAt.map {
                        max(1, Int(clamping: clock.wait(UInt64(max(0, now &- $0))) / 1_000_000_000))
                    }),
                receiver: self)
            guard multi.add(transfer) else { throw HTTPClientFailure(.other, "not enough memory for a request") }
            transfers[id] = transfer
        } catch {
            deliver(id, .failed(HTTPClientFailure(error.kind, "\(host): \(error)")))
        }
    }

    // MARK: Ending

    private func remove(_ transfer: CurlTransfer) {
        multi.remove(transfer)
        transfers[transfer.id] = nil
    }

    /// Removes what was cancelled, or failed, while libcurl worked on it.
    private func removeOver() {
        for transfer in transfers.values where transfer.isOver { remove(transfer) }
    }

    /// Tells of the transfers that libcurl has ended.
    private func endTransfers() {
        while let (handle, code) = multi.nextEnded() {
            guard let transfer = transfers.values.first(where: { $0.handle == handle }) else { continue }
            let failure = code == CURLE_OK ? nil : HTTPClientFailure(code, of: transfer, to: server)
            remove(transfer)
            if let failure {
                fail(transfer, failure)
            } else if transfer.status == nil {
                fail(transfer, HTTPClientFailure(.closed, "\(host): the response has no head"))
            } else {
                if !transfer.request.isWatch { observe(transfer) }
                deliver(transfer.id, .finished)
            }
        }
    }

    /// Fails the transfers whose idle timeout is over (watch.md rule 11: a connection may be dead without saying so).
    private func failIdle() {
        let now = now()
        for transfer in transfers.values {
            guard let end = idleEnd(transfer), now >= end else { continue }
            // Of the requests that time out together, an earlier one's handler may have cancelled this one.
            guard !transfer.isOver else { continue }
            remove(transfer)
            suspectedAt = now
            let seconds = Double((idleTimeout(transfer) ?? 0) / 1_000_000) / 1000
            fail(
                transfer,
                HTTPClientFailure(.idle, "\(host): the API server sent nothing for \(seconds) seconds"))
        }
    }

    private func idleEnd(_ transfer: CurlTransfer) -> Int64? {
        guard let timeout = idleTimeout(transfer) else { return nil }
        let (end, overflow) = transfer.lastByteAt.addingReportingOverflow(timeout)
        return overflow ? nil : end
    }

    /// How long this transfer may be without a byte now.
    private func idleTimeout(_ transfer: CurlTransfer) -> Int64? {
        guard let timeout = transfer.request.idleTimeout else { return nil }
        // A watch may be silent for long, but begins at once. Where it does not, the connection is dead behind a proxy or
        // load balancer, which the kernel's probes do not see; client-go finds out by pings of HTTP/2.
        guard transfer.request.isWatch, transfer.status == nil else { return timeout }
        return min(timeout, HTTPClientTiming.watchHeadNanoseconds)
    }

    private func fail(_ transfer: CurlTransfer, _ failure: HTTPClientFailure) {
        transfer.isOver = true
        if transfer.status == nil || !transfer.request.isWatch { observe(transfer) }
        deliver(transfer.id, .failed(failure))
    }

    private func observe(_ transfer: CurlTransfer) {
        observer?.requestEnded(
            verb: "GET", host: host, status: transfer.status, seconds: Self.seconds(from: transfer.startedAt, to: now())
        )
    }

    private static func seconds(from start: Int64, to end: Int64) -> Double {
        Double(max(0, end &- start)) / 1e9
    }
}

extension HTTPClient: CurlTransfer.Receiver {
    func receive(line: UnsafeRawBufferPointer, of transfer: CurlTransfer) -> Bool {
        guard !transfer.isOver else { return false }
        transfer.lastByteAt = now()
        switch transfer.head.take(line) {
        case .more:
            return true
        case .unusable(let what):
            fail(transfer, HTTPClientFailure(.other, "\(host): the API server sent \(what): check the URL"))
            return false
        case .whole(let head, let location):
            // RFC 9110 section 15.4. An API server answers itself, so this is something else, such as a login page.
            transfer.status = head.status
            if transfer.request.isWatch { observe(transfer) }
            guard !(300..<400).contains(head.status) else {
                let place = location.map { " to \($0.prefix(200))" } ?? ""
                fail(
                    transfer,
                    HTTPClientFailure(
                        .other,
                        "\(host): redirected\(place) (status \(head.status)), which an API server does not do: check the URL"
                    ))
                return false
            }
            deliver(transfer.id, .head(head))
            return !transfer.isOver
        }
    }

    func receive(body: UnsafeRawBufferPointer, of transfer: CurlTransfer) -> Bool {
        guard !transfer.isOver else { return false }
        transfer.lastByteAt = now()
        deliver(transfer.id, .body(body))
        return !transfer.isOver
    }
}
