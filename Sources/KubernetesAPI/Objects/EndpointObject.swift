/// One endpoint of an EndpointSlice (`endpoints[]`).
package struct EndpointObject: Sendable, Hashable {
    /// The addresses; interchangeable ones of one endpoint, of the slice's address type.
    package let addresses: [HostAddress]
    /// The endpoint's host name, a DNS label; nil where it has none.
    package let hostname: String?
    /// The object behind the endpoint; nil where there is none.
    package let target: TargetReference?
    /// The topology zone; nil where it is not known.
    package let zone: String?
    /// Ready, serving, terminating.
    package let conditions: EndpointConditions

    /// An endpoint.
    package init(
        addresses: [HostAddress], hostname: String? = nil, target: TargetReference? = nil, zone: String? = nil,
        conditions: EndpointConditions = EndpointConditions()
    ) {
        self.addresses = addresses
        self.hostname = hostname
        self.target = target
        self.zone = zone
        self.conditions = conditions
    }
}
