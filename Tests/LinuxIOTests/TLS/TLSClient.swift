import Testing

@testable import LinuxIO

/// A client's end over a socket of its own, which turns the harness's loop while it waits.
final class TLSClient {
    let socket: ConnectedSocket
    let session: TLSSession
    private let harness: StreamHarness

    init(
        _ harness: StreamHarness, _ context: TLSContext, to address: SocketAddress, peer: String = "127.0.0.1",
        resumption: TLSResumption = TLSResumption()
    ) throws {
        self.harness = harness
        socket = try ConnectedSocket.open(.stream, to: address)
        let name = try #require(TLSPeerName(peer))
        session = try #require(
            TLSSession(client: context, descriptor: socket.descriptor, peer: name, resumption: resumption))
    }

    deinit {
        session.end()
        socket.close()
    }

    /// What comes of a step once it waits for nothing any more; nil where it does after ten seconds.
    func finish(_ step: () -> TLSSession.Outcome) -> TLSSession.Outcome? {
        let deadline = Clock.system.monotonic() + 10 * Clock.second
        while Clock.system.monotonic() < deadline {
            let outcome = step()
            if outcome != .needsReading, outcome != .needsWriting { return outcome }
            harness.loop.turn()
        }
        return nil
    }

    func handshake() -> TLSSession.Outcome? { finish { session.handshake() } }

    /// Sends all bytes; what became of the last.
    @discardableResult
    func send(_ bytes: [UInt8]) -> TLSSession.Outcome? {
        var sent = 0
        while true {
            let outcome = finish { bytes[sent...].withUnsafeBytes { session.write($0) } }
            guard case .done(let count) = outcome else { return outcome }
            sent += count
            if sent == bytes.count { return outcome }
            harness.loop.turn()
        }
    }

    /// What comes until there are `count` bytes; fewer where the stream ends.
    func receive(_ count: Int) -> [UInt8] {
        var received: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 100_000)
        while received.count < count,
            case .done(let size) = finish({ chunk.withUnsafeMutableBytes { session.read(into: $0) } })
        {
            received += chunk[..<size]
        }
        return received
    }

    /// Whether a frame is answered.
    func exchanges(_ text: String = "question") -> Bool {
        guard case .done = handshake() else { return false }
        send(LengthPrefixedServerTests.framed(Array(text.utf8)))
        return receive(text.utf8.count + 2) == LengthPrefixedServerTests.framed(text.utf8.reversed())
    }
}
