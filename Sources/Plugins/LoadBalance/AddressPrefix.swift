import LinuxIO

/// A block of addresses in CIDR notation (RFC 4632, RFC 4291 section 2.3), as `prefer` takes it.
struct AddressPrefix: Sendable, Equatable {
    private let high: UInt64
    private let low: UInt64
    private let highMask: UInt64
    private let lowMask: UInt64
    private let family: SocketAddress.Family

    /// Reads `ADDRESS/LENGTH`; bits behind the length may be set and do not count. nil for anything else.
    init?(_ text: String) {
        guard let slash = text.firstIndex(of: "/"),
            let address = SocketAddress.parse(host: String(text[..<slash]), port: 0), text.first != "["
        else { return nil }
        let digits = text[text.index(after: slash)...]
        let isIPv4 = address.family == .ipv4
        guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let length = Int(digits),
            length <= (isIPv4 ? 32 : 128)
        else { return nil }
        // IPv4 addresses are kept v4-mapped: in the last 32 bits.
        let bits = isIPv4 ? length + 96 : length
        highMask = Self.mask(min(bits, 64))
        lowMask = Self.mask(max(bits - 64, 0))
        high = address.high & highMask
        low = address.low & lowMask
        family = address.family
    }

    /// Whether an address of the block's own family lies within it.
    func contains(_ address: SocketAddress) -> Bool {
        address.family == family && address.high & highMask == high && address.low & lowMask == low
    }

    /// A word whose first `bits` bits are set.
    private static func mask(_ bits: Int) -> UInt64 {
        bits == 0 ? 0 : UInt64.max << UInt64(64 - bits)
    }
}
