import LinuxIO
import ScriptedAPI
import Testing

@testable import Plugins

/// What a person sees who writes `tls`, or what `forward` has of it: the block's text begins in line 2 of the file. CERT, KEY,
/// OTHER and CA stand for paths of files that are there.
@Suite struct TLSOptionsTests {
    static func filled(_ text: String) throws -> String {
        let made = try ScriptedCertificates.shared()
        var text = text
        for (word, path) in [
            ("CERT", made.serverCertificate(.valid)), ("KEY", made.serverKey(.valid)),
            ("OTHER", made.serverKey(.expired)),
            ("CA", made.authority),
        ] {
            text = text.split(separator: word, omittingEmptySubsequences: false).joined(separator: path)
        }
        return text
    }

    static let directives: [(text: String, error: String, words: String)] = [
        ("tls CERT KEY", "", ""),
        ("tls CERT KEY CA", "", ""),
        ("tls CERT KEY CA {\n client_auth nocert\n}", "", ""),
        ("tls CERT KEY {\n client_auth require_and_verify\n keylog /dev/null\n}", "", ""),
        ("tls /nowhere KEY\ntls CERT KEY", "", ""),
        ("tls", "Corefile:2:1: 'tls' has no argument, expected 2 to 3 arguments", ""),
        ("tls CERT", "Corefile:2:1: 'tls' has 1 argument, expected 2 to 3 arguments", ""),
        ("tls a b c d", "Corefile:2:11: Unexpected argument 'd' of 'tls', expected 2 to 3 arguments", ""),
        (
            "tls {\n acme dns.example.org\n email a@example.org\n}",
            "Corefile:3:2: plugin/tls: certificates by ACME are known in CoreDNS, not in apodns yet; expected tls CERT KEY",
            ""
        ),
        (
            "tls CERT KEY {\n client_auth maybe\n}",
            "Corefile:3:14: plugin/tls: unknown authentication type 'maybe', expected one of nocert, request, require, "
                + "verify_if_given, require_and_verify", ""
        ),
        ("tls CERT KEY {\n client_auth\n}", "Corefile:3:2: 'client_auth' has no argument", ""),
        ("tls CERT KEY {\n client_aut x\n}", "Corefile:3:2: unknown property 'client_aut' of 'tls'", "did you mean"),
        (
            "tls CERT KEY {\n keylog /nowhere/at/all\n}",
            "Corefile:3:9: plugin/tls: open /nowhere/at/all: No such file",
            "ENOENT"
        ),
        (
            "tls /nowhere KEY",
            "Corefile:2:5: plugin/tls: open /nowhere: No such file or directory (ENOENT), expected a file in PEM form",
            ""
        ),
        ("tls nowhere KEY", "Corefile:2:5: plugin/tls: open ", "nowhere: No such file"),
        ("tls CERT /nowhere", "Corefile:2:", "plugin/tls: open /nowhere: No such file"),
        ("tls CERT OTHER", "Corefile:2:", "does not belong to the certificate in "),
        ("tls KEY KEY", "Corefile:2:5: plugin/tls: certificate 1 cannot be read from ", "no start line"),
        ("tls CERT CERT", "Corefile:2:", "plugin/tls: no key can be read from "),
        ("tls CERT KEY KEY", "Corefile:2:", "plugin/tls: certificate 1 cannot be read from "),
    ]

    @Test(arguments: directives)
    func directive(text: String, error: String, words: String) throws {
        let found = PluginBench().failure(TLSPlugin.self, try Self.filled(text))
        #expect(error.isEmpty ? found.isEmpty : found.hasPrefix(error) && found.contains(words), "\(found)")
    }

    static let forwards: [(text: String, error: String, words: String)] = [
        ("forward . tls://9.9.9.9", "", ""),
        ("forward . tls://9.9.9.9:8853 tls://[2620:fe::9]:853 tls://2620:fe::9 10.0.0.1", "", ""),
        ("forward . tls://9.9.9.9%dns.quad9.net tls://[2620:fe::9%dns.quad9.net]:8853", "", ""),
        ("forward . tls://9.9.9.9 {\n tls\n tls_servername dns.quad9.net\n}", "", ""),
        ("forward . tls://9.9.9.9 {\n tls CA\n}", "", ""),
        ("forward . tls://9.9.9.9 {\n tls CERT KEY\n}", "", ""),
        ("forward . tls://9.9.9.9 {\n tls CERT KEY CA\n}", "", ""),
        ("forward . 9.9.9.9 {\n tls CA\n tls_servername dns.quad9.net\n}", "", ""),
        ("forward . tls://1.1.1.1%one.one.one.one tls://1.0.0.1%one.one.one.one tls://9.9.9.9%dns.quad9.net", "", ""),
        (
            "forward . tls://9.9.9.9%a.example {\n tls_servername b.example\n}",
            "Corefile:2:11: plugin/forward: both forward ('b.example') and proxy level ('a.example') TLS servernames are set "
                + "for upstream proxy '9.9.9.9:853'", ""
        ),
        ("forward . tls://dns.quad9.net tls://dns.quad9.net%quad9.net:8853", "", ""),
        ("forward . tls://dns.quad9.net {\n tls_servername quad9.net\n}", "", ""),
        (
            "forward . tls://dns.quad9.net%a.example {\n tls_servername b.example\n}",
            "Corefile:2:11: plugin/forward: both forward ('b.example') and proxy level ('a.example') TLS servernames are set "
                + "for upstream proxy 'dns.quad9.net:853'", ""
        ),
        (
            "forward . tls:///etc/resolv.conf", "Corefile:2:11: plugin/forward: 'tls:///etc/resolv.conf' is not an IP",
            "file"
        ),
        ("forward . tls://", "Corefile:2:11: plugin/forward: 'tls://' is not an IP address", ""),
        ("forward . tls://:853", "Corefile:2:11: plugin/forward: 'tls://:853' is not an IP address", ""),
        (
            "forward . tls://9.9.9.9:x",
            "Corefile:2:11: plugin/forward: 'tls://9.9.9.9:x': 'x' is no port, expected a number from 1 to 65535", ""
        ),
        (
            "forward . tls://[2620:fe::9%a.example:853",
            "Corefile:2:11: plugin/forward: 'tls://[2620:fe::9%a.example:853' is not an IP address", ""
        ),
        (
            "forward . tls://9.9.9.9%a/b",
            "Corefile:2:11: plugin/forward: 'a/b' is not the name of a server, expected one",
            ""
        ),
        ("forward . tls://9.9.9.9%", "Corefile:2:11: plugin/forward: '' is not the name of a server", ""),
        (
            "forward . tls://9.9.9.9 {\n tls_servername a..b\n}",
            "Corefile:3:17: plugin/forward: 'a..b' is not the name of a server, expected one such as dns.quad9.net", ""
        ),
        ("forward . tls://9.9.9.9 {\n tls_servername\n}", "Corefile:3:2: 'tls_servername' has no argument", ""),
        ("forward . tls://9.9.9.9 {\n tls a b c d\n}", "Corefile:3:12: Unexpected argument 'd' of 'tls'", ""),
        // Read whether an upstream needs them or not, as in CoreDNS.
        ("forward . 9.9.9.9 {\n tls /nowhere\n}", "Corefile:3:6: plugin/forward: tls: open /nowhere: No such file", ""),
        (
            "forward . tls://9.9.9.9 {\n tls KEY\n}", "Corefile:3:6: plugin/forward: tls: certificate 1 cannot be read",
            ""
        ),
        ("forward . tls://9.9.9.9 {\n tls CERT OTHER\n}", "Corefile:3:", "plugin/forward: tls: the key in "),
        ("forward . tls://9.9.9.9 {\n tls CERT KEY OTHER\n}", "Corefile:3:", "certificate 1 cannot be read"),
    ]

    @Test(arguments: forwards)
    func forward(text: String, error: String, words: String) throws {
        let found = PluginBench().failure(ForwardPlugin.self, try Self.filled(text))
        #expect(error.isEmpty ? found.isEmpty : found.hasPrefix(error) && found.contains(words), "\(found)")
    }

    @Test(arguments: [
        ("tls://9.9.9.9", "9.9.9.9:853", "9.9.9.9"),
        ("tls://9.9.9.9:10853", "9.9.9.9:10853", "9.9.9.9"),
        ("tls://9.9.9.9%dns.quad9.net", "9.9.9.9:853", "dns.quad9.net"),
        ("tls://9.9.9.9%dns.quad9.net:10853", "9.9.9.9:10853", "dns.quad9.net"),
        ("tls://[2620:fe::9%dns.quad9.net]:10853", "[2620:fe::9]:10853", "dns.quad9.net"),
        ("tls://[2620:fe::9%dns.quad9.net]", "[2620:fe::9]:853", "dns.quad9.net"),
        ("tls://2620:fe::9%dns.quad9.net", "[2620:fe::9]:853", "dns.quad9.net"),
        ("tls://2620:fe::9", "[2620:fe::9]:853", "2620:fe::9"),
        ("dns://9.9.9.9", "9.9.9.9:53", nil),
    ])
    func destinations(text: String, address: String, peer: String?) throws {
        let plugin = try PluginBench().plugin(ForwardPlugin.self, "forward . \(text)")
        let targets = plugin.stages.flatMap { $0.targets() }
        #expect(targets.map(\.address.description) == [address])
        #expect(targets.map { $0.peer?.description } == [peer])
    }

    /// The same address is several upstreams where it is asked in several ways.
    @Test func eachOnce() throws {
        let plugin = try PluginBench().plugin(
            ForwardPlugin.self,
            "forward . 9.9.9.9:853 tls://9.9.9.9 tls://9.9.9.9:853 tls://9.9.9.9%a.example tls://9.9.9.9%b.example 9.9.9.9:853"
        )
        #expect(
            plugin.stages.flatMap { $0.targets() }.map { $0.peer?.description } == [
                nil, "9.9.9.9", "a.example", "b.example",
            ])
    }
}
