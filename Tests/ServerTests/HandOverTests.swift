import LinuxIO
import PluginKit
import ServerHarness
import Testing

@testable import Server

/// Queries on their way from the workers to the event loop, with a loop that is turned by hand.
struct HandOverTests {
    private final class Taken {
        var all: [[UInt8]] = []
    }

    private static let client = SocketAddress.loopback(port: 4000)

    private static func batch(_ count: Int, _ bytes: [UInt8]) -> HandOver.Queries {
        var queries = HandOver.Queries()
        bytes.withUnsafeBytes {
            for _ in 0..<count { queries.add($0, udpSize: 512, chain: 0, heldBy: .max, client: client, local: client) }
        }
        return queries
    }

    /// Whatever batches come in between, queries are taken whole and in order.
    @Test func queriesArriveAsTheyWere() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = FastRandom(seed: seed)
        let loop = try EventLoop()
        let taken = Taken()
        let handOver = HandOver(
            loop: loop, taker: HandOver.Taker { bytes, _ in taken.all.append(Array(bytes)) }, drop: { _ in })
        var sent: [[UInt8]] = []
        for _ in 0..<500 {
            var batch = HandOver.Queries()
            for _ in 0..<random.below(20) {
                let query = (0..<random.below(40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                query.withUnsafeBytes {
                    batch.add($0, udpSize: 512, chain: 0, heldBy: .max, client: Self.client, local: Self.client)
                }
                sent.append(query)
            }
            if !batch.all.isEmpty { handOver.take(&batch) }
            #expect(batch.all.isEmpty && batch.bytes.isEmpty)
            if random.below(3) == 0 { loop.turn() }
        }
        loop.turn()
        #expect(taken.all == sent, "seed \(seed)")
    }

    /// What the loop has no room for is counted and said, and what comes after it is taken again.
    @Test(arguments: [(100, 1000, 16_300), (1000, 10_000, 0)])
    func whatIsTooMuchIsSeen(_ length: Int, _ size: Int, _ before: Int) throws {
        let lines = LogLines()
        let process = ProcessContext(log: lines.log)
        let drops = OverloadDrops.of(process)
        drops.show("dns://:53")
        let metric = {
            process.metrics.all.first { $0.name == "apodns_overload_dropped_queries_total" }?.collect().map(\.value)
        }
        #expect(metric() == [0])
        let loop = try EventLoop()
        let taken = Taken()
        let handOver = HandOver(
            loop: loop, taker: HandOver.Taker { bytes, _ in taken.all.append(Array(bytes)) },
            drop: { drops.count($0, server: "dns://:53") })
        let query = [UInt8](repeating: 1, count: length)
        if before > 0 {
            var batch = Self.batch(before, query)
            handOver.take(&batch)
        }
        for round in 1...3 as ClosedRange<UInt64> {
            var batch = Self.batch(size, query)
            handOver.take(&batch)
            #expect(metric() == [Double(round * UInt64(size))])
        }
        // The first, and when it has doubled: after two and (not yet) four.
        #expect(lines.all.count == 2)
        #expect(lines.all.last?.hasPrefix("[WARNING] dns://:53: \(2 * size) queries dropped so far") == true)
        loop.turn()
        #expect(taken.all.count == before)
        var batch = Self.batch(1, query)
        handOver.take(&batch)
        loop.turn()
        #expect(taken.all.count == before + 1)
        loop.forgetAll()
    }
}
