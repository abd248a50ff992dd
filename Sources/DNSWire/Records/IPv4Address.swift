/// An IPv4 address: the data of an A record (RFC 1035, section 3.4.1).
package struct IPv4Address: Hashable, Sendable {
    /// The four octets, the first one highest: 10.0.0.1 is 0x0A000001.
    package let bits: UInt32

    @inlinable package init(bits: UInt32) { self.bits = bits }
}

extension IPv4Address: CustomStringConvertible {
    /// The dotted form, as in "10.0.0.1".
    package var description: String {
        "\(bits >> 24).\(bits >> 16 & 0xFF).\(bits >> 8 & 0xFF).\(bits & 0xFF)"
    }

    /// An address from its dotted form: four decimal numbers up to 255. Leading zeros are refused, as some read them as octal.
    package init?(parsing text: some StringProtocol) {
        self.init(octets: text.utf8)
    }

    /// The same, from the octets of the text.
    init?(octets text: some Collection<UInt8>) {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard part.count <= 3, part.count == 1 || part.first != UInt8(ascii: "0"),
                let octet = DecimalNumber.parse(part, as: UInt8.self)
            else { return nil }
            bits = bits << 8 | UInt32(octet)
        }
        self.init(bits: bits)
    }
}
