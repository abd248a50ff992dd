import Glibc

/// An address block in CIDR notation (RFC 4632, RFC 4291 section 2.3), as zone keys and arguments use it.
struct AddressBlock {
    /// The network address, 4 or 16 octets, host bits cleared.
    let network: [UInt8]
    /// The number of leading bits that are fixed.
    let prefixLength: Int

    /// Reads `ADDRESS/LENGTH`. Nil is a text that is no address block at all and may be a name; the error is one that
    /// starts as a block and is wrong.
    init?(_ text: String) throws(ZoneError) {
        guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        let address = String(text[..<slash])
        let length = text[text.index(after: slash)...]
        guard let bytes = Self.address(address) else { return nil }
        // CoreDNS's rule (plugin/normalize.go): no IPv6 block that starts with ':' or '0'; v4-mapped addresses are
        // among them and would be cut as if they were IPv4.
        let bits = bytes.count * 8
        if bytes.count == 16, address.hasPrefix(":") || address.hasPrefix("0") {
            throw ZoneError(
                message: "invalid address block '\(text.inMessage)': an IPv6 block may not start with ':' or '0'")
        }
        let isNumber = !length.isEmpty && length.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        guard isNumber, let prefixLength = Int(length), prefixLength <= bits else {
            throw ZoneError(
                message: "invalid address block '\(text.inMessage)': prefix length '\(String(length).inMessage)', "
                    + "expected 0 to \(bits)")
        }
        var network = bytes
        for index in network.indices {
            let fixedBits = min(max(prefixLength - index * 8, 0), 8)
            network[index] &= ~UInt8(truncatingIfNeeded: 0xFF >> fixedBits)
        }
        self.network = network
        self.prefixLength = prefixLength
    }

    /// The octets of an IPv4 or IPv6 address; nil where the text is neither.
    private static func address(_ text: String) -> [UInt8]? {
        guard !text.utf8.contains(0) else { return nil }
        var octets = [UInt8](repeating: 0, count: 16)
        let isIPv6 = text.utf8.contains(UInt8(ascii: ":"))
        // SAFETY: inet_pton writes 4 or 16 octets into an array of 16 and reads a NUL-terminated copy of the text.
        guard inet_pton(isIPv6 ? AF_INET6 : AF_INET, text, &octets) == 1 else { return nil }
        return isIPv6 ? octets : Array(octets.prefix(4))
    }

    /// The reverse zones that hold exactly the block's addresses, in the order of the addresses. A block that ends inside
    /// a label (8 bits of IPv4, 4 of IPv6) gives one zone for each value that the rest of the label can have.
    var reverseZones: [String] {
        let isIPv4 = network.count == 4
        let labelBits = isIPv4 ? 8 : 4
        let digits = isIPv4 ? network : network.flatMap { [$0 >> 4, $0 & 0x0F] }
        let labels = (prefixLength + labelBits - 1) / labelBits
        let freeBits = labels * labelBits - prefixLength
        let suffix = isIPv4 ? "in-addr.arpa." : "ip6.arpa."
        var fixed = digits.prefix(labels)
        guard let last = fixed.popLast() else { return [suffix] }
        let parents = fixed.reversed().map { String($0, radix: isIPv4 ? 10 : 16) + "." }.joined() + suffix
        return (0..<(1 << freeBits)).map { value in
            String(Int(last) + value, radix: isIPv4 ? 10 : 16) + "." + parents
        }
    }
}

/// The reverse zones of a CIDR block, such as 16 for `10.96.0.0/12`; nil where the text is no address block.
package func reverseZones(ofCIDR text: String) throws(ZoneError) -> [String]? {
    try AddressBlock(text)?.reverseZones
}
