/// Looks up the names that registries give to numbers. To write one is a switch in its type; to read one goes through a table
/// made from that switch, so that the two cannot disagree.
enum Mnemonic {
    /// The numbers of a range that have a mnemonic, by their mnemonic in upper case.
    static func table<Number: FixedWidthInteger>(
        _ range: ClosedRange<Number>, _ mnemonic: (Number) -> String?
    ) -> [String: Number] where Number.Stride: SignedInteger {
        var table: [String: Number] = [:]
        for number in range {
            if let name = mnemonic(number) { table[uppercased(name.utf8)] = number }
        }
        return table
    }

    /// The number of a mnemonic in either case, or of a prefix and a decimal number as in RFC 3597, section 5.
    static func number<Number: FixedWidthInteger>(
        _ octets: some Collection<UInt8>, table: [String: Number], prefix: String, as type: Number.Type
    ) -> Number? {
        guard octets.count <= longest else { return nil }
        let name = uppercased(octets)
        if let number = table[name] { return number }
        guard name.hasPrefix(prefix) else { return nil }
        return DecimalNumber.parse(name.utf8.dropFirst(prefix.utf8.count), as: Number.self)
    }

    /// The octets as text with a to z in upper case, and nothing else changed: Unicode would turn a dotless i into I.
    private static func uppercased(_ octets: some Collection<UInt8>) -> String {
        String(decoding: octets.map { $0 &- 0x61 < 26 ? $0 & 0xDF : $0 }, as: UTF8.self)
    }

    /// Most characters that are looked at: no mnemonic is longer, and the text may be anything.
    private static var longest: Int { 16 }
}
