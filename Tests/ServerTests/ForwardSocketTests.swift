import DNSWire
import LinuxIO
import PluginKit
import Plugins
import ScriptedAPI
import Server
import ServerHarness
import Synchronization
import Testing

/// Which sockets `forward` asks through: families, addresses, ages, numbers.
@Suite struct ForwardSocketTests {
    private static func ask(_ server: RunningServer, _ count: Int, _ prefix: String = "n") throws {
        let client = try server.datagramClient()
        for number in 0..<count {
            let name = "\(prefix)\(number).example."
            #expect(try client.ask(DNSQuestion(name)).answerLines == ["\(name) 300 A 192.0.2.80"])
        }
    }

    /// Connections that were kept and that have died without a word: a question finds a new one in time.
    @Test(arguments: [false, true]) func keptConnectionsAreSilent(overTLS: Bool) throws {
        let dead = Mutex<Set<UInt16>>([])
        let react: @Sendable (TestUpstream.Query) -> TestUpstream.Reaction = { query in
            if dead.withLock({ $0.contains(query.client.port) }) { return .silence }
            let delay: UInt64 = query.name.hasPrefix("n") ? 50 : 0
            return .answer(query.response(["\(query.name) 300 IN A 192.0.2.80"]), after: delay)
        }
        let upstream = try overTLS ? ForwardTLSTests.upstream(.valid, react) : TestUpstream(react)
        let corefile =
            try overTLS
            ? ForwardTLSTests.corefile("tls://\(upstream.address)", "max_fails 0")
            : ForwardTests.corefile(upstream, options: "force_tcp\n max_fails 0")
        let server = try RunningServer(corefile)
        #expect(try ForwardHTTPSTests.askAtOnce(server, count: 8) == 8)
        let kept = Set(upstream.queries.map(\.client.port))
        #expect(kept.count == 8)
        dead.withLock { $0 = kept }
        let client = try server.datagramClient()
        #expect(try client.ask(DNSQuestion("www.example.")).code == .noError, "\(server.lines.all)")
        // Over the one that has answered.
        #expect(try client.ask(DNSQuestion("mail.example.")).code == .noError)
        #expect(upstream.queries.filter { $0.name == "www.example." }.count == 2)
        #expect(upstream.queries.filter { $0.name == "mail.example." }.count == 1)
        #expect(holdsInTime { OpenSockets.to(upstream.address) == 1 })
    }

    @Test func upstreamsOverIPv6() throws {
        let loopback = try #require(SocketAddress.parse(host: "::1", port: 0))
        let upstream = try TestUpstream(at: loopback) { .answer($0.response(["\($0.name) 300 IN A 192.0.2.80"])) }
        for options in ["", "force_tcp", "prefer_udp", "source_address ::1"] {
            let server = try RunningServer(ForwardTests.corefile(upstream, options: options))
            try Self.ask(server, 3)
            #expect(try server.streamClient().ask(DNSQuestion("s.example.")).code == .noError, "\(options)")
            #expect(OpenSockets.to(upstream.address) > 0)
        }
        #expect(upstream.address.description.hasPrefix("[::1]:"))
        #expect(upstream.queries.allSatisfy { $0.client.host == "::1" })
        #expect(holdsInTime { OpenSockets.to(upstream.address) == 0 }, "gone with the servers")
    }

    @Test func aDeadUpstreamOverIPv6() throws {
        let loopback = try #require(SocketAddress.parse(host: "::1", port: 0))
        let gone = try TestUpstream(at: loopback) { _ in .silence }
        gone.stop()
        let server = try RunningServer(ForwardTests.corefile(gone), clock: ManualClock().clock)
        #expect(try server.datagramClient().ask(DNSQuestion("a.example.")).code == .serverFailure)
        #expect(try server.streamClient().ask(DNSQuestion("b.example.")).code == .serverFailure)
        #expect(server.lines.all.contains { $0.contains("->\(gone.address)") && $0.hasSuffix("connection refused") })
    }

    /// All of 127.0.0.0/8 is this machine.
    @Test func theAddressToAskFrom() throws {
        let upstream = try ForwardTests.answering()
        let server = try RunningServer(ForwardTests.corefile(upstream, options: "source_address 127.0.0.77"))
        try Self.ask(server, 20)
        #expect(try server.streamClient().ask(DNSQuestion("s.example.")).code == .noError)
        #expect(Set(upstream.queries.map(\.client.host)) == ["127.0.0.77"])
        #expect(Set(upstream.queries.map(\.client.port)).count > 1, "only the address is fixed")
    }

    /// An address that is not this machine's is an error of the query, and of no other.
    @Test func anAddressThatIsNotHere() throws {
        let upstream = try ForwardTests.answering()
        let server = try RunningServer(
            ForwardTests.corefile(upstream, options: "source_address 192.0.2.1"), clock: ManualClock().clock)
        #expect(try server.datagramClient().ask(DNSQuestion("a.example.")).code == .serverFailure)
        #expect(try server.streamClient().ask(DNSQuestion("b.example.")).code == .serverFailure)
        #expect(upstream.queries.isEmpty)
        #expect(
            server.lines.all.contains {
                $0.contains("2 a.example. A: dial udp \(upstream.address): bind: ") && $0.contains("EADDRNOTAVAIL")
                    || $0.contains("annot assign requested address")
            }, "\(server.lines.all)")
    }

    @Test func connectionsOfACertainAge() throws {
        for (options, isReplaced) in [("max_age 1s\n expire 900ms", true), ("expire 900ms", false)] {
            let upstream = try ForwardTests.answering()
            let clock = ManualClock()
            let server = try RunningServer(
                ForwardTests.corefile(upstream, options: "force_tcp\n \(options)"), clock: clock.clock)
            try Self.ask(server, 5, "young")
            #expect(Set(upstream.queries.map(\.client.port)).count == 1)
            // In use all the time, and yet too old in the end.
            for round in 0..<4 {
                clock.advance(nanoseconds: 300 * Clock.millisecond)
                try Self.ask(server, 1, "round\(round)-")
            }
            #expect(Set(upstream.queries.map(\.client.port)).count == (isReplaced ? 2 : 1), "\(options)")
            #expect(holdsInTime { OpenSockets.to(upstream.address) == 1 })
        }
    }

    @Test func fewIdleConnections() throws {
        for (limit, isStream) in [(2, true), (3, false)] {
            let upstream = try TestUpstream { .answer($0.response(["\($0.name) 300 IN A 192.0.2.80"]), after: 100) }
            let server = try RunningServer(
                ForwardTests.corefile(
                    upstream, options: "max_idle_conns \(limit)\n \(isStream ? "force_tcp" : "")"),
                clock: ManualClock().clock)
            let client = try server.datagramClient()
            // One turn's datagrams go out through one socket, so that they come one after the other.
            for number in 0..<8 {
                var question = DNSQuestion("n\(number).example.")
                question.identifier = UInt16(number)
                try client.send(question.bytes)
                #expect(holdsInTime { upstream.queries.count > number })
            }
            for _ in 0..<8 { #expect(try client.receive() != nil) }
            #expect(holdsInTime { OpenSockets.to(upstream.address) <= limit })
            #expect(try client.ask(DNSQuestion("again.example.")).code == .noError)
            #expect(OpenSockets.to(upstream.address) > 0)
        }
    }

    /// CoreDNS: a block that forwards takes questions of all classes.
    @Test func otherClasses() throws {
        let upstream = try TestUpstream { .answer($0.response()) }
        let server = try RunningServer(ForwardTests.corefile(upstream))
        let client = try server.datagramClient()
        for recordClass in [3, 4, 254] as [UInt16] {
            var question = DNSQuestion("version.bind.", .txt)
            question.recordClass = RecordClass(rawValue: recordClass)
            #expect(try client.ask(question).code == .noError)
            #expect(upstream.queries.last?.bytes.suffix(13).prefix(2) == [0, UInt8(recordClass)])
        }
        #expect(upstream.queries.count == 3)
    }

    /// A client that `cancel` says is gone is sent nothing, and its question is given up with it.
    @Test func clientsThatAreGone() throws {
        let upstream = try TestUpstream { query in
            query.name.hasPrefix("silent")
                ? .silence : .answer(query.response(["\(query.name) 300 IN A 192.0.2.80"]))
        }
        let clock = ManualClock()
        let server = try RunningServer(
            ForwardTests.corefile(upstream, options: "max_fails 0", before: "cancel 200ms"), clock: clock.clock)
        let client = try server.datagramClient()
        try client.send(DNSQuestion("silent.example.").bytes)
        #expect(holdsInTime { upstream.queries.count == 1 })
        // One that joins later has its own time.
        clock.advance(nanoseconds: 150 * Clock.millisecond)
        let later = try server.streamClient()
        try later.send(StreamClient.frame(DNSQuestion("silent.example.").bytes))
        try client.send(DNSQuestion("silent.example.").bytes)
        #expect(holdsInTime { server.server.waitingQueries == 3 })
        clock.advance(nanoseconds: 100 * Clock.millisecond)
        #expect(holdsInTime { server.server.waitingQueries == 2 })
        clock.advance(nanoseconds: 150 * Clock.millisecond)
        #expect(holdsInTime { server.server.waitingQueries == 0 })
        // Nothing was sent: the next message is the next question's answer.
        #expect(try client.ask(DNSQuestion("a.example.")).code == .noError)
        #expect(try later.ask(DNSQuestion("b.example.")).answerLines == ["b.example. 300 A 192.0.2.80"])
        #expect(server.lines.all.allSatisfy { !$0.contains("silent.example.") })
    }
}
