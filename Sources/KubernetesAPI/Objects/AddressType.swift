/// What the addresses of an EndpointSlice are (`addressType`).
package enum AddressType: String, Sendable, Hashable, CaseIterable {
    case ipv4 = "IPv4"
    case ipv6 = "IPv6"
    case fqdn = "FQDN"
}
