/// The number of a service parameter (RFC 9460, section 14.3).
package struct ServiceParameterKey: RawRepresentable, Hashable, Sendable, Comparable {
    package let rawValue: UInt16

    @inlinable package init(rawValue: UInt16) { self.rawValue = rawValue }

    @inlinable package static var mandatory: ServiceParameterKey { ServiceParameterKey(rawValue: 0) }
    @inlinable package static var alpn: ServiceParameterKey { ServiceParameterKey(rawValue: 1) }
    @inlinable package static var noDefaultALPN: ServiceParameterKey { ServiceParameterKey(rawValue: 2) }
    @inlinable package static var port: ServiceParameterKey { ServiceParameterKey(rawValue: 3) }
    @inlinable package static var ipv4Hint: ServiceParameterKey { ServiceParameterKey(rawValue: 4) }
    @inlinable package static var ech: ServiceParameterKey { ServiceParameterKey(rawValue: 5) }
    @inlinable package static var ipv6Hint: ServiceParameterKey { ServiceParameterKey(rawValue: 6) }
    /// RFC 9461, section 5. Its value is kept as octets.
    @inlinable package static var dohPath: ServiceParameterKey { ServiceParameterKey(rawValue: 7) }
    /// RFC 9540, section 4. Its value is kept as octets.
    @inlinable package static var ohttp: ServiceParameterKey { ServiceParameterKey(rawValue: 8) }

    package static func < (left: ServiceParameterKey, right: ServiceParameterKey) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension ServiceParameterKey: CustomStringConvertible {
    /// The registered name, or "key" and the number (RFC 9460, section 2.1).
    package var description: String {
        switch rawValue {
        case 0: "mandatory"
        case 1: "alpn"
        case 2: "no-default-alpn"
        case 3: "port"
        case 4: "ipv4hint"
        case 5: "ech"
        case 6: "ipv6hint"
        case 7: "dohpath"
        case 8: "ohttp"
        default: "key\(rawValue)"
        }
    }

    /// A key from its registered name or from "key" and its number without leading zeros (RFC 9460, section 2.1). Names are in
    /// lower case only; key65535 is reserved as invalid (section 14.3.2).
    package init?(mnemonic: String) {
        for registered in 0..<UInt16(9) where ServiceParameterKey(rawValue: registered).description == mnemonic {
            self.init(rawValue: registered)
            return
        }
        let text = mnemonic.utf8
        guard mnemonic.hasPrefix("key"), let number = DecimalNumber.parse(text.dropFirst(3), as: UInt16.self),
            "key\(number)" == mnemonic, number != UInt16.max
        else { return nil }
        self.init(rawValue: number)
    }
}
