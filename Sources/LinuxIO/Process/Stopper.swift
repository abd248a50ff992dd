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

    /// Ends all waits, the present and the coming.
    package func stop() {
        _ = clinux_eventfd_signal(descriptor)
    }
}
