/// The data of a NAPTR record (RFC 3403, section 4.1); each of the three strings has at most 255 octets.
package struct NamingAuthorityPointer: Hashable, Sendable {
    package var order: UInt16
    package var preference: UInt16
    package var flags: [UInt8]
    package var services: [UInt8]
    package var regularExpression: [UInt8]
    package var replacement: DomainName

    package init(
        order: UInt16, preference: UInt16, flags: [UInt8], services: [UInt8], regularExpression: [UInt8],
        replacement: DomainName
    ) {
        self.order = order
        self.preference = preference
        self.flags = flags
        self.services = services
        self.regularExpression = regularExpression
        self.replacement = replacement
    }
}
