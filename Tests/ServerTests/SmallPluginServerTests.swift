import DNSWire
import Foundation
import LinuxIO
import PluginKit
import Server
import ServerHarness
import Testing

/// The small plugins over real sockets: what they set for a whole block or address.
@Suite struct SmallPluginServerTests {
    @Test func bufsizeLimitsResponses() throws {
        let server = try RunningServer(
            ". {\n    bind 127.0.0.1\n    bufsize 520\n    erratic {\n        drop 0\n        large\n    }\n}\n")
        let client = try server.datagramClient()
        // 30 records of 16 bytes and the question are more than 520.
        for size in [4096, 520, 512] as [UInt16] {
            let response = try client.ask(DNSQuestion("www.example.org.", udpSize: size))
            #expect(response.isTruncated)
            #expect(response.bytes.count <= 520)
        }
        let overTCP = try server.streamClient().ask(DNSQuestion("www.example.org.", udpSize: 512))
        #expect(overTCP.answer.count == 30)
        #expect(!overTCP.isTruncated)
    }

    /// Answers that are late hold up nothing behind them: neither each other nor those of other zones.
    @Test func erraticDelaysEachAnswerByItself() throws {
        let server = try RunningServer(
            """
            late.example {
                bind 127.0.0.1
                erratic {
                    delay 2 1s
                }
            }
            . {
                bind 127.0.0.1
                erratic {
                    drop 0
                }
            }
            """)
        let client = try server.datagramClient()
        let stream = try server.streamClient()
        let began = Clock.system.monotonic()
        for _ in 0..<10 { try client.send(DNSQuestion("late.example.").bytes) }
        try stream.send(StreamClient.frame(DNSQuestion("late.example.").bytes))
        for _ in 0..<5 {
            let other = try server.datagramClient().ask(DNSQuestion("www.example.org."))
            #expect(other.answerLines == ["www.example.org. 0 A 192.0.2.53"])
            #expect(try server.streamClient().ask(DNSQuestion("www.example.org.")).code == .noError)
        }
        let others = Clock.system.monotonic() - began
        for _ in 0..<10 {
            let bytes = try #require(try client.receive())
            #expect(try DNSResponse(bytes).answerLines == ["late.example. 0 A 192.0.2.53"])
        }
        #expect(try stream.receive() != nil)
        let all = Clock.system.monotonic() - began
        // One after the other they take five or six seconds; the machine may be busy.
        #expect(others < Clock.second && all >= Clock.second && all < 4 * Clock.second, "\(others) \(all)")
    }

    @Test func chaosOpensItsClass() throws {
        var question = DNSQuestion("version.bind.", .txt)
        question.recordClass = RecordClass(rawValue: 3)
        let server = try RunningServer(". {\n    bind 127.0.0.1\n    chaos vers-1 a@b.c\n}\n")
        let response = try server.datagramClient().ask(question)
        #expect(response.answerLines == ["version.bind. 0 TXT \"vers-1\""])
        // CoreDNS: what chaos does not know has no plugin left.
        #expect(try server.datagramClient().ask(DNSQuestion("id.server.")).code == .serverFailure)
        let without = try RunningServer(". {\n    bind 127.0.0.1\n    whoami\n}\n")
        #expect(try without.datagramClient().ask(question).code == .refused)
    }

    @Test func aclDropsAndBlocks() throws {
        let server = try RunningServer(
            ". {\n    bind 127.0.0.1\n    acl {\n        drop type MX\n        block type TXT net 127.0.0.0/8\n    }\n    whoami\n}\n"
        )
        let client = try server.datagramClient()
        try client.send(DNSQuestion("www.example.org.", .mx).bytes)
        // The next response is to the next query: the one before was dropped.
        let response = try client.ask(DNSQuestion("blocked.example.org.", .txt))
        #expect(response.code == .refused)
        #expect(response.name?.description == "blocked.example.org.")
        #expect(try client.ask(DNSQuestion("www.example.org.")).code == .noError)
    }

    @Test func multisocketHasWorkersOfItsOwn() throws {
        let server = try RunningServer(". {\n    bind 127.0.0.1\n    multisocket 3\n    whoami\n}\n")
        for _ in 0..<20 {
            #expect(try server.datagramClient().ask(DNSQuestion("www.example.org.")).code == .noError)
        }
        let port = String(server.port, radix: 16, uppercase: true)
        let ending = ":" + String(repeating: "0", count: 4 - port.count) + port
        var count = 0
        // proc(5): a line for each socket, the local port in hexadecimal. The table is read in parts, and lines are missed while
        // other tests open and close sockets.
        _ = try holdsInTime {
            let table = try String(contentsOfFile: "/proc/self/net/udp", encoding: .utf8)
            count = table.split(separator: "\n").count { line in
                line.split(separator: " ").dropFirst().first?.hasSuffix(ending) == true
            }
            return count == 3
        }
        #expect(count == 3)
    }

    @Test func maxtcpqueriesClosesConnections() throws {
        let server = try RunningServer(
            ". {\n    bind 127.0.0.1\n    timeouts {\n        maxtcpqueries 3\n    }\n    whoami\n}\n")
        let client = try server.streamClient()
        let frame = StreamClient.frame(DNSQuestion("www.example.org.").bytes)
        try client.send(Array(repeatElement(frame, count: 5).joined()))
        for _ in 0..<3 { #expect(try client.receive() != nil) }
        #expect(try client.receive() == nil)
        #expect(try server.streamClient().ask(DNSQuestion("www.example.org.")).code == .noError)
    }

    @Test func readAndIdleTimeoutsAreApart() throws {
        let clock = FastClock(speed: 10)
        let server = try RunningServer(
            ". {\n    bind 127.0.0.1\n    timeouts {\n        read 1s\n        idle 3600s\n    }\n    whoami\n}\n",
            clock: clock.clock)
        let asked = try server.streamClient()
        #expect(try asked.ask(DNSQuestion("www.example.org.")).code == .noError)
        let silent = try server.streamClient()
        #expect(try silent.receive() == nil)
        #expect(try asked.ask(DNSQuestion("www.example.org.")).code == .noError)
    }

    static let views = """
        . {
            bind 127.0.0.1
            view local {
                expr type() == 'TXT' && incidr(client_ip(), '127.0.0.0/8')
            }
            prometheus 127.0.0.1:0
            chaos
            any
            local
        }
        example.org {
            bind 127.0.0.1
            view aaaa {
                expr type() in ['AAAA', 'DS']
            }
            erratic {
                drop 0
            }
        }
        . {
            bind 127.0.0.1
            whoami
        }
        """

    @Test func viewsChooseTheBlock() throws {
        let server = try RunningServer(Self.views)
        #expect(server.server.addresses.count == 1)
        let client = try server.datagramClient()
        // Longest zone first; where its view does not take the query, the shorter one's in the order of the file.
        let rows: [(String, RecordType, String)] = [
            ("www.example.org.", .aaaa, "2001:db8::53"), ("www.example.org.", .a, "whoami"),
            ("www.example.net.", .aaaa, "whoami"), ("localhost.", .txt, "local"), ("localhost.", .a, "whoami"),
        ]
        for (name, type, expected) in rows {
            let response = try client.ask(DNSQuestion(name, type))
            let found =
                response.additional.count == 2
                ? "whoami" : response.authority.isEmpty ? response.answer.map { "\($0.data)" }.joined() : "local"
            #expect(found == expected, "\(name) \(type)")
        }
    }

    @Test(arguments: [
        (
            ". {\n    view a {\n        expr true\n    }\n    whoami\n}\n. {\n    whoami\n}\n. {\n    whoami\n}\n",
            "Corefile:10:1: cannot serve"
        ),
        (
            ". {\n    view a {\n        expr true\n    }\n    whoami\n}\n. {\n    view a {\n        expr true\n    }\n    whoami\n}\n",
            ""
        ),
    ])
    func zonesWithoutViewsAreStillAlone(_ text: String, _ expected: String) {
        let found: String
        do {
            _ = try RunningServer.configure(text)
            found = ""
        } catch {
            found = "\(error)"
        }
        #expect(expected.isEmpty ? found.isEmpty : found.hasPrefix(expected), "\(found)")
    }

    @Test func onRunsCommands() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("events", "")
        do {
            let server = try RunningServer(
                """
                . {
                    bind 127.0.0.1
                    on startup sh -c 'echo "started $0" >> \(path)' now
                    on startup /no/such/command
                    on startup false
                    on shutdown sh -c 'echo stopped >> \(path)'
                    whoami
                }
                """)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "started now\n")
            let errors = server.lines.all.filter { $0.hasPrefix("[ERROR]") }
            #expect(errors.count == 2)
            #expect(errors.contains { $0.contains("/no/such/command") })
            #expect(errors.contains { $0.contains("exit status 1") })
            server.configuration.process.lifecycle.isStopping = true
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "started now\nstopped\n")
    }
}
