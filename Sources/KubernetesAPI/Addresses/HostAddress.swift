/// An address as an object gives it: an IP address, or the name of a host.
///
/// EndpointSlices of type FQDN and load balancers that are known by a name have the latter.
package struct HostAddress: Sendable, Hashable {
    /// The text as it was given.
    package let text: String
    /// The same as an IP address; nil where `text` is a host name.
    package let address: IPAddress?

    /// Reads `text` as an IP address where it is one.
    package init(_ text: String) {
        self.text = text
        address = IPAddress(text)
    }

    /// The address with its canonical text.
    package init(_ address: IPAddress) {
        text = address.description
        self.address = address
    }
}
