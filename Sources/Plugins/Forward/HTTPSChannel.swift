import LinuxIO

/// The connections over HTTPS to an upstream: each question is a request (RFC 8484), and the ids by which their flights are found
/// are not sent.
final class HTTPSChannel: UpstreamChannel {
    private unowned let engine: ForwardEngine
    private(set) var client: HTTPSClient?
    /// When an answer came last.
    private var answeredAt: UInt64

    /// - Returns: nil where there is no memory for it.
    init?(_ https: UpstreamHTTPS, upstream: Upstream, engine: ForwardEngine) {
        self.engine = engine
        answeredAt = engine.loop.now
        super.init(upstream: upstream, now: engine.loop.now)
        client = https.open(engine.loop, mostIdle: upstream.stage.options.mostIdle, receiver: self)
        if client == nil { return nil }
    }

    override var ends: String { upstream.https?.url ?? upstream.name }

    override func forget(_ identifier: UInt16) {
        super.forget(identifier)
        client?.abandon(UInt64(identifier))
    }

    /// An answer that is missing since a time says nothing about connections that bring others. Where nothing came at all they
    /// are not trusted with more.
    func doubt(since sentAt: UInt64) {
        if answeredAt <= sentAt { isRetired = true }
    }

    /// A question that was asked at a time is to be asked once more. Where connections that have brought answers have brought
    /// none for half the time since, they may be dead without a word (a firewall that has forgotten them), and it is to find
    /// others. Those that are being made may need their time, and others would need the same.
    func isAskedAgain(since sentAt: UInt64) {
        if answeredAt > openedAt { doubt(since: sentAt + (engine.loop.now &- sentAt) / 2) }
    }

    func close() { client?.close() }
}

extension HTTPSChannel: HTTPSReceiver {
    func ended(_ ticket: UInt64, _ outcome: HTTPSOutcome) {
        if case .response = outcome {
            answeredAt = engine.loop.now
            usedAt = engine.loop.now
        }
        engine.ended(UInt16(truncatingIfNeeded: ticket), outcome, on: self)
    }

    func usedConnection(isNew: Bool) { upstream.metrics.countHTTPSConnection(isReused: !isNew) }
}
