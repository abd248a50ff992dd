import Testing

@testable import Corefile

/// Zones and address blocks as keys and arguments use them.
@Suite struct ZoneTests {
    @Test(arguments: [
        (".", ["."]), ("example.org", ["example.org."]), ("Example.ORG.", ["example.org."]), (".:53", ["."]),
        ("dns://example.org", ["example.org."]), ("tls://Example.org:853", ["example.org."]), ("3600s", ["3600s."]),
        ("10.0.0.1", ["10.0.0.1."]), ("0/25.2.0.192.in-addr.arpa", ["0/25.2.0.192.in-addr.arpa."]),
        ("_tcp.a*b", ["_tcp.a*b."]), ("a\\.B.c\\046", ["a\\.b.c\\046."]), ("É.org", ["É.org."]),
        ("a\\.", ["a\\.."]), ("{}", ["{}."]),
    ])
    func names(text: String, expected: [String]) throws {
        #expect(try normalizedZones(text) == expected)
    }

    @Test(arguments: [
        "", "..", "a..b", ".a", "a\\", "a\\1", "a\\256.b", "a\\999.b", "x://a", "a:", "a:b", "10.0.0.0/", "10.0.0.0/x",
        "2001:db8::/129",
        "::ffff:10.0.0.0/104", "10.0.0.0/-1", "fe80::1",
    ])
    func notZones(text: String) {
        #expect(throws: ZoneError.self) { try normalizedZones(text) }
    }

    static func octets(_ range: ClosedRange<Int>, _ parent: String) -> [String] {
        range.map { "\($0).\(parent)in-addr.arpa." }
    }

    static let blocks: [(text: String, expected: [String])] = [
        ("0.0.0.0/0", ["in-addr.arpa."]),
        ("0.0.0.0/1", octets(0...127, "")),
        ("128.0.0.0/1", octets(128...255, "")),
        ("10.0.0.0/7", octets(10...11, "")),
        ("10.0.0.0/8", ["10.in-addr.arpa."]),
        ("10.1.2.3/8", ["10.in-addr.arpa."]),
        ("10.96.0.0/12", octets(96...111, "10.")),
        ("10.100.3.4/12", octets(96...111, "10.")),
        ("10.0.0.0/15", octets(0...1, "10.")),
        ("10.0.0.0/16", ["0.10.in-addr.arpa."]),
        ("10.9.3.0/18", octets(0...63, "9.10.")),
        ("10.129.60.0/22", octets(60...63, "129.10.")),
        ("192.168.1.1/23", octets(0...1, "168.192.")),
        ("10.0.0.0/24", ["0.0.10.in-addr.arpa."]),
        ("10.0.0.128/25", octets(128...255, "0.0.10.")),
        ("10.0.0.5/31", octets(4...5, "0.0.10.")),
        ("255.255.255.255/32", ["255.255.255.255.in-addr.arpa."]),
        ("2001:db8::/0", ["ip6.arpa."]),
        ("2001:db8::/1", (0...7).map { "\($0).ip6.arpa." }),
        ("2001:db8::/29", "89abcdef".map { "\($0).b.d.0.1.0.0.2.ip6.arpa." }),
        ("2001:DB8::/30", "89ab".map { "\($0).b.d.0.1.0.0.2.ip6.arpa." }),
        ("2001:db8::/31", "89".map { "\($0).b.d.0.1.0.0.2.ip6.arpa." }),
        ("2001:db8::/32", ["8.b.d.0.1.0.0.2.ip6.arpa."]),
        ("fd00:10:96::/112", [String(repeating: "0.", count: 16) + "6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa."]),
        ("2001:db8::/115", (0...1).map { "\($0)." + String(repeating: "0.", count: 20) + "8.b.d.0.1.0.0.2.ip6.arpa." }),
        ("2001:db8::1/128", ["1." + String(repeating: "0.", count: 23) + "8.b.d.0.1.0.0.2.ip6.arpa."]),
    ]

    @Test(arguments: blocks)
    func reverse(text: String, expected: [String]) throws {
        #expect(try reverseZones(ofCIDR: text) == expected)
        #expect(try normalizedZones(text) == expected)
        #expect(try normalizedZones("dns://\(text):54") == expected)
    }

    @Test(arguments: ["example.org", "10.0.0.0", "a/8", "10.0.0/8", "010.0.0.0/8", "10.0.0.0.0/8", "1.2.3.4\0/8"])
    func namesAreNoBlocks(text: String) throws {
        #expect(try reverseZones(ofCIDR: text) == nil)
    }
}
