import LinuxIO
import ServerHarness
import Testing

/// `hosts` over sockets: its file is read before the first query, and again when it changes.
@Suite struct HostsTests {
    @Test func answersAndFollowsItsFile() throws {
        let folder = try TemporaryFolder()
        try folder.write("my.hosts", "10.0.0.1 a.lan\n")
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                hosts my.hosts {
                    10.0.0.9 b.lan
                    reload 1s
                    fallthrough
                }
                whoami
            }
            """, directory: folder.path, workerCount: 2, clock: FastClock(speed: 20).clock)
        let client = try server.datagramClient()
        #expect(try client.ask(DNSQuestion("A.lan.")).answerLines == ["a.lan. 3600 A 10.0.0.1"])
        #expect(try server.streamClient().ask(DNSQuestion("b.lan.")).answerLines == ["b.lan. 3600 A 10.0.0.9"])
        #expect(try client.ask(DNSQuestion("c.lan.")).additional.count == 2)
        try folder.write("my.hosts", "10.0.0.22 a.lan\n")
        #expect(try holdsInTime { try client.ask(DNSQuestion("a.lan.")).answerLines == ["a.lan. 3600 A 10.0.0.22"] })
        #expect(
            try holdsInTime {
                try server.streamClient().ask(DNSQuestion("a.lan.")).answerLines == ["a.lan. 3600 A 10.0.0.22"]
            })
    }
}
