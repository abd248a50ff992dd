import Glibc

/// Accepts a listener's connections on an event loop, also when the process runs out of descriptors.
///
/// Belongs to the loop's thread.
final class StreamAcceptor {
    /// Connections taken in one go, so that a flood of them does not keep those that are open waiting.
    static let acceptsPerTurn = 64
    /// How long accepting rests when there is no descriptor left and nothing to close: the listener would stay readable
    /// and the loop would spin.
    static let exhaustedPause = 100 * Clock.millisecond

    private let listener: StreamListener
    private let loop: EventLoop
    /// Takes over a connection, which is non-blocking.
    private let take: (StreamSocket, SocketAddress) -> Void
    /// Closes a connection that can be spared; false when there is none.
    private let spare: () -> Bool
    private var pause: TimerID?
    private var isOpen = true

    /// Starts accepting.
    init(
        listener: StreamListener, loop: EventLoop, take: @escaping (StreamSocket, SocketAddress) -> Void,
        spare: @escaping () -> Bool
    ) throws(SystemError) {
        self.listener = listener
        self.loop = loop
        self.take = take
        self.spare = spare
        try loop.register(listener.descriptor, .readable) { [weak self] _ in self?.acceptWaiting() }
    }

    /// Ends accepting. The listener closes with its last reference.
    func close() {
        guard isOpen else { return }
        isOpen = false
        if let pause { loop.cancel(pause) }
        pause = nil
        loop.unregister(listener.descriptor)
    }

    private func acceptWaiting() {
        for _ in 0..<Self.acceptsPerTurn {
            guard isOpen else { return }
            switch listener.accept() {
            case .connection(let socket, let client): take(socket, client)
            case .retry: continue
            case .none: return
            case .failed(let code):
                // accept(2): these pass only when something is closed.
                if code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM, spare() { continue }
                rest()
                return
            }
        }
    }

    private func rest() {
        do throws(SystemError) {
            try loop.modify(listener.descriptor, [])
        } catch {
            return
        }
        pause = loop.schedule(after: Self.exhaustedPause) { [weak self] in
            guard let self, self.isOpen else { return }
            self.pause = nil
            // Interest in a registered descriptor can be changed without memory, so this does not fail.
            try? self.loop.modify(self.listener.descriptor, .readable)
        }
    }
}
