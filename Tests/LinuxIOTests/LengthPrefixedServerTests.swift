import Glibc
import Synchronization
import Testing

@testable import LinuxIO

@Suite struct LengthPrefixedServerTests {
    static func framed(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xff)] + bytes
    }

    /// A server that answers by the first byte: "x" closes, "d" drops, "L" 65535 bytes, "o" too long, else the frame reversed.
    static func server(
        _ harness: StreamHarness, address: SocketAddress = .loopback(port: 0),
        limits: LengthPrefixedLimits = LengthPrefixedLimits(),
        seen: @escaping (SocketAddress, SocketAddress) -> Void = { _, _ in }
    ) throws -> (LengthPrefixedServer, SocketAddress) {
        let server = LengthPrefixedServer(loop: harness.loop, limits: limits) { frame, length, client, local in
            seen(client, local)
            let bytes = UnsafeMutableRawBufferPointer(start: frame, count: LengthPrefixedServer.maximumFrame)
            switch bytes[0] {
            case UInt8(ascii: "x"): return -1
            case UInt8(ascii: "d"): return 0
            case UInt8(ascii: "o"): return 65536
            case UInt8(ascii: "L"):
                // The whole room may be written.
                for index in 2..<bytes.count { bytes[index] = UInt8(index & 0x7f) }
                return bytes.count
            default:
                var request = UnsafeMutableRawBufferPointer(rebasing: bytes[..<length])
                request.reverse()
                return length
            }
        }
        let listener = try StreamListener.listen(address)
        try server.serve(listener)
        harness.keep(server)
        return (server, listener.boundAddress)
    }

    @Test func framesByteByByte() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        let client = try harness.connect(to: address)
        #expect(harness.turn { server.connectionCount == 1 })
        let frames = [Array("hello".utf8), Array("a".utf8), [UInt8](repeating: 5, count: 300)]
        for byte in frames.flatMap(Self.framed) {
            harness.send([byte], client)
            harness.loop.turn()
        }
        let expected = frames.flatMap { Self.framed($0.reversed()) }
        #expect(harness.receive(client, count: expected.count).bytes == expected)
        #expect(server.statistics.frames == 3)
    }

    /// Every cut of two frames into two pieces.
    @Test func framesCutAnywhere() throws {
        let harness = try StreamHarness()
        let (_, address) = try Self.server(harness)
        let client = try harness.connect(to: address)
        let stream = Self.framed(Array("query one".utf8)) + Self.framed(Array("two".utf8))
        let expected = Self.framed(Array("eno yreuq".utf8)) + Self.framed(Array("owt".utf8))
        for cut in 0...stream.count {
            harness.send(Array(stream[..<cut]), client)
            harness.loop.turn()
            harness.send(Array(stream[cut...]), client)
            #expect(harness.receive(client, count: expected.count).bytes == expected, "cut \(cut)")
        }
    }

    @Test func hundredPipelinedFramesAreOneWrite() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        let client = try harness.connect(to: address)
        let frames = (0..<100).map { Array("query number \($0)".utf8) }
        harness.send(frames.flatMap(Self.framed), client)
        let expected = frames.flatMap { Self.framed($0.reversed()) }
        #expect(harness.receive(client, count: expected.count).bytes == expected)
        #expect(server.statistics.frames == 100)
        #expect(server.statistics.writes == 1)
    }

    struct Exchange: Sendable {
        let sent: [String]
        let answered: [String]
        let closes: Bool
    }

    static let exchanges: [Exchange] = [
        Exchange(sent: ["ab", "drop", "cd"], answered: ["ba", "dc"], closes: false),
        Exchange(sent: ["ab", "x", "cd"], answered: ["ba"], closes: true),
        Exchange(sent: ["x"], answered: [], closes: true),
        Exchange(sent: ["ab", "over", "cd"], answered: ["ba"], closes: true),
        Exchange(sent: ["", "", "ab", "", "cd"], answered: ["ba", "dc"], closes: false),
        Exchange(sent: ["drop", "drop", "ab"], answered: ["ba"], closes: false),
    ]

    @Test(arguments: exchanges) func answersDropsAndCloses(row: Exchange) throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        let client = try harness.connect(to: address)
        harness.send(row.sent.flatMap { Self.framed(Array($0.utf8)) }, client)
        let expected = row.answered.flatMap { Self.framed(Array($0.utf8)) }
        let (bytes, ended) = harness.receive(client, count: row.closes ? .max : expected.count)
        #expect(bytes == expected)
        #expect(ended == row.closes)
        #expect(server.connectionCount == (row.closes ? 0 : 1))
    }

    /// The longest frame in, the longest out, and what fits no buffer at once.
    @Test func longestFrames() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        let client = try harness.connect(to: address)
        let longest = [UInt8](repeating: 7, count: 65535)
        for _ in 0..<5 { harness.send(Self.framed(longest), client) }
        let expected = Self.framed(longest)
        let bytes = harness.receive(client, count: 5 * expected.count).bytes
        #expect(bytes == expected + expected + expected + expected + expected)
        #expect(server.statistics.frames == 5)
    }

    /// Answers far beyond what the sockets hold wait, in bounds, until the client reads; none is lost, none out of order.
    @Test func slowReaderGetsEverything() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        let client = try harness.connect(to: address)
        let count = 400
        harness.send((0..<count).flatMap { Self.framed([UInt8(ascii: "L"), UInt8($0 & 0xff)]) }, client)
        #expect(harness.turn { server.blockedCount == 1 })
        let answered = server.statistics.frames
        #expect(answered < UInt64(count))
        // While it is blocked nothing more is answered, and its idle time does not run.
        for _ in 0..<5 { harness.loop.turn() }
        #expect(server.statistics.frames == answered)
        let bytes = harness.receive(client, count: count * 65537).bytes
        #expect(bytes.count == count * 65537)
        for index in 0..<count {
            let start = index * 65537
            guard bytes.count >= start + 65537 else { break }
            #expect(Array(bytes[start..<(start + 4)]) == [0xff, 0xff, UInt8(ascii: "L"), UInt8(index & 0xff)])
        }
        #expect(harness.turn { server.blockedCount == 0 })
        harness.send(Self.framed([1, 2]), client)
        #expect(harness.receive(client, count: 4).bytes == [0, 2, 2, 1])
    }

    @Test func readerThatNeverReadsIsClosed() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        let client = try harness.connect(to: address)
        harness.send((0..<400).flatMap { _ in Self.framed([UInt8(ascii: "L")]) }, client)
        #expect(harness.turn { server.blockedCount == 1 })
        harness.clock.advance(nanoseconds: LengthPrefixedLimits.defaultWriteTimeout - 1)
        harness.loop.turn()
        #expect(server.connectionCount == 1)
        harness.clock.advance(nanoseconds: 1)
        harness.loop.turn()
        #expect(server.connectionCount == 0)
        #expect(server.statistics.writeTimeouts == 1)
    }

    @Test func halfClosedClientsGetTheirAnswers() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        let client = try harness.connect(to: address)
        harness.send(Self.framed([1, 2]) + Self.framed([3, 4]) + [0, 9, 1], client)
        client.shutdownWriting()
        let (bytes, ended) = harness.receive(client)
        #expect(bytes == [0, 2, 2, 1, 0, 2, 4, 3])
        #expect(ended)
        #expect(server.connectionCount == 0)

        // Also when the answers have to wait for the client.
        let slow = try harness.connect(to: address)
        harness.send((0..<300).flatMap { _ in Self.framed([UInt8(ascii: "L")]) }, slow)
        slow.shutdownWriting()
        #expect(harness.turn { server.blockedCount == 1 })
        let all = harness.receive(slow)
        #expect(all.bytes.count == 300 * 65537)
        #expect(all.ended)
        #expect(server.connectionCount == 0)
    }

    /// A connection is closed when no complete frame has come for the idle time; bytes of a part do not count.
    @Test func idleConnectionsAreClosed() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        let (silent, dripping, busy) = (
            try harness.connect(to: address), try harness.connect(to: address), try harness.connect(to: address)
        )
        #expect(harness.turn { server.connectionCount == 3 })
        harness.clock.advance(nanoseconds: 9 * Clock.second)
        harness.send([0], dripping)
        harness.send(Self.framed([1, 2]), busy)
        #expect(harness.receive(busy, count: 4).bytes == [0, 2, 2, 1])
        #expect(server.connectionCount == 3)
        harness.clock.advance(nanoseconds: Clock.second)
        harness.loop.turn()
        #expect(server.connectionCount == 1)
        #expect(harness.receive(silent).ended)
        #expect(harness.receive(dripping).ended)
        harness.clock.advance(nanoseconds: 8 * Clock.second)
        harness.loop.turn()
        #expect(server.connectionCount == 1)
        harness.clock.advance(nanoseconds: Clock.second)
        harness.loop.turn()
        #expect(server.connectionCount == 0)
        #expect(server.statistics.idleTimeouts == 3)
    }

    /// The first frame has a time of its own, longer or shorter than the others'.
    @Test(arguments: [(30, 2), (2, 30)] as [(UInt64, UInt64)])
    func firstFramesHaveTheirOwnTime(first: UInt64, idle: UInt64) throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(
            harness, limits: LengthPrefixedLimits(idleTimeout: idle * Clock.second, firstTimeout: first * Clock.second))
        let (silent, busy) = (try harness.connect(to: address), try harness.connect(to: address))
        #expect(harness.turn { server.connectionCount == 2 })
        harness.send(Self.framed([1, 2]), busy)
        #expect(harness.receive(busy, count: 4).bytes == [0, 2, 2, 1])
        harness.clock.advance(nanoseconds: 2 * Clock.second)
        harness.loop.turn()
        #expect(server.connectionCount == 1)
        #expect(harness.receive(first < idle ? silent : busy).ended)
        harness.clock.advance(nanoseconds: 28 * Clock.second)
        harness.loop.turn()
        #expect(server.connectionCount == 0)
        #expect(server.statistics.idleTimeouts == 2)
    }

    @Test func connectionsEndAfterTheirFrames() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness, limits: LengthPrefixedLimits(frames: 3))
        let client = try harness.connect(to: address)
        harness.send(Self.framed([1, 2]), client)
        #expect(harness.receive(client, count: 4).bytes == [0, 2, 2, 1])
        // What is dropped counts too.
        harness.send(Self.framed(Array("d".utf8)) + Self.framed([3, 4]) + Self.framed([5, 6]), client)
        #expect(harness.receive(client, count: 4).bytes == [0, 2, 4, 3])
        #expect(harness.receive(client).ended)
        #expect(harness.turn { server.connectionCount == 0 })
        #expect(server.statistics.frames == 3)
    }

    @Test func oldestIdleConnectionMakesRoom() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness, limits: LengthPrefixedLimits(connections: 3))
        var clients: [StreamSocket] = []
        for count in 1...3 {
            clients.append(try harness.connect(to: address))
            #expect(harness.turn { server.connectionCount == count })
        }
        harness.send(Self.framed([1, 2]), clients[0])
        #expect(harness.receive(clients[0], count: 4).bytes == [0, 2, 2, 1])
        let fourth = try harness.connect(to: address)
        #expect(harness.turn { server.statistics.accepted == 4 })
        #expect(server.connectionCount == 3)
        #expect(server.statistics.evicted == 1)
        #expect(harness.receive(clients[1]).ended)
        for client in [clients[0], clients[2], fourth] {
            harness.send(Self.framed([1, 2]), client)
            #expect(harness.receive(client, count: 4).bytes == [0, 2, 2, 1])
        }
    }

    @Test func busyConnectionsAreNotPushedOut() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness, limits: LengthPrefixedLimits(connections: 1))
        let busy = try harness.connect(to: address)
        harness.send((0..<400).flatMap { _ in Self.framed([UInt8(ascii: "L")]) }, busy)
        #expect(harness.turn { server.blockedCount == 1 })
        let other = try harness.connect(to: address)
        #expect(harness.receive(other).ended)
        #expect(server.statistics.refusedTotal == 1)
        #expect(server.connectionCount == 1)
    }

    @Test func oneClientCannotHaveAll() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(
            harness, address: .wildcard(port: 0), limits: LengthPrefixedLimits(connectionsPerClient: 2))
        let loopback = SocketAddress.loopback(port: address.port)
        let first = try harness.connect(to: loopback)
        _ = try harness.connect(to: loopback)
        #expect(harness.turn { server.connectionCount == 2 })
        #expect(harness.receive(try harness.connect(to: loopback)).ended)
        #expect(server.statistics.refusedPerClient == 1)
        // Another address, and the same one after it has closed one, are welcome.
        _ = try harness.connect(to: SocketAddress(high: 0, low: 1, port: address.port))
        #expect(harness.turn { server.connectionCount == 3 })
        harness.close(first)
        #expect(harness.turn { server.connectionCount == 2 })
        _ = try harness.connect(to: loopback)
        #expect(harness.turn { server.connectionCount == 3 })
    }

    @Test(arguments: ["127.0.0.2", "::1"]) func tellsBothAddresses(host: String) throws {
        let harness = try StreamHarness()
        var seen: [(SocketAddress, SocketAddress)] = []
        let (_, address) = try Self.server(harness, address: .wildcard(port: 0)) { seen.append(($0, $1)) }
        let asked = try #require(SocketAddress.parse(host: host, port: address.port))
        let client = try harness.connect(to: asked)
        harness.send(Self.framed([1]), client)
        _ = harness.receive(client, count: 3)
        #expect(seen.count == 1)
        #expect(seen.first?.0 == (try client.localAddress()))
        #expect(seen.first?.1 == asked)
    }

    @Test func closingDrains() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        let (idle, asking, slow) = (
            try harness.connect(to: address), try harness.connect(to: address), try harness.connect(to: address)
        )
        #expect(harness.turn { server.connectionCount == 3 })
        harness.send((0..<6).flatMap { _ in Self.framed([UInt8(ascii: "L")]) }, slow)
        harness.send((0..<400).flatMap { _ in Self.framed([UInt8(ascii: "L")]) }, slow)
        #expect(harness.turn { server.blockedCount == 1 })
        // Asked before the close, read by it.
        harness.send(Self.framed([1, 2]), asking)
        let flag = Mutex(false)
        func drained() -> Bool { flag.withLock { $0 } }
        server.close { flag.withLock { $0 = true } }
        #expect(harness.turn { server.connectionCount == 1 })
        #expect(!drained())
        #expect(harness.receive(asking).bytes == [0, 2, 2, 1])
        #expect(harness.receive(idle).bytes == [])
        #expect(throws: SystemError.self) { _ = try harness.connect(to: address) }
        // Whole answers only.
        let rest = harness.receive(slow)
        #expect(rest.ended)
        #expect(rest.bytes.count > 0 && rest.bytes.count % 65537 == 0)
        #expect(drained())
        #expect(server.connectionCount == 0)
    }

    @Test func resetsAreSurvived() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        let client = try harness.connect(to: address)
        #expect(harness.turn { server.connectionCount == 1 })
        // Closing with something unread resets the connection.
        harness.send(Self.framed([1, 2]), client)
        #expect(harness.turn { server.statistics.frames == 1 })
        harness.close(client)
        #expect(harness.turn { server.connectionCount == 0 })
    }
}
