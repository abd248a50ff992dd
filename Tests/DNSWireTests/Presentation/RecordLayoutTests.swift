import DNSWire
import Testing

/// Types without a case of their own, whose text becomes octets.
@Suite struct RecordLayoutTests {
    static let rows: [(type: String, text: String, octets: String)] = [
        ("RP", "a b", "\\# 6 016100016200"),
        ("AFSDB", "1 a", "\\# 5 0001016100"),
        ("SSHFP", "4 2 AB cd", "\\# 4 0402ABCD"),
        ("TLSA", "3 1 1 ( 00\n ff )", "\\# 5 03010100FF"),
        ("CDS", "0 0 0 00", "\\# 5 0000000000"),
        ("CDNSKEY", "0 3 0 AA==", "\\# 5 0000030000"),
        ("OPENPGPKEY", "AAEC", "\\# 3 000102"),
        ("SPF", "\"v=spf1\" x", "\\# 9 06763D737066310178"),
        ("URI", "1 2 \"x:\"", "\\# 6 00010002783A"),
        // RFC 4034, section 4.3.
        (
            "NSEC", "host.example.com. A MX RRSIG NSEC TYPE1234",
            "\\# 55 04686F7374076578616D706C6503636F6D00" + "0006400100000003" + "041B"
                + String(repeating: "00", count: 26)
                + "20"
        ),
        ("NSEC", ".", "\\# 1 00"),
        // RFC 4034, section 3.3: moments as dates and as seconds.
        (
            "RRSIG", "A 5 3 1d 20030322173103 20030220173103 2642 example. AAAA",
            "\\# 30 00010503000151803E7C9DD73E5510D70A52076578616D706C6500000000"
        ),
        (
            "RRSIG", "A 5 3 1d 1048354263 19700101000000 2642 . AAAA",
            "\\# 22 00010503000151803E7C9DD7000000000A5200000000"
        ),
        (
            "RRSIG", "A 5 3 1 21060207062816 20000229120000 1 . AAAA",
            "\\# 22 00010503000000010000000038BBB4C0000100000000"
        ),
    ]

    @Test(arguments: rows.indices)
    func reads(_ row: Int) throws {
        let (name, text, octets) = Self.rows[row]
        let type = try #require(RecordType(mnemonic: name))
        #expect("\(try RecordData.parse(type: type, text))" == octets, "\(name) \(text)")
    }

    static let broken: [(type: String, text: String, error: String)] = [
        ("TLSA", "3 1", "1:4: found the end of the record, expected the matching type, a number from 0 to 255"),
        ("NSEC", "a NOTYPE", "1:3: found \"NOTYPE\", expected a type"),
        (
            "RRSIG", "A 5 3 1 20031322173103 1 1 . AAAA",
            "1:9: found \"20031322173103\", expected the expiration, YYYYMMDDHHmmSS or a number of seconds since 1970"
        ),
        ("CDS", "1 1 1 0", "1:7: found \"0\", expected the digest, pairs of hexadecimal digits"),
        ("RP", "a b c", "1:5: found \"c\", expected the end of the record"),
        ("LOC", "1", "1:1: found \"1\", expected \\# and the number of octets, as LOC has no other form here"),
    ]

    @Test(arguments: broken.indices)
    func says(_ row: Int) throws {
        let (name, text, expected) = Self.broken[row]
        let type = try #require(RecordType(mnemonic: name))
        do {
            Issue.record("\(try RecordData.parse(type: type, text)) was read")
        } catch {
            #expect("\(error)" == expected, "\(name) \(text)")
        }
    }
}
