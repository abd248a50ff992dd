import DNSWire
import Glibc
import LinuxIO
import ServerHarness
import Synchronization
import Testing

/// Upstreams by name, as the program says what it thinks of them.
@Suite struct ForwardNameTests {
    private static func corefile(_ name: String, _ resolver: TestUpstream) -> String {
        ". {\n    bind 127.0.0.1\n    forward . \(name) {\n        resolver \(resolver.address)\n    }\n}\n"
    }

    @Test func aNameThatIsNowhereEndsTheStart() throws {
        let resolver = try TestUpstream { .answer($0.response(code: .nameError)) }
        let program = try Program(["-p", "0"], corefile: Self.corefile("tls://dns.example.com", resolver))
        #expect(program.child.waitForExit() == 1)
        #expect(
            program.child.error
                == "Corefile:3:15: plugin/forward: failed to resolve \"dns.example.com\": \(resolver.address): NXDOMAIN\n"
        )
        #expect(program.child.output.isEmpty, "\(program.child.output)")
    }

    /// A start that waits for a name server is ended by a signal.
    @Test func aSignalEndsTheStart() throws {
        let silent = try TestUpstream { _ in .silence }
        let text = Self.corefile("dns.example.com", silent)
        let address = "\(silent.address)"
        let many = text.split(separator: address).joined(separator: "\(address) \(address) \(address) \(address)")
        let program = try Program(["-p", "0"], corefile: many)
        #expect(holdsInTime { !silent.queries.isEmpty })
        program.child.signal(SIGTERM)
        #expect(program.child.waitForExit() == 0)
        #expect(program.child.output == "[INFO] SIGTERM: Shutting down before the start is over\n")
        // Nothing was waited for.
        #expect(silent.queries.count == 1)
    }

    /// Nor does a reload that waits for one hold up the end.
    @Test func aSignalEndsItWhileItReloads() throws {
        let silent = try TestUpstream { _ in .silence }
        let program = try Program(["-p", "0"], corefile: ". {\n    bind 127.0.0.1\n    whoami\n}\n")
        _ = try program.started()
        try program.folder.write("Corefile", Self.corefile("dns.example.com", silent))
        program.child.signal(SIGUSR1)
        #expect(holdsInTime { !silent.queries.isEmpty })
        program.child.signal(SIGTERM)
        #expect(program.child.waitForExit() == 0, "\(program.child.output)")
        #expect(program.child.output.contains("the server is about to stop"), "\(program.child.output)")
        #expect(silent.queries.count == 1)
    }

    @Test func aNameThatHasGoneKeepsTheOldConfiguration() throws {
        let upstream = try TestUpstream { .answer($0.response(["\($0.name) 60 IN A 192.0.2.80"])) }
        let isSilent = Atomic(false)
        let resolver = try TestUpstream { query in
            isSilent.load(ordering: .relaxed)
                ? .answer(query.response(code: .serverFailure))
                : .answer(query.response(query.type == .a ? ["\(query.name) 60 IN A 127.0.0.1"] : []))
        }
        let program = try Program(
            ["-p", "0"], corefile: Self.corefile("dns.example.com:\(upstream.address.port)", resolver))
        let client = try DatagramClient(try program.started())
        #expect(try client.ask(DNSQuestion("a.example.")).answerLines == ["a.example. 60 A 192.0.2.80"])
        isSilent.store(true, ordering: .relaxed)
        program.child.signal(SIGUSR1)
        let line =
            "[ERROR] SIGUSR1: Corefile:3:15: plugin/forward: failed to resolve \"dns.example.com\": \(resolver.address): SERVFAIL"
        #expect(holdsInTime { program.child.output.contains(line) }, "\(program.child.output)")
        #expect(try client.ask(DNSQuestion("b.example.")).answerLines == ["b.example. 60 A 192.0.2.80"])
        isSilent.store(false, ordering: .relaxed)
        program.child.signal(SIGUSR1)
        #expect(holdsInTime { program.child.output.contains("[INFO] Reloading complete") })
    }
}
