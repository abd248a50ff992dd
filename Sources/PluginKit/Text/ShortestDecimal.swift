/// A number as the fewest decimal digits that give it back, to be laid out as Go's `strconv.FormatFloat` does with
/// precision -1: what CoreDNS's log lines and Prometheus's text format have.
package struct ShortestDecimal {
    /// Whether there is a minus sign.
    private let isNegative: Bool
    /// The digits without leading and trailing zeros; empty for zero.
    private let digits: [UInt8]
    /// Where the decimal point stands: the number is 0.DIGITS times ten to this power.
    private let point: Int
    /// What the number is where it has no digits: "NaN", "+Inf" or "-Inf".
    private let special: String?

    package init(_ value: Double) {
        isNegative = value.sign == .minus
        guard value.isFinite else {
            special = value.isNaN ? "NaN" : isNegative ? "-Inf" : "+Inf"
            digits = []
            point = 0
            return
        }
        special = nil
        // Swift's description has the shortest digits, as "123.25", "1e-05" or "1.5e+20".
        let parts = value.magnitude.description.utf8.split(separator: UInt8(ascii: "e"))
        var found: [UInt8] = []
        var beforePoint = 0
        var isBehindPoint = false
        for octet in parts.first ?? ""[...].utf8 {
            if octet == UInt8(ascii: ".") {
                isBehindPoint = true
            } else {
                found.append(octet)
                if !isBehindPoint { beforePoint += 1 }
            }
        }
        let exponent = parts.count > 1 ? Int(Substring(parts[1])) ?? 0 : 0
        let leading = found.prefix { $0 == UInt8(ascii: "0") }.count
        found.removeFirst(leading)
        while found.last == UInt8(ascii: "0") { found.removeLast() }
        digits = found
        point = found.isEmpty ? 0 : beforePoint - leading + exponent
    }

    /// Format 'f': never an exponent.
    package var fixed: String {
        if let special { return special }
        return (isNegative ? "-" : "") + plain
    }

    /// Format 'g': an exponent of at least two digits below 1e-4 and from 1e6 on.
    package var general: String {
        if let special { return special }
        let exponent = point - 1
        guard !digits.isEmpty, exponent < -4 || exponent >= Self.firstExponent, let first = digits.first else {
            return fixed
        }
        let mantissa = String(decoding: [first], as: UTF8.self)
        let rest = String(decoding: digits.dropFirst(), as: UTF8.self)
        let magnitude = String(exponent.magnitude)
        return (isNegative ? "-" : "") + mantissa + (rest.isEmpty ? "" : "." + rest) + "e" + (exponent < 0 ? "-" : "+")
            + (magnitude.utf8.count < 2 ? "0" : "") + magnitude
    }

    /// Go's strconv takes a precision of 6 for this decision when the digits are the shortest.
    private static let firstExponent = 6

    private var plain: String {
        guard !digits.isEmpty else { return "0" }
        if point <= 0 {
            return "0." + String(repeating: "0", count: -point) + String(decoding: digits, as: UTF8.self)
        }
        if point >= digits.count {
            return String(decoding: digits, as: UTF8.self) + String(repeating: "0", count: point - digits.count)
        }
        return String(decoding: digits[..<point], as: UTF8.self) + "."
            + String(decoding: digits[point...], as: UTF8.self)
    }
}
