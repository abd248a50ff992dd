import DNSWire
import Testing

struct ReadDomainNameTests {
    /// What a row expects: the name and the offset behind it, or the error.
    enum Outcome: Sendable {
        case name(String, end: Int)
        case failure(WireError)
    }

    static let rows: [(String, at: Int, Outcome)] = [
        ("00", at: 0, .name(".", end: 1)),
        ("0161 00", at: 0, .name("a.", end: 3)),
        ("0161 00 ff", at: 0, .name("a.", end: 3)),
        ("0161 0162 00", at: 2, .name("b.", end: 5)),
        // A pointer to the start, behind a label, and on its own.
        ("0162 00 0161 c000", at: 3, .name("a.b.", end: 7)),
        ("0162 00 c000", at: 3, .name("b.", end: 5)),
        // A pointer to a pointer: the place behind the first one counts.
        ("0162 00 c000 0161 c003", at: 5, .name("a.b.", end: 9)),
        // Into the middle of a name, and into the middle of a label, whose octets then are what they are.
        ("0161 0162 00 0163 c002", at: 5, .name("c.b.", end: 9)),
        ("03 016100 00 c001", at: 5, .name("a.", end: 7)),
        // To the root label.
        ("00 0161 c000", at: 1, .name("a.", end: 5)),
        // Forwards, to itself, to the start of its own portion, in a circle.
        ("c002 0161 00", at: 0, .failure(.badPointer)),
        ("c000", at: 0, .failure(.badPointer)),
        ("0161 c000", at: 0, .failure(.badPointer)),
        ("0161 c002", at: 0, .failure(.badPointer)),
        ("0161 0162 c002", at: 0, .failure(.badPointer)),
        ("c002 c000", at: 2, .failure(.badPointer)),
        ("0161 c004 0162 c000", at: 4, .failure(.badPointer)),
        ("ffff", at: 0, .failure(.badPointer)),
        // Reserved label types.
        ("40", at: 0, .failure(.badLabelType)),
        ("7f 00", at: 0, .failure(.badLabelType)),
        ("80", at: 0, .failure(.badLabelType)),
        ("bf 00", at: 0, .failure(.badLabelType)),
        ("0161 41 00", at: 0, .failure(.badLabelType)),
        // Cut short.
        ("", at: 0, .failure(.truncated)),
        ("00", at: 1, .failure(.truncated)),
        ("00", at: 2, .failure(.truncated)),
        ("00", at: -1, .failure(.truncated)),
        ("00", at: Int.max, .failure(.truncated)),
        ("00", at: Int.min, .failure(.truncated)),
        ("01", at: 0, .failure(.truncated)),
        ("0161", at: 0, .failure(.truncated)),
        ("0261", at: 0, .failure(.truncated)),
        ("00 c0", at: 1, .failure(.truncated)),
        ("3f" + String(repeating: "61", count: 62), at: 0, .failure(.truncated)),
    ]

    @Test(arguments: rows) func reads(message: String, at offset: Int, outcome: Outcome) {
        let (result, end) = readName(octets(message), at: offset)
        switch outcome {
        case .name(let text, let expectedEnd):
            #expect(result.map(\.description) == .success(text))
            #expect(end == expectedEnd)
        case .failure(let error):
            #expect(result == .failure(error))
            #expect(end == offset, "an error leaves the offset alone")
        }
    }

    @Test func lengthIsLimitedWithAndWithoutPointers() throws {
        let longest = try name(DomainNameTests.longest)
        #expect(readName(longest.wire, at: 0).0 == .success(longest))
        let tooLong = [UInt8](longest.wire.dropLast()) + [1, 0x63, 0]
        #expect(readName(tooLong, at: 0).0 == .failure(.nameTooLong))
        // A label of one octet in front of a pointer to a name of 255 octets, and to one of 253.
        #expect(readName(longest.wire + octets("0163 c000"), at: 255).0 == .failure(.nameTooLong))
        let almost = try name(String(DomainNameTests.longest.dropLast(3)))
        #expect(almost.wire.count == 253)
        #expect(readName(almost.wire + octets("0163 c000"), at: 253).0.map(\.wire.count) == .success(255))
    }

    @Test func chainOfPointersIsLimited() {
        // Behind the root, each pointer leads to the one before it.
        var message: [UInt8] = [0]
        for index in 0..<128 {
            let target = index == 0 ? 0 : message.count - 2
            message += [0xC0 | UInt8(target >> 8), UInt8(target & 0xFF)]
        }
        #expect(readName(message, at: message.count - 4).0 == .success(.root))
        #expect(readName(message, at: message.count - 4).1 == message.count - 2)
        #expect(readName(message, at: message.count - 2).0 == .failure(.badPointer))
    }

    @Test func everyLabelBehindAPointer() {
        // The deepest name there can be, each label on its own and led to by the next one.
        var message: [UInt8] = [0]
        var start = 0
        for _ in 0..<127 {
            let target = start
            start = message.count
            message += [1, 0x61, 0xC0 | UInt8(target >> 8), UInt8(target & 0xFF)]
        }
        #expect(readName(message, at: start).0.map(\.labelCount) == .success(127))
    }
}
