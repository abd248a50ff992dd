/// One port of an EndpointSlice (`ports[]`); every field may be missing in the API.
package struct EndpointPortObject: Sendable, Hashable {
    /// The name of the service's port that this one implements; nil and empty mean a port without a name.
    package let name: String?
    /// `TCP`, `UDP` or `SCTP`, as the API spells it.
    package let transport: String?
    /// The port number, 0 to 65535; nil means every port.
    package let port: Int32?

    /// A port.
    package init(name: String? = nil, transport: String? = nil, port: Int32? = nil) {
        self.name = name
        self.transport = transport
        self.port = port
    }
}
