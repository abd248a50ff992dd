import Glibc
import LinuxIO

/// Clocks, in seconds.
enum ProcessorTime {
    /// Processor time of this thread.
    static var thread: Double { seconds(CLOCK_THREAD_CPUTIME_ID) }

    /// Time since some moment.
    static var wall: Double { Double(Clock.system.monotonic()) / 1e9 }

    /// Processor time of a process, user and system; 0 when it is gone.
    static func process(_ process: pid_t) -> Double {
        var clock = clockid_t()
        guard clock_getcpuclockid(process, &clock) == 0 else { return 0 }
        return seconds(clock)
    }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
