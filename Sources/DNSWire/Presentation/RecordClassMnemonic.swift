extension RecordClass: CustomStringConvertible {
    /// The mnemonic as CoreDNS writes it: "CLASS255" for ANY, which is the name of a type too; CLASS and the number for others
    /// without a name (RFC 3597, section 5).
    public var description: String { self == .any ? generic : mnemonic ?? generic }

    /// A class from its mnemonic in either case, ANY included, or from CLASS and its number.
    package init?(mnemonic: some StringProtocol) {
        self.init(mnemonicOctets: mnemonic.utf8)
    }

    init?(mnemonicOctets octets: some Collection<UInt8>) {
        guard let number = Mnemonic.number(octets, table: Self.numbers, prefix: "CLASS", as: UInt16.self) else {
            return nil
        }
        self.init(rawValue: number)
    }

    private var generic: String { "CLASS\(rawValue)" }

    /// Every number that has a mnemonic, by its mnemonic in upper case.
    private static let numbers: [String: UInt16] = Mnemonic.table(0...255) { RecordClass(rawValue: $0).mnemonic }

    /// RFC 1035, sections 3.2.4 and 3.2.5; RFC 2136, section 1.3.
    private var mnemonic: String? {
        switch rawValue {
        case 1: "IN"
        case 2: "CS"
        case 3: "CH"
        case 4: "HS"
        case 254: "NONE"
        case 255: "ANY"
        default: nil
        }
    }
}
