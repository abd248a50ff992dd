import LinuxIO
import Synchronization

@testable import KubernetesAPI

/// A transport without a network: requests are noted, and what the test queued is delivered, one event for each `run`.
/// With nothing to deliver the clock goes on to the deadline; if there is none, `run` returns, or
/// (`blocks`) waits for `wakeUp()`.
final class FakeTransport: WatchTransport {
    struct State {
        var requests: [(id: HTTPClientRequestID, request: HTTPClientRequest)] = []
        var open: Set<HTTPClientRequestID> = []
        var queue: [(HTTPClientRequestID, Event)] = []
        var refreshes = 0
        var cancelled: [HTTPClientRequestID] = []
        var wakeUps = 0
        var runs = 0
        var waits: [Int64] = []
    }

    enum Event: Sendable {
        case head(Int, String)
        case body(String)
        case bytes([UInt8])
        case finished
        case failed(String)
    }

    let state = Mutex(State())
    private let clock: ManualClock
    private let woken = WakeUp()
    /// Set by each request.
    let started = WakeUp()

    private let blocks: Bool

    init(_ clock: ManualClock, blocks: Bool = false) {
        self.clock = clock
        self.blocks = blocks
    }

    func start(_ request: HTTPClientRequest) -> HTTPClientRequestID {
        defer { started.signal() }
        return state.withLock {
            let id = HTTPClientRequestID(number: UInt64($0.requests.count + 1))
            $0.requests.append((id, request))
            $0.open.insert(id)
            return id
        }
    }

    func cancel(_ id: HTTPClientRequestID) {
        state.withLock {
            if $0.open.remove(id) != nil { $0.cancelled.append(id) }
            $0.queue.removeAll { $0.0 == id }
        }
    }

    func refreshCredentials() { state.withLock { $0.refreshes += 1 } }

    func wakeUp() {
        state.withLock { $0.wakeUps += 1 }
        woken.signal()
    }

    func run(until deadline: Int64, _ handler: (HTTPClientRequestID, HTTPClientEvent) -> Void) {
        let next = state.withLock { state -> (HTTPClientRequestID, Event)? in
            state.runs += 1
            return state.queue.isEmpty ? nil : state.queue.removeFirst()
        }
        guard let (id, event) = next else {
            guard deadline < .max else {
                if blocks { woken.wait() }
                return
            }
            let now = Int64(clamping: clock.clock.monotonic())
            state.withLock { $0.waits.append(deadline - now) }
            return clock.advance(nanoseconds: UInt64(max(0, deadline - now)))
        }
        switch event {
        case .head(let status, let type): handler(id, .head(HTTPResponseHead(status: status, contentType: type)))
        case .body(let text): Array(text.utf8).withUnsafeBytes { handler(id, .body($0)) }
        case .bytes(let bytes): bytes.withUnsafeBytes { handler(id, .body($0)) }
        case .finished:
            state.withLock { _ = $0.open.remove(id) }
            handler(id, .finished)
        case .failed(let reason):
            state.withLock { _ = $0.open.remove(id) }
            handler(id, .failed(HTTPClientFailure(.other, reason)))
        }
    }

    /// Queues events for the last request whose path begins so; says whether there is one that is open.
    @discardableResult
    func answer(_ prefix: String, _ events: Event...) -> Bool {
        state.withLock { state in
            guard
                let id = state.requests.last(where: { $0.request.path.hasPrefix(prefix) && state.open.contains($0.id) }
                )?.id
            else { return false }
            state.queue += events.map { (id, $0) }
            return true
        }
    }

    var paths: [String] { state.withLock { $0.requests.map(\.request.path) } }
    var isIdle: Bool { state.withLock { $0.queue.isEmpty } }
}
