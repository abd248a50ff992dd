/// How long to wait after a failure: 800 ms, doubled up to 30 s, with jitter of the same length again (watch.md, rule 7).
package struct BackOff: Sendable {
    /// The first wait without jitter, in nanoseconds.
    package static let first = 800 * MonotonicTime.millisecond
    /// The longest wait without jitter, in nanoseconds.
    package static let cap = 30 * MonotonicTime.second
    /// How long it must be quiet after a wait for the next one to be the first again, in nanoseconds.
    package static let quiet = 2 * MonotonicTime.minute

    private var base = first
    private var waitedUntil: Int64?

    /// One that has not been used.
    package init() {}

    /// The wait that follows a failure at `now`, in nanoseconds: from once to twice the base.
    package mutating func next(now: Int64, using random: inout some RandomNumberGenerator) -> Int64 {
        if let waitedUntil, MonotonicTime.span(from: waitedUntil, to: now) >= Self.quiet { base = Self.first }
        let wait = Self.jittered(base, using: &random)
        base = min(base &* 2, Self.cap)
        waitedUntil = MonotonicTime.moment(now, after: wait)
        return wait
    }

    /// A wait at the cap, for what only a person can mend.
    package static func atCap(using random: inout some RandomNumberGenerator) -> Int64 {
        jittered(cap, using: &random)
    }

    private static func jittered(_ span: Int64, using random: inout some RandomNumberGenerator) -> Int64 {
        span &+ Int64.random(in: 0..<span, using: &random)
    }
}
