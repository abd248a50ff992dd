import Corefile
import DNSWire
import Foundation
import LinuxIO
import PluginKit
import ScriptedAPI
import Server
import ServerHarness
import Synchronization
import Testing

@testable import Plugins

/// Upstreams by the names of hosts, in a server that starts and reloads.
@Suite struct ForwardNamesTests {
    /// A server that knows the addresses of some names, without the final dot.
    static func resolver(_ names: [String: [String]]) throws -> TestUpstream {
        try TestUpstream { query in
            guard let addresses = names[String(query.name.dropLast())] else {
                return .answer(query.response(code: .nameError))
            }
            let wanted = addresses.filter { $0.contains(":") == (query.type == .aaaa) }
            return .answer(query.response(wanted.map { "\(query.name) 60 IN \(query.type) \($0)" }))
        }
    }

    static func corefile(_ to: String, _ resolver: TestUpstream?, _ options: String = "") -> String {
        let asked = resolver.map { "resolver \($0.address)" } ?? ""
        return ". {\n bind 127.0.0.1\n errors\n forward . \(to) {\n \(options)\n \(asked)\n }\n}\n"
    }

    static func upstreams(_ server: RunningServer) throws -> [String] {
        try #require(server.configuration.blocks.first?.plugins.compactMap { $0.plugin as? ForwardPlugin }.first)
            .upstreamNames
    }

    static func failure(_ text: String, clock: Clock = .system) -> String {
        do {
            return "started: \(try RunningServer(text, clock: clock).port)"
        } catch {
            return "\(error)"
        }
    }

    @Test func theNameIsAnUpstream() throws {
        let upstream = try ForwardTests.answering()
        let resolver = try Self.resolver(["dns.example": ["127.0.0.1"]])
        let server = try RunningServer(Self.corefile("dns.example:\(upstream.address.port)", resolver))
        #expect(try Self.upstreams(server) == ["\(upstream.address)"])
        for number in 0..<3 {
            let response = try server.datagramClient().ask(DNSQuestion("n\(number).example."))
            #expect(response.answerLines == ["n\(number).example. 300 A 192.0.2.80"])
        }
        // At the start, and not again.
        #expect(resolver.queries.map(\.type) == [.a, .aaaa])
    }

    static let orders: [(to: String, upstreams: [String])] = [
        ("one.example", ["192.0.2.1:53", "192.0.2.2:53"]),
        ("192.0.2.9 one.example", ["192.0.2.9:53", "192.0.2.1:53", "192.0.2.2:53"]),
        ("one.example:5353 two.example", ["192.0.2.1:5353", "192.0.2.2:5353", "192.0.2.2:53", "[2001:db8::1]:53"]),
        // What is the same is one upstream, where it is seen first.
        (
            "one.example two.example 192.0.2.1 192.0.2.3 one.example dns://two.example",
            ["192.0.2.1:53", "192.0.2.2:53", "[2001:db8::1]:53", "192.0.2.3:53"]
        ),
        ("192.0.2.2 one.example", ["192.0.2.2:53", "192.0.2.1:53"]),
        // Over TLS it is another.
        ("one.example:853 tls://one.example", ["192.0.2.1:853", "192.0.2.2:853", "192.0.2.1:853", "192.0.2.2:853"]),
        // Filters answer 0.0.0.0, which would be the server itself.
        ("filtered.example", ["192.0.2.4:53"]),
    ]

    @Test(arguments: orders) func order(to: String, upstreams: [String]) throws {
        let resolver = try Self.resolver([
            "one.example": ["192.0.2.1", "192.0.2.2"], "two.example": ["192.0.2.2", "2001:db8::1"],
            "filtered.example": ["0.0.0.0", "::", "192.0.2.4"],
        ])
        let server = try RunningServer(Self.corefile(to, resolver, "max_fails 0"))
        #expect(try Self.upstreams(server) == upstreams)
        // Each name is asked for once.
        #expect(Set(resolver.queries.map { "\($0.name) \($0.type)" }).count == resolver.queries.count)
    }

    /// More addresses than can be of use: the first are.
    @Test func manyAddresses() throws {
        let resolver = try Self.resolver(["many.example": (0..<100).map { "192.0.2.\($0)" }])
        let server = try RunningServer(Self.corefile("many.example", resolver, "max_fails 0"))
        #expect(try Self.upstreams(server).count == 100)
        #expect(server.lines.all.contains("[WARNING] plugin/forward: 100 upstreams, of which the first 64 are used"))
    }

    @Test func theSystemIsAsked() throws {
        let upstream = try ForwardTests.answering()
        let server = try RunningServer(Self.corefile("localhost:\(upstream.address.port)", nil))
        #expect(try Self.upstreams(server).contains("\(upstream.address)"))
        #expect(try server.datagramClient().ask(DNSQuestion("a.example.")).code == .noError)
    }

    /// The certificate has to be for the name that was asked for, or for another that is given.
    @Test(arguments: [
        ("kubernetes.default.svc", ScriptedCertificate.valid, "", nil),
        ("dns.example%localhost", .valid, "", nil),
        ("dns.example", .valid, "tls_servername localhost", nil),
        ("elsewhere.example.", .wrongHost, "", nil),
        ("dns.example", .valid, "", "the certificate of dns.example is not valid: hostname mismatch"),
        (
            "kubernetes.default.svc%dns.example", .valid, "",
            "the certificate of dns.example is not valid: hostname mismatch"
        ),
    ]) func overTLS(name: String, certificate: ScriptedCertificate, option: String, reason: String?) throws {
        let upstream = try ForwardTLSTests.upstream(certificate)
        let names = ["kubernetes.default.svc", "dns.example", "elsewhere.example"]
        let resolver = try Self.resolver(Dictionary(uniqueKeysWithValues: names.map { ($0, ["127.0.0.1"]) }))
        let authority = try ScriptedCertificates.shared().authority
        let server = try RunningServer(
            Self.corefile("tls://\(name):\(upstream.address.port)", resolver, "tls \(authority)\n \(option)"))
        let response = try server.datagramClient().ask(DNSQuestion("www.example."))
        #expect((response.code == .noError) == (reason == nil), "\(server.lines.all)")
        if let reason { #expect(server.lines.all.contains { $0.contains(reason) }, "\(server.lines.all)") }
    }

    @Test func overHTTPS() throws {
        let hosts = Mutex<Set<String>>([])
        let upstream = try ForwardHTTPSTests.upstream { request in
            hosts.withLock { _ = $0.insert(request.fields["host"] ?? "") }
            return .answer(request.answer)
        }
        let resolver = try Self.resolver(["kubernetes.default.svc": ["127.0.0.1"]])
        let place = "kubernetes.default.svc:\(upstream.address.port)"
        let authority = try ScriptedCertificates.shared().authority
        let server = try RunningServer(Self.corefile("https://\(place)", resolver, "tls \(authority)"))
        #expect(try server.datagramClient().ask(DNSQuestion("www.example.")).code == .noError, "\(server.lines.all)")
        #expect(hosts.withLock { $0 } == [place])
        #expect(resolver.queries.count == 2)
    }

    @Test func namesThatAreNowhere() throws {
        let resolver = try Self.resolver(["here.example": ["127.0.0.1"], "filtered.example": ["0.0.0.0", "::"]])
        let rows = [
            (". {\n forward . nowhere.example {\n resolver \(resolver.address)\n }\n}", "2:12", "nowhere.example"),
            (
                ". {\n forward a.example 192.0.2.1\n forward b.example 192.0.2.1 here.example tls://nowhere.example:8853 {\n "
                    + "resolver \(resolver.address)\n }\n}", "3:43", "nowhere.example"
            ),
        ]
        for (text, place, name) in rows {
            #expect(
                Self.failure(text)
                    == "Corefile:\(place): plugin/forward: failed to resolve \"\(name)\": \(resolver.address): NXDOMAIN"
            )
        }
        #expect(
            Self.failure(Self.corefile("filtered.example.", resolver))
                == "Corefile:4:12: plugin/forward: failed to resolve \"filtered.example.\": its address is 0.0.0.0, ::")
    }

    /// By a clock that runs faster than that of the kernel nobody waits for seconds.
    @Test func aSilentResolver() throws {
        let silent = try TestUpstream { _ in .silence }
        let resolver = try Self.resolver(["dns.example": ["127.0.0.1"]])
        let clock = FastClock(speed: 5).clock
        #expect(
            Self.failure(Self.corefile("dns.example", silent), clock: clock)
                == "Corefile:4:12: plugin/forward: failed to resolve \"dns.example\": \(silent.address): timed out")
        #expect(silent.queries.count == AskResolvers.rounds)
        let both = Self.corefile("dns.example", silent).replacingOccurrences(
            of: "\(silent.address)", with: "\(silent.address) \(resolver.address)")
        #expect(try Self.upstreams(RunningServer(both, clock: clock)) == ["127.0.0.1:53"])
    }

    /// All names of a directive have to be found within one time.
    @Test func theTimeOfAll() throws {
        let silent = try TestUpstream { _ in .silence }
        let more = Self.corefile("a.example", silent).replacingOccurrences(
            of: "\(silent.address)",
            with: [String](repeating: "\(silent.address)", count: 50).joined(separator: " "))
        let failure = Self.failure(more, clock: FastClock(speed: 100).clock)
        #expect(failure.contains("failed to resolve \"a.example\": \(silent.address): timed out; "))
        #expect(failure.hasSuffix("not asked any more"))
        #expect(silent.queries.count <= 6)
    }

    @Test func theSystemTakesTooLong() throws {
        let gate = Stopper()
        defer { gate.stop() }
        var names = ResolveHostNames(resolvers: [], clock: .system, stopper: Stopper(), longest: 20 * Clock.millisecond)
        names.look = { _ throws(HostLookupError) in
            while gate.wait(milliseconds: 10_000) {}
            throw .noAddress
        }
        let destination = ForwardDestination(
            host: ForwardHostName("dns.example", port: 53),
            location: SourceLocation(file: "Corefile", line: 2, column: 11), addresses: [])
        #expect(
            failure(names, destination)
                == "Corefile:2:11: plugin/forward: failed to resolve \"dns.example\": the system's resolver (/etc/hosts and "
                + "/etc/resolv.conf): timed out")
        names.longest = 60 * Clock.second
        names.look = { _ throws(HostLookupError) in throw .resolver(2) }
        #expect(failure(names, destination).hasSuffix("/etc/resolv.conf): Name or service not known"))
        let stopper = Stopper()
        stopper.stop()
        let stopped = ResolveHostNames(resolvers: [], clock: .system, stopper: stopper)
        #expect(failure(stopped, destination) == "plugin/forward: the server is about to stop")
    }

    private func failure(_ names: ResolveHostNames, _ destination: ForwardDestination) -> String {
        do throws(StartError) {
            return "\(try names.resolve([destination]).map(\.addresses))"
        } catch {
            return error.description
        }
    }

    /// A reload asks anew, and where a name has gone the old configuration goes on.
    @Test func reloads() throws {
        let (first, second) = (try ForwardTests.answering("192.0.2.81"), try ForwardTests.answering("192.0.2.82"))
        let isGone = Atomic(false)
        let resolver = try TestUpstream { query in
            guard !isGone.load(ordering: .relaxed) else { return .answer(query.response(code: .nameError)) }
            return .answer(query.response(query.type == .a ? ["\(query.name) 60 IN A 127.0.0.1"] : []))
        }
        let server = try RunningServer(Self.corefile("dns.example:\(first.address.port)", resolver))
        let client = try server.datagramClient()
        func answer(_ name: String) throws -> String { try "\(client.ask(DNSQuestion(name)).answerLines)" }
        #expect(try answer("a.example.").contains("192.0.2.81"))
        try server.reload(Self.corefile("dns.example:\(second.address.port)", resolver))
        #expect(try answer("b.example.").contains("192.0.2.82"))
        #expect(resolver.queries.count == 4)
        isGone.store(true, ordering: .relaxed)
        var message = ""
        do { try server.reload(Self.corefile("dns.example:\(first.address.port)", resolver)) } catch {
            message = "\(error)"
        }
        #expect(
            message
                == "Corefile:4:12: plugin/forward: failed to resolve \"dns.example\": \(resolver.address): NXDOMAIN")
        #expect(try answer("c.example.").contains("192.0.2.82"))
    }

    /// Files are asked for before names, and those without name servers are passed over until they have some.
    @Test func filesBesideNames() throws {
        let folder = try TemporaryFolder()
        try folder.write("dns.example", "nameserver 127.0.0.53\n")
        try folder.write("empty", "# nameserver 127.0.0.54\n")
        try FileManager.default.createDirectory(atPath: folder.file("here.example"), withIntermediateDirectories: true)
        let resolver = try Self.resolver(["here.example": ["127.0.0.1"]])
        let clock = FastClock(speed: 1)
        let server = try RunningServer(
            Self.corefile("empty dns.example here.example", resolver, "max_fails 0"), directory: folder.path,
            clock: clock.clock)
        #expect(try Self.upstreams(server) == ["127.0.0.53:53", "127.0.0.1:53"])
        #expect(
            server.lines.all.contains(
                "[WARNING] Corefile:4:12: plugin/forward: no nameservers found in \(folder.file("empty")), expected a line "
                    + "such as nameserver 10.0.0.10"))
        try folder.write("empty", "nameserver 127.0.0.54\n")
        // Only now: the look-up of the name has its limits by the same clock.
        clock.speed = 100
        #expect(
            holdsInTime {
                server.lines.all.contains { $0.hasSuffix("upstreams are now 127.0.0.54:53 127.0.0.53:53 127.0.0.1:53") }
            })
    }
}
