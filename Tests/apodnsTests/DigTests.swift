import Foundation
import ScriptedAPI
import ServerHarness
import Testing

/// What a person sees who asks with dig.
@Suite struct DigTests {
    private static let corefile = """
        . {
            bind 127.0.0.1
            kubernetes cluster.local in-addr.arpa ip6.arpa {
                snapshot \(Fixtures.world)
                endpoint_pod_names
            }
        }
        """
    /// A pod of the saved cluster, by its own name.
    private static let pod = "cluster-demo-7bd795854f-6kkzb.cluster-demo-headless.default.svc.cluster.local."
    private static let address = "10.42.1.61"

    /// dig's status and output.
    private func dig(_ server: RunningServer, _ words: [String]) throws -> (status: Int32, output: String) {
        // No dig is a failure, not a reason to pass: it comes with Debian's package bind9-dnsutils.
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        let path = try #require(
            folders.map { "\($0)/dig" }.first { FileManager.default.isExecutableFile(atPath: $0) },
            "dig is not installed; it is in Debian's and Ubuntu's package bind9-dnsutils")
        let child = try ChildProcess(path, ["@127.0.0.1", "-p", "\(server.port)", "+tries=3", "+timeout=5"] + words)
        let status = try #require(child.waitForExit(), "dig does not end")
        return (status, child.output)
    }

    @Test(arguments: ["+notcp", "+tcp"])
    func showsAPodByItsName(transport: String) throws {
        let server = try RunningServer(Self.corefile)
        let (status, output) = try dig(server, [transport, Self.pod, "A"])
        #expect(status == 0)
        #expect(output.contains("status: NOERROR"), "\(output)")
        #expect(output.contains("flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1"), "\(output)")
        #expect(output.contains("EDNS: version: 0, flags:; udp: 1232"), "\(output)")
        let fields = output.split(separator: "\n").first { $0.hasPrefix(Self.pod) }?.split(
            whereSeparator: \.isWhitespace)
        #expect(fields?.map(String.init) == [Self.pod, "5", "IN", "A", Self.address], "\(output)")
        #expect(output.contains(transport == "+tcp" ? "(TCP)" : "(UDP)"), "\(output)")
        // dig says so where a message is broken or oddly made.
        #expect(!output.contains("WARNING: Message parser") && !output.contains("malformed"), "\(output)")
    }

    /// dig checks the certificate: its authority, and whom it is for.
    @Test(arguments: [
        (["+tls"], true), (["+tls-ca=CA", "+tls-hostname=localhost"], true), (["+tls-ca=CA"], true),
        (["+tls-ca=CA", "+tls-hostname=dns.example"], false), (["+notls", "+tcp"], false),
    ])
    func asksOverTLS(words: [String], isAnswered: Bool) throws {
        let made = try ScriptedCertificates.shared()
        let server = try RunningServer(
            "tls://.:0 {\n bind 127.0.0.1\n tls \(made.serverCertificate(.valid)) \(made.serverKey(.valid))\n whoami\n}"
        )
        let filled = words.map { $0.replacingOccurrences(of: "CA", with: made.authority) }
        let (_, output) = try dig(server, filled + ["+tries=1", "www.example.org.", "A"])
        #expect(output.contains("status: NOERROR") == isAnswered, "\(output)")
        #expect(output.contains("(TLS)") == isAnswered, "\(output)")
    }

    @Test func followsAnAnswerThatWasCutOverTCP() throws {
        let server = try RunningServer(Self.corefile)
        let (status, output) = try dig(server, ["+short", "huge.zoo.svc.cluster.local.", "A"])
        #expect(status == 0)
        #expect(output.split(separator: "\n").count { !$0.hasPrefix(";") } == 1000)
    }

    @Test func showsAReverseName() throws {
        let server = try RunningServer(Self.corefile)
        let (status, output) = try dig(server, ["+short", "-x", Self.address])
        #expect(status == 0)
        // One name for each service that the pod is an endpoint of.
        let names = output.split(separator: "\n").map(String.init).sorted()
        #expect(names == [Self.pod, Self.pod.replacingOccurrences(of: "-headless", with: "")])
    }
}
