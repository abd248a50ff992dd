/// What a `cache` directive says. Times are whole seconds unless they say otherwise.
struct CacheOptions: Equatable {
    /// How much and how long one kind of answer is kept.
    struct Bounds: Equatable {
        /// Most answers, before rounding.
        var capacity = Bounds.defaultCapacity
        var longestTTL: UInt32
        var shortestTTL = Bounds.defaultShortestTTL

        /// CoreDNS.
        static let defaultCapacity = 10_000
        static let defaultShortestTTL: UInt32 = 5
    }

    /// What happens where only an expired answer is there.
    struct Stale: Equatable {
        /// How long an answer may have been expired.
        var longest: UInt32 = 3600
        /// Whether the source is asked before the expired answer is given, and not after.
        var verifies = false
        /// How long the source is waited for, in nanoseconds; 0 for as long as it takes.
        var verifyTimeout: UInt64 = 0
        /// The TTL that expired answers are given with.
        var responseTTL: UInt32 = 0
        /// How long after a refresh that failed the next one is tried, in nanoseconds; 0 for at once.
        var failureRecheck: UInt64 = 0
    }

    /// The zones that are cached, fully qualified, in lower case.
    var zones: [String] = []
    var success = Bounds(longestTTL: 3600)
    var denial = Bounds(longestTTL: 1800)
    /// How long SERVFAIL and NOTIMP are kept; 0 for not at all.
    var failureTTL: UInt32 = 5
    /// How many queries make an answer popular; 0 switches prefetching off.
    var prefetchAmount: UInt32 = 0
    /// Queries further apart than this many nanoseconds do not add up.
    var prefetchSpan: UInt64 = 60_000_000_000
    /// Prefetching begins when no more than this many hundredths of the TTL are left.
    var prefetchPercentage: UInt32 = 10
    /// nil without `serve_stale`.
    var stale: Stale?
    /// `serve_stale_policy prefer_positive`.
    var prefersPositive = false
    /// The zones whose answers of a kind are not kept.
    var successExceptions: [String] = []
    var denialExceptions: [String] = []
    /// Whether answers are given with the TTL that they came with.
    var keepsTTL = false
}
