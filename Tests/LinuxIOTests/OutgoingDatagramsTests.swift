import Glibc
import Testing

@testable import LinuxIO

/// Datagrams that are sent together, and those that are received so.
@Suite struct OutgoingDatagramsTests {
    /// What the kernel cuts apart (UDP_SEGMENT) and what it does not arrives as it was put together, in any order.
    @Test(arguments: ["127.0.0.1", "::1"]) func allArriveWhole(host: String) throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = FastRandom(seed: seed)
        let server = try DatagramSocket.bind(try #require(SocketAddress.parse(host: host, port: 0)))
        let client = try ConnectedSocket.open(.datagram, to: server.boundAddress)
        defer { client.close() }
        let batch = try DatagramBatch(count: 64)
        let outgoing = OutgoingDatagrams()
        // One, some, as many as one call takes, and more; of few lengths and of many, beyond what any link takes among them.
        for (count, lengths) in [(1, 1), (2, 1), (64, 1), (64, 4), (150, 3), (100, 1000), (9, 0)] {
            var sent: [[UInt8]] = []
            for number in 0..<count {
                let length = lengths == 0 ? 1195 + number : 12 + Int(random.below(UInt32(lengths)))
                sent.append((0..<length).map { UInt8(truncatingIfNeeded: $0 == 0 ? number : $0 &* 7 &+ number) })
            }
            for datagram in sent { datagram.withUnsafeBytes { _ = outgoing.add($0) } }
            #expect(outgoing.send(client) == 0, "seed \(seed)")
            #expect(outgoing.isEmpty)
            var received: [[UInt8]] = []
            while received.count < count {
                guard case .count(let some) = DatagramTests.receive(batch, server) else { break }
                for place in 0..<some { received.append(DatagramTests.bytes(batch.slot(place))) }
            }
            let order: ([UInt8], [UInt8]) -> Bool = { $0.lexicographicallyPrecedes($1) }
            #expect(received.sorted(by: order) == sent.sorted(by: order), "\(count) of \(lengths), seed \(seed)")
        }
    }

    /// Nobody is there: the error is told, and what else was to be sent does no harm.
    @Test func nobodyListens() throws {
        let gone = try DatagramSocket.bind(.loopback(port: 0)).boundAddress
        let client = try ConnectedSocket.open(.datagram, to: gone)
        defer { client.close() }
        let outgoing = OutgoingDatagrams()
        var codes: [Int32] = []
        for _ in 0..<3 {
            for length in [20, 20, 30] { [UInt8](repeating: 1, count: length).withUnsafeBytes { _ = outgoing.add($0) } }
            codes.append(outgoing.send(client))
        }
        #expect(codes.contains(ECONNREFUSED))
        #expect(outgoing.isEmpty)
    }

    /// What comes in on one processor goes to one socket, whoever sends it.
    @Test func socketsByProcessor() throws {
        let first = try DatagramSocket.bind(.loopback(port: 0))
        let second = try DatagramSocket.bind(first.boundAddress)
        first.spreadByProcessor(count: 2)
        let batch = try DatagramBatch(count: 64)
        // The loopback interface delivers on the sender's processor, which the system may change in the middle of a burst; but
        // not of every one. By sender, all 32 would go to one socket once in two thousand million times.
        var wentTogether = false
        for _ in 0..<50 where !wentTogether {
            let senders = try (0..<32).map { _ in try DatagramSocket.bind(.loopback(port: 0)) }
            for sender in senders { #expect(DatagramTests.send([1], from: sender, to: first.boundAddress) == 1) }
            var counts: [Int] = []
            for socket in [first, second] {
                var entry = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
                guard poll(&entry, 1, 0) > 0, case .count(let count) = batch.receive(from: socket) else {
                    counts.append(0)
                    continue
                }
                counts.append(count)
            }
            #expect(counts.reduce(0, +) == 32)
            wentTogether = counts.contains(32)
        }
        #expect(wentTogether)
    }
}
