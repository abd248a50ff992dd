/// One parameter of an SVCB or HTTPS record (RFC 9460, section 7 and 8).
package enum ServiceParameter: Hashable, Sendable {
    /// The keys that a client must understand to use the record, in ascending order.
    case mandatory([ServiceParameterKey])
    /// Protocol identifiers of 1 to 255 octets each.
    case alpn([[UInt8]])
    case noDefaultALPN
    case port(UInt16)
    case ipv4Hint([IPv4Address])
    /// An ECHConfigList, kept as it is.
    case ech([UInt8])
    case ipv6Hint([IPv6Address])
    /// Any other key, with its value as it is on the wire.
    case other(ServiceParameterKey, [UInt8])

    /// The parameter's key.
    package var key: ServiceParameterKey {
        switch self {
        case .mandatory: .mandatory
        case .alpn: .alpn
        case .noDefaultALPN: .noDefaultALPN
        case .port: .port
        case .ipv4Hint: .ipv4Hint
        case .ech: .ech
        case .ipv6Hint: .ipv6Hint
        case .other(let key, _): key
        }
    }
}
