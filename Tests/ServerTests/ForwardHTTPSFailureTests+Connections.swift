import DNSWire
import LinuxIO
import ScriptedAPI
import Server
import ServerHarness
import Synchronization
import Testing

/// Connections that end, fall silent, or are left behind.
extension ForwardHTTPSFailureTests {
    /// A connection that was kept and turns out to be closed is nobody's failure.
    @Test func keptConnectionsEnd() throws {
        let upstream = try Self.upstream()
        let server = try RunningServer(
            Self.corefile("https://\(upstream.address)", "max_connect_attempts 1\n health_check 10ms"))
        let client = try server.datagramClient()
        for number in 1...20 {
            #expect(try client.ask(DNSQuestion("n\(number).example.")).code == .noError)
            upstream.closeConnections()
            // Once it is closed, and while it may be being closed.
            if number.isMultiple(of: 2) {
                guard holdsInTime({ OpenSockets.accepted(at: upstream.address) == 0 }) else {
                    Issue.record("the upstream does not close its connections")
                    return
                }
            }
        }
        #expect(upstream.checks.isEmpty && server.lines.all.allSatisfy { !$0.contains("ERROR") }, "\(server.lines.all)")
    }

    /// The same for those of HTTP/2, which end with many streams on them.
    @Test func sharedConnectionsEnd() throws {
        let upstream = try TestHTTPSUpstream(tls: nil)
        let front = try ForwardHTTPSTests.front(upstream)
        let server = try RunningServer(
            Self.corefile("https://\(front.address)", "max_connect_attempts 1\n max_fails 0"))
        let client = try server.datagramClient()
        for number in 0..<3 {
            #expect(try client.ask(DNSQuestion("n\(number).example.")).code == .noError)
            front.stop()
            try front.startAgain()
            #expect(try client.ask(DNSQuestion("m\(number).example.")).code == .noError, "\(server.lines.all)")
        }
    }

    /// Connections that were kept and are dead without a word, as behind a firewall that has forgotten them: what is asked once
    /// more finds a new one.
    @Test func keptConnectionsAreSilent() throws {
        let dead = Mutex<Set<UInt16>>([])
        let upstream = try Self.upstream { request in
            let port = request.query.client.port
            if dead.withLock({ $0.contains(port) }) { return .silence }
            return .answer(request.answer, after: request.query.name.hasPrefix("n") ? 50 : 0)
        }
        let server = try RunningServer(Self.corefile("https://\(upstream.address)", "max_fails 0"))
        #expect(try ForwardHTTPSTests.askAtOnce(server, count: 8) == 8)
        let kept = Set(upstream.requests.map(\.query.client.port))
        #expect(kept.count == 8)
        dead.withLock { $0 = kept }
        let client = try server.datagramClient()
        #expect(try client.ask(DNSQuestion("www.example.")).code == .noError, "\(server.lines.all)")
        // Over the one that has answered.
        #expect(try client.ask(DNSQuestion("mail.example.")).code == .noError)
        #expect(upstream.requests.count { $0.query.name == "www.example." } == 2)
        #expect(upstream.requests.count { $0.query.name == "mail.example." } == 1)
        #expect(upstream.connectionCount == 9)
        #expect(holdsInTime { OpenSockets.to(upstream.address) == 1 })
    }

    /// An upstream that never answers: the next one does, and nothing is left of the first one's requests.
    @Test func silentUpstream() throws {
        let silent = try Self.upstream { _ in .silence }
        let good = try Self.upstream()
        let server = try RunningServer(
            Self.corefile(
                "https://\(silent.address) https://\(good.address)",
                "policy sequential\n read_timeout 500ms\n max_fails 0\n expire 300ms"))
        #expect(try ForwardHTTPSTests.askAtOnce(server, count: 100) == 100)
        #expect(holdsInTime { OpenSockets.to(silent.address) == 0 })
        #expect(server.server.waitingQueries == 0)
        let alone = try RunningServer(Self.corefile("https://\(silent.address)", "read_timeout 100ms\n max_fails 0"))
        #expect(try ForwardHTTPSTests.askAtOnce(alone, count: 500) == 0)
        let line = "A: https://\(silent.address)/dns-query: i/o timeout"
        #expect(alone.lines.all.count { $0.hasSuffix(line) } == 500)
        #expect(holdsInTime { OpenSockets.to(silent.address) == 0 })
        #expect(OpenSockets.to(good.address) <= 8)
    }

    /// A question that is not answered says nothing about a connection that brings other answers.
    @Test func oneSlowQuestion() throws {
        let upstream = try TestHTTPSUpstream(tls: nil) { request in
            request.query.name.hasPrefix("slow") ? .silence : .answer(request.answer)
        }
        let front = try ForwardHTTPSTests.front(upstream)
        let server = try RunningServer(
            Self.corefile("https://\(front.address)", "read_timeout 150ms\n max_fails 0"))
        let (slow, client) = (try server.datagramClient(), try server.datagramClient())
        for number in 0..<5 {
            try slow.send(DNSQuestion("slow\(number).example.").bytes)
            let isOver = try holdsInTime {
                guard try client.ask(DNSQuestion("n.example.")).code == .noError else { return true }
                return server.lines.all.count { $0.hasSuffix("i/o timeout") } > number
            }
            #expect(isOver)
        }
        #expect(server.lines.all.count { $0.contains("ERROR") } == 5, "\(server.lines.all)")
        #expect(ForwardHTTPSTests.connections(server, "coredns_proxy_conn_cache_misses_total") == ["https": 1])
    }

    /// Clients that leave, and servers that go, while requests are under way.
    @Test func reloadWhileQueriesAreInFlight() throws {
        let upstream = try Self.upstream { .answer($0.answer, after: UInt64.random(in: 0...30)) }
        let (post, get) = (
            try Self.corefile("https://\(upstream.address)"),
            try Self.corefile("https://\(upstream.address)", "doh_method GET")
        )
        let server = try RunningServer(post)
        let client = try server.streamClient()
        var sent: UInt16 = 0
        for round in 0..<10 {
            for _ in 0..<50 {
                var question = DNSQuestion("n\(sent).example.")
                question.identifier = sent
                try client.send(StreamClient.frame(question.bytes))
                sent += 1
            }
            try server.reload(round.isMultiple(of: 2) ? get : post)
        }
        var answered: Set<UInt16> = []
        while answered.count < Int(sent), let message = try client.receive() {
            let response = try DNSResponse(message)
            #expect(response.code == .noError)
            answered.insert(response.identifier)
        }
        #expect(answered.count == Int(sent))
        #expect(Set(upstream.requests.map(\.method)) == ["POST", "GET"])
        // Those of the engines that are gone are closed.
        #expect(holdsInTime { OpenSockets.to(upstream.address) <= 8 })
        for number in 0..<50 { try client.send(StreamClient.frame(DNSQuestion("late\(number).example.").bytes)) }
        server.server.stop()
        #expect(holdsInTime { OpenSockets.to(upstream.address) == 0 })
    }

    @Test func descriptorsGoBack() throws {
        let upstream = try Self.upstream { request in
            request.query.name.hasPrefix("silent") ? .silence : .answer(request.answer)
        }
        let server = try RunningServer(
            Self.corefile("https://\(upstream.address)", "read_timeout 100ms\n expire 50ms\n max_fails 0"))
        let client = try server.streamClient()
        for round in 0..<10 {
            for number in 0..<100 {
                let name = "\(number % 10 == 0 ? "silent" : "n")\(round)-\(number).example."
                try client.send(StreamClient.frame(DNSQuestion(name).bytes))
            }
            // Connections that are given up may be there beside the new ones.
            #expect(OpenSockets.to(upstream.address) <= 32)
            for _ in 0..<100 { _ = try client.receive() }
        }
        #expect(holdsInTime { OpenSockets.to(upstream.address) == 0 })
        #expect(server.server.waitingQueries == 0)
    }
}
