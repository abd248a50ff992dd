/// Reads the time of the annotation `endpoints.kubernetes.io/last-change-trigger-time`.
enum TriggerTime {
    /// The annotation of EndpointSlices that has the time.
    static let annotation = "endpoints.kubernetes.io/last-change-trigger-time"

    /// Nanoseconds since 1970 of an RFC 3339 `date-time`: `2026-11-20T23:22:18.25Z`. Nil for anything else, and for times
    /// that do not fit (after 2262). A leap second counts as the first second after it.
    static func nanoseconds(_ text: some Collection<UInt8>) -> Int64? {
        var digits = Digits(rest: Array(text)[...])
        guard let year = digits.take(4), digits.skip("-"), let month = digits.take(2), digits.skip("-"),
            let day = digits.take(2), digits.skip("T") || digits.skip("t") || digits.skip(" "),
            let hour = digits.take(2), digits.skip(":"), let minute = digits.take(2), digits.skip(":"),
            let second = digits.take(2), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60,
            second <= 60
        else { return nil }
        var fraction: Int64 = 0
        if digits.skip(".") {
            guard let nanoseconds = digits.fraction() else { return nil }
            fraction = nanoseconds
        }
        guard let offset = digits.zone(), digits.rest.isEmpty else { return nil }
        let clock = hour * 3600 + minute * 60 + second - offset
        let seconds = days(year, month, day) * 86400 + clock
        let (scaled, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflowsToo) = scaled.addingReportingOverflow(fraction)
        return overflows || overflowsToo ? nil : sum
    }

    /// Days from 1970-01-01 to a day of the Gregorian calendar. Years begin with March here, so that the leap day is last.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month > 2 ? year : year - 1
        // 0000-03-01 is day 0; year 0 keeps divisions of non-negative numbers only, after moving by 400 years.
        let shifted = year + 400
        let leapDays = shifted / 4 - shifted / 100 + shifted / 400
        let monthFromMarch = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let daysOf400Years: Int64 = 146_097
        let from0000MarchTo1970: Int64 = 719_468
        return shifted * 365 + leapDays + dayOfYear - daysOf400Years - from0000MarchTo1970
    }

    /// A text of digits and marks, read from its front.
    private struct Digits {
        var rest: ArraySlice<UInt8>

        mutating func take(_ count: Int) -> Int64? {
            guard rest.count >= count else { return nil }
            var value: Int64 = 0
            for byte in rest.prefix(count) {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            rest = rest.dropFirst(count)
            return value
        }

        mutating func skip(_ mark: Unicode.Scalar) -> Bool {
            guard rest.first == UInt8(ascii: mark) else { return false }
            rest = rest.dropFirst()
            return true
        }

        /// Nanoseconds of the digits behind a point; those after the ninth do not count.
        mutating func fraction() -> Int64? {
            var value: Int64 = 0
            var places = 0
            while let digit = take(1) {
                if places < 9 { value = value * 10 + digit }
                places += 1
            }
            guard places > 0 else { return nil }
            for _ in 0..<max(0, 9 - places) { value *= 10 }
            return value
        }

        /// Seconds east of UTC.
        mutating func zone() -> Int64? {
            if skip("Z") || skip("z") { return 0 }
            let isWest = skip("-")
            guard isWest || skip("+"), let hours = take(2), skip(":"), let minutes = take(2), hours < 24, minutes < 60
            else { return nil }
            let seconds = hours * 3600 + minutes * 60
            return isWest ? -seconds : seconds
        }
    }
}
