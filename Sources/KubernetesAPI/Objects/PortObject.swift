/// One port of a Service (`spec.ports[]`).
package struct PortObject: Sendable, Hashable {
    /// The port's name, a DNS label; empty where a Service has one port without a name.
    package let name: String
    /// `TCP`, `UDP` or `SCTP`, as the API spells it.
    package let transport: String
    /// The port number, 1 to 65535.
    package let port: Int32

    /// A port; `transport` is TCP where the API leaves it out.
    package init(name: String = "", transport: String = "TCP", port: Int32) {
        self.name = name
        self.transport = transport
        self.port = port
    }
}
