/// Limits a rate: a bucket of tokens that fills at a rate up to a burst, of which each request takes one.
struct TokenBucket: Sendable {
    /// The longest wait ever given, in nanoseconds: an hour. A rate of 1e-30 must not overflow anything.
    static let longestWait: Int64 = 3_600_000_000_000

    private let perNanosecond: Double
    private let capacity: Double
    private var tokens: Double
    private var filledAt: Int64

    /// A full bucket. `rate` (a second) and `burst` are above 0.
    init(rate: Double, burst: Int, now: Int64) {
        perNanosecond = rate / 1e9
        capacity = Double(max(1, burst))
        tokens = capacity
        filledAt = now
    }

    /// Takes a token; 0 when there was one, otherwise the nanoseconds until there is one. `now` is monotonic.
    mutating func take(now: Int64) -> Int64 {
        let passed = now.subtractingReportingOverflow(filledAt)
        if passed.partialValue > 0, !passed.overflow {
            tokens = min(capacity, tokens + Double(passed.partialValue) * perNanosecond)
            filledAt = now
        }
        // Sums of many fractions may miss a whole token by a hair: a thousandth of a nanosecond's worth is no less.
        if tokens >= 1 - 1e-9 {
            tokens = max(0, tokens - 1)
            return 0
        }
        let wait = ((1 - tokens) / perNanosecond).rounded(.up)
        return wait < Double(Self.longestWait) ? max(1, Int64(wait)) : Self.longestWait
    }
}
