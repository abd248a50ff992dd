/// The preferred syntax of domain names (RFC 1035, section 2.3.1), which CoreDNS asks of the zones that it says at the start.
enum PreferredSyntax {
    /// Whether a zone, with its last dot, follows it. The root and reverse zones always do, as in CoreDNS.
    static func isFollowed(by zone: String) -> Bool {
        if zone == "." || zone.hasSuffix(".in-addr.arpa.") || zone.hasSuffix(".ip6.arpa.") { return true }
        guard zone.hasSuffix(".") else { return false }
        return zone.dropLast().utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy {
            label in
            guard let first = label.first, let last = label.last, isLetter(first) else { return false }
            return (isLetter(last) || isDigit(last))
                && label.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isLetter(_ octet: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= octet | 0x20
    }

    private static func isDigit(_ octet: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= octet }
}
