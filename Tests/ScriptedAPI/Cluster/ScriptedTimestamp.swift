/// Times as the API writes them (RFC 3339).
package enum ScriptedTimestamp {
    /// `2026-11-20T22:56:58Z`.
    package static func text(seconds: Int64) -> String {
        text(nanoseconds: seconds &* 1_000_000_000)
    }

    /// With a fraction of as many digits as it needs, as the EndpointSlice controller writes its trigger time.
    package static func text(nanoseconds: Int64) -> String {
        let (seconds, fraction) = floorDivide(nanoseconds, 1_000_000_000)
        let (days, second) = floorDivide(seconds, 86_400)
        let (year, month, day) = date(days: days)
        var out = padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2) + "T"
        out += padded(second / 3600, 2) + ":" + padded(second / 60 % 60, 2) + ":" + padded(second % 60, 2)
        if fraction != 0 {
            var digits = padded(fraction, 9)
            while digits.last == "0" { digits.removeLast() }
            out += "." + digits
        }
        return out + "Z"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }

    private static func floorDivide(_ number: Int64, _ by: Int64) -> (Int64, Int64) {
        let rest = ((number % by) + by) % by
        return ((number - rest) / by, rest)
    }

    /// The Gregorian date of a day since 1970-01-01, counted in 400 year cycles that begin with March.
    private static func date(days: Int64) -> (Int64, Int64, Int64) {
        let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
