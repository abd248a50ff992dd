import DNSWire
import Testing

@testable import Plugins

/// Prefixes of `dns64`, and its directive.
@Suite struct NAT64PrefixTests {
    @Test func addressesAreThoseOfTheRFC() throws {
        // RFC 6052, section 2.4, and the lengths that CoreDNS takes besides.
        let rows: [(String, String)] = [
            ("2001:db8::/32", "2001:db8:c000:221::"), ("2001:db8:100::/40", "2001:db8:1c0:2:21::"),
            ("2001:db8:122::/48", "2001:db8:122:c000:2:2100::"),
            ("2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::"),
            ("2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100:0"),
            ("2001:db8:122:344:1::/72", "2001:db8:122:344:c0:2:2100:0"),
            ("2001:db8:122:344::/96", "2001:db8:122:344::c000:221"), ("64:ff9b::/96", "64:ff9b::c000:221"),
            ("64:ff9b::1/96", "64:ff9b::c000:221"),
        ]
        let address = try #require(IPv4Address(parsing: "192.0.2.33"))
        for (text, expected) in rows where !text.hasSuffix("/72") {
            let prefix = try #require(NAT64Prefix(text), "\(text)")
            #expect("\(prefix.address(address))" == expected, "\(text)")
        }
        #expect(NAT64Prefix("64:ff9b::/96") == .wellKnown)
    }

    @Test func whatIsNotAccepted() {
        let bench = PluginBench()
        let lengths = "of 32, 40, 48, 56, 64, 72, 80, 88 or 96 bits, expected one such as 64:ff9b::/96"
        let rows: [(String, String)] = [
            ("dns64", ""), ("dns64 64:1337::/96", ""),
            ("dns64 {\nprefix 64:1337::/64\ntranslate_all\nallow_ipv4\n}", ""),
            ("dns64 64:1337::/97", "Corefile:2:7: plugin/dns64: '64:1337::/97' is not an IPv6 prefix \(lengths)"),
            ("dns64 64:1337::/24", "Corefile:2:7: plugin/dns64: '64:1337::/24' is not an IPv6 prefix \(lengths)"),
            ("dns64 64:1337::", "Corefile:2:7: plugin/dns64: '64:1337::' is not an IPv6 prefix \(lengths)"),
            ("dns64 10.0.0.0/32", "Corefile:2:7: plugin/dns64: '10.0.0.0/32' is not an IPv6 prefix \(lengths)"),
            ("dns64 {\nprefix\n}", "Corefile:3:1: 'prefix' has no argument, expected 1 argument"),
            (
                "dns64 {\ntranslate_all yes\n}",
                "Corefile:3:15: Unexpected argument 'yes' of 'translate_all', expected none"
            ),
            (
                "dns64 {\ntranslateall\n}",
                "Corefile:3:1: unknown property 'translateall' of 'dns64', expected one of prefix, translate_all, "
                    + "allow_ipv4 (did you mean 'translate_all'?)"
            ),
        ]
        for (text, failure) in rows { #expect(bench.failure(DNS64Plugin.self, text) == failure, "\(text)") }
    }
}
