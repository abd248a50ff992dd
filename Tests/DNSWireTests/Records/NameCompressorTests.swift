import DNSWire
import Testing

struct NameCompressorTests {
    /// Names written one after the other, and what then stands in the message.
    static let rows: [([String], String)] = [
        (["a."], "0161 00"),
        (["."], "00"),
        ([".", "."], "00 00"),
        (["a.", "a."], "0161 00 c000"),
        (["a.b.", "b."], "0161 0162 00 c002"),
        (["a.b.", "c.b.", "c.b."], "0161 0162 00 0163 c002 c005"),
        // Only whole labels: "ab" is no suffix of "xab".
        (["xab.", "ab."], "03786162 00 026162 00"),
        // Whatever the case, and the first case stays; a new label keeps its own.
        (["A.Bc.", "a.bC.", "X.BC."], "0141 024263 00 c000 0158 c002"),
        // The longest suffix wins, also over an earlier shorter one.
        (["c.", "b.c.", "a.b.c."], "0163 00 0162 c000 0161 c003"),
        // "@" and "`" are not the same letter.
        ([#"\@."#, "`."], "0140 00 0160 00"),
    ]

    @Test(arguments: rows) func compresses(names: [String], wire: String) throws {
        let names = try names.map(name)
        let result = written { (buffer, compressor) throws(WireError) in
            for name in names { try compressor.write(name, compressing: true, to: &buffer) }
        }
        #expect(result.map(hex) == .success(hex(octets(wire))))
        // What was written reads back as what was meant.
        var offset = 0
        let message = try result.get()
        for name in names {
            let (read, end) = readName(message, at: offset)
            #expect((try read.get()).equalsIgnoringCase(name))
            offset = end
        }
        #expect(offset == message.count)
    }

    /// RFC 3597, section 4: which names in data are compressed. The owner is "b.", the data have "a.b." where they have a name.
    static let types: [(RecordType, String, String)] = [
        (.ns, "a.b.", "0161c000"),
        (.cname, "a.b.", "0161c000"),
        (.ptr, "a.b.", "0161c000"),
        (.mx, "1 a.b.", "0001 0161c000"),
        (.soa, "a.b. a.b. 1 2 3 4 5", "0161c000 c00d 00000001 00000002 00000003 00000004 00000005"),
        (.srv, "1 2 3 a.b.", "0001 0002 0003 0161016200"),
        (.dname, "a.b.", "0161016200"),
        (.naptr, #"1 2 "" "" "" a.b."#, "0001 0002 00 00 00 0161016200"),
        (.svcb, "1 a.b.", "0001 0161016200"),
        (.https, "1 a.b.", "0001 0161016200"),
    ]

    @Test(arguments: types) func compressesInData(type: RecordType, text: String, wire: String) throws {
        let data = try RecordData.parse(type: type, text)
        let record = ResourceRecord(owner: try name("b."), ttl: 0, data: data)
        let message = try encoded([record]).get()
        #expect(hex(message[13...]) == hex(octets(wire)))
        #expect(readRecord(message).0 == .success(record))
        // A second one: its owner is a pointer; names written in full before are no targets.
        let both = try encoded([record, record]).get()
        #expect(hex(both[message.count...].prefix(2)) == "c000")
        let (second, end) = readRecord(both, at: message.count)
        #expect(second == .success(record))
        #expect(end == both.count)
    }

    @Test func questionIsATarget() throws {
        let asked = try name("Web.Default.")
        let data = RecordData.a(IPv4Address(bits: 1))
        let result = try written { (buffer, compressor) throws(WireError) in
            try buffer.append([UInt8](repeating: 0, count: 12))
            try buffer.append(asked.wire)
            try buffer.append(UInt32(0x0001_0001))
            compressor.register(nameAt: 12, in: buffer)
            let record = ResourceRecord(owner: asked.lowercased(), ttl: 5, data: data)
            try RecordEncoder.encode(record, into: &buffer, compressor: &compressor)
        }.get()
        #expect(hex(result.suffix(16)) == "c00c00010001000000050004" + "00000001")
    }

    @Test func registeringOutsideTheMessageIsHarmless() throws {
        let result = written { (buffer, compressor) throws(WireError) in
            for offset in [-1, 0, 1, 12, 65_535, Int.max - 1] { compressor.register(nameAt: offset, in: buffer) }
            try compressor.write(.root, compressing: true, to: &buffer)
        }
        #expect(result == .success([0]))
    }

    @Test func rolledBackNamesAreForgotten() throws {
        let (first, second) = (try name("a.b."), try name("x.y."))
        let result = written { (buffer, compressor) throws(WireError) in
            try compressor.write(first, compressing: true, to: &buffer)
            let mark = buffer.position
            try compressor.write(second, compressing: true, to: &buffer)
            buffer.roll(back: mark)
            try buffer.append([0xEE, 0xEE, 0xEE, 0xEE, 0xEE])
            try compressor.write(second, compressing: true, to: &buffer)
            try compressor.write(first, compressing: true, to: &buffer)
        }
        #expect(result.map(hex) == .success(hex(octets("0161016200 eeeeeeeeee 0178017900 c000"))))
    }

    @Test func pointersReachOnlyFourteenBits() throws {
        let name = try name("a.b.")
        for (start, isPointer) in [(0x3FFD, true), (0x3FFE, true), (0x3FFF, true), (0x4000, false)] {
            let message = try written { (buffer, compressor) throws(WireError) in
                try buffer.append([UInt8](repeating: 0, count: start))
                try compressor.write(name, compressing: true, to: &buffer)
                try compressor.write(name, compressing: true, to: &buffer)
            }.get()
            #expect(message.count == start + 5 + (isPointer ? 2 : 5), "\(start)")
            #expect(readName(message, at: start + 5).0 == .success(name))
        }
    }

    @Test func fullTableOnlyCompressesLess() throws {
        let names = try (0..<100).map { try name("n\($0).zone.") }
        let message = try written { (buffer, compressor) throws(WireError) in
            for name in names + names { try compressor.write(name, compressing: true, to: &buffer) }
        }.get()
        var offset = 0
        for name in names + names {
            let (read, end) = readName(message, at: offset)
            #expect(read == .success(name))
            offset = end
        }
        #expect(offset == message.count)
        // 31 labels beside "zone" are remembered; the other 69, of 4 octets each, are written again.
        let once = try written { (buffer, compressor) throws(WireError) in
            for name in names { try compressor.write(name, compressing: true, to: &buffer) }
        }.get()
        #expect(message.count - once.count == 31 * 2 + 69 * 6)
    }
}
