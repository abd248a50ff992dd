import DNSWire
import Testing

struct ResourceRecordTests {
    /// Names in data may lead anywhere backwards in the message, also in types that must not be sent so (RFC 3597, section 4).
    static let compressed: [(String, at: Int, String)] = [
        (
            "076578616d706c6500 03777777c000 0005 0001 0000003c 0002 c000", at: 9,
            "www.example.\t60\tIN\tCNAME\texample."
        ),
        (
            "076578616d706c6500 c000 0006 0001 0000003c 001d 026e73c000 0161c000 00000001 00000002 00000003 00000004 00000005",
            at: 9, "example.\t60\tIN\tSOA\tns.example. a.example. 1 2 3 4 5"
        ),
        (
            "076578616d706c6500 c000 0021 0001 0000003c 000a 0001 0002 0003 0161c000", at: 9,
            "example.\t60\tIN\tSRV\t1 2 3 a.example."
        ),
        ("076578616d706c6500 c000 0027 0001 0000003c 0002 c000", at: 9, "example.\t60\tIN\tDNAME\texample."),
        // A pointer into the data themselves: the second name of an SOA to its first.
        (
            "00 0006 0001 00000000 001a 026e73 00 c00b 00000001 00000002 00000003 00000004 00000005", at: 0,
            ".\t0\tIN\tSOA\tns. ns. 1 2 3 4 5"
        ),
    ]

    @Test(arguments: compressed) func readsCompressed(message: String, at offset: Int, text: String) {
        let bytes = octets(message)
        let (result, end) = readRecord(bytes, at: offset)
        #expect(result.map(\.description) == .success(text))
        #expect(end == bytes.count)
    }

    static let refused: [(String, WireError)] = [
        ("", .truncated),
        ("00", .truncated),
        ("00 0001 0001 00000000", .truncated),
        ("00 0001 0001 00000000 0004 c00002", .truncated),
        ("00 0001 0001 00000000 ffff c0000201", .truncated),
        ("00 0001 0001 00000000 0003 c00002 01", .badRecordLength),
        ("00 0001 0001 00000000 0005 c0000201 00", .badRecordLength),
        // A name that goes on behind the data, over a label and over a pointer.
        ("00 0002 0001 00000000 0002 0161 00", .badRecordLength),
        ("00 0002 0001 00000000 0003 0161 c000", .badRecordLength),
        ("00 0002 0001 00000000 0001 c000", .badRecordLength),
        ("00 0002 0001 00000000 0002 c00b", .badPointer),
        ("00 0002 0001 00000000 0002 ffff", .badPointer),
        ("00 0002 0001 00000000 0001 40", .badLabelType),
        // RFC 9460, section 2.2: never compressed.
        ("00 0040 0001 00000000 0004 0001 c000", .badPointer),
    ]

    @Test(arguments: refused) func refuses(message: String, error: WireError) {
        let (result, end) = readRecord(octets(message))
        #expect(result == .failure(error))
        #expect(end == 0, "an error leaves the offset alone")
    }

    @Test func optKeepsClassAndTTL() {
        let (result, end) = readRecord(octets("00 0029 04d0 01008000 0006 000a0002beef"))
        #expect(end == 17)
        #expect(result.map(\.recordClass.rawValue) == .success(1232))
        #expect(result.map(\.ttl) == .success(0x0100_8000))
        #expect(result.map(\.data) == .success(.opt([.init(code: 10, octets: [0xBE, 0xEF])])))
    }
}
