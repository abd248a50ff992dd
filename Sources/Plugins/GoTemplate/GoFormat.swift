/// Go's fmt.Sprintf, for the verbs that make sense in a resource record.
enum GoFormat {
    /// Widest field: a record has no use for more, and a template must not be able to ask for any amount of memory.
    private static let widestField = 255

    /// One verb with what stands before it: `%-08x`.
    private struct Verb {
        var padsWithZeros = false
        var alignsLeft = false
        var width = 0
    }

    /// The text of `format` with its verbs replaced by the values.
    static func printf(_ format: GoValue, _ values: ArraySlice<GoValue>) throws(GoRunFailure) -> String {
        guard case .string(let format) = format else {
            throw GoRunFailure(message: "wrong type for value; expected string; got \(format.typeName)")
        }
        var text = ""
        var values = values
        var characters = format.unicodeScalars.makeIterator()
        while let character = characters.next() {
            guard character == "%" else {
                text.unicodeScalars.append(character)
                continue
            }
            var verb = Verb()
            var letter = characters.next()
            while letter == "0" || letter == "-" {
                if letter == "0" { verb.padsWithZeros = true } else { verb.alignsLeft = true }
                letter = characters.next()
            }
            while let digit = letter, digit >= "0", digit <= "9" {
                verb.width = min(verb.width * 10 + Int(digit.value - 0x30), widestField)
                letter = characters.next()
            }
            guard let letter else { throw GoRunFailure(message: "error calling printf: %!(NOVERB)") }
            if letter == "%" {
                text += "%"
                continue
            }
            guard let value = values.popFirst() else {
                throw GoRunFailure(message: "error calling printf: %!\(letter)(MISSING)")
            }
            text += pad(try describe(value, letter), verb)
        }
        if let value = values.first { throw GoRunFailure(message: "error calling printf: %!(EXTRA \(value))") }
        return text
    }

    private static func describe(_ value: GoValue, _ letter: Unicode.Scalar) throws(GoRunFailure) -> String {
        let radix: [Unicode.Scalar: Int] = ["b": 2, "o": 8, "d": 10, "x": 16, "X": 16]
        switch (letter, value) {
        case ("v", _), ("s", .string), ("s", .strings), ("t", .boolean): return value.description
        case ("q", .string(let text)): return "\"\(text)\""
        case ("x", .string(let text)), ("X", .string(let text)):
            return text.utf8.map { octet in
                let digits = String(octet, radix: 16, uppercase: letter == "X")
                return digits.utf8.count < 2 ? "0" + digits : digits
            }.joined()
        case (_, .integer(let number)):
            if let radix = radix[letter] { return String(number, radix: radix, uppercase: letter == "X") }
        case (_, .unsigned(let number)):
            if let radix = radix[letter] { return String(number, radix: radix, uppercase: letter == "X") }
        default: break
        }
        throw GoRunFailure(message: "error calling printf: %!\(letter)(\(value.typeName)=\(value))")
    }

    private static func pad(_ text: String, _ verb: Verb) -> String {
        let missing = verb.width - text.unicodeScalars.count
        guard missing > 0 else { return text }
        if verb.alignsLeft { return text + String(repeating: " ", count: missing) }
        guard verb.padsWithZeros else { return String(repeating: " ", count: missing) + text }
        let zeros = String(repeating: "0", count: missing)
        return text.hasPrefix("-") ? "-" + zeros + text.dropFirst() : zeros + text
    }
}
