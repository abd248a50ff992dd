/// The data of an SOA record (RFC 1035, section 3.3.13); times are in seconds.
package struct StartOfAuthority: Hashable, Sendable {
    /// The primary server of the zone.
    package var primary: DomainName
    /// The mailbox of the person in charge, its first label the part before the "@".
    package var mailbox: DomainName
    /// The version of the zone, compared by serial number arithmetic (RFC 1982).
    package var serial: UInt32
    package var refresh: UInt32
    package var retry: UInt32
    package var expire: UInt32
    /// For how long a negative answer may be cached (RFC 2308, section 4).
    package var minimum: UInt32

    package init(
        primary: DomainName, mailbox: DomainName, serial: UInt32, refresh: UInt32, retry: UInt32, expire: UInt32,
        minimum: UInt32
    ) {
        self.primary = primary
        self.mailbox = mailbox
        self.serial = serial
        self.refresh = refresh
        self.retry = retry
        self.expire = expire
        self.minimum = minimum
    }
}
