/// What a `LengthPrefixedServer` has counted since its start.
package struct LengthPrefixedStatistics: Equatable, Sendable {
    /// Connections taken.
    package var accepted: UInt64 = 0
    /// Connections that were closed at once because their address had too many.
    package var refusedPerClient: UInt64 = 0
    /// Connections that were closed at once because there were too many and none was idle.
    package var refusedTotal: UInt64 = 0
    /// Idle connections that were closed to make room for another.
    package var evicted: UInt64 = 0
    /// Connections closed by the idle time-out.
    package var idleTimeouts: UInt64 = 0
    /// Connections closed by the write time-out.
    package var writeTimeouts: UInt64 = 0
    /// Connections closed because their TLS handshake failed.
    package var failedHandshakes: UInt64 = 0
    /// Frames handed to the answer closure.
    package var frames: UInt64 = 0
    /// Writes that were made.
    package var writes: UInt64 = 0
}
