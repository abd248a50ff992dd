/// Why a text is not a duration.
package enum DurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Nothing, or no number where one must be.
    case invalid
    /// A number without a unit.
    case missingUnit
    /// A unit that is none of ns, us, µs, ms, s, m, h.
    case unknownUnit(String)
    /// More than 64 bits of nanoseconds (about 292 years).
    case overflow

    /// The reason in words.
    package var description: String {
        switch self {
        case .invalid: "no number"
        case .missingUnit: "no unit after the number (ns, us, ms, s, m, h)"
        case .unknownUnit(let unit): "unknown unit '\(unit.inMessage)' (ns, us, ms, s, m, h)"
        case .overflow: "out of range"
        }
    }
}

/// Reads a duration in the syntax of Go's `time.ParseDuration` (`300ms`, `-1.5h`, `2h45m`, `0`), in nanoseconds.
package func parseDuration(_ text: String) throws(DurationError) -> Int64 {
    var rest = text.unicodeScalars[...]
    let isNegative = rest.first == "-"
    if rest.first == "-" || rest.first == "+" { rest.removeFirst() }
    // Zero is the only number that needs no unit.
    if rest.elementsEqual("0".unicodeScalars) { return 0 }
    if rest.isEmpty { throw .invalid }

    var total: UInt64 = 0
    while !rest.isEmpty {
        let (whole, wholeDigits) = try leadingInteger(&rest)
        var fraction: (value: UInt64, scale: Double) = (0, 1)
        var fractionDigits = 0
        if rest.first == "." {
            rest.removeFirst()
            (fraction, fractionDigits) = leadingFraction(&rest)
        }
        if wholeDigits == 0 && fractionDigits == 0 { throw .invalid }

        let unitText = rest.prefix { $0 != "." && digit($0) == nil }
        rest = rest[unitText.endIndex...]
        if unitText.isEmpty { throw .missingUnit }
        guard let unit = nanoseconds(in: String(unitText)) else { throw .unknownUnit(String(unitText)) }

        let (product, overflows) = whole.multipliedReportingOverflow(by: unit)
        if overflows || product > limit { throw .overflow }
        var value = product
        if fraction.value > 0 {
            // The fraction is below one unit, which is far below 2^63, so the conversion and the sum are in range.
            value += UInt64(Double(fraction.value) * (Double(unit) / fraction.scale))
            if value > limit { throw .overflow }
        }
        let (sum, isTooLong) = total.addingReportingOverflow(value)
        if isTooLong || sum > limit { throw .overflow }
        total = sum
    }
    if isNegative { return total == limit ? .min : -Int64(total) }
    guard let result = Int64(exactly: total) else { throw .overflow }
    return result
}

/// The magnitude of the smallest Int64: what a negative duration may reach.
private let limit: UInt64 = 1 << 63

private func nanoseconds(in unit: String) -> UInt64? {
    switch unit {
    case "ns": 1
    // U+00B5 is the micro sign, U+03BC the Greek letter.
    case "us", "\u{B5}s", "\u{3BC}s": 1000
    case "ms": 1_000_000
    case "s": 1_000_000_000
    case "m": 60_000_000_000
    case "h": 3_600_000_000_000
    default: nil
    }
}

private func digit(_ scalar: Unicode.Scalar) -> UInt64? {
    guard scalar >= "0" && scalar <= "9" else { return nil }
    return UInt64(scalar.value - 0x30)
}

private func leadingInteger(
    _ rest: inout Substring.UnicodeScalarView
) throws(DurationError) -> (value: UInt64, digits: Int) {
    var value: UInt64 = 0
    var digits = 0
    while let first = rest.first, let next = digit(first) {
        let (product, overflows) = value.multipliedReportingOverflow(by: 10)
        if overflows || product > limit - next { throw .overflow }
        value = product + next
        digits += 1
        rest.removeFirst()
    }
    return (value, digits)
}

/// The digits after the point as a number and what to divide it by; digits past what 63 bits hold change nothing.
private func leadingFraction(
    _ rest: inout Substring.UnicodeScalarView
) -> (fraction: (value: UInt64, scale: Double), digits: Int) {
    var value: UInt64 = 0
    var scale = 1.0
    var digits = 0
    var isFull = false
    while let first = rest.first, let next = digit(first) {
        digits += 1
        rest.removeFirst()
        if isFull { continue }
        let (product, overflows) = value.multipliedReportingOverflow(by: 10)
        if overflows || product > limit - 1 - next {
            isFull = true
            continue
        }
        value = product + next
        scale *= 10
    }
    return ((value, scale), digits)
}
