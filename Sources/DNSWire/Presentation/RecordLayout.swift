/// The fields of record types that have no case in `RecordData`: their presentation text is read here, and their data are kept
/// as the octets of the wire.
struct RecordLayout {
    /// One field, with what an error calls it.
    enum Field {
        /// A number of 8, 16 or 32 bits.
        case octet(String)
        case short(String)
        case long(String)
        /// A time span in seconds.
        case seconds(String)
        /// A moment: seconds since 1970 or YYYYMMDDHHmmSS (RFC 4034, section 3.2).
        case moment(String)
        case name(String)
        /// The mnemonic of a type.
        case type
        /// All words that are left: the mnemonics of types, kept as a bitmap (RFC 4034, section 4.1.2).
        case types
        /// All words that are left: strings of at most 255 octets.
        case strings
        /// A string without a length octet, up to the end.
        case text(String)
        /// All words that are left, joined.
        case hexadecimal(String)
        case base64(String)
    }

    private let fields: [Field]

    /// The layout of a type; nil for one that is not known here.
    init?(_ type: RecordType) {
        guard let fields = Self.fields(type.rawValue) else { return nil }
        self.fields = fields
    }

    private static func fields(_ type: UInt16) -> [Field]? {
        switch type {
        // RFC 1183, sections 1, 2.2 and 3.3; RFC 2230.
        case 17: [.name("the mailbox"), .name("the name of the text")]
        case 18: [.short("the subtype"), .name("the host")]
        case 21: [.short("the preference"), .name("the intermediate host")]
        case 36: [.short("the preference"), .name("the exchanger")]
        // RFC 4398, section 2.2, with numbers only.
        case 37:
            [.short("the type"), .short("the key tag"), .octet("the algorithm"), .base64("the certificate in base 64")]
        // RFC 4255, section 3.2.
        case 44: [.octet("the algorithm"), .octet("the type"), .hexadecimal("the fingerprint")]
        // RFC 4034, sections 3.2 and 4.2.
        case 46:
            [
                .type, .octet("the algorithm"), .octet("the number of labels"), .seconds("the original TTL"),
                .moment("the expiration"), .moment("the inception"), .short("the key tag"), .name("the signer"),
                .base64("the signature in base 64"),
            ]
        case 47: [.name("the next name"), .types]
        // RFC 4701, section 3.2; RFC 7929, section 2.3.
        case 49, 61: [.base64("octets in base 64")]
        // RFC 6698, section 2.2; RFC 8162, section 2.
        case 52, 53:
            [
                .octet("the usage"), .octet("the selector"), .octet("the matching type"),
                .hexadecimal("the association data"),
            ]
        // RFC 7344, section 3: as DS and DNSKEY.
        case 59, 32768, 32769:
            [.short("the key tag"), .octet("the algorithm"), .octet("the digest type"), .hexadecimal("the digest")]
        case 60:
            [
                .short("the flags"), .octet("the protocol"), .octet("the algorithm"),
                .base64("the public key in base 64"),
            ]
        // RFC 7477, section 2.2.
        case 62: [.long("the serial number"), .short("the flags"), .types]
        // RFC 8976, section 2.3.
        case 63:
            [.long("the serial number"), .octet("the scheme"), .octet("the algorithm"), .hexadecimal("the digest")]
        // RFC 7208, section 3.1, and others that are as TXT.
        case 56, 99, 258, 261: [.strings]
        // RFC 6742, section 2.4.
        case 107: [.short("the preference"), .name("the target")]
        // RFC 7553, section 4.5.
        case 256: [.short("the priority"), .short("the weight"), .text("the target")]
        default: nil
        }
    }

    /// The octets that the fields stand for.
    func parse(_ words: inout RecordFields) throws(PresentationError) -> [UInt8] {
        var octets: [UInt8] = []
        for field in fields {
            switch field {
            case .octet(let what): octets.append(try words.number(what, as: UInt8.self))
            case .short(let what): Self.append(try words.number(what, as: UInt16.self), to: &octets)
            case .long(let what): Self.append(try words.number(what, as: UInt32.self), to: &octets)
            case .seconds(let what): Self.append(try words.seconds(what), to: &octets)
            case .moment(let what): Self.append(try Self.moment(what, &words), to: &octets)
            case .name(let what): octets += try words.name(what).wire
            case .type: Self.append(try Self.type(&words).rawValue, to: &octets)
            case .types: octets += try Self.bitmap(&words)
            case .strings:
                repeat {
                    let string = try words.characterString("text")
                    octets.append(UInt8(truncatingIfNeeded: string.count))
                    octets += string
                } while words.upcoming != nil
            case .text(let what): octets += try words.string(what, longest: Int(UInt16.max))
            case .hexadecimal(let what):
                octets += try words.rest("\(what), pairs of hexadecimal digits", Hexadecimal.octets)
            case .base64(let what): octets += try words.rest(what, Base64.octets)
            }
        }
        return octets
    }

    private static func append(_ value: some FixedWidthInteger, to octets: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { octets += $0 }
    }

    private static func type(_ words: inout RecordFields) throws(PresentationError) -> RecordType {
        let token = try words.next("a type")
        guard !token.isQuoted, let type = RecordType(mnemonicOctets: token.octets) else {
            throw token.error(expected: "a type")
        }
        return type
    }

    /// RFC 4034, section 4.1.2: for each window of 256 types its number, a length, and a bit for each type, the first one
    /// highest.
    private static func bitmap(_ words: inout RecordFields) throws(PresentationError) -> [UInt8] {
        var windows: [UInt8: [UInt8]] = [:]
        while words.upcoming != nil {
            let number = try type(&words).rawValue
            let (place, bit) = (Int(number & 0xFF) / 8, UInt8(0x80) >> UInt8(number & 7))
            var bits = windows[UInt8(number >> 8), default: []]
            if bits.count <= place { bits += repeatElement(0, count: place + 1 - bits.count) }
            bits[place] |= bit
            windows[UInt8(number >> 8)] = bits
        }
        return windows.sorted { $0.key < $1.key }.flatMap {
            [$0.key, UInt8(truncatingIfNeeded: $0.value.count)] + $0.value
        }
    }

    /// RFC 4034, section 3.2: of 14 digits it is a date, else a number of seconds.
    private static func moment(_ what: String, _ words: inout RecordFields) throws(PresentationError) -> UInt32 {
        let expected = "\(what), YYYYMMDDHHmmSS or a number of seconds since 1970"
        let token = try words.next(expected)
        guard !token.isQuoted, let number = DecimalNumber.parse(token.octets, as: Int64.self) else {
            throw token.error(expected: expected)
        }
        if token.octets.count != 14 {
            guard let seconds = UInt32(exactly: number) else { throw token.error(expected: expected) }
            return seconds
        }
        let (year, month, day) = (number / 10_000_000_000, number / 100_000_000 % 100, number / 1_000_000 % 100)
        let (hour, minute, second) = (number / 10_000 % 100, number / 100 % 100, number % 100)
        guard year >= 1970, (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60 else {
            throw token.error(expected: expected)
        }
        // Days since 1970 in the Gregorian calendar, with years that begin in March: the leap day is a year's last.
        let shifted = month > 2 ? year : year - 1
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
        // RFC 4034, section 3.1.5: serial number arithmetic, so that the seconds wrap around.
        return UInt32(truncatingIfNeeded: days * 86_400 + hour * 3600 + minute * 60 + second)
    }
}
