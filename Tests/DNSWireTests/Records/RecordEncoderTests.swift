import DNSWire
import Testing

struct RecordEncoderTests {
    /// Every row of the record types, with a buffer of every size that is too small: the error, and nothing left behind.
    @Test(arguments: RecordDataTests.rows) func bufferTooSmall(type: RecordType, text: String, wire: String) throws {
        let record = ResourceRecord(
            owner: try name("host.example."), ttl: 30, data: try RecordData.parse(type: type, text))
        let before = ResourceRecord(owner: try name("x.example."), ttl: 30, data: .a(IPv4Address(bits: 1)))
        let whole = try encoded([before, record]).get()
        let start = try encoded([before]).get().count
        for capacity in start..<whole.count {
            let result = written(capacity: capacity) { (buffer, compressor) throws(WireError) in
                try RecordEncoder.encode(before, into: &buffer, compressor: &compressor)
                do throws(WireError) {
                    try RecordEncoder.encode(record, into: &buffer, compressor: &compressor)
                    throw .badRecordData
                } catch {
                    guard error == .noSpace else { throw error }
                }
            }
            #expect(result.map(hex) == .success(hex(whole[..<start])), "\(capacity) of \(whole.count)")
        }
        #expect(encoded([before, record], capacity: whole.count) == .success(whole))
    }

    /// After a record that did not fit, one that fits is written as if the other had never been tried.
    @Test func failureLeavesNoTargets() throws {
        let big = ResourceRecord(
            owner: try name("big.example."), ttl: 1, data: .txt([[UInt8](repeating: 0x61, count: 200)]))
        let small = ResourceRecord(owner: try name("big.example."), ttl: 1, data: .a(IPv4Address(bits: 1)))
        let result = written(capacity: 100) { (buffer, compressor) throws(WireError) in
            do throws(WireError) { try RecordEncoder.encode(big, into: &buffer, compressor: &compressor) } catch {}
            try RecordEncoder.encode(small, into: &buffer, compressor: &compressor)
        }
        #expect(result == encoded([small]))
    }

    @Test func bufferStaysInItsMemory() throws {
        var memory = [UInt8](repeating: 0, count: 4)
        try memory.withUnsafeMutableBytes { bytes in
            let clamped = MessageBuffer(bytes, position: 9, limit: 99)
            #expect(clamped.position == 4 && clamped.limit == 4 && clamped.remaining == 0)
            let negative = MessageBuffer(bytes, position: -1, limit: -1)
            #expect(negative.position == 0 && negative.limit == 0)
            var buffer = MessageBuffer(bytes)
            try buffer.append(UInt16(0x0102))
            #expect(throws: WireError.noSpace) { try buffer.append(UInt32(1)) }
            #expect(throws: WireError.noSpace) { try buffer.append(UInt64(1)) }
            #expect(throws: WireError.noSpace) { try buffer.append([1, 2, 3]) }
            #expect(buffer.position == 2)
            #expect(buffer.octet(at: 1) == 2)
            #expect(buffer.octet(at: 2) == nil && buffer.octet(at: -1) == nil)
            buffer.roll(back: 3)
            #expect(buffer.position == 2)
            buffer.roll(back: -5)
            #expect(buffer.position == 0)
        }
    }
}
