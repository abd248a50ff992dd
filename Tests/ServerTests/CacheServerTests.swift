import DNSWire
import LinuxIO
import PluginKit
import Server
import ServerHarness
import Testing

/// The cache of a running server: `whoami` tells by the port that it answers with whose question an answer is to.
@Suite struct CacheServerTests {
    private static func server(_ cache: String, _ clock: ManualClock) throws -> RunningServer {
        try RunningServer(
            """
            . {
                bind 127.0.0.1
                prometheus 127.0.0.1:0
                cache {
                    success 1024 100 100
                    \(cache)
                }
                whoami
            }
            """, workerCount: 2, clock: clock.clock)
    }

    private static func advance(_ clock: ManualClock, seconds: UInt64) {
        clock.advance(nanoseconds: seconds * Clock.second)
    }

    /// The port and the TTL of an answer.
    private static func port(_ response: DNSResponse) throws -> (port: String, ttl: UInt32) {
        let record = try #require(response.additional.first { $0.type == .srv })
        return ("\(record.data)", record.ttl)
    }

    private static let question = DNSQuestion("who.example.org.", .a)

    /// Asks until the answer is another one than `old`; nil if it never is.
    private static func other(than old: String, _ client: DatagramClient) throws -> (port: String, ttl: UInt32)? {
        for _ in 0..<2000 {
            let found = try port(client.ask(question))
            if found.port != old { return found }
        }
        return nil
    }

    private static func metric(_ server: RunningServer, _ name: String) -> Double {
        server.configuration.process.metrics.all.first { $0.name == name }?.collect().reduce(0) { $0 + $1.value } ?? 0
    }

    @Test func hitsOverUDPAndTCP() throws {
        let clock = ManualClock()
        let server = try Self.server("", clock)
        let first = try Self.port(server.datagramClient().ask(Self.question))
        #expect(first.ttl == 100)
        Self.advance(clock, seconds: 40)
        // Workers take the time once a batch; the answer is another client's.
        for response in [
            try server.datagramClient().ask(Self.question), try server.streamClient().ask(Self.question),
        ] {
            let found = try Self.port(response)
            #expect(found.port == first.port && found.ttl == 60)
            #expect(response.flagNames == ["AA", "QR", "RD"])
        }
        #expect(Self.metric(server, "coredns_cache_hits_total") == 2)
        #expect(Self.metric(server, "coredns_cache_misses_total") == 1)
        #expect(Self.metric(server, "coredns_dns_requests_total") == 3)
        Self.advance(clock, seconds: 60)
        #expect(try Self.port(server.streamClient().ask(Self.question)).port != first.port)
    }

    @Test func prefetching() throws {
        let clock = ManualClock()
        let server = try Self.server("prefetch 1 1m 90%", clock)
        let client = try server.datagramClient()
        let first = try Self.port(client.ask(Self.question))
        Self.advance(clock, seconds: 20)
        #expect(try Self.port(server.datagramClient().ask(Self.question)) == (first.port, 80))
        let fresh = try #require(try Self.other(than: first.port, client))
        #expect(fresh.ttl == 100)
        #expect(Self.metric(server, "coredns_cache_prefetch_total") == 1)
        // What the server asks of its own accord is no client's query.
        let requests = Self.metric(server, "coredns_dns_requests_total")
        #expect(Self.metric(server, "coredns_cache_requests_total") == requests)
    }

    @Test func expiredAnswersAreRefreshed() throws {
        let clock = ManualClock()
        let server = try Self.server("serve_stale", clock)
        let client = try server.datagramClient()
        let first = try Self.port(client.ask(Self.question))
        Self.advance(clock, seconds: 200)
        #expect(try Self.port(server.streamClient().ask(Self.question)) == (first.port, 0))
        #expect(try #require(try Self.other(than: first.port, client)).ttl == 100)
        #expect(Self.metric(server, "coredns_cache_served_stale_total") >= 1)
    }

    @Test(arguments: ["verify", "verify 10s", "verify 0 30s 30s", "verify 10s 30s 30s"])
    func expiredAnswersAreVerified(_ mode: String) throws {
        let clock = ManualClock()
        let server = try Self.server("serve_stale 1h \(mode)", clock)
        var last = try Self.port(server.datagramClient().ask(Self.question)).port
        for isStream in [false, true] {
            Self.advance(clock, seconds: 200)
            let response =
                isStream
                ? try server.streamClient().ask(Self.question) : try server.datagramClient().ask(Self.question)
            let found = try Self.port(response)
            #expect(found.port != last && found.ttl == 100)
            last = found.port
        }
        #expect(Self.metric(server, "coredns_cache_served_stale_total") == 0)
        #expect(Self.metric(server, "coredns_cache_hits_total") == 2)
        #expect(Self.metric(server, "coredns_cache_misses_total") == 1)
    }
}
