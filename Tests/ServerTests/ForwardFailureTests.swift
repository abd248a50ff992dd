import DNSWire
import LinuxIO
import PluginKit
import Plugins
import Server
import ServerHarness
import Testing

/// `forward` with upstreams that are dead, slow or come and go, and what is left of it.
@Suite(.serialized) struct ForwardFailureTests {
    /// A port of 127.0.0.1 that nobody listens at.
    private static func deadAddress() throws -> SocketAddress {
        let upstream = try TestUpstream { _ in .silence }
        upstream.stop()
        return upstream.address
    }

    private static func metric(_ server: RunningServer, _ name: String) -> Double {
        server.configuration.process.metrics.all.first { $0.name == name }?.collect().reduce(0) { $0 + $1.value } ?? 0
    }

    @Test func deadUpstream() throws {
        let dead = try Self.deadAddress()
        // The clock stands still: nothing waits for a time.
        let server = try RunningServer(
            ". {\n bind 127.0.0.1\n errors\n forward . \(dead) {\n max_fails 1\n health_check 20ms\n }\n}\n",
            clock: ManualClock().clock)
        let client = try server.datagramClient()
        for number in 0..<100 {
            let response = try client.ask(DNSQuestion("n\(number).example.", udpSize: nil))
            #expect(response.code == .serverFailure)
            #expect(response.flagNames == ["QR", "RD"])
        }
        let refused = "[ERROR] plugin/errors: 2 n0.example. A: "
        let line = server.lines.all.first { $0.contains(refused) } ?? ""
        #expect(line.contains("udp 127.0.0.1:") && line.contains("->\(dead)") && line.hasSuffix("connection refused"))
        #expect(try server.streamClient().ask(DNSQuestion("tcp.example.")).code == .serverFailure)
        #expect(
            server.lines.all.contains {
                $0.hasSuffix("2 tcp.example. A: dial tcp \(dead): connect: connection refused")
            })
    }

    @Test func failFast() throws {
        let dead = try Self.deadAddress()
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                errors
                forward . \(dead) {
                    max_fails 1
                    health_check 10ms
                    failfast_all_unhealthy_upstreams
                }
            }
            """)
        let client = try server.datagramClient()
        let deadline = Clock.system.monotonic() + 10 * Clock.second
        var number = 0
        while !server.lines.all.contains(where: { $0.hasSuffix("A: no healthy proxies") }) {
            guard Clock.system.monotonic() < deadline else { break }
            #expect(try client.ask(DNSQuestion("n\(number).example.")).code == .serverFailure)
            number += 1
        }
        #expect(Clock.system.monotonic() < deadline)
        #expect(server.lines.all.count { $0.contains("is down") } == 1)
        #expect(Self.metric(server, "coredns_forward_healthcheck_broken_total") > 0)
        #expect(Self.metric(server, "coredns_proxy_healthcheck_failures_total") >= 2)
    }

    @Test func theNextUpstreamIsTriedEarly() throws {
        let silent = try TestUpstream { _ in .silence }
        let answering = try ForwardTests.answering()
        let clock = ManualClock()
        let server = try RunningServer(
            ForwardTests.corefile(silent, answering, options: "policy sequential\n read_timeout 800ms"),
            clock: clock.clock)
        let datagram = try server.datagramClient()
        let stream = try server.streamClient()
        try datagram.send(DNSQuestion("www.example.").bytes)
        try stream.send(StreamClient.frame(DNSQuestion("www.example.").bytes))
        #expect(holdsInTime { silent.queries.count == 2 })
        // Half of what the first one is given, and what deadlines are rounded up by.
        clock.advance(nanoseconds: 450 * Clock.millisecond)
        #expect(try DNSResponse(try #require(try datagram.receive())).code == .noError)
        #expect(try DNSResponse(try #require(try stream.receive())).code == .noError)
    }

    @Test func silentUpstream() throws {
        let silent = try TestUpstream { _ in .silence }
        let clock = ManualClock()
        let server = try RunningServer(
            ForwardTests.corefile(silent, options: "read_timeout 100ms\n max_fails 0"), clock: clock.clock)
        let client = try server.datagramClient()
        try client.send(DNSQuestion("www.example.").bytes)
        for attempts in 1...2 {
            #expect(holdsInTime { upstreamAttempts(silent) == attempts })
            clock.advance(nanoseconds: 70 * Clock.millisecond)
        }
        clock.advance(nanoseconds: 50 * Clock.millisecond)
        #expect(try DNSResponse(try #require(try client.receive())).code == .serverFailure)
        #expect(upstreamAttempts(silent) == 2)
        let line = server.lines.all.first { $0.contains("2 www.example. A: ") } ?? ""
        #expect(line.contains("read udp 127.0.0.1:") && line.hasSuffix("->\(silent.address): i/o timeout"))
    }

    private func upstreamAttempts(_ upstream: TestUpstream) -> Int { upstream.queries.count }

    @Test func anUpstreamComesBack() throws {
        let dead = try Self.deadAddress()
        let server = try RunningServer(
            ". {\n bind 127.0.0.1\n errors\n forward . \(dead) {\n max_fails 1\n health_check 10ms\n }\n}\n")
        let client = try server.datagramClient()
        let deadline = Clock.system.monotonic() + 10 * Clock.second
        while !server.lines.all.contains(where: { $0.contains("is down") }), Clock.system.monotonic() < deadline {
            #expect(try client.ask(DNSQuestion("a.example.")).code == .serverFailure)
        }
        let upstream = try TestUpstream(at: dead) { .answer($0.response(["\($0.name) 300 IN A 192.0.2.80"])) }
        #expect(holdsInTime { server.lines.all.contains { $0.contains("answers again") } })
        #expect(!upstream.checks.isEmpty)
        #expect(try client.ask(DNSQuestion("a.example.")).code == .noError)
    }

    @Test func connectionsAreReusedAndExpire() throws {
        let upstream = try ForwardTests.answering()
        let clock = ManualClock()
        let server = try RunningServer(
            ForwardTests.corefile(upstream, options: "force_tcp\n expire 300ms"), clock: clock.clock)
        let client = try server.datagramClient()
        for number in 0..<51 { _ = try client.ask(DNSQuestion("n\(number).example.")) }
        #expect(Set(upstream.queries.map(\.client.port)).count == 1)
        #expect(Self.metric(server, "coredns_proxy_conn_cache_hits_total") == 50)
        #expect(Self.metric(server, "coredns_proxy_conn_cache_misses_total") == 1)
        #expect(OpenSockets.to(upstream.address) == 1)
        clock.advance(nanoseconds: 250 * Clock.millisecond)
        _ = try client.ask(DNSQuestion("used.example."))
        #expect(Set(upstream.queries.map(\.client.port)).count == 1)
        // Longer than they are kept, and closed although nobody asks.
        clock.advance(nanoseconds: 500 * Clock.millisecond)
        #expect(holdsInTime { OpenSockets.to(upstream.address) == 0 })
        _ = try client.ask(DNSQuestion("again.example."))
        #expect(Set(upstream.queries.map(\.client.port)).count == 2)
    }

    @Test func connectionsThatTheUpstreamCloses() throws {
        let upstream = try TestUpstream { query in
            query.name.hasPrefix("close") && query.isStream
                ? .close : .answer(query.response(["\(query.name) 300 IN A 192.0.2.80"]))
        }
        let server = try RunningServer(ForwardTests.corefile(upstream, options: "force_tcp"))
        let client = try server.datagramClient()
        for number in 0..<10 {
            #expect(try client.ask(DNSQuestion("n\(number).example.")).code == .noError)
            // As often as there are attempts, and once more for the connection that was there.
            #expect(try client.ask(DNSQuestion("close\(number).example.")).code == .serverFailure)
        }
        #expect(server.lines.all.contains { $0.hasSuffix("2 close0.example. A: EOF") })
    }

    @Test func nothingIsLeft() throws {
        let upstream = try TestUpstream { query in
            query.name.hasPrefix("silent")
                ? .silence : .answer(query.response(["\(query.name) 300 IN A 192.0.2.80"]), after: 5)
        }
        let server = try RunningServer(
            ForwardTests.corefile(upstream, options: "read_timeout 200ms\n expire 100ms\n max_fails 0"))
        let datagram = try server.datagramClient()
        for round in 0..<20 {
            for number in 0..<100 {
                var question = DNSQuestion("\(number % 2 == 0 ? "silent" : "n")\(round)-\(number).example.")
                question.identifier = UInt16(number)
                try datagram.send(question.bytes)
            }
            let stream = try server.streamClient()
            for number in 0..<20 {
                try stream.send(StreamClient.frame(DNSQuestion("silent\(round)-\(number).example.").bytes))
            }
            // Clients that go away do not take their queries with them, and do no harm.
            #expect(holdsInTime { upstream.queries.count > 20 * round })
            #expect(OpenSockets.to(upstream.address) <= 250)
        }
        #expect(holdsInTime { server.server.waitingQueries == 0 })
        #expect(holdsInTime { OpenSockets.to(upstream.address) == 0 })
        #expect(holdsInTime { OpenSockets.accepted(at: server.loopback) == 0 })
    }

    @Test func halfClosedClients() throws {
        let upstream = try TestUpstream { .answer($0.response(["\($0.name) 300 IN A 192.0.2.80"]), after: 200) }
        let server = try RunningServer(ForwardTests.corefile(upstream))
        let client = try server.streamClient()
        var bytes: [UInt8] = []
        for number in 0..<5 { bytes += StreamClient.frame(DNSQuestion("n\(number).example.").bytes) }
        try client.send(bytes)
        client.finishSending()
        for _ in 0..<5 { #expect(try DNSResponse(try #require(try client.receive())).code == .noError) }
        #expect(try client.isClosedByServer())
    }

    @Test func queriesInHandAreAnsweredAtTheEnd() throws {
        let upstream = try TestUpstream { query in
            query.name.hasPrefix("silent")
                ? .silence : .answer(query.response(["\(query.name) 300 IN A 192.0.2.80"]), after: 500)
        }
        let server = try RunningServer(ForwardTests.corefile(upstream))
        let datagram = try server.datagramClient()
        let stream = try server.streamClient()
        for number in 0..<20 {
            try datagram.send(DNSQuestion("d\(number).example.").bytes)
            try stream.send(StreamClient.frame(DNSQuestion("s\(number).example.").bytes))
        }
        #expect(holdsInTime { upstream.queries.count >= 40 })
        server.server.stop()
        for _ in 0..<20 {
            #expect(try datagram.receive() != nil)
            #expect(try stream.receive() != nil)
        }
    }

    /// What nobody answers does not keep the server from stopping, nor outlives it.
    @Test func stoppingWithSilentUpstreams() throws {
        let silent = try TestUpstream { _ in .silence }
        weak var kept: Server?
        do {
            let server = try RunningServer(ForwardTests.corefile(silent))
            kept = server.server
            let stream = try server.streamClient()
            for number in 0..<20 {
                try server.datagramClient().send(DNSQuestion("d\(number).example.").bytes)
                try stream.send(StreamClient.frame(DNSQuestion("s\(number).example.").bytes))
            }
            #expect(holdsInTime { silent.queries.count >= 40 })
            let start = Clock.system.monotonic()
            server.server.stop()
            #expect(Clock.system.monotonic() - start < 4 * Clock.second)
            #expect(server.server.waitingQueries == 0)
        }
        #expect(kept == nil)
    }
}
