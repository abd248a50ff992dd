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

/// `forward` to upstreams over HTTPS that do as they should.
@Suite struct ForwardHTTPSTests {
    /// What an upstream's connections are encrypted with.
    static func context(
        _ certificate: ScriptedCertificate = .valid, clients: TLSClientAuthentication = .noCertificate
    ) throws -> TLSContext {
        let made = try ScriptedCertificates.shared()
        return try TLSContext(
            serverCertificate: made.serverCertificate(certificate), key: made.serverKey(certificate),
            authorities: made.authority, clients: clients)
    }

    /// An upstream over HTTP/1.1 that answers every question.
    static func upstream(
        _ certificate: ScriptedCertificate = .valid, clients: TLSClientAuthentication = .noCertificate,
        at address: SocketAddress = .loopback(port: 0),
        _ react: @escaping @Sendable (TestHTTPSUpstream.Request) -> TestHTTPSUpstream.Reaction = { .answer($0.answer) }
    ) throws -> TestHTTPSUpstream {
        try TestHTTPSUpstream(at: address, tls: context(certificate, clients: clients), react)
    }

    static func corefile(_ to: String, _ options: String = "", tls: String? = nil) throws -> String {
        let tls = try tls ?? ScriptedCertificates.shared().authority
        return ". {\n bind 127.0.0.1\n errors\n forward . \(to) {\n tls \(tls)\n \(options)\n }\n}\n"
    }

    static func connections(_ server: RunningServer, _ name: String) -> [String: Double] {
        let samples = server.configuration.process.metrics.all.first { $0.name == name }?.collect() ?? []
        return samples.reduce(into: [:]) { counts, sample in
            counts[sample.labels.first { $0.0 == "proto" }?.1 ?? "", default: 0] += sample.value
        }
    }

    /// HTTP/2 in front of an upstream.
    static func front(_ upstream: TestHTTPSUpstream, streams: Int = 100) throws -> HTTP2Front {
        let made = try ScriptedCertificates.shared()
        return try HTTP2Front(
            before: upstream.address, certificate: made.serverCertificate(.valid), key: made.serverKey(.valid),
            streams: streams)
    }

    /// Asks so many questions at once over one connection. How many have got an answer of their own.
    static func askAtOnce(_ server: RunningServer, count: Int) throws -> Int {
        let client = try server.streamClient()
        var frames: [UInt8] = []
        for identifier in 0..<UInt16(count) {
            var question = DNSQuestion("n\(identifier).example.")
            question.identifier = identifier
            frames += StreamClient.frame(question.bytes)
        }
        try client.send(frames)
        var answered: Set<UInt16> = []
        for _ in 0..<count {
            let response = try DNSResponse(try #require(try client.receive()))
            if response.answerLines == ["n\(response.identifier).example. 300 A 192.0.2.80"] {
                answered.insert(response.identifier)
            }
        }
        return answered.count
    }

    @Test(arguments: ["", "doh_method POST", "doh_method GET"])
    func whatIsAsked(method: String) throws {
        let upstream = try Self.upstream()
        let server = try RunningServer(Self.corefile("https://\(upstream.address)", method))
        var question = DNSQuestion("WWW.example.", .txt)
        question.identifier = 4711
        question.dnssecOK = true
        let client = try server.datagramClient()
        try client.send(question.bytes)
        let response = try DNSResponse(try #require(try client.receive()))
        #expect(response.identifier == 4711 && response.code == .noError)
        let request = try #require(upstream.requests.first)
        #expect(request.fields["accept"] == "application/dns-message")
        #expect(request.fields["host"] == "\(upstream.address)")
        // RFC 8484, section 4.1: the id is 0. The rest is the client's.
        #expect(request.query.identifier == 0)
        #expect(Array(request.query.bytes[2...]) == Array(question.bytes[2...]))
        if method.hasSuffix("GET") {
            #expect(request.method == "GET" && request.target.hasPrefix("/dns-query?dns=AAAB"))
            #expect(!request.target.contains("+") && request.target.split(separator: "=").count == 2)
        } else {
            #expect(request.method == "POST" && request.target == "/dns-query")
            #expect(request.fields["content-type"] == "application/dns-message")
        }
    }

    @Test func connectionsAreReused() throws {
        let upstream = try Self.upstream()
        let server = try RunningServer(Self.corefile("https://\(upstream.address)"))
        let client = try server.datagramClient()
        for number in 0..<100 {
            let response = try client.ask(DNSQuestion("n\(number).example."))
            #expect(response.answerLines == ["n\(number).example. 300 A 192.0.2.80"])
        }
        #expect(try server.streamClient().ask(DNSQuestion("stream.example.")).code == .noError)
        #expect(upstream.requests.count == 101 && upstream.connectionCount == 1)
        #expect(Self.connections(server, "coredns_proxy_conn_cache_misses_total") == ["https": 1])
        #expect(Self.connections(server, "coredns_proxy_conn_cache_hits_total") == ["https": 100])
        let durations = server.configuration.process.metrics.all.first {
            $0.name == "coredns_proxy_request_duration_seconds"
        }
        let counted = durations?.collect().first { sample in
            sample.suffix == "_count" && sample.labels.contains { $0 == ("to", "\(upstream.address)") }
        }
        #expect(counted?.value == 101)
    }

    /// Many at once over HTTP/1.1, which has one request at a time on each connection.
    @Test func manyAtOnce() throws {
        let upstream = try Self.upstream { .answer($0.answer, after: 2) }
        let server = try RunningServer(Self.corefile("https://\(upstream.address)"))
        #expect(try Self.askAtOnce(server, count: 1000) == 1000)
        #expect((2...8).contains(upstream.connectionCount))
    }

    @Test(arguments: [100, 1000, 3])
    func manyAtOnceOverHTTP2(streams: Int) throws {
        let upstream = try TestHTTPSUpstream(tls: nil) { .answer($0.answer, after: 2) }
        let front = try Self.front(upstream, streams: streams)
        let server = try RunningServer(Self.corefile("https://\(front.address)", "tls_servername localhost"))
        #expect(try Self.askAtOnce(server, count: 2000) == 2000)
        // A question that waits for half of `read_timeout` is asked again.
        #expect(holdsInTime { front.lines.count >= 2000 })
        #expect(front.lines.allSatisfy { $0.hasPrefix("h2 ") })
        // Eight at a time. libcurl uses none any more that has refused a request because of its limit.
        #expect(front.connectionCount <= (streams < 100 ? 100 : 8))
        // One after the other they share one connection.
        let before = Self.connections(server, "coredns_proxy_conn_cache_misses_total")
        let client = try server.datagramClient()
        for number in 0..<50 { #expect(try client.ask(DNSQuestion("n\(number).example.")).code == .noError) }
        #expect(Self.connections(server, "coredns_proxy_conn_cache_misses_total") == before)
        let request = try #require(upstream.requests.last)
        #expect(request.fields["host"] == "localhost:\(front.address.port)")
    }

    /// Questions that are alike are one request, and everybody gets the answer under his own id.
    @Test func questionsThatAreAlike() throws {
        let upstream = try Self.upstream { .answer($0.answer, after: 50) }
        let server = try RunningServer(Self.corefile("https://\(upstream.address)"))
        let client = try server.streamClient()
        for identifier in 1...20 as ClosedRange<UInt16> {
            var question = DNSQuestion("www.example.")
            question.identifier = identifier
            try client.send(StreamClient.frame(question.bytes))
        }
        var identifiers: Set<UInt16> = []
        for _ in 0..<20 {
            let response = try DNSResponse(try #require(try client.receive()))
            #expect(response.answerLines == ["www.example. 300 A 192.0.2.80"])
            identifiers.insert(response.identifier)
        }
        #expect(identifiers == Set(1...20))
        #expect(upstream.requests.count == 1)
    }

    @Test func expire() throws {
        let upstream = try Self.upstream()
        let server = try RunningServer(Self.corefile("https://\(upstream.address)", "expire 50ms"))
        let client = try server.datagramClient()
        for number in 1...3 {
            #expect(try client.ask(DNSQuestion("n\(number).example.")).code == .noError)
            // Closed although nobody asks.
            #expect(holdsInTime { OpenSockets.to(upstream.address) == 0 })
            #expect(upstream.connectionCount == number)
        }
        // The connections that follow the first one resume its session.
        #expect(upstream.resumedCount == 2)
    }

    @Test func maxAge() throws {
        let upstream = try Self.upstream()
        let server = try RunningServer(Self.corefile("https://\(upstream.address)", "expire 100ms\n max_age 200ms"))
        let client = try server.datagramClient()
        let isOld = try holdsInTime {
            let response = try client.ask(DNSQuestion("www.example."))
            return response.code != .noError || upstream.connectionCount >= 3
        }
        #expect(isOld)
        #expect(server.lines.all.allSatisfy { !$0.contains("ERROR") }, "\(server.lines.all)")
    }

    @Test func maxIdleConnections() throws {
        let upstream = try Self.upstream { .answer($0.answer, after: 20) }
        let server = try RunningServer(Self.corefile("https://\(upstream.address)", "max_idle_conns 2"))
        #expect(try Self.askAtOnce(server, count: 50) == 50)
        #expect(upstream.connectionCount > 2)
        #expect(holdsInTime { OpenSockets.to(upstream.address) == 2 })
    }

    /// RFC 8484, section 5.1: what was in a cache of HTTP on its way is older by that.
    @Test(arguments: [("Age: 100", 200), ("aGE:  100 ", 200), ("Age: 1000", 0), ("Age: x", 300), ("Aged: 100", 300)])
    func age(field: String, ttl: Int) throws {
        let upstream = try Self.upstream { request in
            var reaction = TestHTTPSUpstream.Reaction.answer(request.answer)
            reaction.fields = [field]
            return reaction
        }
        let server = try RunningServer(Self.corefile("https://\(upstream.address)"))
        var question = DNSQuestion("www.example.")
        question.dnssecOK = true
        let response = try server.datagramClient().ask(question)
        #expect(response.answerLines == ["www.example. \(ttl) A 192.0.2.80"])
    }

    /// Parameters and letters of a media type do not matter, nor which 2xx it is.
    @Test func otherGoodResponses() throws {
        let upstream = try Self.upstream { request in
            var reaction = TestHTTPSUpstream.Reaction.answer(request.answer)
            reaction.status = 203
            reaction.contentType = "Application/DNS-Message; charset=x"
            return reaction
        }
        let server = try RunningServer(Self.corefile("https://\(upstream.address)"))
        #expect(try server.datagramClient().ask(DNSQuestion("www.example.")).code == .noError)
    }

    /// Large answers come whole to clients that take them, and are cut for those that do not.
    @Test(arguments: [false, true])
    func largeAnswers(isHTTP2: Bool) throws {
        let records = (0..<2500).map { "big.example. 300 IN A 10.1.\($0 / 250).\($0 % 250)" }
        let react: @Sendable (TestHTTPSUpstream.Request) -> TestHTTPSUpstream.Reaction = {
            .answer($0.query.response(records))
        }
        let upstream = try TestHTTPSUpstream(tls: isHTTP2 ? nil : Self.context(), react)
        let front = try isHTTP2 ? Self.front(upstream) : nil
        let server = try RunningServer(
            Self.corefile("https://\(front?.address ?? upstream.address)", "prefer_udp"))
        #expect(try server.streamClient().ask(DNSQuestion("big.example.")).answerLines.count == 2500)
        let cut = try server.datagramClient().ask(DNSQuestion("big.example."))
        #expect(cut.flagNames.contains("TC"))
    }

    /// What an upstream calls truncated is passed on: there is no other way to ask it.
    @Test func truncatedAnswer() throws {
        let upstream = try Self.upstream { .answer($0.query.response([], flags: Header.truncated)) }
        let server = try RunningServer(Self.corefile("https://\(upstream.address)", "prefer_udp"))
        #expect(try server.datagramClient().ask(DNSQuestion("www.example.")).flagNames.contains("TC"))
        #expect(upstream.requests.count == 1)
    }

    /// Beside upstreams that are asked as ever, and with codes that lead on.
    @Test func aMixture() throws {
        let (secure, plain) = (
            try Self.upstream { .answer($0.query.response([], code: .serverFailure)) },
            try ForwardTests.answering()
        )
        let server = try RunningServer(
            Self.corefile(
                "https://\(secure.address) \(plain.address)", "policy sequential\n failover SERVFAIL"))
        let client = try server.datagramClient()
        for number in 0..<10 { #expect(try client.ask(DNSQuestion("n\(number).example.")).code == .noError) }
        #expect(secure.requests.count == 10 && plain.queries.count == 10)
        let next = try RunningServer(
            """
            . {
                bind 127.0.0.1
                forward . https://\(secure.address) {
                    tls \(ScriptedCertificates.shared().authority)
                    next SERVFAIL
                }
                forward . \(plain.address)
            }
            """)
        #expect(try next.datagramClient().ask(DNSQuestion("www.example.")).code == .noError)
        #expect(secure.requests.count == 11 && plain.queries.count == 11)
    }

    @Test func sourceAddress() throws {
        let upstream = try Self.upstream()
        let server = try RunningServer(
            Self.corefile("https://\(upstream.address)", "source_address 127.0.0.3"))
        #expect(try server.datagramClient().ask(DNSQuestion("www.example.")).code == .noError)
        #expect(upstream.requests.first?.query.client.host == "127.0.0.3")
        let wrong = try RunningServer(
            Self.corefile("https://\(upstream.address)", "source_address 192.0.2.1"))
        #expect(try wrong.datagramClient().ask(DNSQuestion("www.example.")).code == .serverFailure)
        let line = "A: https://\(upstream.address)/dns-query: bind: cannot assign requested address"
        #expect(wrong.lines.all.contains { $0.hasSuffix(line) }, "\(wrong.lines.all)")
    }

    @Test func overIPv6() throws {
        let upstream = try Self.upstream(at: SocketAddress(high: 0, low: 1, port: 0))
        for (to, host) in [
            ("https://\(upstream.address)", "[::1]"), ("https://[::1%localhost]:\(upstream.address.port)", "localhost"),
        ] {
            let server = try RunningServer(Self.corefile(to))
            #expect(try server.datagramClient().ask(DNSQuestion("www.example.")).code == .noError)
            #expect(upstream.requests.last?.fields["host"] == "\(host):\(upstream.address.port)")
        }
    }
}
