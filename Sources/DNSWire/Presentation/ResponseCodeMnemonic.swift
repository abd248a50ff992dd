extension ResponseCode: CustomStringConvertible {
    /// The mnemonic as CoreDNS writes it, or RCODE and the number. 16 is BADVERS: the other meaning, BADSIG, belongs into the
    /// data of a TSIG record (RFC 6895, section 2.3).
    public var description: String { mnemonic ?? "RCODE\(rawValue)" }

    /// A response code from its mnemonic in either case, or from RCODE and its number, at most 4095 (RFC 6891, section 6.1.3).
    package init?(mnemonic: some StringProtocol) {
        guard
            let number = Mnemonic.number(mnemonic.utf8, table: Self.numbers, prefix: "RCODE", as: UInt16.self),
            number <= 0xFFF
        else { return nil }
        self.init(rawValue: number)
    }

    /// Every number that has a mnemonic, by its mnemonic in upper case.
    private static let numbers: [String: UInt16] = Mnemonic.table(0...0xFFF) { ResponseCode(rawValue: $0).mnemonic }

    /// The registry of RFC 6895, section 2.3.
    private var mnemonic: String? {
        switch rawValue {
        case 0: "NOERROR"
        case 1: "FORMERR"
        case 2: "SERVFAIL"
        case 3: "NXDOMAIN"
        case 4: "NOTIMP"
        case 5: "REFUSED"
        case 6: "YXDOMAIN"
        case 7: "YXRRSET"
        case 8: "NXRRSET"
        case 9: "NOTAUTH"
        case 10: "NOTZONE"
        case 11: "DSOTYPENI"
        case 16: "BADVERS"
        case 17: "BADKEY"
        case 18: "BADTIME"
        case 19: "BADMODE"
        case 20: "BADNAME"
        case 21: "BADALG"
        case 22: "BADTRUNC"
        case 23: "BADCOOKIE"
        default: nil
        }
    }
}
