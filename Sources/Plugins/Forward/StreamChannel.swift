import LinuxIO

/// A TCP connection: questions in frames, answered in any order (RFC 7766).
final class StreamChannel: UpstreamChannel {
    /// Connections of an upstream. Beyond, questions share them.
    static let mostOpen = 8
    /// Bytes that wait to be sent: an upstream that takes none is as good as gone.
    static let mostOutput = 1 << 20

    var isConnected = false
    /// Whether it has answered before: then its end is that of an old connection, and no failure.
    var hasAnswered = false
    var input: [UInt8] = []
    var output: [UInt8] = []
    var interest: EventLoop.Events = .writable

    override var network: String { "tcp" }
}
