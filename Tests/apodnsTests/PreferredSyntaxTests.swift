import ServerHarness
import Testing

@testable import apodns

/// Zones whose names are unusual, as the start says them.
@Suite struct PreferredSyntaxTests {
    @Test(arguments: [
        (".", true), ("example.", true), ("a-1.Example.", true), ("x.", true), ("2.0.192.in-addr.arpa.", true),
        ("8.b.d.0.1.0.0.2.ip6.arpa.", true), ("0/25.2.0.192.in-addr.arpa.", true), ("in-addr.arpa.", true),
        ("_tcp.example.", false), ("1a.example.", false), ("a-.example.", false), ("-a.example.", false),
        ("a..example.", false), ("example", false), ("", false), ("a_b.", false), ("\\195\\188.", false),
    ]) func followsTheRule(zone: String, follows: Bool) {
        #expect(PreferredSyntax.isFollowed(by: zone) == follows)
    }

    @Test func theStartSaysIt() throws {
        let program = try Program(
            ["-p", "0"], corefile: "_tcp.example plain.example {\n    bind 127.0.0.1\n    whoami\n}\n")
        #expect(holdsInTime { program.child.output.contains("compatible\n") }, "\(program.child.error)")
        let lines = program.child.output.split(separator: "\n").map(String.init)
        #expect(lines.first == "Warning: Domain \"_tcp.example.\" does not follow RFC1035 preferred syntax")
        #expect(lines.dropFirst().first?.hasPrefix("_tcp.example.:") == true)
        #expect(lines.dropFirst(2).first?.hasPrefix("plain.example.:") == true)
        program.child.signal(15)
        #expect(program.child.waitForExit() == 0)
    }
}
