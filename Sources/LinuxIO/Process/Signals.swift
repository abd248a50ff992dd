import CLinux
import Glibc

/// Signals as a thread's input: blocked before any thread starts, then waited for; no handlers.
package enum Signals {
    /// Blocks the signals for this thread and the threads it starts from now on.
    package static func block(_ signals: [Int32]) throws(SystemError) {
        _ = try SystemError.check(clinux_signals_block(signals, signals.count), "pthread_sigmask")
    }

    /// Waits for one of the signals, which must be blocked, and returns it.
    package static func wait(_ signals: [Int32]) throws(SystemError) -> Int32 {
        while true {
            let result = clinux_signals_wait(signals, signals.count)
            if result == 0 &- EINTR { continue }
            return try SystemError.check(result, "sigwait")
        }
    }

    /// Waits for one of the signals, which must be blocked, for so many nanoseconds at most.
    ///
    /// - Returns: the signal; nil when the time is over.
    package static func wait(_ signals: [Int32], nanoseconds: UInt64) -> Int32? {
        let deadline = Clock.system.monotonic() &+ nanoseconds
        while true {
            let now = Clock.system.monotonic()
            let left = deadline > now ? deadline - now : 0
            let result = clinux_signals_wait_for(signals, signals.count, left)
            if result == 0 &- EINTR { continue }
            return result > 0 ? result : nil
        }
    }

    /// Lets a write to a closed pipe fail with EPIPE instead of ending the process.
    package static func ignoreBrokenPipes() throws(SystemError) {
        _ = try SystemError.check(clinux_signal_ignore(SIGPIPE), "signal", "SIGPIPE")
    }
}
