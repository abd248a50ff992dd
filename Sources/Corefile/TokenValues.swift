extension Token {
    /// The token as a whole number within `range`, or an error that names the range.
    package func integer(in range: ClosedRange<Int>) throws(CorefileError) -> Int {
        guard let value = Int(text), range.contains(value) else {
            let expected =
                range.upperBound == .max
                ? "a whole number of at least \(range.lowerBound)"
                : "a whole number from \(range.lowerBound) to \(range.upperBound)"
            throw error("'\(text.inMessage)' found, expected \(expected)")
        }
        return value
    }

    /// The token as a Go duration in nanoseconds.
    package func duration() throws(CorefileError) -> Int64 {
        do {
            return try parseDuration(text)
        } catch {
            throw self.error("'\(text.inMessage)' is not a duration: \(error), expected a form such as 5s or 1h30m")
        }
    }

    /// The token as zones: one, or several where it is a CIDR block off a label boundary.
    package func zones() throws(CorefileError) -> [String] {
        do {
            return try normalizedZones(text)
        } catch {
            throw self.error(error.message)
        }
    }
}

extension String {
    /// How many Unicode scalars of a token an error message repeats at most: a message stays a line.
    private static let longestInMessage = 80

    /// The text fit for one line of a message: control characters shown as escapes, cut when long.
    var inMessage: String {
        var shown = ""
        for (count, scalar) in unicodeScalars.enumerated() {
            if count == Self.longestInMessage { return shown + "..." }
            switch scalar {
            case "\n": shown += "\\n"
            case "\r": shown += "\\r"
            case "\t": shown += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}
