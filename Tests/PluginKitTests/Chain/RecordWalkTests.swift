import DNSWire
import Testing

@testable import PluginKit

/// Going over records without reading them.
@Suite struct RecordWalkTests {
    /// Two records: `a. A` written out, and a TXT whose owner is a pointer.
    private static let records: [UInt8] =
        [1, 0x61, 0, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 192, 0, 2, 1] + [0xC0, 0, 0, 16, 0, 1, 0, 0, 0, 5, 0, 2, 1, 0x78]

    private static func walk(_ bytes: [UInt8], offset: Int = 0, remaining: Int = 2) -> [[Int]] {
        bytes.withUnsafeBytes { message in
            var walk = RecordWalk(message: message, offset: offset, remaining: remaining)
            var found: [[Int]] = []
            while let record = walk.next() {
                found.append([
                    record.start, record.fixed, Int(record.type.rawValue), record.data, record.dataLength, record.end,
                ])
            }
            return found
        }
    }

    @Test func saysWhereThePartsAre() {
        #expect(Self.walk(Self.records) == [[0, 3, 1, 13, 4, 17], [17, 19, 16, 29, 2, 31]])
        #expect(Self.walk(Self.records, remaining: 1).count == 1)
        #expect(Self.walk(Self.records, remaining: 0).isEmpty)
        #expect(Self.walk(Self.records, offset: 17).count == 1)
        #expect(Self.walk([]).isEmpty)
    }

    @Test func endsWhereTheBytesDo() {
        for length in 0..<Self.records.count {
            #expect(Self.walk(Array(Self.records.prefix(length))).count == (length < 17 ? 0 : 1), "\(length) bytes")
        }
        #expect(Self.walk(Self.records, offset: -1).isEmpty)
        #expect(Self.walk(Self.records, offset: 1000).isEmpty)
        // A reserved label type is no name.
        #expect(Self.walk([0x80] + Self.records.dropFirst()).isEmpty)
    }
}
