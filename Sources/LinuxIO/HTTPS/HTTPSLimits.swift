/// What an `HTTPSClient` takes on at most.
package struct HTTPSLimits {
    /// Connections that are open at a time.
    package var connections = 8
    /// Connections kept that nobody uses.
    package var idleConnections = 8
    /// Requests under way at a time: as many as the connections have streams, where the server allows the 100 of each that RFC
    /// 9113 (section 6.5.2) recommends. Each costs some kilobytes.
    package var requestsUnderWay = 800
    /// Requests that wait for their turn.
    package var requestsWaiting = 16_384
    /// How long the server's system may leave bytes unacknowledged before their connection counts as broken, in milliseconds.
    /// The kernel's own limit is some 15 minutes, in which a connection that is dead without a word would take its part of the
    /// requests, while others beside it bring answers.
    package var unacknowledgedMilliseconds: Int32 = 5000
    /// Bytes of a response's body.
    package var bodyLength = 65_535
    /// Bytes of a response's head.
    package var headLength = 65_536

    package init() {}
}
