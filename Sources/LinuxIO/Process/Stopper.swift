import CLinux
import Glibc

/// Lets a thread that does something now and then wait for its next turn, and be told at once that there is none.
package final class Stopper: Sendable {
    private let descriptor: Int32

    package init() {
        descriptor = clinux_eventfd()
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Waits; returns false once `stop` has been called, true when the time is over.
    package func wait(milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // A negative descriptor (none could be had) is ignored by poll, which then only waits.
        return poll(&entry, 1, milliseconds) <= 0
    }

    /// Whether `stop` has been called.
    package var isStopped: Bool { !wait(milliseconds: 0) }

    /// What a wait for something else has ended with.
    package enum Waited: Sendable {
        /// `stop` has been called.
        case stopped
        /// What was waited for is there.
        case ready
        case timeIsOver
    }

    /// Waits until a socket has something to read, or takes something to write, or an error to say.
    package func wait(for socket: ConnectedSocket, toWrite: Bool = false, milliseconds: Int32) -> Waited {
        wait(for: socket.descriptor, Int16(toWrite ? POLLOUT : POLLIN), milliseconds)
    }

    /// Waits until another one has been stopped.
    package func wait(for other: Stopper, milliseconds: Int32) -> Waited {
        wait(for: other.descriptor, Int16(POLLIN), milliseconds)
    }

    private func wait(for other: Int32, _ events: Int16, _ milliseconds: Int32) -> Waited {
        var entries = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0), pollfd(fd: other, events: events, revents: 0),
        ]
        guard poll(&entries, nfds_t(entries.count), milliseconds) > 0 else { return .timeIsOver }
        return entries[0].revents != 0 ? .stopped : .ready
    }

    /// Ends all waits, the present and the coming.
    package func stop() {
        _ = clinux_eventfd_signal(descriptor)
    }
}
