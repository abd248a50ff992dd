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

    /// Lets a write to a closed pipe fail with EPIPE instead of ending the process.
    package static func ignoreBrokenPipes() throws(SystemError) {
        _ = try SystemError.check(clinux_signal_ignore(SIGPIPE), "signal", "SIGPIPE")
    }
}
