extension Opcode: CustomStringConvertible {
    /// The mnemonic as CoreDNS writes it, or OPCODE and the number.
    public var description: String { mnemonic ?? "OPCODE\(rawValue)" }

    /// An opcode from its mnemonic in either case, or from OPCODE and its number, at most 15 (RFC 1035, section 4.1.1).
    package init?(mnemonic: some StringProtocol) {
        guard
            let number = Mnemonic.number(mnemonic.utf8, table: Self.numbers, prefix: "OPCODE", as: UInt8.self),
            number <= 0xF
        else { return nil }
        self.init(rawValue: number)
    }

    /// Every number that has a mnemonic, by its mnemonic in upper case.
    private static let numbers: [String: UInt8] = Mnemonic.table(0...0xF) { Opcode(rawValue: $0).mnemonic }

    /// The registry of RFC 6895, section 2.2.
    private var mnemonic: String? {
        switch rawValue {
        case 0: "QUERY"
        case 1: "IQUERY"
        case 2: "STATUS"
        case 4: "NOTIFY"
        case 5: "UPDATE"
        default: nil
        }
    }
}
