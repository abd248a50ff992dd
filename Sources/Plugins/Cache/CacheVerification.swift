import LinuxIO
import PluginKit

/// A client's query that has an expired answer, and waits a while for a better one (`serve_stale ... verify TIMEOUT`).
///
/// `@unchecked Sendable`: belongs to the event loop's thread.
final class CacheVerification: @unchecked Sendable {
    private let chain: CacheChain
    /// Kept by the chain that the exchange waits in.
    private let step: UnsafeMutablePointer<CacheStep>
    private let waiting: WaitingExchange
    private let refresh: CacheRefresh
    private var timer: TimerID?
    /// Whether the client has been answered.
    private var isDone = false
    /// Whether the source has had its say.
    private(set) var isOver = false

    init(
        _ chain: CacheChain, _ step: UnsafeMutablePointer<CacheStep>, _ waiting: WaitingExchange,
        _ refresh: CacheRefresh
    ) {
        self.chain = chain
        self.step = step
        self.waiting = waiting
        self.refresh = refresh
    }

    /// Begins to wait for at most `timeout` nanoseconds.
    func start(_ loop: EventLoop, timeout: UInt64) {
        timer = loop.schedule(after: timeout) { self.settle() }
    }

    /// The source has answered, or will not.
    func end() {
        isOver = true
        // Before `start`, whoever calls it sees to the client.
        guard let timer else { return }
        if chain.loop?.cancel(timer) == true { settle() }
    }

    private func settle() {
        guard !isDone else { return }
        isDone = true
        let exchange = waiting.exchange
        if let answer = refresh.answer {
            CacheStep.give(step, exchange, answer, Int(answer.pointee.ttl))
            waiting.resume(.answered)
        } else {
            // An expired answer may have been evicted meanwhile.
            waiting.resume(chain.giveStale(step, exchange) ? .answered : .next)
        }
    }
}
