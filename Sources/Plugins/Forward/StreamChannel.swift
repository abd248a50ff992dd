import Glibc
import LinuxIO

/// A TCP connection, over TLS where its upstream has it: questions in frames, answered in any order (RFC 7766).
final class StreamChannel: SocketChannel {
    /// Connections of an upstream. Beyond, questions share them.
    static let mostOpen = 8
    /// Bytes that wait to be sent: an upstream that takes none is as good as gone.
    static let mostOutput = 1 << 20

    /// What has come of reading or writing.
    enum Outcome {
        case done(Int)
        /// Nothing for now.
        case wait
        case ended
        case failed(String)
    }

    /// TLS over the socket; nil where the bytes go as they are.
    var session: TLSSession?
    /// Whether questions may be sent: it is connected, and a handshake is over.
    var isConnected = false
    /// Whether a handshake waits for the socket to become readable.
    var waitsForPeer = false
    /// Whether it is read again in this turn, for what TLS holds.
    var readsSoon = false
    /// Whether it has answered before: then its end is that of an old connection, and no failure.
    var hasAnswered = false
    var input: [UInt8] = []
    var output: [UInt8] = []
    var interest: EventLoop.Events = .writable

    override var network: String { "tcp" }

    /// Sends what the socket takes.
    func send(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        guard let session else { return outcome(socket.send(bytes), "write") }
        return outcome(session.write(bytes))
    }

    /// Reads what is there.
    func receive(into bytes: UnsafeMutableRawBufferPointer) -> Outcome {
        guard let session else {
            let result = socket.receive(into: bytes)
            return result.result == 0 ? .ended : outcome(result, "read")
        }
        return outcome(session.read(into: bytes))
    }

    private func outcome(_ result: (result: Int, errno: Int32), _ call: String) -> Outcome {
        if result.result >= 0 { return .done(result.result) }
        if result.errno == EAGAIN { return .wait }
        return .failed("\(call) \(ends): \(call): \(SystemError(call: call, code: result.errno).reason)")
    }

    private func outcome(_ outcome: TLSSession.Outcome) -> Outcome {
        switch outcome {
        case .done(let count): .done(count)
        case .needsReading, .needsWriting: .wait
        case .ended: .ended
        case .failed(let reason): .failed("\(ends): \(reason)")
        }
    }
}
