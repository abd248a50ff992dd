import DNSWire
import Foundation
import Glibc
import LinuxIO
import PluginKit
import Plugins
import ScriptedAPI
import Server
import ServerHarness
import Testing

/// `forward` to upstreams over TLS: good ones, ours, and such as lie.
@Suite struct ForwardTLSTests {
    /// An upstream over TLS that answers every question.
    static func upstream(
        _ certificate: ScriptedCertificate = .valid, clients: TLSClientAuthentication = .noCertificate,
        at address: SocketAddress = .loopback(port: 0),
        _ react: @escaping @Sendable (TestUpstream.Query) -> TestUpstream.Reaction = {
            .answer($0.response(["\($0.name) 300 IN A 192.0.2.80"]))
        }
    ) throws -> TestUpstream {
        let made = try ScriptedCertificates.shared()
        let context = try TLSContext(
            serverCertificate: made.serverCertificate(certificate), key: made.serverKey(certificate),
            authorities: made.authority, clients: clients)
        return try TestUpstream(at: address, tls: context, react)
    }

    static func corefile(_ to: String, _ options: String = "", tls: String? = nil) throws -> String {
        let tls = try tls ?? ScriptedCertificates.shared().authority
        return ". {\n bind 127.0.0.1\n errors\n forward . \(to) {\n tls \(tls)\n \(options)\n }\n}\n"
    }

    private static func connections(_ server: RunningServer, _ name: String) -> [String: Double] {
        let samples = server.configuration.process.metrics.all.first { $0.name == name }?.collect() ?? []
        return samples.reduce(into: [:]) { counts, sample in
            counts[sample.labels.first { $0.0 == "proto" }?.1 ?? "", default: 0] += sample.value
        }
    }

    @Test func connectionsAreReused() throws {
        let upstream = try Self.upstream()
        let server = try RunningServer(Self.corefile("tls://\(upstream.address)"))
        let client = try server.datagramClient()
        for number in 0..<100 {
            let response = try client.ask(DNSQuestion("n\(number).example."))
            #expect(response.answerLines == ["n\(number).example. 300 A 192.0.2.80"])
        }
        let stream = try server.streamClient()
        #expect(try stream.ask(DNSQuestion("stream.example.")).code == .noError)
        // One after the other they need one connection, and nothing goes out as it is.
        #expect(upstream.queries.count == 101 && upstream.queries.allSatisfy(\.isStream))
        #expect(Set(upstream.queries.map(\.client)).count == 1)
        #expect(Self.connections(server, "coredns_proxy_conn_cache_misses_total") == ["tcp-tls": 1])
        #expect(Self.connections(server, "coredns_proxy_conn_cache_hits_total") == ["tcp-tls": 100])
    }

    @Test func manyAtOnce() throws {
        let upstream = try Self.upstream()
        let server = try RunningServer(Self.corefile("tls://\(upstream.address)"))
        let client = try server.streamClient()
        let count = 2000
        for identifier in 0..<UInt16(count) {
            var question = DNSQuestion("n\(identifier).example.")
            question.identifier = identifier
            try client.send(StreamClient.frame(question.bytes))
        }
        var answered: Set<UInt16> = []
        for _ in 0..<count {
            let response = try DNSResponse(try #require(try client.receive()))
            #expect(response.answerLines == ["n\(response.identifier).example. 300 A 192.0.2.80"])
            answered.insert(response.identifier)
        }
        #expect(answered.count == count)
        #expect(Set(upstream.queries.map(\.client)).count <= 8)
    }

    /// Connections expire, and the next ones resume the session.
    @Test func expire() throws {
        let upstream = try Self.upstream()
        let server = try RunningServer(Self.corefile("tls://\(upstream.address)", "expire 50ms"))
        let client = try server.datagramClient()
        for number in 0..<5 {
            #expect(try client.ask(DNSQuestion("n\(number).example.")).code == .noError)
            usleep(150_000)
        }
        #expect(Set(upstream.queries.map(\.client)).count > 1)
    }

    /// Large answers come whole to clients that take them, and are cut for those that do not.
    @Test func largeAnswers() throws {
        let records = (0..<2000).map { "big.example. 300 IN A 10.1.\($0 / 250).\($0 % 250)" }
        let upstream = try Self.upstream { .answer($0.response(records)) }
        let server = try RunningServer(Self.corefile("tls://\(upstream.address)", "prefer_udp"))
        #expect(try server.streamClient().ask(DNSQuestion("big.example.")).answerLines.count == 2000)
        let cut = try server.datagramClient().ask(DNSQuestion("big.example."))
        #expect(cut.flagNames.contains("TC"))
    }

    struct Verdict: Sendable, CustomTestStringConvertible {
        let certificate: ScriptedCertificate
        /// What stands behind the address, and in the block.
        var name = ""
        var option = ""
        /// What the log says; nil where the upstream is taken.
        let reason: String?

        var testDescription: String { "\(certificate) \(name) \(option)" }
    }

    static let verdicts = [
        Verdict(certificate: .valid, reason: nil),
        Verdict(certificate: .valid, name: "%localhost", reason: nil),
        Verdict(certificate: .valid, option: "tls_servername localhost", reason: nil),
        Verdict(certificate: .valid, option: "tls_servername 127.0.0.1", reason: nil),
        Verdict(
            certificate: .valid, name: "%dns.example",
            reason: "tls: the certificate of dns.example is not valid: hostname mismatch"),
        Verdict(
            certificate: .valid, option: "tls_servername dns.example",
            reason: "tls: the certificate of dns.example is not valid: hostname mismatch"),
        Verdict(
            certificate: .wrongHost, reason: "tls: the certificate of 127.0.0.1 is not valid: IP address mismatch"),
        Verdict(certificate: .wrongHost, name: "%elsewhere.example", reason: nil),
        Verdict(
            certificate: .expired, reason: "tls: the certificate of 127.0.0.1 is not valid: certificate has expired"),
        Verdict(
            certificate: .unknownAuthority,
            reason: "tls: the certificate of 127.0.0.1 is not valid: unable to get local issuer certificate"),
    ]

    @Test(arguments: verdicts)
    func whomItTrusts(row: Verdict) throws {
        let upstream = try Self.upstream(row.certificate)
        let to = "tls://127.0.0.1\(row.name):\(upstream.address.port)"
        let server = try RunningServer(Self.corefile(to, row.option))
        let response = try server.datagramClient().ask(DNSQuestion("www.example."))
        guard let reason = row.reason else {
            #expect(response.code == .noError)
            return
        }
        #expect(response.code == .serverFailure)
        let line = "2 www.example. A: dial tcp \(upstream.address): \(reason)"
        #expect(server.lines.all.contains { $0.hasSuffix(line) }, "\(server.lines.all)")
        #expect(upstream.queries.isEmpty && upstream.checks.isEmpty)
    }

    /// An upstream that is not trusted is down for the health checks too, and the next one answers.
    @Test func theNextOneAnswers() throws {
        let liar = try Self.upstream(.expired)
        let good = try Self.upstream()
        let server = try RunningServer(
            Self.corefile(
                "tls://\(liar.address) tls://\(good.address)", "policy sequential\n health_check 10ms\n max_fails 1"))
        let client = try server.datagramClient()
        for number in 0..<20 { #expect(try client.ask(DNSQuestion("n\(number).example.")).code == .noError) }
        #expect(
            holdsInTime {
                server.lines.all.contains {
                    $0.contains("upstream \(liar.address) is down") && $0.contains("certificate has expired")
                }
            })
        #expect(liar.queries.isEmpty && good.queries.count == 20)
    }

    /// What the upstream wants of its clients.
    @Test func ownCertificate() throws {
        let made = try ScriptedCertificates.shared()
        let upstream = try Self.upstream(clients: .requireAndVerify)
        let to = "tls://\(upstream.address)"
        let known = try RunningServer(
            Self.corefile(to, tls: "\(made.clientCertificate) \(made.clientKey) \(made.authority)"))
        #expect(try known.datagramClient().ask(DNSQuestion("a.example.")).code == .noError)
        for tls in [
            made.authority,
            "\(made.serverCertificate(.unknownAuthority)) \(made.serverKey(.unknownAuthority)) \(made.authority)",
        ] {
            let server = try RunningServer(Self.corefile(to, tls: tls))
            #expect(try server.datagramClient().ask(DNSQuestion("b.example.")).code == .serverFailure)
            #expect(server.lines.all.contains { $0.contains("2 b.example. A: ") && $0.contains("tls: ") })
        }
        // Without a file of authorities the system's count, and they do not know ours.
        for tls in ["", "\(made.clientCertificate) \(made.clientKey)"] {
            let server = try RunningServer(Self.corefile(to, tls: tls))
            #expect(try server.datagramClient().ask(DNSQuestion("c.example.")).code == .serverFailure)
            #expect(
                server.lines.all.contains { $0.hasSuffix("is not valid: unable to get local issuer certificate") },
                "\(server.lines.all)")
        }
    }

    /// Our own `tls://` blocks are good upstreams.
    @Test func apodnsAsTheUpstream() throws {
        let upstream = try RunningServer(TLSTests.corefile(plugins: "whoami"))
        let server = try RunningServer(Self.corefile("tls://127.0.0.1%localhost:\(upstream.port)"))
        let client = try server.datagramClient()
        for number in 0..<50 {
            #expect(try client.ask(DNSQuestion("n\(number).example.org.")).code == .noError)
        }
        #expect(Self.connections(server, "coredns_proxy_conn_cache_misses_total") == ["tcp-tls": 1])
    }

    /// A connection that ends in the middle: the query is asked again, and what comes after it is answered.
    @Test func closesInTheMiddle() throws {
        let upstream = try Self.upstream { query in
            query.name.hasPrefix("close") ? .close : .answer(query.response(["\(query.name) 300 IN A 192.0.2.80"]))
        }
        let server = try RunningServer(Self.corefile("tls://\(upstream.address)", "max_fails 0"))
        let client = try server.datagramClient()
        for number in 0..<10 {
            #expect(try client.ask(DNSQuestion("n\(number).example.")).code == .noError)
            #expect(try client.ask(DNSQuestion("close\(number).example.")).code == .serverFailure)
        }
        #expect(server.lines.all.contains { $0.hasSuffix("2 close0.example. A: EOF") })
    }

    /// What is no TLS at all: it closes, says something else, or nothing.
    @Test(arguments: [
        (RawUpstream.Manner.close, "tls: EOF"), (.garbage, "tls: wrong version number"),
        (.half, "tls: EOF"), (.silence, "i/o timeout"),
    ])
    func noTLSAtAll(manner: RawUpstream.Manner, reason: String) throws {
        let upstream = try RawUpstream(manner)
        let server = try RunningServer(
            Self.corefile("tls://\(upstream.address)", "read_timeout 300ms\n max_fails 1\n health_check 20ms"))
        let client = try server.datagramClient()
        #expect(try client.ask(DNSQuestion("www.example.")).code == .serverFailure)
        let line = "2 www.example. A: dial tcp \(upstream.address): \(reason)"
        #expect(server.lines.all.contains { $0.hasSuffix(line) }, "\(server.lines.all)")
        #expect(holdsInTime { server.lines.all.contains { $0.contains("upstream \(upstream.address) is down") } })
    }

    /// An upstream that is dead, and comes back with another configuration (whose key for tickets is another one).
    @Test func comesBack() throws {
        let first = try Self.upstream()
        let server = try RunningServer(
            Self.corefile("tls://\(first.address)", "max_fails 1\n health_check 10ms\n read_timeout 500ms"))
        let client = try server.datagramClient()
        #expect(try client.ask(DNSQuestion("a.example.")).code == .noError)
        first.stop()
        #expect(try client.ask(DNSQuestion("b.example.")).code == .serverFailure)
        #expect(server.lines.all.contains { $0.contains("2 b.example. A: ") && $0.hasSuffix("connection refused") })
        #expect(holdsInTime { server.lines.all.contains { $0.contains("is down") } })
        let second = try Self.upstream(at: first.address)
        #expect(try holdsInTime { try client.ask(DNSQuestion("c.example.")).code == .noError })
        #expect(holdsInTime { server.lines.all.contains { $0.contains("answers again") } })
        _ = second
    }

    @Test func descriptorsGoBack() throws {
        func open() -> Int { (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? -1 }
        let upstream = try Self.upstream { query in
            query.name.hasPrefix("silent") ? .silence : .answer(query.response(["\(query.name) 300 IN A 192.0.2.80"]))
        }
        let server = try RunningServer(
            Self.corefile("tls://\(upstream.address)", "read_timeout 100ms\n expire 50ms\n max_fails 0"))
        let before = open()
        let client = try server.streamClient()
        for round in 0..<10 {
            for number in 0..<100 {
                let name = "\(number % 10 == 0 ? "silent" : "n")\(round)-\(number).example."
                try client.send(StreamClient.frame(DNSQuestion(name).bytes))
            }
            // The pool of an upstream is bounded, both ends counted; other tests have some of their own meanwhile.
            #expect(open() < before + 200)
            for _ in 0..<100 { _ = try client.receive() }
        }
        #expect(holdsInTime { open() < before + 100 })
        #expect(server.server.waitingQueries == 0)
    }
}
