import DNSWire
import Testing

@testable import PluginKit

/// Another request in the place of the client's, and the way back.
@Suite struct ReplacedRequestTests {
    private static func query(_ name: String, udpSize: UInt16? = nil) throws -> [UInt8] {
        var bytes: [UInt8] = [0xAB, 0xCD, 1, 0, 0, 1, 0, 0, 0, 0, 0, udpSize == nil ? 0 : 1]
        bytes += try DomainName(parsing: name).wire + [0, 28, 0, 1]
        if let udpSize { bytes += [0, 0, 41, UInt8(udpSize >> 8), UInt8(udpSize & 0xFF), 0, 0, 0, 0, 0, 0] }
        return bytes
    }

    @Test func severalPluginsMayReplaceItOneAfterTheOther() throws {
        let bench = ExchangeBench()
        let exchange = bench.exchange
        bench.take()
        let limit = exchange.pointee.writer.limit
        let client = exchange.pointee.withClientRequest { Array($0) }
        let first = try Self.query("a.b.", udpSize: 4096)
        let second = try Self.query("a.much.longer.name.than.the.one.that.was.there.before.it.")
        let isFirst = exchange.pointee.replaceRequest(with: first, by: 3, memo: nil)
        #expect(isFirst)
        #expect(exchange.pointee.request.hasEDNS)
        // The OPT record of the response needs room.
        #expect(exchange.pointee.writer.limit == limit - ResponseWriter.optLength)
        let isSecond = exchange.pointee.replaceRequest(with: second, by: 7, memo: nil)
        #expect(isSecond)
        #expect(exchange.pointee.replacedBy == 7)
        #expect("\(exchange.pointee.questionName)" == "a.much.longer.name.than.the.one.that.was.there.before.it.")
        #expect(exchange.pointee.request.type == .aaaa)
        #expect(exchange.pointee.writer.position == exchange.pointee.request.questionEnd)
        #expect(exchange.pointee.withClientRequest { Array($0) } == client)

        let newest = exchange.pointee.restoreRequest()
        #expect(newest?.message == first)
        #expect(exchange.pointee.replacedBy == 3)
        #expect("\(exchange.pointee.questionName)" == "a.b.")
        let oldest = exchange.pointee.restoreRequest()
        #expect(oldest?.message == client)
        #expect(exchange.pointee.replacedBy == Exchange.nobody)
        #expect("\(exchange.pointee.questionName)" == "www.example.org.")
        #expect(exchange.pointee.request.type == .a)
        #expect(exchange.pointee.writer.limit == limit)
        let none = exchange.pointee.restoreRequest()
        #expect(none == nil)
    }

    @Test func whatIsNoRequestOrTooLongLeavesEverythingAsItWas() throws {
        let bench = ExchangeBench()
        let exchange = bench.exchange
        bench.take()
        let client = exchange.pointee.withClientRequest { Array($0) }
        let long = try Self.query("a.b.") + Array(repeating: 0, count: ExchangeBench.capacity)
        for message in [[], [1, 2, 3], Array(try Self.query("a.b.").dropLast()), long] {
            let isReplaced = exchange.pointee.replaceRequest(with: message, by: 3, memo: nil)
            #expect(!isReplaced)
            #expect(exchange.pointee.replacedBy == Exchange.nobody)
            #expect(exchange.pointee.withClientRequest { Array($0) } == client)
            #expect("\(exchange.pointee.questionName)" == "www.example.org.")
            #expect(exchange.pointee.request.type == .a)
        }
    }

    @Test func theNextQueryKnowsNothingOfIt() throws {
        let bench = ExchangeBench()
        final class Memo {}
        weak var memo: Memo?
        do {
            let kept = Memo()
            memo = kept
            bench.take()
            let message = try Self.query("a.b.")
            let isReplaced = bench.exchange.pointee.replaceRequest(with: message, by: 3, memo: kept)
            #expect(isReplaced)
        }
        #expect(memo != nil)
        bench.take()
        #expect(memo == nil)
        #expect(bench.exchange.pointee.replacedBy == Exchange.nobody)
    }

    @Test func anExtendedErrorStandsBehindOtherOptions() {
        let options: [UInt8] = [0, 3, 0, 1, 7]
        options.withUnsafeBytes { bytes in
            let bench = ExchangeBench()
            bench.take(udpSize: 1232)
            bench.exchange.pointee.attach(options: bytes)
            bench.exchange.pointee.extendedError = 15
            for _ in 0..<2 {
                // Finished again (as `rewrite` does), it is there with the options alone.
                let isFirst = bench.exchange.pointee.extendedError == 15
                let length = bench.exchange.pointee.finish()
                let message = Array(UnsafeRawBufferPointer(start: bench.buffer, count: length))
                let expected = isFirst ? [0, 11] + options + [0, 15, 0, 2, 0, 15] : [0, 5] + options
                #expect(Array(message.suffix(expected.count)) == expected)
                bench.exchange.pointee.clearRecords()
            }
        }
    }

    @Test func optionsStandInTheOptRecordWhereThereIsRoom() {
        let options: [UInt8] = [0, 15, 0, 2, 0, 21]
        options.withUnsafeBytes { bytes in
            for (size, isCarried) in [(UInt16(1232), true), (nil, false)] {
                let bench = ExchangeBench()
                bench.take(udpSize: size)
                bench.exchange.pointee.attach(options: bytes)
                let length = bench.exchange.pointee.finish()
                let message = UnsafeRawBufferPointer(start: bench.buffer, count: length)
                #expect((Array(message.suffix(8)) == [0, 6] + options) == isCarried)
            }
        }
    }
}
