/// The limits of the watch loop, each with its reason.
enum WatchLoopLimits {
    /// How long the rest of a response with an error is waited for, in nanoseconds: the status is known, its sentence is not.
    static let errorPatience = 10 * MonotonicTime.second
    /// Bytes of a response with an error that are read; a Status has some hundred.
    static let errorBytes = 64 * 1024
}
