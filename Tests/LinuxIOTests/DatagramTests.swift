import Glibc
import Synchronization
import Testing

@testable import LinuxIO

@Suite struct DatagramTests {
    /// Receives until something other than a time-out or an interruption comes, for at most some seconds.
    static func receive(_ batch: borrowing DatagramBatch, _ socket: DatagramSocket) -> DatagramBatch.Received {
        for _ in 0..<10 {
            let received = batch.receive(from: socket)
            if received != .timedOut, received != .interrupted { return received }
        }
        return .timedOut
    }

    static func send(_ bytes: [UInt8], from socket: DatagramSocket, to: SocketAddress) -> Int {
        bytes.withUnsafeBytes { socket.send($0, to: to).result }
    }

    static func bytes(_ slot: DatagramSlot) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: slot.buffer, count: slot.receivedLength))
    }

    struct Case: Sendable {
        let server: String
        let client: String
        let asked: String
    }

    static let cases: [Case] = [
        Case(server: "127.0.0.1", client: "127.0.0.1", asked: "127.0.0.1"),
        Case(server: "::1", client: "::1", asked: "::1"),
        Case(server: "::", client: "127.0.0.1", asked: "127.0.0.1"),
        Case(server: "::", client: "127.0.0.1", asked: "127.0.0.2"),
        Case(server: "::", client: "::1", asked: "::1"),
        Case(server: "0.0.0.0", client: "127.0.0.3", asked: "127.0.0.2"),
    ]

    /// The answer comes from the address that was asked, also on one socket for all addresses.
    @Test(arguments: cases, [false, true]) func answersFromTheAddressAsked(row: Case, onlyIPv4: Bool) throws {
        let bound = try #require(SocketAddress.parse(host: row.server, port: 0))
        // The fall-back where the kernel has no IPv6 is the second placement.
        if onlyIPv4, !bound.isWildcard || row.client.contains(":") { return }
        let server = try DatagramSocket.bind(
            SocketDescriptor.placements(bound).suffix(onlyIPv4 ? 1 : 2))
        let client = try DatagramSocket.bind(try #require(SocketAddress.parse(host: row.client, port: 0)))
        let asked = try #require(SocketAddress.parse(host: row.asked, port: server.boundAddress.port))
        #expect(server.isWildcard == bound.isWildcard)
        #expect(Self.send([1, 2, 3], from: client, to: asked) == 3)

        let batch = try DatagramBatch(count: 4)
        #expect(Self.receive(batch, server) == .count(1))
        let slot = batch.slot(0)
        #expect(Self.bytes(slot) == [1, 2, 3])
        #expect(slot.client == client.boundAddress)
        #expect(slot.local(of: server) == asked)
        #expect(!slot.isTruncated)
        slot.buffer.storeBytes(of: 9, as: UInt8.self)
        batch.setResponseLength(0, 2)
        batch.send(to: server)
        #expect(batch.sendErrors == 0)

        let answers = try DatagramBatch(count: 4)
        #expect(Self.receive(answers, client) == .count(1))
        #expect(answers.slot(0).client == asked)
        #expect(Self.bytes(answers.slot(0)) == [9, 2])

        // A single datagram, as the event loop sends it for a parked query.
        let sent = [UInt8]([7]).withUnsafeBytes { server.send($0, to: client.boundAddress, from: asked) }
        #expect(sent == (1, 0))
        #expect(Self.receive(answers, client) == .count(1))
        #expect(answers.slot(0).client == asked)
    }

    /// An IPv6 link-local address of this machine; containers often have none.
    private static var linkLocal: SocketAddress? {
        (try? NetworkInterfaces.addresses())?.values.joined().first { $0.isLinkLocal && $0.family == .ipv6 }
    }

    @Test(.enabled(if: linkLocal != nil, "no interface has an IPv6 link-local address"))
    func linkLocalAddressesWork() throws {
        let own = try #require(Self.linkLocal)
        let server = try DatagramSocket.bind(.wildcard(port: 0))
        let client = try DatagramSocket.bind(own)
        let asked = own.withPort(server.boundAddress.port)
        #expect(Self.send([1], from: client, to: asked) == 1)
        let batch = try DatagramBatch()
        #expect(Self.receive(batch, server) == .count(1))
        #expect(batch.slot(0).local(of: server) == asked)
        batch.setResponseLength(0, 1)
        batch.send(to: server)
        #expect(batch.sendErrors == 0)
        let answers = try DatagramBatch()
        #expect(Self.receive(answers, client) == .count(1))
        #expect(answers.slot(0).client == asked)
    }

    /// Several datagrams are one batch; some are answered, some dropped, and slots start afresh each time.
    @Test func batchesAndDrops() throws {
        let server = try DatagramSocket.bind(.wildcard(port: 0))
        let client = try DatagramSocket.bind(.loopback(port: 0))
        let batch = try DatagramBatch(count: 8)
        let answers = try DatagramBatch()
        for round in 0..<3 {
            for index in 0..<10 {
                let asked = SocketAddress(ipv4: 0x7f00_0002 + UInt32(index), port: server.boundAddress.port)
                _ = Self.send([UInt8](repeating: UInt8(index), count: index + round), from: client, to: asked)
            }
            var expected: [SocketAddress] = []
            // Loopback delivers within the send, so everything waits: 8 fit into the batch, 2 are left.
            for (first, count) in [(0, 8), (8, 2)] {
                #expect(Self.receive(batch, server) == .count(count))
                for index in 0..<count {
                    let number = first + index
                    #expect(Self.bytes(batch.slot(index)) == [UInt8](repeating: UInt8(number), count: number + round))
                    if number % 3 == 0 { continue }
                    batch.setResponseLength(index, 1 + number)
                    expected.append(SocketAddress(ipv4: 0x7f00_0002 + UInt32(number), port: server.boundAddress.port))
                }
                batch.send(to: server)
            }
            #expect(Self.receive(answers, client) == .count(expected.count))
            #expect((0..<expected.count).map { answers.slot($0).client } == expected)
            #expect(expected.count == 6)
        }
        #expect(batch.sendErrors == 0)
    }

    @Test func truncatedDatagramsAreMarked() throws {
        let server = try DatagramSocket.bind(.loopback(port: 0))
        let client = try DatagramSocket.bind(.loopback(port: 0))
        let batch = try DatagramBatch(count: 4, capacity: 64)
        for size in [63, 64, 65, 1000] {
            #expect(Self.send([UInt8](repeating: 7, count: size), from: client, to: server.boundAddress) == size)
        }
        #expect(Self.receive(batch, server) == .count(4))
        #expect((0..<4).map { batch.slot($0).receivedLength } == [63, 64, 64, 64])
        #expect((0..<4).map { batch.slot($0).isTruncated } == [false, false, true, true])
    }

    /// A datagram that cannot be sent is skipped; those before and after it are sent.
    @Test(arguments: [[0], [1], [2], [0, 1], [0, 2], [0, 1, 2]]) func sendErrorsAreCounted(failing: [Int]) throws {
        let server = try DatagramSocket.bind(.loopback(port: 0))
        let client = try DatagramSocket.bind(.loopback(port: 0))
        // More than a UDP datagram can hold: EMSGSIZE.
        let batch = try DatagramBatch(count: 4, capacity: 65536)
        for index in 0..<3 { _ = Self.send([UInt8(index)], from: client, to: server.boundAddress) }
        #expect(Self.receive(batch, server) == .count(3))
        for index in 0..<3 { batch.setResponseLength(index, failing.contains(index) ? 65536 : 1) }
        batch.send(to: server)
        #expect(batch.sendErrors == UInt64(failing.count))
        let left = (0..<3).filter { !failing.contains($0) }
        if left.isEmpty { return }
        #expect(Self.receive(batch, client) == .count(left.count))
        #expect((0..<left.count).map { Self.bytes(batch.slot($0)) } == left.map { [UInt8($0)] })
    }

    @Test func emptyDatagramsAreDatagrams() throws {
        let server = try DatagramSocket.bind(.wildcard(port: 0))
        let client = try DatagramSocket.bind(.loopback(port: 0))
        let batch = try DatagramBatch()
        #expect(Self.send([], from: client, to: .loopback(port: server.boundAddress.port)) == 0)
        #expect(Self.receive(batch, server) == .count(1))
        #expect(batch.slot(0).receivedLength == 0)
        #expect(batch.slot(0).client == client.boundAddress)
    }

    @Test func shutdownEndsReceiving() throws {
        for address in [SocketAddress.wildcard(port: 0), .loopback(port: 0)] {
            let server = try DatagramSocket.bind(address)
            let batch = try DatagramBatch()
            server.shutdown()
            #expect(batch.receive(from: server) == .closed(ESHUTDOWN))
            #expect(batch.receive(from: server) == .closed(ESHUTDOWN))
        }
    }

    /// A worker that waits, and one that is about to, both end.
    @Test func shutdownWakesAnotherThread() throws {
        let server = try DatagramSocket.bind(.wildcard(port: 0))
        let last = Mutex<DatagramBatch.Received?>(nil)
        let thread = try Thread.spawn(name: "worker") {
            guard let batch = try? DatagramBatch() else { return }
            let received = Self.receive(batch, server)
            last.withLock { $0 = received }
        }
        server.shutdown()
        thread.join()
        #expect(last.withLock { $0 } == .closed(ESHUTDOWN))
    }

    @Test func waitingTimesOut() throws {
        let server = try DatagramSocket.bind(.loopback(port: 0))
        let batch = try DatagramBatch()
        #expect(batch.receive(from: server) == .timedOut)
    }

    @Test func workersShareAnAddress() throws {
        let first = try DatagramSocket.bind(.loopback(port: 0))
        let second = try DatagramSocket.bind(first.boundAddress)
        #expect(second.boundAddress == first.boundAddress)
    }

    @Test func aListenerSharesItsAddressWithNobody() throws {
        let first = try StreamListener.listen(.loopback(port: 0))
        let subject = "\(first.boundAddress)"
        #expect(throws: SystemError(call: "bind", code: EADDRINUSE, subject: subject)) {
            _ = try StreamListener.listen(first.boundAddress)
        }
    }

    @Test func bindErrorsSayWhere() throws {
        let foreign = SocketAddress(ipv4: 0xc000_0201, port: 53)
        #expect(throws: SystemError(call: "bind", code: EADDRNOTAVAIL, subject: "192.0.2.1:53")) {
            _ = try DatagramSocket.bind(foreign)
        }
        #expect(throws: SystemError(call: "bind", code: EADDRNOTAVAIL, subject: "192.0.2.1:53")) {
            _ = try StreamListener.listen(foreign)
        }
        for (count, capacity) in [(0, 1), (1, 0), (-1, 1), (1025, 1), (1, 65537)] {
            #expect(throws: SystemError.self) { _ = try DatagramBatch(count: count, capacity: capacity) }
        }
    }
}
