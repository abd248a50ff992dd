import LinuxIO

/// A question of the server's own, which no client waits for: a plugin asks those below it, on the event loop, and sees what
/// they say on the way up. It is asked through `WorkerContext.ask`, from any thread.
package struct OwnQuery: Sendable {
    /// Header, question and perhaps an OPT record. There is room for the longest response, as over TCP.
    package let request: [UInt8]
    /// Number of the plugin that asks (its place in the order of plugins).
    package let asker: UInt8
    /// On whose behalf: the client and the address of the query that gave rise to the question.
    package let client: SocketAddress
    package let local: SocketAddress
    /// How upstreams are asked: over TCP as for a client over TCP, or over UDP with TCP where that answer is truncated.
    package let transport: Transport
    /// What the asker finds at `Exchange.ownQuery` on the way up. Kept until `ended` has been called.
    package let subject: any AnyObject & Sendable
    /// Called once, when all is over: on the loop's thread, or at once by the asker's where the question cannot be taken.
    package let ended: @Sendable () -> Void

    package init(
        request: [UInt8], asker: UInt8, client: SocketAddress, local: SocketAddress, transport: Transport = .udp,
        subject: any AnyObject & Sendable, ended: @escaping @Sendable () -> Void
    ) {
        self.request = request
        self.asker = asker
        self.client = client
        self.local = local
        self.transport = transport
        self.subject = subject
        self.ended = ended
    }
}
