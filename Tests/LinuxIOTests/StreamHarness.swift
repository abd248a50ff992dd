import Testing

@testable import LinuxIO

/// A loop and its clients on the test's own thread: nothing happens but in `turn`, and time stands still.
final class StreamHarness {
    let clock = ManualClock()
    let loop: EventLoop
    private var clients: [StreamSocket] = []
    private var servers: [AnyObject] = []

    init() throws {
        loop = try EventLoop(clock: clock.clock)
    }

    deinit {
        for client in clients { client.close() }
        loop.forgetAll()
    }

    /// Keeps a server for as long as the harness.
    func keep(_ server: AnyObject) {
        servers.append(server)
    }

    /// A client whose reads and writes give up after some milliseconds, so that the loop gets its turn.
    func connect(to address: SocketAddress) throws -> StreamSocket {
        let client = try StreamSocket.connect(to: address, timeoutMilliseconds: 20)
        clients.append(client)
        return client
    }

    func close(_ client: StreamSocket) {
        clients.removeAll { $0.descriptor == client.descriptor }
        client.close()
    }

    /// Turns until `condition` holds; false when it does not within ten seconds.
    func turn(until condition: () -> Bool) -> Bool {
        let deadline = Clock.system.monotonic() + 10 * Clock.second
        while !condition() {
            if Clock.system.monotonic() > deadline { return false }
            loop.turn(maximumMilliseconds: 10)
        }
        return true
    }

    func send(_ bytes: [UInt8], _ client: StreamSocket) {
        var rest = bytes[...]
        let deadline = Clock.system.monotonic() + 10 * Clock.second
        while !rest.isEmpty, Clock.system.monotonic() < deadline {
            let (count, _) = Array(rest).withUnsafeBytes { client.write($0) }
            if count > 0 { rest = rest.dropFirst(count) } else { loop.turn() }
        }
    }

    /// What the client gets until it has `count` bytes, the stream ends (`ended`), or ten seconds have passed.
    func receive(_ client: StreamSocket, count: Int = .max) -> (bytes: [UInt8], ended: Bool) {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 256 << 10)
        let deadline = Clock.system.monotonic() + 10 * Clock.second
        while bytes.count < count, Clock.system.monotonic() < deadline {
            loop.turn()
            let (got, code) = chunk.withUnsafeMutableBytes { client.read(into: $0) }
            if got == 0 || got < 0 && code != 11 { return (bytes, true) }
            if got > 0 { bytes += chunk[..<got] }
        }
        return (bytes, false)
    }
}
