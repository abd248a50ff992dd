/// Arithmetic with moments and spans of the monotonic clock, in nanoseconds, that stops at the ends instead of trapping.
enum MonotonicTime {
    /// Nanoseconds of a millisecond.
    static let millisecond: Int64 = 1_000_000
    /// Nanoseconds of a second.
    static let second: Int64 = 1_000_000_000
    /// Nanoseconds of a minute.
    static let minute: Int64 = 60 * second

    /// The moment `span` after `moment`.
    static func moment(_ moment: Int64, after span: Int64) -> Int64 {
        let (sum, overflow) = moment.addingReportingOverflow(span)
        return overflow ? (span < 0 ? .min : .max) : sum
    }

    /// How long `moment` is after `start`; negative where it is before.
    static func span(from start: Int64, to moment: Int64) -> Int64 {
        let (difference, overflow) = moment.subtractingReportingOverflow(start)
        return overflow ? (moment < start ? .min : .max) : difference
    }

    /// `span` times a factor of 3/4 up to 5/4, so that many who began together drift apart.
    static func spread(_ span: Int64, using random: inout some RandomNumberGenerator) -> Int64 {
        guard span > 0 else { return 0 }
        let quarter = span / 4
        return moment(span &- quarter, after: Int64.random(in: 0...(quarter &* 2), using: &random))
    }
}
