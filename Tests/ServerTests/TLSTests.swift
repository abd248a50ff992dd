import DNSWire
import Foundation
import LinuxIO
import PluginKit
import Plugins
import ScriptedAPI
import Server
import ServerHarness
import Testing

/// `tls://` server blocks over real sockets.
@Suite struct TLSTests {
    static func corefile(_ options: String = "", plugins: String = "whoami") throws -> String {
        let made = try ScriptedCertificates.shared()
        return """
            tls://.:0 {
                bind 127.0.0.1
                tls \(made.serverCertificate(.valid)) \(made.serverKey(.valid)) \(made.authority) \(options)
                \(plugins)
            }
            """
    }

    static func client(_ identity: (String, String)? = nil) throws -> TLSContext {
        try TLSContext(client: identity, authorities: try ScriptedCertificates.shared().authority)
    }

    @Test func answersOverTLSAndNothingElse() throws {
        let server = try RunningServer(Self.corefile(plugins: "whoami\n prometheus 127.0.0.1:0"))
        let client = try SecureClient(server.loopback, Self.client())
        for _ in 0..<3 {
            let response = try client.ask(DNSQuestion("WWW.example.org."))
            #expect(response.code == .noError && response.name?.description == "WWW.example.org.")
        }
        #expect(client.session.protocolName == "dot" && client.session.version == "TLSv1.3")
        // Plain DNS over the same port is no DNS.
        let plain = try server.streamClient()
        try plain.send(StreamClient.frame(DNSQuestion("www.example.org.").bytes))
        #expect(try plain.receive() == nil)
        // Nobody listens over UDP: the port can be had.
        _ = try DatagramSocket.bind(server.loopback)
        let metrics = server.configuration.process.metrics.all
        let samples = metrics.first { $0.name == "coredns_dns_requests_total" }?.collect() ?? []
        #expect(samples.map(\.value) == [3])
        let labels = Dictionary(uniqueKeysWithValues: samples.first?.labels ?? [])
        // As in CoreDNS: what is below TLS.
        #expect(labels["proto"] == "tcp" && labels["family"] == "1")
        #expect(labels["server"]?.hasPrefix("tls://127.0.0.1:") == true)
    }

    @Test func manyPipelinedQueries() throws {
        let server = try RunningServer(Self.corefile())
        let client = try SecureClient(server.loopback, Self.client())
        #expect(try client.handshake() == nil)
        for burst in [1...1, 2...9, 10...3000] as [ClosedRange<UInt16>] {
            let bytes = burst.flatMap { identifier in
                var question = DNSQuestion("host-\(identifier).example.org.")
                question.identifier = identifier
                return StreamClient.frame(question.bytes)
            }
            try client.send(bytes)
            for identifier in burst {
                let response = try DNSResponse(try #require(try client.receive(), "query \(identifier)"))
                #expect(response.identifier == identifier)
                #expect(response.name?.description == "host-\(identifier).example.org.")
            }
        }
    }

    @Test(arguments: [
        ("nocert", true, true, true), ("request", true, true, true), ("require", false, true, true),
        ("verify_if_given", true, true, false), ("require_and_verify", false, true, false),
    ])
    func clientAuthentication(mode: String, none: Bool, known: Bool, stranger: Bool) throws {
        let made = try ScriptedCertificates.shared()
        let server = try RunningServer(Self.corefile("{\n client_auth \(mode)\n }"))
        let rows: [((String, String)?, Bool)] = [
            (nil, none), ((made.clientCertificate, made.clientKey), known),
            ((made.serverCertificate(.unknownAuthority), made.serverKey(.unknownAuthority)), stranger),
        ]
        for (identity, isTaken) in rows {
            let context = try Self.client(identity)
            let resumption = TLSResumption()
            for attempt in 0..<2 {
                let client = try SecureClient(server.loopback, context, resumption: resumption)
                let response = try? client.ask(DNSQuestion("www.example.org."))
                #expect((response != nil) == isTaken, "\(mode), \(identity?.0 ?? "no certificate"), \(attempt)")
                if isTaken { #expect(client.session.isResumed == (attempt == 1)) }
            }
        }
    }

    /// Without `tls` there is no encryption, as in CoreDNS; with it where no key is tls:// it has no effect. Both are said.
    @Test func withoutEffect() throws {
        let plain = try RunningServer("tls://.:0 {\n bind 127.0.0.1\n whoami\n}")
        #expect(try plain.streamClient().ask(DNSQuestion("a.example.")).code == .noError)
        #expect(
            plain.lines.all.contains(
                "[WARNING] Corefile:1:1: tls://127.0.0.1:0 is served without TLS: no block there has tls CERT KEY"),
            "\(plain.lines.all)")
        let made = try ScriptedCertificates.shared()
        let files = "\(made.serverCertificate(.valid)) \(made.serverKey(.valid))"
        let idle = try RunningServer(". {\n bind 127.0.0.1\n tls \(files)\n whoami\n}")
        #expect(try idle.streamClient().ask(DNSQuestion("a.example.")).code == .noError)
        #expect(
            idle.lines.all.contains(
                "[WARNING] Corefile:3:2: plugin/tls: has no effect: no key of the block begins with tls://, its queries are "
                    + "not encrypted"), "\(idle.lines.all)")
    }

    /// Blocks of one port share a listener and its certificate; keys of both kinds may stand before one block.
    @Test func blocksThatShare() throws {
        let made = try ScriptedCertificates.shared()
        let files = "\(made.serverCertificate(.valid)) \(made.serverKey(.valid))"
        let server = try RunningServer(
            """
            tls://example.org:0 example.org:0 {
                bind 127.0.0.1
                tls \(files)
                whoami
            }
            tls://example.com:0 {
                bind 127.0.0.1
                tls \(files)
                template IN A {
                    rcode NXDOMAIN
                }
            }
            tls://example.net:0 {
                bind 127.0.0.1
                whoami
            }
            """)
        #expect(server.server.addresses.count == 2)
        let client = try SecureClient(server.loopback, Self.client())
        #expect(try client.ask(DNSQuestion("a.example.org.")).code == .noError)
        #expect(try client.ask(DNSQuestion("a.example.com.")).code == .nameError)
        #expect(try client.ask(DNSQuestion("a.example.net.")).code == .noError)
        #expect(try client.ask(DNSQuestion("a.example.")).code == .refused)
        let address = try #require(server.server.addresses.last)
        #expect(try DatagramClient(address).ask(DNSQuestion("a.example.org.")).code == .noError)
        #expect(try DatagramClient(address).ask(DNSQuestion("a.example.com.")).code == .refused)
    }

    struct Refused: Sendable {
        let text: String
        let message: String
    }

    static func refused() throws -> [Refused] {
        let made = try ScriptedCertificates.shared()
        let valid = "\(made.serverCertificate(.valid)) \(made.serverKey(.valid))"
        let other = "\(made.serverCertificate(.expired)) \(made.serverKey(.expired))"
        return [
            Refused(
                text: "tls://a.example:5853 {\n tls \(valid)\n}\ntls://b.example:5853 {\n tls \(other)\n}",
                message:
                    "Corefile:5:2: plugin/tls: tls://:5853 is one listener for several blocks: found other files or "
                    + "options than at Corefile:2:2, expected the same, or a bind of their own"),
            Refused(
                text: "tls://a.example:5853 {\n tls \(valid)\n}\ntls://a.example:5853 {\n tls \(valid)\n}",
                message: "Corefile:4:1: cannot serve tls://a.example.:5853 - it is already defined"),
            Refused(
                text: "tls://a.example:5853 {\n tls \(valid)\n}\nb.example:5853 {\n whoami\n}",
                message:
                    "Corefile:4:1: 'b.example:5853' wants dns:// at [::]:5853, where Corefile:1:1 has tls://: give them "
                    + "different ports or a bind of their own"),
            Refused(
                text: "https://. {\n tls \(valid)\n}",
                message:
                    "Corefile:1:1: 'https://.': https servers are known in CoreDNS, not in apodns yet; expected dns or tls"
            ),
            Refused(
                text: "quic://. {\n whoami\n}",
                message:
                    "Corefile:1:1: 'quic://.': quic servers are known in CoreDNS, not in apodns yet; expected dns or tls"
            ),
            Refused(
                text: "grpc://. https3://. {\n whoami\n}",
                message:
                    "Corefile:1:1: 'grpc://.': grpc servers are known in CoreDNS, not in apodns yet; expected dns or tls"
            ),
        ]
    }

    @Test func refusedFiles() throws {
        for row in try Self.refused() {
            let error = #expect(throws: (any Error).self) { try RunningServer.configure(row.text) }
            #expect(error.map { "\($0)" } == row.message)
        }
    }

    @Test func thePortIs853() throws {
        let configuration = try RunningServer.configure("tls://. tls://example.org:5853 {\n whoami\n}")
        #expect(configuration.listeners.map(\.server) == ["tls://:853", "tls://:5853"])
    }

    /// `timeouts` holds: a client that does not get to its question is closed, and so is one that has no more.
    @Test func timeouts() throws {
        // Ten seconds are two.
        let fast = FastClock(speed: 5)
        let server = try RunningServer(
            Self.corefile(plugins: "whoami\n timeouts {\n read 10s\n idle 15s\n }"), clock: fast.clock)
        let good = try SecureClient(server.loopback, Self.client())
        let slow = try SecureClient(server.loopback, Self.client())
        let silent = try server.streamClient()
        #expect(try slow.handshake() == nil)
        #expect(try good.ask(DNSQuestion("a.example.")).code == .noError)
        // Nothing but the end comes, and that within the client's patience.
        #expect(try silent.isClosedByServer())
        #expect(try slow.receive() == nil)
        #expect(try good.receive() == nil)
    }

    @Test func maxTCPQueries() throws {
        let server = try RunningServer(Self.corefile(plugins: "whoami\n timeouts {\n maxtcpqueries 2\n }"))
        let client = try SecureClient(server.loopback, Self.client())
        _ = try client.ask(DNSQuestion("a.example."))
        _ = try client.ask(DNSQuestion("a.example."))
        #expect(try client.receive() == nil)
    }

    @Test func descriptorsGoBack() throws {
        func open() -> Int { (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? -1 }
        let server = try RunningServer(Self.corefile())
        let context = try Self.client()
        let before = open()
        for round in 0..<3 {
            var clients: [SecureClient] = []
            var broken: [StreamClient] = []
            for _ in 0..<100 {
                let client = try SecureClient(server.loopback, context)
                #expect(try client.ask(DNSQuestion("a.example.")).code == .noError)
                clients.append(client)
                let stranger = try server.streamClient()
                try stranger.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
                broken.append(stranger)
            }
            for stranger in broken { _ = try? stranger.receive() }
            clients = []
            broken = []
            // Both ends of 200 connections; other tests have some of their own meanwhile.
            #expect(holdsInTime { open() < before + 150 }, "round \(round)")
        }
    }

    /// What waits for an upstream comes back over TLS, in any order, also while the server stops.
    @Test func forwardedQueries() throws {
        let upstream = try TestUpstream { query in
            .answer(
                query.response(["\(query.name) 300 IN A 192.0.2.80"]), after: query.name.hasPrefix("slow") ? 300 : 0)
        }
        let server = try RunningServer(Self.corefile(plugins: "errors\n forward . \(upstream.address)"))
        let client = try SecureClient(server.loopback, Self.client())
        #expect(try client.handshake() == nil)
        for (identifier, name) in ["slow.example.", "quick.example."].enumerated() {
            var question = DNSQuestion(name)
            question.identifier = UInt16(identifier)
            try client.send(StreamClient.frame(question.bytes))
        }
        #expect(try DNSResponse(try #require(try client.receive())).name?.description == "quick.example.")
        server.server.stop()
        let last = try DNSResponse(try #require(try client.receive()))
        #expect(last.name?.description == "slow.example." && last.code == .noError)
        #expect(try client.receive() == nil)
    }
}
