/// The client's own times and sizes.
enum HTTPClientTiming {
    /// How long resolving, connecting and the TLS handshake may take together, in milliseconds. client-go gives connecting
    /// 30 s and the handshake 10 s; a server in reach needs well below a second, and what fails is tried again.
    static let connectMilliseconds = 10_000
    /// After how many seconds without traffic the kernel asks whether the other side is still there, and how often.
    static let keepAliveIdleSeconds = 15
    /// Seconds between such questions.
    static let keepAliveIntervalSeconds = 5
    /// How long the other side's kernel may stay silent before its connections are broken, in milliseconds; with the
    /// above, a node that vanished is noticed within about half a minute.
    static let unansweredMilliseconds: Int32 = 20_000
    /// How long the head of a watch's response may take, in nanoseconds. An API server sends it before the first event,
    /// after at most 15 s in a queue (API Priority and Fairness) and 3 s until its cache is fresh enough.
    static let watchHeadNanoseconds: Int64 = 30_000_000_000
    /// The longest time to wait in one piece, in milliseconds. Nothing depends on it; it keeps numbers small.
    static let longestPollMilliseconds: Int64 = 60_000
    /// How often a credential plugin is looked at that has closed its output but has not ended, in nanoseconds.
    static let pluginTickNanoseconds: Int64 = 50_000_000
    /// The largest head of a response in bytes. An API server's has a few hundred.
    static let maximumHeadBytes = 64 << 10
}
