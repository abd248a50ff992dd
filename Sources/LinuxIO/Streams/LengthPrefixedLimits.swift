/// The limits of a `LengthPrefixedServer`.
package struct LengthPrefixedLimits: Sendable {
    /// Nanoseconds without a complete frame after which a connection is closed: CoreDNS's, and within the "order of
    /// seconds" of RFC 7766 section 6.2.3.
    package static let defaultIdleTimeout = 10 * Clock.second
    /// Nanoseconds within which a client must have taken the answers that wait for it.
    package static let defaultWriteTimeout = 10 * Clock.second
    /// Connections at once: with some 200 bytes each (15 KiB over TLS, and up to 400 KiB when the client does not read)
    /// that is little, and it is the usual soft limit on descriptors.
    package static let defaultConnections = 1024
    /// Connections of one address at once: a quarter, so that one client cannot push out all others (RFC 7766 section
    /// 6.2.2 leaves the number to the server).
    package static let defaultConnectionsPerClient = 256

    /// See `defaultIdleTimeout`.
    package var idleTimeout: UInt64
    /// Nanoseconds within which the first frame of a connection must be complete; nil for `idleTimeout`.
    package var firstTimeout: UInt64?
    /// Frames that are answered on one connection before it is closed; at least 1, `.max` for any number.
    package var frames: Int
    /// See `defaultWriteTimeout`.
    package var writeTimeout: UInt64
    /// See `defaultConnections`; at least 1.
    package var connections: Int
    /// See `defaultConnectionsPerClient`; at least 1.
    package var connectionsPerClient: Int

    /// Limits, in nanoseconds and connections.
    package init(
        idleTimeout: UInt64 = Self.defaultIdleTimeout, firstTimeout: UInt64? = nil,
        writeTimeout: UInt64 = Self.defaultWriteTimeout, frames: Int = .max,
        connections: Int = Self.defaultConnections, connectionsPerClient: Int = Self.defaultConnectionsPerClient
    ) {
        self.idleTimeout = idleTimeout
        self.firstTimeout = firstTimeout
        self.frames = max(1, frames)
        self.writeTimeout = writeTimeout
        self.connections = max(1, connections)
        self.connectionsPerClient = max(1, connectionsPerClient)
    }
}
