import DNSWire
import LinuxIO
import Testing

@testable import PluginKit

/// One query and its answer.
@Suite struct ExchangeTests {
    private let bench = ExchangeBench()

    /// How many bytes a response may have: the client's size, the transport, the memory, and a limit set afterwards.
    static let limits: [(udpSize: UInt16?, transport: Transport, capacity: Int, limit: Int?, expected: Int)] = [
        (nil, .udp, 4096, nil, 512),
        (0, .udp, 4096, nil, 512),
        (512, .udp, 4096, nil, 512),
        (1232, .udp, 4096, nil, 1232),
        (65_535, .udp, 4096, nil, 4096),
        (4096, .udp, 4096, 1232, 1232),
        (600, .udp, 4096, 1232, 600),
        (nil, .udp, 4096, 1232, 512),
        (nil, .tcp, 4096, nil, 4096),
        (512, .tcp, 4096, nil, 4096),
        (512, .tcp, 700, nil, 700),
        (nil, .udp, 200, nil, 200),
    ]

    @Test func theResponseKeepsToItsLimit() {
        for row in Self.limits {
            #expect(bench.take(udpSize: row.udpSize, transport: row.transport, capacity: row.capacity) == .answer)
            if let limit = row.limit { bench.exchange.pointee.limit(to: limit) }
            var count = 0
            while ExchangeBench.writeAddress(bench.exchange) { count += 1 }
            // 33 bytes of header and question, 16 for each address, 11 for OPT.
            let options = row.udpSize == nil ? 0 : 11
            #expect(count == (row.expected - 33 - options) / 16, "\(row)")
            #expect(bench.exchange.pointee.finish() == 33 + 16 * count + options, "\(row)")
            #expect(bench.field(Header.answerCountOffset) == UInt16(count), "\(row)")
            #expect(bench.field(Header.additionalCountOffset) == (row.udpSize == nil ? 0 : 1), "\(row)")
        }
    }

    @Test func everyQueryStartsAfresh() {
        bench.take(udpSize: 1232)
        _ = ExchangeBench.writeAddress(bench.exchange)
        bench.exchange.pointee.code = .nameError
        bench.exchange.pointee.flags = Header.authoritative
        bench.exchange.pointee.rotation = 7
        bench.exchange.pointee.answeredBy = 3
        bench.exchange.pointee.aliasTarget = 40
        bench.exchange.pointee.failure = Exchange.Failure(plugin: 1, message: "x")
        bench.exchange.pointee.writer.isTruncated = true
        bench.take(transport: .tcp)
        #expect(bench.exchange.pointee.code == .noError)
        #expect(bench.exchange.pointee.flags == 0)
        #expect(bench.exchange.pointee.rotation == 0)
        #expect(bench.exchange.pointee.answeredBy == Exchange.nobody)
        #expect(bench.exchange.pointee.aliasTarget == 0)
        #expect(bench.exchange.pointee.failure == nil)
        #expect(bench.exchange.pointee.transport == .tcp)
        #expect(bench.exchange.pointee.requestLength == 33)
        #expect(bench.exchange.pointee.finish() == 33)
        #expect(bench.field(Header.flagsOffset) == Header.response | Header.recursionDesired)
    }

    @Test func aFailureHasNoRecordsAndNoFlags() {
        bench.take(udpSize: 1232)
        _ = ExchangeBench.writeAddress(bench.exchange)
        bench.exchange.pointee.writer.isTruncated = true
        bench.exchange.pointee.flags = Header.authoritative
        bench.exchange.pointee.fail(.refused)
        #expect(bench.exchange.pointee.finish() == 33 + 11)
        #expect(bench.field(Header.flagsOffset) == Header.response | Header.recursionDesired | 5)
        #expect(bench.field(Header.answerCountOffset) == 0)
    }

    @Test func theOpcodeAndRDAndCDComeBack() {
        let kept = Header.recursionDesired | Header.checkingDisabled
        for flags in [0, kept, kept | Header.authenticData | 0x0040, 5 << 11, 0x0680] as [UInt16] {
            bench.take(flags: flags)
            _ = bench.exchange.pointee.finish()
            #expect(bench.field(Header.flagsOffset) == Header.response | flags & (kept | Header.opcodeMask), "\(flags)")
        }
    }

    @Test func theQuestionsNameIsInLowerCase() {
        bench.take()
        #expect(bench.exchange.pointee.questionName.description == "www.example.org.")
        // What the client wrote stays in the message.
        #expect(bench.buffer.load(fromByteOffset: 14, as: UInt8.self) == UInt8(ascii: "W"))
        // Without a question, it is the root's.
        bench.take()
        bench.buffer.storeBytes(of: 0xC0, toByteOffset: 12, as: UInt8.self)
        #expect(bench.exchange.pointee.take(bench.buffer, length: 33, capacity: 4096, transport: .udp) == .formatError)
        #expect(bench.exchange.pointee.questionName == .root)
    }

    @Test func transportsHaveNames() {
        #expect(Transport.udp.name == "udp")
        #expect(Transport.tcp.name == "tcp")
    }
}
