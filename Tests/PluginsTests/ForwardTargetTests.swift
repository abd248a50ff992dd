import LinuxIO
import Testing

@testable import Plugins

/// What the words behind `forward FROM` are read as.
struct ForwardTargetTests {
    /// The scheme, what it is, and the name of the server, in words.
    static func read(_ text: String) -> String {
        guard let target = ForwardTarget(text) else { return "no scheme" }
        let host =
            switch target.host {
            case .address(let address): "address \(address)"
            case .name(let name): "name \(name.text):\(name.port) for \(name.peer)"
            case .neither(let problem): problem.map { "neither: \($0)" } ?? "neither"
            }
        return "\(target.scheme) \(host)" + (target.serverName.map { " as \($0)" } ?? "")
    }

    static let names: [(text: String, meaning: String)] = [
        ("dns.example.com", "dns name dns.example.com:53 for dns.example.com"),
        ("dns.example.com.", "dns name dns.example.com.:53 for dns.example.com"),
        ("DNS.Example.com:5353", "dns name DNS.Example.com:5353 for DNS.Example.com"),
        ("dns://dns.example.com", "dns name dns.example.com:53 for dns.example.com"),
        ("dns://dns.example.com:65535", "dns name dns.example.com:65535 for dns.example.com"),
        ("tls://dns.example.com", "tls name dns.example.com:853 for dns.example.com"),
        ("tls://dns.example.com:8853", "tls name dns.example.com:8853 for dns.example.com"),
        ("tls://dns.example.com%other.example", "tls name dns.example.com:853 for dns.example.com as other.example"),
        ("tls://dns.example.com%other.example:1", "tls name dns.example.com:1 for dns.example.com as other.example"),
        ("https://dns.example.com", "https name dns.example.com:443 for dns.example.com"),
        ("https://dns.example.com:8443", "https name dns.example.com:8443 for dns.example.com"),
        ("https://dns.example.com%a.example", "https name dns.example.com:443 for dns.example.com as a.example"),
        (
            "rbldnsd.rbldnsd.svc.cluster.local",
            "dns name rbldnsd.rbldnsd.svc.cluster.local:53 for rbldnsd.rbldnsd.svc.cluster.local"
        ),
        ("my_dns.example", "dns name my_dns.example:53 for my_dns.example"),
        ("localhost", "dns name localhost:53 for localhost"),
        ("localhost:5353", "dns name localhost:5353 for localhost"),
        ("tls://localhost", "tls name localhost:853 for localhost"),
        ("dns", "dns name dns:53 for dns"),
        ("1.example", "dns name 1.example:53 for 1.example"),
        ("10.0.0.1e", "dns name 10.0.0.1e:53 for 10.0.0.1e"),
        ("resolv.conf", "dns name resolv.conf:53 for resolv.conf"),
    ]

    static let others: [(text: String, meaning: String)] = [
        ("127.0.0.1", "dns address 127.0.0.1:53"), ("127.0.0.1:8053", "dns address 127.0.0.1:8053"),
        ("::1", "dns address [::1]:53"), ("[::1]", "dns address [::1]:53"), ("[::1]:8053", "dns address [::1]:8053"),
        ("tls://127.0.0.1", "tls address 127.0.0.1:853"), ("https://127.0.0.1", "https address 127.0.0.1:443"),
        ("https://[::1%a.example]:1", "https address [::1]:1 as a.example"),
        ("fe80::1%lo", "dns address [fe80::1%lo]:53"),
        ("grpc://x", "no scheme"), ("DNS://10.0.0.1", "no scheme"), ("://x", "no scheme"),
        ("tls:x", "dns neither: 'x' is no port, expected a number from 1 to 65535"),
        ("", "dns neither"), ("dns://", "dns neither"), ("tls://", "tls neither"), (":", "dns neither"),
        (":53", "dns neither"), ("a..b", "dns neither"), (".", "dns neither"), (".a", "dns neither"),
        ("a b", "dns neither"),
        ("a.example:", "dns neither: '' is no port, expected a number from 1 to 65535"),
        ("a.example:0", "dns neither: '0' is no port, expected a number from 1 to 65535"),
        ("a.example:65536", "dns neither: '65536' is no port, expected a number from 1 to 65535"),
        ("a.example:99999", "dns neither: '99999' is no port, expected a number from 1 to 65535"),
        ("a.example:abc", "dns neither: 'abc' is no port, expected a number from 1 to 65535"),
        ("a.example:+53", "dns neither: '+53' is no port, expected a number from 1 to 65535"),
        ("127.0.0.1:abc", "dns neither: 'abc' is no port, expected a number from 1 to 65535"),
        ("[::1]:99999", "dns neither: '99999' is no port, expected a number from 1 to 65535"),
        ("a:b:53", "dns neither"), ("[::1", "dns neither"), ("[a.example]:53", "dns neither"), ("::1]", "dns neither"),
        ("/etc/resolv.conf", "dns neither"), ("tls:///etc/resolv.conf", "tls neither"),
        ("bücher.example", "dns neither"),
        ("a27.0.0.1", "dns neither"), ("10.0.0.256", "dns neither"), ("10.1", "dns neither"),
        ("0x7f000001", "dns neither"),
        ("a.0x1", "dns neither"), ("5353", "dns neither"), ("dns.example%a.example", "dns neither"),
        ("tls://[::1%a.example", "tls neither"), ("tls://%a.example", "tls neither as a.example"),
        ("tls://a.example%", "tls name a.example:853 for a.example as "),
        (String(repeating: "a", count: 64) + ".example", "dns neither"),
        ([String](repeating: String(repeating: "a", count: 63), count: 4).joined(separator: "."), "dns neither"),
        (String(repeating: "a.", count: 100_000), "dns neither"),
        (String(repeating: ":", count: 10_000), "dns neither"), (String(repeating: "%", count: 10_000), "dns neither"),
    ]

    @Test(arguments: names + others)
    func meaning(text: String, meaning: String) { #expect(Self.read(text) == meaning) }

    /// Whatever is written is read as something, and what is read has a port.
    @Test func randomWords() {
        let seed = UInt64.random(in: .min ... .max)
        var random = FastRandom(seed: seed)
        let parts = [
            "dns://", "tls://", "https://", ":", "[", "]", "%", ".", "/", "a", "1", "53", "::1", "10.0.0.1", "é", "\0",
        ]
        for _ in 0..<20_000 {
            let text = (0..<random.below(8)).map { _ in parts[Int(random.below(UInt32(parts.count)))] }.joined()
            guard let target = ForwardTarget(text) else {
                #expect(text.contains("://"), "\(text), seed \(seed)")
                continue
            }
            switch target.host {
            case .address(let address): #expect(address.port > 0, "\(text), seed \(seed)")
            case .name(let name):
                #expect(name.port > 0 && name.wire.count > 2 && text.contains(name.text), "\(text), seed \(seed)")
            case .neither: break
            }
        }
    }
}
