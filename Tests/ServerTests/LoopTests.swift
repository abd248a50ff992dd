import DNSWire
import LinuxIO
import PluginKit
import Server
import ServerHarness
import Synchronization
import Testing

/// `loop` over real sockets: what is one, and what only looks like one.
@Suite struct LoopTests {
    /// What the server wanted to end with, and the lines by then.
    private final class Ended: Sendable {
        let status = Mutex<Int32?>(nil)
    }

    private func server(_ text: String, _ ended: Ended, clock: Clock = .system) throws -> RunningServer {
        try RunningServer(text, clock: clock, end: { status in ended.status.withLock { $0 = $0 ?? status } })
    }

    /// An upstream that asks what it is asked of a server that is known only later, and answers with what that says.
    private final class Middleman: Sendable {
        let target = Mutex<SocketAddress?>(nil)
        let times: Int

        init(times: Int = 1) { self.times = times }

        func react(_ query: TestUpstream.Query) -> TestUpstream.Reaction {
            guard let address = target.withLock({ $0 }), let client = try? DatagramClient(address) else {
                return .silence
            }
            for _ in 0..<times { try? client.send(query.bytes) }
            guard let answer = try? client.receive(milliseconds: 2000) else { return .silence }
            return .answer(answer)
        }
    }

    @Test(arguments: [1, 3]) func aLoopOfTwoServersEndsTheProcess(times: Int) throws {
        let middleman = Middleman(times: times)
        let upstream = try TestUpstream { middleman.react($0) }
        let ended = Ended()
        let server = try server(
            """
            . {
                bind 127.0.0.1
                loop
                forward . \(upstream.address)
            }
            """, ended)
        middleman.target.withLock { $0 = server.loopback }
        #expect(holdsInTime { ended.status.withLock { $0 } != nil })
        #expect(ended.status.withLock { $0 } == 1)
        let lines = server.lines.all.filter { $0.hasPrefix("[FATAL] plugin/loop: ") }
        #expect(lines.count == 4)
        let first = try #require(lines.first)
        #expect(first.hasPrefix("[FATAL] plugin/loop: Loop (127.0.0.1:"))
        #expect(
            first.contains(
                " -> 127.0.0.1:0) detected for zone \".\", see https://coredns.io/plugins/loop#troubleshooting. Query: \"HINFO "
            ))
        #expect(lines.dropFirst().contains { $0.contains("resolvConf") })
    }

    @Test func aServerThatForwardsToItselfEndsTheProcess() throws {
        // The port has to be known beforehand.
        let port = try TestUpstream { _ in .silence }.address.port
        let ended = Ended()
        let server = try server(
            """
            .:\(port) {
                bind 127.0.0.1
                loop
                forward . 127.0.0.1:\(port)
            }
            """, ended)
        #expect(holdsInTime { ended.status.withLock { $0 } != nil })
        #expect(server.lines.all.contains { $0.contains("detected for zone \".\"") })
    }

    @Test func anUpstreamThatAnswersIsNoLoop() throws {
        let upstream = try TestUpstream { .answer($0.response(code: .nameError)) }
        let ended = Ended()
        let clock = FastClock(speed: 50)
        let server = try server(
            """
            . {
                bind 127.0.0.1
                loop
                forward . \(upstream.address)
            }
            """, ended, clock: clock.clock)
        #expect(holdsInTime { upstream.queries.contains { $0.type == .hinfo } })
        let probe = try #require(upstream.queries.first { $0.type == .hinfo })
        // Somebody who has seen the name asks for it, again and again, with ids and ports of his own.
        for _ in 0..<5 {
            let answer = try server.datagramClient().ask(DNSQuestion(probe.name, .hinfo))
            #expect([.serverFailure, .nameError].contains(answer.code))
        }
        #expect(holdsInTime { server.lines.all.contains { $0.contains("came back once") } })
        // The search is over: the name is one as any other.
        #expect(try server.datagramClient().ask(DNSQuestion(probe.name, .hinfo)).code == .nameError)
        #expect(ended.status.withLock { $0 } == nil)
        #expect(!server.lines.all.contains { $0.contains("FATAL") })
    }

    @Test func anUpstreamThatIsDownIsNoLoop() throws {
        let ended = Ended()
        let clock = FastClock(speed: 50)
        let upstream = try TestUpstream { _ in .silence }
        let server = try server(
            """
            . {
                bind 127.0.0.1
                loop
                forward . \(upstream.address)
            }
            """, ended, clock: clock.clock)
        // Probes are repeated, each with a name of its own.
        #expect(holdsInTime { Set(upstream.queries.filter { $0.type == .hinfo }.map(\.name)).count >= 3 })
        #expect(ended.status.withLock { $0 } == nil)
        withExtendedLifetime(server) {}
    }
}
