/// Takes the fields of a record one after the other from the words of an entry; every error says where, what stands there and
/// what should.
struct RecordFields {
    private let entry: PresentationEntry
    private var index = 0
    /// What names without a dot at the end are relative to.
    let origin: DomainName

    init(_ entry: PresentationEntry, origin: DomainName) {
        self.entry = entry
        self.origin = origin
    }

    /// The next word, which stays where it is.
    var upcoming: PresentationToken? { index < entry.tokens.count ? entry.tokens[index] : nil }

    /// The next word.
    mutating func next(_ expected: String) throws(PresentationError) -> PresentationToken {
        guard let token = upcoming else { throw missing(expected) }
        index += 1
        return token
    }

    /// The error for a record that ends too early.
    func missing(_ expected: String) -> PresentationError {
        PresentationError(
            line: entry.endLine, column: entry.endColumn, found: "the end of the record", expected: expected)
    }

    /// Throws unless every word has been taken.
    func finish() throws(PresentationError) {
        if let token = upcoming { throw token.error(expected: "the end of the record") }
    }

    mutating func number<Number: FixedWidthInteger>(
        _ what: String, as type: Number.Type
    ) throws(PresentationError) -> Number {
        let expected = "\(what), a number from 0 to \(Number.max)"
        let token = try next(expected)
        guard !token.isQuoted, let number = DecimalNumber.parse(token.octets, as: Number.self) else {
            throw token.error(expected: expected)
        }
        return number
    }

    /// A time in seconds, or with units as in "1h30m" (w, d, h, m and s, in either case).
    mutating func seconds(_ what: String) throws(PresentationError) -> UInt32 {
        let expected = "\(what), a number of seconds or a time such as 1h30m"
        let token = try next(expected)
        guard let seconds = Self.seconds(token) else { throw token.error(expected: expected) }
        return seconds
    }

    mutating func name(_ what: String) throws(PresentationError) -> DomainName {
        let expected = "\(what), a domain name"
        let token = try next(expected)
        return try name(token, expected)
    }

    func name(_ token: PresentationToken, _ expected: String) throws(PresentationError) -> DomainName {
        do throws(NameError) {
            return try DomainName(parsing: token.octets, relativeTo: origin)
        } catch {
            throw token.error(expected: "\(expected) (\(error))")
        }
    }

    /// A string of at most 255 octets (RFC 1035, section 3.3).
    mutating func characterString(_ what: String) throws(PresentationError) -> [UInt8] {
        try string(what, longest: 255)
    }

    /// A string of at most `longest` octets once its escapes are replaced.
    mutating func string(_ what: String, longest: Int) throws(PresentationError) -> [UInt8] {
        let expected = "\(what), a string of at most \(longest) octets, with \\DDD up to \\255"
        let token = try next(expected)
        guard let octets = OctetEscaping.octets(of: token.octets), octets.count <= longest else {
            throw token.error(expected: expected)
        }
        return octets
    }

    /// All words that are left, joined, as hexadecimal and base 64 text may be split by blanks; read by `decode`.
    mutating func rest(
        _ expected: String, _ decode: ([UInt8]) -> [UInt8]?
    ) throws(PresentationError) -> [UInt8] {
        let first = try next(expected)
        var joined = first.octets
        while let token = upcoming {
            joined += token.octets
            index += 1
        }
        guard let octets = decode(joined), !octets.isEmpty else { throw first.error(expected: expected) }
        return octets
    }

    /// The seconds that a word means; nothing if it is no time or does not fit.
    static func seconds(_ token: PresentationToken) -> UInt32? {
        guard !token.isQuoted, let last = token.octets.last else { return nil }
        if OctetEscaping.digit(last) != nil, let plain = DecimalNumber.parse(token.octets, as: UInt32.self) {
            return plain
        }
        var total: UInt32 = 0
        var digits: [UInt8] = []
        for octet in token.octets {
            if OctetEscaping.digit(octet) != nil {
                digits.append(octet)
                continue
            }
            guard let unit = unit(octet), let count = DecimalNumber.parse(digits, as: UInt32.self) else { return nil }
            let (product, multiplyOverflow) = count.multipliedReportingOverflow(by: unit)
            let (sum, addOverflow) = total.addingReportingOverflow(product)
            guard !multiplyOverflow, !addOverflow else { return nil }
            total = sum
            digits = []
        }
        return digits.isEmpty ? total : nil
    }

    /// The seconds of a unit of time.
    private static func unit(_ octet: UInt8) -> UInt32? {
        switch DomainName.folded(octet) {
        case UInt8(ascii: "s"): 1
        case UInt8(ascii: "m"): 60
        case UInt8(ascii: "h"): 3_600
        case UInt8(ascii: "d"): 86_400
        case UInt8(ascii: "w"): 604_800
        default: nil
        }
    }
}
