import DNSWire
import Testing

struct AddressTests {
    /// Text, and the canonical form (RFC 5952).
    static let ipv6: [(String, String)] = [
        ("::", "::"),
        ("::1", "::1"),
        ("1::", "1::"),
        ("2001:DB8::0001", "2001:db8::1"),
        ("2001:db8:0:0:0:0:2:1", "2001:db8::2:1"),
        // Section 4.2.2: one zero group is not shortened; 4.2.3: the longest run, and the first of equals.
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("0:0:1:1:1:1:1:1", "::1:1:1:1:1:1"),
        ("1:1:1:1:1:1:0:0", "1:1:1:1:1:1::"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ("::ffff:c000:201", "::ffff:192.0.2.1"),
        ("::192.0.2.1", "::c000:201"),
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
        ("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ]

    @Test(arguments: ipv6) func readsIPv6(text: String, canonical: String) throws {
        let address = try #require(IPv6Address(parsing: text))
        #expect(address.description == canonical)
        #expect(IPv6Address(parsing: canonical) == address)
    }

    @Test(arguments: [
        "", ":", ":::", "1", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", ":1::", "::1:", "1:::2",
        "12345::", "g::", "1.2.3.4", "::1.2.3", "::1.2.3.4:5", "1.2.3.4::", "::1.2.3.256", "::%eth0",
        "1:2:3:4:5:6:7:8::",
        "1:2:3:4::5:6:7:8", "1:2:3:4:5:6:7:1.2.3.4", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", " ::1",
    ]) func refusesIPv6(text: String) {
        #expect(IPv6Address(parsing: text) == nil)
    }

    @Test(arguments: ["0.0.0.0", "10.0.0.1", "255.255.255.255", "192.0.2.10"]) func readsIPv4(text: String) {
        #expect(IPv4Address(parsing: text)?.description == text)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "256.0.0.0", "01.2.3.4", "00.0.0.0", "1.2.3.x",
        "1.2.3.+4", "0x1.2.3.4", " 1.2.3.4", "1.2.3.0004",
    ]) func refusesIPv4(text: String) {
        #expect(IPv4Address(parsing: text) == nil)
    }
}
