import DNSWire
import Testing

@Suite("Writing responses")
struct ResponseWriterTests {
    /// Reads `query`, lets `body` write, finishes, and returns the response.
    static func respond(
        to query: [UInt8], limit: Int = 512, code: ResponseCode = .noError, flags: UInt16 = 0,
        _ body: (inout ResponseWriter) throws -> Void = { _ in }
    ) throws -> [UInt8] {
        let mark: UInt8 = 0xA5
        var memory = query + [UInt8](repeating: mark, count: max(limit - query.count, 0) + 64)
        let scratch = QuestionName()
        defer { scratch.deallocate() }
        return try memory.withUnsafeMutableBytes { bytes in
            let base = try #require(bytes.baseAddress)
            var request = Request()
            _ = request.read(base, length: query.count, name: scratch)
            let room = request.hasEDNS ? ResponseWriter.optLength : 0
            var writer = ResponseWriter(base: base, position: request.questionEnd, limit: limit - room)
            try body(&writer)
            let length = writer.finish(request, code: code, flags: flags)
            #expect(length <= max(limit, request.questionEnd + room))
            #expect(bytes[max(limit, query.count, length)...].allSatisfy { $0 == mark })
            return Array(bytes[..<length])
        }
    }

    @Test("flags: id, opcode, RD and CD come back; AD, Z, AA, TC, RA and the code do not")
    func flags() throws {
        for bit in 0..<15 {
            let query = Query(flags: 1 << bit)
            let response = try Self.respond(to: query.octets)
            let kept = query.flags & 0x7910
            #expect(
                response[0..<4].elementsEqual([0xAB, 0xCD, UInt8((0x8000 | kept) >> 8), UInt8(kept & 0xFF)]),
                "bit \(bit)")
        }
        let response = try Self.respond(
            to: Query(flags: 0x0110).octets, code: .nameError, flags: Header.authoritative | Header.recursionAvailable)
        #expect(response == octets("abcd 8593 0001 0000 0000 0000 03777777 026578 00 0001 0001"))
    }

    @Test("without a question that could be read the response has none", arguments: [UInt16(0x2800), 0x0100])
    func withoutQuestion(flags: UInt16) throws {
        let query = Query(flags: flags, counts: [2, 1, 1, 1]).octets
        let response = try Self.respond(to: query, code: .formatError)
        #expect(hex(response) == "abcd" + hex([UInt8((0x8000 | flags) >> 8), 1]) + "0000000000000000")
    }

    @Test("OPT only where the request has one, without its options; the code's upper bits go there")
    func edns() throws {
        let plain = try Self.respond(to: Query().octets, code: .badVersion)
        #expect(plain.count == 24 && plain[3] & 15 == 0 && plain[11] == 0)
        let query = Query.additional([Query.opt(size: 4096, version: 1, flags: 0xFFFF, options: [0, 3, 0, 0])]).octets
        let bad = try Self.respond(to: query, code: .badVersion)
        #expect(hex(bad.dropFirst(24)) == "000029" + "04d0" + "01008000" + "0000")
        #expect(bad[3] & 15 == 0 && bad[11] == 1)
        let refused = try Self.respond(to: Query.additional([Query.opt()]).octets, code: .refused)
        #expect(hex(refused.dropFirst(24)) == "000029" + "04d0" + "00000000" + "0000")
        #expect(refused[3] & 15 == 5)
    }

    @Test("room, counts, marks and truncation")
    func room() throws {
        let address: [UInt8] = [192, 0, 2, 1]
        func fill(_ writer: inout ResponseWriter) -> Int {
            var count = 0
            while address.withUnsafeBytes({ bytes in
                bytes.baseAddress.map { writer.answerAddress(owner: 0xC00C, type: .a, ttl: 7, address: $0, length: 4) }
                    ?? false
            }) { count += 1 }
            return count
        }
        for (limit, fits) in [(24, 0), (39, 0), (40, 1), (55, 1), (56, 2), (512, 30)] {
            let response = try Self.respond(to: Query().octets, limit: limit) { writer in
                let start = writer.mark
                #expect(writer.hasRoom(limit - 24) && !writer.hasRoom(limit - 23))
                #expect(fill(&writer) == fits)
                #expect(Int(writer.answerCount) == fits && writer.position == 24 + 16 * fits)
                writer.authorityCount = 3
                writer.additionalCount = 4
                writer.roll(back: start)
                #expect(writer.answerCount == 0 && writer.authorityCount == 0 && writer.additionalCount == 0)
                #expect(writer.position == 24)
                #expect(fill(&writer) == fits)
                writer.isTruncated = fits < 2
            }
            #expect(response.count == 24 + 16 * fits)
            #expect(response[2] & 2 == (fits < 2 ? 2 : 0) && Int(response[7]) == fits)
            var offset = 24
            for _ in 0..<fits {
                let (record, end) = readRecord(response, at: offset)
                #expect(try record.get().description == "www.ex.\t7\tIN\tA\t192.0.2.1")
                offset = end
            }
        }
        // The room for OPT is kept free.
        let query = Query.additional([Query.opt()]).octets
        let response = try Self.respond(to: query, limit: 24 + 32) { #expect(fill(&$0) == 1) }
        #expect(response.count == 24 + 16 + 11)
    }

    @Test("pointers")
    func pointers() {
        #expect(ResponseWriter.pointer(to: 12) == ResponseWriter.questionPointer)
        #expect(ResponseWriter.pointer(to: ResponseWriter.farthestPointer) == 0xFFFF)
    }

    @Test("garbage and mutated queries: a verdict, never a trap, and a response within the limit")
    func garbage() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("ResponseWriterTests seed \(seed)")
        var random = SeededGenerator(state: seed)
        let models = [
            Query().octets,
            Query.additional([Query.opt(options: [0, 10, 0, 2, 1, 2]), Query.record(type: 250)]).octets,
            Query(
                counts: [1, 1, 1, 1], name: Query.name(63, 63, 63, 61), rest: (1...3).flatMap { Query.record(type: $0) }
            ).octets,
        ]
        var seen: [RequestVerdict: Int] = [:]
        for round in 0..<20_000 {
            var message: [UInt8]
            if round % 4 == 0 {
                message = (0..<Int.random(in: 0...300, using: &random)).map { _ in
                    UInt8.random(in: .min ... .max, using: &random)
                }
            } else {
                message = models[Int.random(in: 0..<models.count, using: &random)]
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    message[Int.random(in: 0..<message.count, using: &random)] = UInt8.random(
                        in: .min ... .max, using: &random)
                }
                if round % 3 == 0 { message.removeLast(Int.random(in: 0..<message.count, using: &random)) }
            }
            let reading = Reading(message)
            seen[reading.verdict, default: 0] += 1
            guard reading.verdict != .drop else { continue }
            #expect(reading.request.questionEnd <= message.count)
            #expect((512...65_535).contains(reading.request.udpSize))
            let code: ResponseCode =
                reading.verdict == .answer ? .noError : reading.verdict == .badVersion ? .badVersion : .formatError
            let response = try Self.respond(to: message, code: code) { writer in
                while writer.hasRoom(16) {
                    writer.putRecordHead(owner: 0xC00C, type: .a, ttl: 1, dataLength: 4)
                    writer.put32(1)
                    writer.answerCount += 1
                }
            }
            #expect(response.count <= 512, "seed \(seed)")
            #expect(response[2] & 0x80 != 0)
        }
        // Every kind of message was there.
        for verdict in [RequestVerdict.answer, .drop, .formatError, .notImplemented] {
            #expect(seen[verdict, default: 0] > 50)
        }
    }
}
