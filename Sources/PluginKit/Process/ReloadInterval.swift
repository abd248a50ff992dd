import LinuxIO

/// How often the Corefile is looked at.
package struct ReloadInterval: Sendable, Equatable {
    /// Nanoseconds between two looks.
    package let interval: UInt64
    /// How far apart the intervals of different processes are to be at most, in nanoseconds.
    package let jitter: UInt64

    /// - Parameters:
    ///   - interval: nanoseconds.
    ///   - jitter: nanoseconds; no more than half of the interval counts (CoreDNS).
    package init(interval: UInt64, jitter: UInt64) {
        self.interval = interval
        self.jitter = min(jitter, interval / 2)
    }

    /// The interval of one process, until its next reload: up to half of the jitter more or less (CoreDNS).
    package func drawn(_ random: inout FastRandom) -> UInt64 {
        jitter == 0 ? interval : interval - jitter / 2 + random.next() % jitter
    }
}
