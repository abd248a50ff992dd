import DNSWire
import Testing

struct RecordDataTests {
    /// Type, text as written, and the data in hexadecimal.
    static let rows: [(RecordType, String, String)] = [
        (.a, "192.0.2.1", "c0000201"),
        (.aaaa, "2001:db8::1", "20010db8000000000000000000000001"),
        (.aaaa, "::ffff:192.0.2.1", "00000000000000000000ffffc0000201"),
        (.ns, "ns.example.", "026e73076578616d706c6500"),
        (.cname, "www.example.", "03777777076578616d706c6500"),
        (.ptr, "host.example.", "04686f7374076578616d706c6500"),
        (.ptr, ".", "00"),
        (.dname, "example.net.", "076578616d706c65036e657400"),
        (
            .soa, "ns.dns.cluster.local. hostmaster.example. 1700000000 7200 1800 86400 5",
            "026e7303646e7307636c7573746572056c6f63616c00 0a686f73746d6173746572076578616d706c6500"
                + "6553f100 00001c20 00000708 00015180 00000005"
        ),
        (.mx, "10 mail.example.", "000a 046d61696c076578616d706c6500"),
        (.txt, #""1.1.0""#, "05312e312e30"),
        (.txt, #""v=spf1 -all" "a\"b\\c\001\255" """#, "0b763d73706631202d616c6c 076122625c6301ff 00"),
        (.hinfo, #""INTEL-386" "UNIX""#, "09494e54454c2d333836 04554e4958"),
        (
            .srv, "0 100 8443 web-0.web.default.svc.cluster.local.",
            "0000 0064 20fb 057765622d30037765620764656661756c740373766307636c7573746572056c6f63616c00"
        ),
        (
            .naptr, #"100 50 "s" "z3950+I2L+I2C" "!^(.*)$!\\1!" _z3950._tcp.gatech.edu."#,
            "0064 0032 0173 0d7a333935302b49324c2b493243 0b215e282e2a2924215c3121"
                + "065f7a33393530045f746370066761746563680365647500"
        ),
        (
            .ds, "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118",
            "ec45 05 01 2bb183af5f22588179a53b0a98631fad1a292118"
        ),
        (.dnskey, "256 3 8 AwEAAQ==", "0100 03 08 03010001"),
        (
            .caa, #"0 issue "ca.example.net; policy=\"ev\"""#,
            "00 056973737565 63612e6578616d706c652e6e65743b20706f6c6963793d22657622"
        ),
        (.caa, #"128 iodef """#, "80 05696f646566"),
        (.svcb, #"1 . alpn="h2,h3" port=8443"#, "0001 00 0001 0006 026832026833 0003 0002 20fb"),
        (
            .https,
            #"1 svc.example. mandatory=alpn,ipv4hint alpn="h2" no-default-alpn ipv4hint=192.0.2.1,192.0.2.2 "#
                + #"ech=AAQBAgME ipv6hint=2001:db8::1 key667="hello""#,
            "0001 03737663076578616d706c6500 0000 0004 00010004 0001 0003 026832 0002 0000"
                + "0004 0008 c0000201c0000202 0005 0006 000401020304 0006 0010 20010db8000000000000000000000001"
                + "029b 0005 68656c6c6f"
        ),
        (RecordType(rawValue: 731), ##"\# 6 ABCDEF012345"##, "abcdef012345"),
        (RecordType(rawValue: 62347), ##"\# 0"##, ""),
        (.rrsig, ##"\# 2 0001"##, "0001"),
        (.opt, ##"\# 6 000A0002BEEF"##, "000a 0002 beef"),
        (.opt, ##"\# 0"##, ""),
    ]

    @Test(arguments: rows) func bothWays(type: RecordType, text: String, wire: String) throws {
        let data = try RecordData.parse(type: type, text)
        #expect(data.type == type)
        #expect(data.description == text)
        #expect(encoded(data).map(hex) == .success(hex(octets(wire))))
        #expect(readData(type, octets(wire)) == .success(data))
    }

    /// RFC 3597, section 5: the generic form is read for every type, and means the same as the type's own.
    @Test(arguments: rows) func genericForm(type: RecordType, text: String, wire: String) throws {
        let bytes = octets(wire)
        let generic = try RecordData.parse(type: type, "\\# \(bytes.count) ( \(wire) )")
        #expect(generic == (try RecordData.parse(type: type, text)))
    }

    /// Every cut of every row is refused, or (where the last field is open) is shorter data that come back as they were.
    @Test(arguments: rows) func cutShort(type: RecordType, text: String, wire: String) throws {
        let bytes = octets(wire)
        let hasOpenEnd = [.ds, .dnskey, .caa, .txt, .svcb, .https, .opt, .rrsig].contains(type) || type.rawValue > 300
        for length in bytes.indices {
            let result = readData(type, Array(bytes[..<length]))
            switch result {
            case .success(let data):
                #expect(hasOpenEnd, "\(type) of \(length) octets")
                #expect(encoded(data).map(hex) == .success(hex(bytes[..<length])))
            case .failure(let error): #expect([.truncated, .badRecordLength, .badRecordData].contains(error))
            }
        }
        if !hasOpenEnd {
            #expect(readData(type, bytes + [0]) == .failure(.badRecordLength), "\(type) with an octet too many")
        }
    }

    static let refused: [(RecordType, String, WireError)] = [
        (.a, "", .badRecordLength),
        (.a, "c00002", .badRecordLength),
        (.a, "c000020101", .badRecordLength),
        (.aaaa, "20010db80000000000000000000000", .badRecordLength),
        (.ns, "", .truncated),
        (.ns, "0161 00 00", .badRecordLength),
        (.mx, "00", .badRecordLength),
        (.txt, "", .badRecordLength),
        (.txt, "0261", .badRecordLength),
        (.caa, "00", .badRecordLength),
        (.caa, "00 00 61", .badRecordData),
        (.caa, "00 01 2d 61", .badRecordData),
        (.caa, "00 05 61", .badRecordLength),
        (.ds, "0001 05 01", .badRecordLength),
        (.dnskey, "0001 05 01", .badRecordLength),
        (.opt, "000a", .badRecordLength),
        (.opt, "000a 0003 beef", .badRecordLength),
        (.srv, "0000 0000 0000 c006", .badPointer),
    ]

    @Test(arguments: refused) func refuses(type: RecordType, wire: String, error: WireError) {
        #expect(readData(type, octets(wire)) == .failure(error))
    }

    /// Data that the types allow to say but the wire has no room for, or the reader would refuse.
    @Test func unwritable() throws {
        let long = [UInt8](repeating: 0x61, count: 256)
        let rows: [(RecordData, WireError)] = [
            (.txt([]), .badRecordLength),
            (.txt([long]), .badRecordLength),
            (.hinfo(processor: long, system: []), .badRecordLength),
            (.caa(flags: 0, tag: [], value: []), .badRecordData),
            (.caa(flags: 0, tag: [0x2D], value: []), .badRecordData),
            (.caa(flags: 0, tag: long, value: []), .badRecordLength),
            (.ds(keyTag: 0, algorithm: 0, digestType: 0, digest: []), .badRecordLength),
            (.dnskey(flags: 0, keyProtocol: 3, algorithm: 0, publicKey: []), .badRecordLength),
            (.opt([.init(code: 1, octets: [UInt8](repeating: 0, count: 65_536))]), .badRecordLength),
            (.unknown(type: .rrsig, octets: [UInt8](repeating: 0, count: 65_536)), .noSpace),
        ]
        for (data, error) in rows { #expect(encoded(data) == .failure(error), "\(data.type)") }
        // The longest that fits behind owner, type, class, TTL and length.
        let longest = RecordData.unknown(type: .rrsig, octets: [UInt8](repeating: 7, count: 65_535 - 11))
        #expect(encoded(longest).map(\.count) == .success(65_524))
    }
}
