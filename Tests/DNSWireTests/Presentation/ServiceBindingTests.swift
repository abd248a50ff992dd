import DNSWire
import Testing

/// The test vectors of RFC 9460, appendix D, and what sections 2 and 7 to 8 say beside them.
struct ServiceBindingTests {
    static let fooCom = "03666f6f 07 6578616d706c65 03636f6d 00"
    static let fooOrg = "03666f6f 07 6578616d706c65 036f7267 00"

    /// Text of the appendix, and its wire form.
    static let vectors: [(String, String)] = [
        // D.1: alias form.
        ("0 foo.example.com.", "0000 \(fooCom)"),
        // D.2: service form.
        ("1 .", "0001 00"),
        ("16 foo.example.com. port=53", "0010 \(fooCom) 0003 0002 0035"),
        ("1 foo.example.com. key667=hello", "0001 \(fooCom) 029b 0005 68656c6c6f"),
        (#"1 foo.example.com. key667="hello\210qoo""#, "0001 \(fooCom) 029b 0009 68656c6c6fd2716f6f"),
        (
            "1 foo.example.com. (\n ipv6hint=\"2001:db8::1,2001:db8::53:1\"\n )",
            "0001 \(fooCom) 0006 0020 20010db8000000000000000000000001 20010db8000000000000000000530001"
        ),
        (
            #"1 example.com. ( ipv6hint="2001:db8:122:344::192.0.2.33" )"#,
            "0001 07 6578616d706c65 03636f6d 00 0006 0010 20010db80122034400000000c0000221"
        ),
        (
            "16 foo.example.org. (\n alpn=h2,h3-19 mandatory=ipv4hint,alpn\n ipv4hint=192.0.2.1\n )",
            "0010 \(fooOrg) 0000 0004 0001 0004 0001 0009 026832 0568332d3139 0004 0004 c0000201"
        ),
        (
            #"16 foo.example.org. alpn="f\\\\oo\\,bar,h2""#,
            "0010 \(fooOrg) 0001 000c 08 665c6f6f2c626172 02 6832"
        ),
        (
            #"16 foo.example.org. alpn=f\\\092oo\092,bar,h2"#,
            "0010 \(fooOrg) 0001 000c 08 665c6f6f2c626172 02 6832"
        ),
        // Section 2.1: a key that has a name, written by its number, has its value as on the wire.
        (#"1 . key1="\002h2" key3=\001\187"#, "0001 00 0001 0003 026832 0003 0002 01bb"),
        ("1 . key2", "0001 00 0002 0000"),
        // Empty values of unknown keys, with and without "=".
        (#"1 . key667= key668 key669="""#, "0001 00 029b 0000 029c 0000 029d 0000"),
        (#"1 . no-default-alpn="" alpn=h2"#, "0001 00 0001 0003 026832 0002 0000"),
        (#"1 . dohpath=/dns-query{?dns}"#, "0001 00 0007 0010 2f646e732d71756572797b3f646e737d"),
    ]

    @Test(arguments: vectors) func vector(text: String, wire: String) throws {
        for type in [RecordType.svcb, .https] {
            let data = try RecordData.parse(type: type, text)
            #expect(encoded(data).map(hex) == .success(hex(octets(wire))))
            #expect(readData(type, octets(wire)) == .success(data))
            #expect(try RecordData.parse(type: type, data.description) == data)
        }
    }

    /// D.3, and others that break a rule; with the column at fault.
    static let failures: [(String, column: Int)] = [
        ("1 foo.example.com. key123=abc key123=def", column: 31),
        ("1 foo.example.com. mandatory", column: 20),
        ("1 foo.example.com. alpn", column: 20),
        ("1 foo.example.com. port", column: 20),
        ("1 foo.example.com. ipv4hint", column: 20),
        ("1 foo.example.com. ipv6hint", column: 20),
        ("1 foo.example.com. no-default-alpn=abc", column: 20),
        ("1 foo.example.com. mandatory=key123", column: 20),
        ("1 foo.example.com. mandatory=mandatory", column: 20),
        ("1 foo.example.com. mandatory=key123,key123 key123=abc", column: 20),
        ("1 . ech", column: 5),
        ("1 . ech=A", column: 5),
        ("1 . port=65536", column: 5),
        ("1 . alpn=h2,,h3", column: 5),
        (#"1 . alpn="h2\\x""#, column: 5),
        ("1 . ipv4hint=1.2.3", column: 5),
        ("1 . ipv6hint=1::2::3", column: 5),
        ("1 . key65535=x", column: 5),
        ("1 . key0667=x", column: 5),
        ("1 . key65536=x", column: 5),
        ("1 . Port=53", column: 5),
        ("1 . key1=x", column: 5),
        (#"1 . "port=53""#, column: 5),
        (#"1 . key667=\256"#, column: 5),
        ("1 . key667=a\"b\"", column: 13),
        ("1", column: 2),
        ("65536 .", column: 1),
    ]

    @Test(arguments: failures) func failure(text: String, column: Int) {
        let error = #expect(throws: PresentationError.self) { try RecordData.parse(type: .svcb, text) }
        #expect(error?.column == column)
        #expect(error?.line == 1)
    }

    static let malformed: [(String, WireError)] = [
        ("0001", .truncated),
        ("0001 00 0003", .badRecordLength),
        ("0001 00 0003 0002 00", .badRecordLength),
        ("0001 00 0003 0001 00", .badRecordLength),
        ("0001 00 0003 0003 000000", .badRecordLength),
        // Keys that do not ascend.
        ("0001 00 029c 0000 029b 0000", .badRecordData),
        ("0001 00 029b 0000 029b 0000", .badRecordData),
        // Empty lists; a mandatory key that is not there, twice there, itself, or out of order.
        ("0001 00 0000 0000", .badRecordData),
        ("0001 00 0000 0002 0003", .badRecordData),
        ("0001 00 0000 0004 0003 0003 0003 0002 0035", .badRecordData),
        ("0001 00 0000 0002 0000", .badRecordData),
        ("0001 00 0000 0004 0004 0003 0003 0002 0035 0004 0004 01020304", .badRecordData),
        ("0001 00 0000 0001 00", .badRecordLength),
        ("0001 00 0001 0000", .badRecordData),
        ("0001 00 0001 0001 00", .badRecordData),
        ("0001 00 0001 0003 036832", .badRecordLength),
        ("0001 00 0002 0001 00", .badRecordLength),
        ("0001 00 0004 0000", .badRecordData),
        ("0001 00 0004 0003 010203", .badRecordLength),
        ("0001 00 0005 0000", .badRecordData),
        ("0001 00 0006 0000", .badRecordData),
        ("0001 00 0006 000f 000000000000000000000000000000", .badRecordLength),
        ("0001 00 ffff 0000", .badRecordData),
    ]

    @Test(arguments: malformed) func refusesWire(wire: String, error: WireError) {
        #expect(readData(.svcb, octets(wire)) == .failure(error))
        #expect(throws: PresentationError.self) {
            try RecordData.parse(type: .svcb, "\\# \(octets(wire).count) \(wire)")
        }
    }

    @Test func parametersAreSorted() throws {
        let binding = try ServiceBinding(
            priority: 1, target: .root, parameters: [.port(1), .alpn([[0x68]]), .mandatory([.port, .alpn])])
        #expect(binding.parameters == [.mandatory([.alpn, .port]), .alpn([[0x68]]), .port(1)])
        #expect(throws: ServiceBindingError.badValue(.port)) {
            try ServiceBinding(priority: 1, target: .root, parameters: [.other(.port, [0, 1])])
        }
    }
}
