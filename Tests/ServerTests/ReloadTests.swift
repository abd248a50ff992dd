import Corefile
import DNSWire
import LinuxIO
import PluginKit
import ServerHarness
import Testing

@testable import Plugins
@testable import Server

/// One configuration in the place of another, within a server that goes on.
@Suite(.serialized) struct ReloadTests {
    private static func whoami(_ more: String = "") -> String { ". {\n bind 127.0.0.1\n whoami\n \(more)\n}\n" }

    private static func hosts(_ address: String, _ more: String = "") -> String {
        ". {\n bind 127.0.0.1\n hosts {\n \(address) name.test\n }\n \(more)\n}\n"
    }

    /// The address of name.test.
    private static func address(_ response: DNSResponse) -> String { response.answer.map { "\($0.data)" }.joined() }

    private static let name = DNSQuestion("name.test.")

    @Test func answersChangeForSocketsAndConnectionsThatStay() throws {
        let server = try RunningServer(Self.hosts("10.0.0.1"), workerCount: 2)
        let (addresses, port) = (server.server.addresses, server.port)
        let (datagram, stream) = (try server.datagramClient(), try server.streamClient())
        for number in 1...5 {
            #expect(Self.address(try datagram.ask(Self.name)) == "10.0.0.\(number)")
            #expect(Self.address(try stream.ask(Self.name)) == "10.0.0.\(number)")
            try server.reload(Self.hosts("10.0.0.\(number + 1)"))
            #expect(server.server.addresses == addresses && server.port == port)
        }
        #expect(Self.address(try stream.ask(Self.name)) == "10.0.0.6")
    }

    /// Whatever cannot be started or opened leaves everything as it was.
    @Test func whatFailsChangesNothing() throws {
        let occupied = try StreamListener.listen(.loopback(port: 0))
        let folder = try TemporaryFolder()
        let server = try RunningServer(Self.hosts("10.0.0.1", "health 127.0.0.1:\(try Self.freePort())"))
        let (datagram, stream) = (try server.datagramClient(), try server.streamClient())
        #expect(Self.address(try stream.ask(Self.name)) == "10.0.0.1")
        let rows = [
            (Self.hosts("10.0.0.2", "whoam"), "Corefile:6:2: "),
            (Self.hosts("10.0.0.2") + "b. {\n bind 192.0.2.1\n whoami\n}", "Corefile:8:1: bind 192.0.2.1:0: "),
            (Self.hosts("10.0.0.2") + "b.:\(occupied.boundAddress.port) {\n bind 127.0.0.1\n}", "Corefile:8:1: bind "),
            (Self.hosts("10.0.0.2", "health \(occupied.boundAddress)"), "Corefile:6:2: bind "),
            (
                Self.hosts("10.0.0.2")
                    + "b. {\n bind 127.0.0.9\n health 127.0.0.9:0\n ready \(occupied.boundAddress)\n}",
                "Corefile:11:2: bind "
            ),
            (Self.hosts("10.0.0.2", "kubernetes c. {\n snapshot \(folder.file("no"))\n}"), "Corefile:6:2: plugin/kube"),
            (Self.hosts("10.0.0.2", "multisocket 4") + "b. {\n bind 192.0.2.1\n}", "Corefile:8:1: bind "),
        ]
        for (text, failure) in rows {
            var message = ""
            do { try server.reload(text) } catch { message = "\(error)" }
            #expect(message.hasPrefix(failure), "\(message)")
            #expect(Self.address(try datagram.ask(Self.name)) == "10.0.0.1")
            #expect(Self.address(try stream.ask(Self.name)) == "10.0.0.1")
        }
        try server.reload(Self.hosts("10.0.0.3"))
        #expect(Self.address(try stream.ask(Self.name)) == "10.0.0.3")
    }

    /// A configuration that comes to nothing is let go of, wherever it fails: its plugins keep nothing, and nobody them.
    @Test func whatFailsIsFreed() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("cluster.yaml", ClusterFiles.web("10.0.0.1"))
        let server = try RunningServer(Self.whoami())
        let plugins =
            "ready 127.0.0.1:0\n health 127.0.0.1:0\n prometheus 127.0.0.1:0\n errors\n cache\n loop\n "
            + "kubernetes cluster.local {\n snapshot \(path)\n }\n forward . 127.0.0.1:9"
        let rows = [
            Self.whoami(plugins) + "b. {\n whoami nothing\n}", Self.whoami(plugins) + Self.whoami(),
            Self.whoami(plugins) + "b. {\n bind 192.0.2.1\n whoami\n}",
            Self.whoami(plugins) + "c. {\n kubernetes c. {\n snapshot \(folder.file("no"))\n }\n}",
        ]
        for text in rows {
            weak var process: ProcessContext?
            do {
                let corefile = try Corefile.parse(
                    text: text, file: "Corefile", defaultPort: 0, knownDirectives: PluginTable.implementedNames,
                    knownElsewhere: [])
                let next = ProcessContext(succeeding: server.configuration.process)
                process = next
                try server.server.reload(try Configuration(corefile, directory: "", process: next))
                Issue.record("taken: \(text)")
            } catch {}
            #expect(holdsInTime { process == nil }, "\(text)")
        }
        #expect(server.server.retiredCount == 0)
        #expect(try server.datagramClient().ask(DNSQuestion("a.")).code == .noError)
    }

    /// Listeners come and go; the wildcard and an address of its own port take turns.
    @Test func listenersComeAndGo() throws {
        let port = try Self.freePort()
        func text(_ bind: String) -> String { ".:\(port) {\n \(bind)\n whoami\n}\n" }
        let server = try RunningServer(text("bind 127.0.0.1"))
        let other = SocketAddress(ipv4: 0x7F00_0002, port: port)
        let asks: [(bind: String, first: Bool, second: Bool)] = [
            ("bind 127.0.0.1", true, false), ("bind 127.0.0.1 127.0.0.2", true, true), ("bind 127.0.0.2", false, true),
            ("", true, true), ("bind 127.0.0.1", true, false), ("", true, true), ("bind 127.0.0.2", false, true),
        ]
        for row in asks {
            try server.reload(text(row.bind))
            for (address, isServed) in [(SocketAddress.loopback(port: port), row.first), (other, row.second)] {
                // The last reference to a listener may go just after the change.
                let isRight = holdsInTime {
                    let code = try? StreamClient(address).ask(DNSQuestion("a.")).code
                    return code == (isServed ? .noError : nil)
                }
                #expect(isRight, "\(row.bind): \(address)")
                guard isServed else { continue }
                #expect(try DatagramClient(address).ask(DNSQuestion("a.")).code == .noError)
            }
        }
        // Nobody else gets in meanwhile.
        #expect(throws: (any Error).self) { try StreamListener.listen(other) }
    }

    /// More sockets are opened; fewer take effect with the next start, as what stands in a socket's buffer would be lost.
    @Test func socketsAreAddedAndNotTakenAway() throws {
        let server = try RunningServer(Self.whoami("multisocket 2"))
        var counts: [Int] = []
        for number in [2, 4, 1, 3] {
            try server.reload(Self.whoami("multisocket \(number)"))
            counts.append(server.server.listeners.values.map(\.workers.count).reduce(0, +))
            for _ in 0..<20 { #expect(try server.datagramClient().ask(DNSQuestion("a.")).code == .noError) }
        }
        #expect(counts == [2, 4, 4, 4])
    }

    /// Queries that wait for an upstream are answered by the configuration that has sent them on.
    @Test func queriesThatWaitAreFinished() throws {
        let upstream = try TestUpstream { .answer($0.response(["\($0.name) 60 IN A 192.0.2.80"]), after: 300) }
        let server = try RunningServer(ForwardTests.corefile(upstream, options: "max_fails 0"))
        let (datagram, stream) = (try server.datagramClient(), try server.streamClient())
        try datagram.send(DNSQuestion("late.example.").bytes)
        try stream.send(StreamClient.frame(DNSQuestion("late.example.").bytes))
        #expect(holdsInTime { server.server.waitingQueries == 2 })
        // Nothing is forwarded any more, and the connection is the same.
        try server.reload(Self.hosts("10.0.0.1"))
        #expect(server.server.retiredCount == 1)
        #expect(Self.address(try server.datagramClient().ask(Self.name)) == "10.0.0.1")
        for bytes in [try datagram.receive(), try stream.receive()] {
            #expect(Self.address(try DNSResponse(try #require(bytes))) == "192.0.2.80")
        }
        #expect(
            holdsInTime {
                server.server.sweep(); return server.server.retiredCount == 0
            })
        #expect(server.server.waitingQueries == 0)
        #expect(Self.address(try stream.ask(Self.name)) == "10.0.0.1")
    }

    /// The end comes while the configuration before still has queries.
    @Test func stoppingWithQueriesOfBoth() throws {
        let upstream = try TestUpstream { .answer($0.response(["\($0.name) 60 IN A 192.0.2.80"]), after: 300) }
        let server = try RunningServer(ForwardTests.corefile(upstream, options: "max_fails 0"))
        let (old, new) = (try server.streamClient(), try server.datagramClient())
        try old.send(StreamClient.frame(DNSQuestion("old.example.").bytes))
        #expect(holdsInTime { server.server.waitingQueries == 1 })
        try server.reload(ForwardTests.corefile(upstream, options: "max_fails 0\n expire 5s"))
        try new.send(DNSQuestion("new.example.").bytes)
        #expect(holdsInTime { server.server.waitingQueries == 2 })
        server.server.stop()
        for bytes in [try old.receive(), try new.receive()] {
            #expect(Self.address(try DNSResponse(try #require(bytes))) == "192.0.2.80")
        }
    }

    /// The time-outs of connections that are open are those of the configuration that is at work.
    @Test func timeoutsHoldForOpenConnections() throws {
        let server = try RunningServer(Self.whoami("timeouts {\n idle 1h\n}"))
        let stream = try server.streamClient()
        #expect(try stream.ask(DNSQuestion("a.")).code == .noError)
        try server.reload(Self.whoami("timeouts {\n idle 1s\n}"))
        #expect(try stream.isClosedByServer())
    }

    @Test func endpointsAreCarriedOver() throws {
        let ports = try (0..<3).map { _ in try Self.freePort() }
        let admin = ports.map { SocketAddress.loopback(port: $0) }
        let server = try RunningServer(
            Self.whoami("health \(admin[0])\n ready \(admin[1])\n prometheus \(admin[2])\n debug"))
        _ = try server.datagramClient().ask(DNSQuestion("a."))
        let first = try fetchHTTP(admin[2], "/metrics").body
        #expect(first.contains("coredns_dns_requests_total{") && first.contains("name=\"whoami\""))
        // Health moves to where ready was, ready goes, and the metrics stay.
        try server.reload(Self.hosts("10.0.0.1", "health \(admin[1])\n prometheus \(admin[2])"))
        #expect(try fetchHTTP(admin[1], "/health").status == 200)
        #expect(try fetchHTTP(admin[1], "/ready").status == 404)
        #expect(throws: (any Error).self) { try fetchHTTP(admin[0], "/health") }
        _ = try server.datagramClient().ask(DNSQuestion("a."))
        let second = try fetchHTTP(admin[2], "/metrics").body
        let requests = second.split(separator: "\n").filter {
            $0.hasPrefix("coredns_dns_requests_total{") && $0.contains("zone=\".\"")
        }
        #expect(requests.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +) == 2)
        #expect(second.contains("name=\"hosts\"") && !second.contains("name=\"whoami\""))
    }

    /// An endpoint that is not named any more is closed by the time the reload is over, and can be had again at once.
    @Test func endpointsComeAndGo() throws {
        let admin = SocketAddress.loopback(port: try Self.freePort())
        let server = try RunningServer(Self.whoami())
        for _ in 0..<50 {
            try server.reload(Self.whoami("health \(admin)"))
            #expect(try fetchHTTP(admin, "/health").status == 200)
            try server.reload(Self.whoami())
            _ = try StreamListener.listen(admin)
        }
    }

    /// Lameduck, readiness and the rest are those of the new configuration; that the process stops holds for all.
    @Test func theLifecycleIsTheNewOne() throws {
        let server = try RunningServer(Self.whoami("health 127.0.0.1:0 {\n lameduck 5s\n}"))
        #expect(server.server.configuration.process.lifecycle.lameduck == 5 * Clock.second)
        try server.reload(Self.whoami("health 127.0.0.1:0 {\n lameduck 1s\n}"))
        #expect(server.server.configuration.process.lifecycle.lameduck == Clock.second)
        server.server.forbidReloads()
        #expect(throws: StartError.self) { try server.reload(Self.whoami()) }
        #expect(try server.datagramClient().ask(DNSQuestion("a.")).code == .noError)
    }

    /// The cache begins anew (CoreDNS), and what it had is free again.
    @Test func theBudgetOfTheCacheIsFreed() throws {
        let upstream = try TestUpstream { .answer($0.response(["\($0.name) 60 IN A 192.0.2.80"])) }
        let text = ". {\n bind 127.0.0.1\n cache\n forward . \(upstream.address)\n}\n"
        let server = try RunningServer(text)
        let budget = CacheBudget.of(server.server.configuration.process)
        for number in 0..<50 { _ = try server.datagramClient().ask(DNSQuestion("n\(number).example.")) }
        #expect(budget.used > 0)
        for _ in 0..<3 { try server.reload(text) }
        #expect(
            holdsInTime {
                server.server.sweep(); return budget.used == 0
            })
        _ = try server.datagramClient().ask(DNSQuestion("n0.example."))
        #expect(upstream.queries.filter { $0.name == "n0.example." }.count == 2)
    }

    /// A snapshot that both have is read once.
    @Test func aSnapshotIsCarriedOver() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("cluster.yaml", ClusterFiles.web("10.0.0.1"))
        func text(_ options: String) -> String {
            ". {\n bind 127.0.0.1\n kubernetes cluster.local {\n snapshot \(path)\n \(options)\n }\n}\n"
        }
        let server = try RunningServer(text("ttl 7"))
        func source() throws -> SharedSource {
            let placed = server.server.configuration.blocks[0].plugins.first { $0.name == "kubernetes" }
            return try #require((placed?.plugin as? KubernetesPlugin)?.source as? SharedSource)
        }
        let first = try source()
        let question = DNSQuestion("web.shop.svc.cluster.local.")
        let client = try server.datagramClient()
        #expect(try client.ask(question).answer.map(\.ttl) == [7])
        // How questions are answered is no matter of the source; which objects there are is.
        for (options, isSame) in [("ttl 9", true), ("fallthrough", true), ("noendpoints", false)] {
            try server.reload(text(options))
            #expect((try source() === first) == isSame, "\(options)")
            #expect(try client.ask(question).code == .noError)
        }
        #expect(
            holdsInTime {
                server.server.sweep(); return server.server.retiredCount == 0
            })
        // The one that is left follows its file.
        try folder.write("cluster.yaml", ClusterFiles.web("10.0.0.77"))
        #expect(try holdsInTime { Self.address(try client.ask(question)) == "10.0.0.77" })
    }

    private static func freePort() throws -> UInt16 { try RunningServer(whoami()).port }
}
