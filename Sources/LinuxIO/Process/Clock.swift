import Glibc

/// Where time comes from, so that a test can be its own clock.
package struct Clock: Sendable {
    /// A moment of the calendar: seconds and nanoseconds since 1970-01-01 UTC.
    package struct Wall: Hashable, Sendable, BitwiseCopyable {
        package let seconds: Int64
        package let nanoseconds: Int32

        /// A moment.
        package init(seconds: Int64, nanoseconds: Int32 = 0) {
            self.seconds = seconds
            self.nanoseconds = nanoseconds
        }
    }

    /// Nanoseconds since an arbitrary moment; never goes back.
    package let monotonic: @Sendable () -> UInt64
    /// The time of day.
    package let wall: @Sendable () -> Wall
    /// How long the kernel is to wait while the monotonic time goes on by a span, both in nanoseconds: whoever makes a wait
    /// of a deadline asks this. The two are the same but for a test's clock, which may run faster than the kernel's.
    package let wait: @Sendable (_ span: UInt64) -> UInt64

    /// A clock of these functions.
    package init(
        monotonic: @escaping @Sendable () -> UInt64, wall: @escaping @Sendable () -> Wall,
        wait: @escaping @Sendable (_ span: UInt64) -> UInt64 = { $0 }
    ) {
        self.monotonic = monotonic
        self.wall = wall
        self.wait = wait
    }

    /// Nanoseconds of a second.
    package static let second: UInt64 = 1_000_000_000
    /// Nanoseconds of a millisecond.
    package static let millisecond: UInt64 = 1_000_000

    /// The clocks of the kernel.
    package static let system = Clock(
        monotonic: {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return UInt64(truncatingIfNeeded: time.tv_sec) &* second &+ UInt64(truncatingIfNeeded: time.tv_nsec)
        },
        wall: {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Wall(seconds: Int64(time.tv_sec), nanoseconds: Int32(truncatingIfNeeded: time.tv_nsec))
        })
}
