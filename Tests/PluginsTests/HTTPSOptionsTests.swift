import DNSWire
import LinuxIO
import Testing

@testable import Plugins

/// What a person sees who writes `https://` in `forward`, or what is made of it: the block's text begins in line 2 of the file.
/// CERT, KEY, OTHER and CA stand for paths of files that are there.
@Suite struct HTTPSOptionsTests {
    private static let noPaths =
        "Corefile:2:11: plugin/forward: paths are not allowed in HTTPS upstream addresses (the /dns-query path is used by "
        + "default): "

    static let rows: [(text: String, error: String)] = [
        ("forward . https://9.9.9.9", ""),
        ("forward . https://127.0.0.1", ""),
        ("forward . https://9.9.9.9:8443 https://[2620:fe::9]:443 https://2620:fe::9 10.0.0.1 tls://9.9.9.9", ""),
        ("forward . https://9.9.9.9%dns.quad9.net https://[2620:fe::9%dns.quad9.net]:8443", ""),
        ("forward . https://9.9.9.9 {\n tls\n tls_servername dns.quad9.net\n doh_method GET\n}", ""),
        ("forward . https://9.9.9.9 {\n tls CA\n doh_method POST\n}", ""),
        ("forward . https://9.9.9.9 {\n tls CERT KEY CA\n source_address 127.0.0.1\n}", ""),
        ("forward . https://1.1.1.1/", noPaths + "https://1.1.1.1/, expected one such as https://9.9.9.9"),
        ("forward . https://1.1.1.1/dns-query", noPaths + "https://1.1.1.1/dns-query"),
        ("forward . https://9.9.9.9%a.example/x", noPaths + "https://9.9.9.9%a.example/x"),
        ("forward . https:///etc/resolv.conf", noPaths),
        ("forward . 10.0.0.1 https://1.1.1.1/", "Corefile:2:20: plugin/forward: paths are not allowed"),
        (
            "forward . https://9.9.9.9%a.example {\n tls_servername b.example\n}",
            "Corefile:2:11: plugin/forward: both forward ('b.example') and proxy level ('a.example') TLS servernames are set "
                + "for upstream proxy '9.9.9.9:443'"
        ),
        (
            "forward . https://",
            "Corefile:2:11: plugin/forward: 'https://' is not an IP address or the name of a host, expected one such as https://"
        ),
        ("forward . https://:443", "Corefile:2:11: plugin/forward: 'https://:443' is not an IP address"),
        ("forward . https://9.9.9.9:x", "Corefile:2:11: plugin/forward: 'https://9.9.9.9:x': 'x' is no port, expected"),
        ("forward . https://9.9.9.9%", "Corefile:2:11: plugin/forward: '' is not the name of a server"),
        (
            "forward . http://9.9.9.9",
            "Corefile:2:11: plugin/forward: 'http' is not supported as a destination protocol"
        ),
        (
            "forward . HTTPS://9.9.9.9",
            "Corefile:2:11: plugin/forward: 'HTTPS' is not supported as a destination protocol"
        ),
    ]

    @Test(arguments: rows)
    func option(text: String, error: String) throws {
        let found = PluginBench().failure(ForwardPlugin.self, try TLSOptionsTests.filled(text))
        #expect(error.isEmpty ? found.isEmpty : found.hasPrefix(error), "\(found)")
    }

    @Test(arguments: [
        ("https://9.9.9.9", "9.9.9.9:443", "9.9.9.9"),
        ("https://9.9.9.9:8443", "9.9.9.9:8443", "9.9.9.9"),
        ("https://9.9.9.9%dns.quad9.net", "9.9.9.9:443", "dns.quad9.net"),
        ("https://9.9.9.9%dns.quad9.net:8443", "9.9.9.9:8443", "dns.quad9.net"),
        ("https://[2620:fe::9%dns.quad9.net]:8443", "[2620:fe::9]:8443", "dns.quad9.net"),
        ("https://2620:fe::9%dns.quad9.net", "[2620:fe::9]:443", "dns.quad9.net"),
        ("https://2620:fe::9", "[2620:fe::9]:443", "2620:fe::9"),
    ])
    func destinations(text: String, address: String, peer: String) throws {
        let plugin = try PluginBench().plugin(ForwardPlugin.self, "forward . \(text)")
        let targets = plugin.stages.flatMap { $0.targets() }
        #expect(targets.map { "\($0.address)" } == [address])
        #expect(targets.map { "\($0.peer.map { "\($0)" } ?? "")" } == [peer])
        #expect(targets.map(\.isHTTPS) == [true])
    }

    /// The same address is several upstreams where it is asked in several ways.
    @Test func upstreamsOfOneAddress() throws {
        let plugin = try PluginBench().plugin(
            ForwardPlugin.self,
            "forward . 9.9.9.9:443 tls://9.9.9.9:443 https://9.9.9.9 https://9.9.9.9:443 https://9.9.9.9%dns.quad9.net {\n"
                + " doh_method GET\n}")
        let targets = plugin.stages.flatMap { $0.targets() }
        #expect(targets.map(\.isHTTPS) == [false, false, true, true])
        #expect(plugin.stages.first?.usesGet == true)
    }

    /// RFC 4648, sections 5 and 10, without padding; RFC 8484, section 4.1.1, has the last one.
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"), ("~~~???", "fn5-Pz8_"),
        (
            "\0\0\u{1}\0\0\u{1}\0\0\0\0\0\0\u{3}www\u{7}example\u{3}com\0\0\u{1}\0\u{1}",
            "AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB"
        ),
    ])
    func base64(text: String, encoded: String) {
        #expect(Base64.urlText(Array(text.utf8)) == encoded)
    }
}
