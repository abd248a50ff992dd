import DNSWire
import Foundation
import Glibc
import LinuxIO
import PluginKit
import Plugins
import ScriptedAPI
import Server
import ServerHarness
import Synchronization
import Testing

/// `forward` to upstreams over HTTPS that are dead, slow, come and go, or lie.
@Suite struct ForwardHTTPSFailureTests {
    typealias Reaction = TestHTTPSUpstream.Reaction
    typealias Request = TestHTTPSUpstream.Request

    static func upstream(
        _ certificate: ScriptedCertificate = .valid, clients: TLSClientAuthentication = .noCertificate,
        at address: SocketAddress = .loopback(port: 0),
        _ react: @escaping @Sendable (Request) -> Reaction = { .answer($0.answer) }
    ) throws -> TestHTTPSUpstream {
        try ForwardHTTPSTests.upstream(certificate, clients: clients, at: address, react)
    }

    static func corefile(_ to: String, _ options: String = "", tls: String? = nil) throws -> String {
        try ForwardHTTPSTests.corefile(to, options, tls: tls)
    }

    struct BadResponse: Sendable, CustomTestStringConvertible {
        let name: String
        /// What the log says behind the URL: how it begins.
        let words: String
        let react: @Sendable (Request) -> Reaction
        var testDescription: String { name }

        init(_ name: String, _ words: String, _ react: @escaping @Sendable (Request) -> Reaction) {
            self.name = name
            self.words = words
            self.react = react
        }
    }

    /// What two threads know.
    private final class Flag: Sendable {
        private let state = Atomic(false)
        var isSet: Bool { state.load(ordering: .relaxed) }
        func set() { state.store(true, ordering: .relaxed) }
    }

    private static let noAnswer = "the body is no answer to the question"
    private static let badResponses =
        [204, 301, 400, 404, 415, 500, 503].map { status in
            BadResponse("\(status)", status == 204 ? noAnswer : "HTTP status \(status)") { request in
                var reaction = Reaction.answer(status == 204 ? [] : request.answer)
                reaction.status = status
                reaction.fields = ["Location: /elsewhere"]
                return reaction
            }
        } + [
            BadResponse("a page", "the content type is text/html, expected application/dns-message") {
                var reaction = Reaction.answer($0.answer)
                reaction.contentType = "text/html; charset=utf-8"
                return reaction
            },
            BadResponse("no type", "the content type is nothing, expected application/dns-message") {
                var reaction = Reaction.answer($0.answer)
                reaction.contentType = nil
                return reaction
            },
            BadResponse("nothing", noAnswer) { _ in .answer([]) },
            BadResponse("one byte", noAnswer) { _ in .answer([0]) },
            BadResponse("a header's half", noAnswer) { .answer(Array($0.answer.prefix(11))) },
            BadResponse("garbage", noAnswer) { _ in .answer(Array("<html>not a DNS message</html>".utf8)) },
            BadResponse("a cut answer", noAnswer) { .answer(Array($0.answer.dropLast(3))) },
            BadResponse("the question", noAnswer) { .answer($0.query.bytes) },
            BadResponse("another question", noAnswer) { request in
                var answer = request.answer
                answer[13] ^= 1
                return .answer(answer)
            },
            BadResponse("another type", noAnswer) { request in
                var answer = request.answer
                answer[request.query.questionEnd - 3] ^= 16
                return .answer(answer)
            },
            BadResponse("too long", "the response is longer than 65535 bytes") {
                .answer($0.answer + [UInt8](repeating: 0, count: 70_000))
            },
            BadResponse("a long head", "the head of the response is longer than 65536 bytes") {
                var reaction = Reaction.answer($0.answer)
                reaction.fields = (0..<1000).map { "X-\($0): " + String(repeating: "x", count: 100) }
                return reaction
            },
            BadResponse("an early end", "the connection was closed before there was a response") { _ in .close },
            BadResponse("half a head", "the connection was closed before there was a response") {
                var reaction = Reaction.answer($0.answer)
                reaction.closesAfter = 5
                return reaction
            },
            BadResponse("half a body", "the response ended too early") {
                var reaction = Reaction.answer($0.answer)
                reaction.closesAfter = reaction.bytes.count - 10
                return reaction
            },
        ]

    @Test(arguments: badResponses)
    func badResponse(row: BadResponse) throws {
        let upstream = try Self.upstream { request in
            request.query.name == "good.example." ? .answer(request.answer) : row.react(request)
        }
        let server = try RunningServer(Self.corefile("https://\(upstream.address)", "max_fails 0"))
        let client = try server.datagramClient()
        for number in 0..<3 {
            #expect(try client.ask(DNSQuestion("n\(number).example.")).code == .serverFailure)
            #expect(try client.ask(DNSQuestion("good.example.")).code == .noError)
        }
        let words = "2 n0.example. A: https://\(upstream.address)/dns-query: \(row.words)"
        #expect(server.lines.all.contains { $0.contains(words) }, "\(server.lines.all)")
        // An upstream is tried twice; whether it was a connection that was kept makes no difference.
        #expect(upstream.requests.count { $0.query.name == "n0.example." } == 2)
        #expect(holdsInTime { OpenSockets.to(upstream.address) <= 2 })
    }

    /// What is no good makes an upstream a failed one: the next one is asked, and it is checked, with POST, until it is good again.
    @Test(arguments: ["POST", "GET"])
    func theNextOneAnswers(method: String) throws {
        let isGood = Flag()
        let first = try Self.upstream { request in
            if isGood.isSet { return .answer(request.answer) }
            var reaction = Reaction.answer(request.answer)
            reaction.status = 503
            return reaction
        }
        let second = try Self.upstream()
        let server = try RunningServer(
            Self.corefile(
                "https://\(first.address) https://\(second.address)",
                "policy sequential\n doh_method \(method)\n health_check 10ms\n max_fails 1"))
        let client = try server.datagramClient()
        for number in 0..<20 { #expect(try client.ask(DNSQuestion("n\(number).example.")).code == .noError) }
        #expect(second.requests.count == 20)
        let words =
            "upstream \(first.address) is down: 2 health checks have failed, the last with: "
            + "https://\(first.address)/dns-query: HTTP status 503"
        #expect(holdsInTime { server.lines.all.contains { $0.contains(words) } }, "\(server.lines.all)")
        #expect(first.requests.allSatisfy { $0.method == method })
        #expect(!first.checks.isEmpty && first.checks.allSatisfy { $0.method == "POST" && $0.query.type == .ns })
        isGood.set()
        #expect(holdsInTime { server.lines.all.contains { $0.contains("\(first.address) answers again") } })
        let before = first.requests.count
        #expect(try client.ask(DNSQuestion("again.example.")).code == .noError)
        #expect(first.requests.count == before + 1)
    }

    static let verdicts: [(certificate: ScriptedCertificate, name: String, option: String, reason: String?)] = [
        (.valid, "", "", nil),
        (.valid, "%localhost", "", nil),
        (.valid, "", "tls_servername localhost", nil),
        (.valid, "", "tls_servername 127.0.0.1", nil),
        (.valid, "%dns.example", "", "tls: the certificate of dns.example is not valid: hostname mismatch"),
        (
            .valid, "", "tls_servername dns.example",
            "tls: the certificate of dns.example is not valid: hostname mismatch"
        ),
        (.wrongHost, "", "", "tls: the certificate of 127.0.0.1 is not valid: IP address mismatch"),
        (.wrongHost, "%elsewhere.example", "", nil),
        (.expired, "", "", "tls: the certificate of 127.0.0.1 is not valid: certificate has expired"),
        (
            .unknownAuthority, "", "",
            "tls: the certificate of 127.0.0.1 is not valid: unable to get local issuer certificate"
        ),
    ]

    @Test(arguments: verdicts)
    func whomItTrusts(certificate: ScriptedCertificate, name: String, option: String, reason: String?) throws {
        let upstream = try Self.upstream(certificate)
        let to = "https://127.0.0.1\(name):\(upstream.address.port)"
        let server = try RunningServer(Self.corefile(to, option))
        let response = try server.datagramClient().ask(DNSQuestion("www.example."))
        guard let reason else {
            #expect(response.code == .noError, "\(server.lines.all)")
            return
        }
        #expect(response.code == .serverFailure)
        let line = "2 www.example. A: https://\(upstream.address)/dns-query: \(reason)"
        #expect(server.lines.all.contains { $0.hasSuffix(line) }, "\(server.lines.all)")
        #expect(upstream.requests.isEmpty && upstream.checks.isEmpty)
    }

    /// What the upstream wants of its clients.
    @Test func ownCertificate() throws {
        let made = try ScriptedCertificates.shared()
        let upstream = try Self.upstream(clients: .requireAndVerify)
        let to = "https://\(upstream.address)"
        let known = try RunningServer(
            Self.corefile(to, tls: "\(made.clientCertificate) \(made.clientKey) \(made.authority)"))
        #expect(try known.datagramClient().ask(DNSQuestion("a.example.")).code == .noError)
        for tls in [
            made.authority,
            "\(made.serverCertificate(.unknownAuthority)) \(made.serverKey(.unknownAuthority)) \(made.authority)",
        ] {
            let server = try RunningServer(Self.corefile(to, tls: tls))
            #expect(try server.datagramClient().ask(DNSQuestion("b.example.")).code == .serverFailure)
            #expect(
                server.lines.all.contains { $0.contains("2 b.example. A: \(to)/dns-query: tls: ") },
                "\(server.lines.all)")
        }
        // Without a file of authorities the system's count, and they do not know ours.
        for tls in ["", "\(made.clientCertificate) \(made.clientKey)"] {
            let server = try RunningServer(Self.corefile(to, tls: tls))
            #expect(try server.datagramClient().ask(DNSQuestion("c.example.")).code == .serverFailure)
            #expect(
                server.lines.all.contains { $0.hasSuffix("is not valid: unable to get local issuer certificate") },
                "\(server.lines.all)")
        }
        #expect(upstream.requests.count == 1)
    }

    /// What is no TLS at all: it closes, says something else, or nothing.
    @Test(arguments: [
        (RawUpstream.Manner.close, "tls: "), (.garbage, "tls: "), (.half, "tls: "), (.silence, "i/o timeout"),
    ])
    func noTLSAtAll(manner: RawUpstream.Manner, reason: String) throws {
        let upstream = try RawUpstream(manner)
        let server = try RunningServer(
            Self.corefile("https://\(upstream.address)", "read_timeout 300ms\n max_fails 1\n health_check 20ms"))
        #expect(try server.datagramClient().ask(DNSQuestion("www.example.")).code == .serverFailure)
        let line = "2 www.example. A: https://\(upstream.address)/dns-query: \(reason)"
        #expect(server.lines.all.contains { $0.contains(line) }, "\(server.lines.all)")
        #expect(holdsInTime { server.lines.all.contains { $0.contains("upstream \(upstream.address) is down") } })
    }

    /// An upstream that is dead, and comes back.
    @Test func comesBack() throws {
        let first = try Self.upstream()
        let server = try RunningServer(
            Self.corefile("https://\(first.address)", "max_fails 1\n health_check 10ms\n read_timeout 500ms"))
        let client = try server.datagramClient()
        #expect(try client.ask(DNSQuestion("a.example.")).code == .noError)
        first.stop()
        #expect(try client.ask(DNSQuestion("b.example.")).code == .serverFailure)
        let line = "2 b.example. A: https://\(first.address)/dns-query: connect: connection refused"
        #expect(server.lines.all.contains { $0.hasSuffix(line) }, "\(server.lines.all)")
        #expect(holdsInTime { server.lines.all.contains { $0.contains("is down") } })
        let second = try Self.upstream(at: first.address)
        #expect(try holdsInTime { try client.ask(DNSQuestion("c.example.")).code == .noError })
        #expect(holdsInTime { server.lines.all.contains { $0.contains("answers again") } })
        _ = second
    }

    /// Upstreams that do anything, clients that leave, and reloads: whoever stays is answered, and nothing is left.
    @Test(arguments: [false, true])
    func anything(isHTTP2: Bool) throws {
        let seed = UInt64.random(in: .min ... .max)
        let upstream = try TestHTTPSUpstream(tls: isHTTP2 ? nil : ForwardHTTPSTests.context()) { request in
            let name = request.query.name.utf8.reduce(seed) { $0 &* 31 &+ UInt64($1) }
            var numbers = FastRandom(seed: name)
            var reaction = Reaction.answer(request.answer, after: UInt64(numbers.next() % 40))
            switch numbers.next() % 12 {
            case 0: reaction = .silence
            case 1: reaction = .close
            case 2: reaction.closesAfter = Int(numbers.next() % 200)
            case 3: reaction.status = 500
            case 4: reaction.body = Array(reaction.body.dropLast(Int(numbers.next() % 40)))
            case 5: reaction.fields = ["Connection: close"]
            default: break
            }
            return reaction
        }
        let front = try isHTTP2 ? ForwardHTTPSTests.front(upstream) : nil
        let address = front?.address ?? upstream.address
        let texts = try ["doh_method GET", "doh_method POST"].map {
            try Self.corefile(
                "https://\(address)",
                "\($0)\n read_timeout 100ms\n max_fails 1\n health_check 20ms\n expire 50ms\n max_age 90ms")
        }
        let server = try RunningServer(texts[0])
        let client = try server.streamClient()
        for round in 0..<10 {
            for identifier in 0..<100 as Range<UInt16> {
                var question = DNSQuestion("n\(round)-\(identifier).example.")
                question.identifier = identifier
                try client.send(StreamClient.frame(question.bytes))
                if identifier.isMultiple(of: 10) { try server.datagramClient().send(question.bytes) }
            }
            if round.isMultiple(of: 3) { try server.reload(texts[round % 2]) }
            var answered: Set<UInt16> = []
            while answered.count < 100, let message = try client.receive() {
                let response = try DNSResponse(message)
                #expect([.noError, .serverFailure].contains(response.code))
                answered.insert(response.identifier)
            }
            #expect(answered.count == 100, "seed \(seed), round \(round)")
        }
        #expect(holdsInTime { server.server.waitingQueries == 0 }, "seed \(seed)")
        server.server.stop()
        #expect(holdsInTime { OpenSockets.to(address) == 0 }, "seed \(seed)")
    }
}
