import DNSWire
import Foundation
import LinuxIO
import ServerHarness
import Testing

/// What the program does when it is sent a signal.
@Suite struct SignalTests {
    private static let piped =
        ". {\n    bind 127.0.0.1\n    kubernetes cluster.local {\n        snapshot pipe\n    }\n}\n"
    private static let whoami = ". {\n    bind 127.0.0.1\n    whoami\n}\n"

    @Test(arguments: [
        (SIGINT, "SIGINT: Shutting down"), (SIGTERM, "SIGTERM: Shutting down servers then terminating"),
        (SIGQUIT, "SIGQUIT: Quitting process immediately"),
    ])
    func ends(signal: Int32, line: String) throws {
        let program = try Program(["-p", "0"], corefile: Self.whoami)
        let address = try program.started()
        // An open stream does not hold up the end.
        let stream = try StreamClient(address)
        #expect(try stream.ask(DNSQuestion("example.org.")).code == .noError)
        program.child.signal(signal)
        #expect(program.child.waitForExit() == 0)
        #expect(program.child.output.hasSuffix("[INFO] \(line)\n"), "\(program.child.output)")
        #expect(try stream.isClosedByServer())
    }

    @Test(arguments: [SIGHUP, SIGUSR2])
    func goesOn(signal: Int32) throws {
        let program = try Program(["-p", "0"], corefile: Self.whoami)
        let client = try DatagramClient(try program.started())
        program.child.signal(signal)
        // CoreDNS: SIGHUP comes when a terminal goes away, and is nothing to speak of.
        if signal != SIGHUP { #expect(holdsInTime { program.child.output.contains("[WARNING] SIG") }) }
        #expect(try client.ask(DNSQuestion("example.org.")).code == .noError)
        #expect(program.child.isRunning)
        program.child.signal(SIGTERM)
        #expect(program.child.waitForExit() == 0)
    }

    /// CoreDNS: with or without `reload`, and whether or not anything has changed.
    @Test func aSignalReloads() throws {
        let program = try Program(["-p", "0"], corefile: Self.whoami)
        let client = try DatagramClient(try program.started())
        let stream = try program.started()
        let open = try StreamClient(stream)
        #expect(try open.ask(DNSQuestion("example.org.")).code == .noError)
        program.child.signal(SIGUSR1)
        #expect(
            holdsInTime {
                program.child.output.hasSuffix(
                    "[INFO] SIGUSR1: Reloading\n[INFO] Reloading\n[INFO] Reloading complete\n")
            }, "\(program.child.output)")
        try program.folder.write("Corefile", ". {\n    bind 127.0.0.1\n    erratic\n    whoam\n}\n")
        program.child.signal(SIGUSR1)
        let failure = "[ERROR] SIGUSR1: Corefile:4:5: "
        #expect(holdsInTime { program.child.output.contains(failure) }, "\(program.child.output)")
        // The same client and the same connection, answered as before.
        #expect(try client.ask(DNSQuestion("example.org.")).code == .noError)
        #expect(try open.ask(DNSQuestion("example.org.")).additional.count == 2)
        program.child.signal(SIGTERM)
        #expect(program.child.waitForExit() == 0)
    }

    @Test func standardInputIsNotReadAgain() throws {
        let program = try Program(["-conf", "stdin", "-p", "0"], input: Self.whoami)
        let client = try DatagramClient(try program.started())
        program.child.signal(SIGUSR1)
        #expect(holdsInTime { program.child.output.contains("[ERROR] SIGUSR1: the Corefile came from standard input") })
        #expect(try client.ask(DNSQuestion("example.org.")).code == .noError)
    }

    /// A reload that waits for a cluster does not hold up the end.
    @Test func aSignalEndsItWhileItReloads() throws {
        let silent = try StreamListener.listen(.loopback(port: 0))
        let program = try Program(["-p", "0"], corefile: Self.whoami)
        _ = try program.started()
        try program.folder.write(
            "Corefile",
            """
            . {
                bind 127.0.0.1
                kubernetes cluster.local {
                    endpoint http://127.0.0.1:\(silent.boundAddress.port)
                    startup_timeout 10m
                }
            }
            """)
        program.child.signal(SIGUSR1)
        #expect(holdsInTime { program.child.output.contains("waiting for Kubernetes API before starting server") })
        program.child.signal(SIGTERM)
        #expect(program.child.waitForExit() == 0, "\(program.child.output)")
        withExtendedLifetime(silent) {}
    }

    /// An upstream may take its time when the end comes: the answer is waited for, unless somebody is impatient.
    @Test(arguments: [false, true]) func theEndWaitsForUpstreams(isImpatient: Bool) throws {
        let upstream = try TestUpstream { query in
            isImpatient ? .silence : .answer(query.response(["\(query.name) 60 IN A 192.0.2.80"]), after: 3000)
        }
        let program = try Program(
            ["-p", "0"],
            corefile: ". {\n bind 127.0.0.1\n forward . \(upstream.address) {\n read_timeout 5s\n max_fails 0\n }\n}\n")
        let client = try DatagramClient(try program.started())
        try client.send(DNSQuestion("late.example.").bytes)
        #expect(holdsInTime { !upstream.queries.isEmpty })
        program.child.signal(SIGTERM)
        if isImpatient {
            #expect(holdsInTime { program.child.output.contains("SIGTERM: Shutting down servers") })
            program.child.signal(SIGTERM)
            #expect(
                holdsInTime { program.child.output.contains("SIGTERM: Quitting before all queries are answered") })
        } else {
            let bytes = try #require(try client.receive(milliseconds: 10_000))
            #expect(try DNSResponse(bytes).answer.count == 1)
        }
        #expect(program.child.waitForExit() == 0)
    }

    @Test func aClosedPipeDoesNotEndIt() throws {
        let program = try Program(["-p", "0"], corefile: Self.whoami)
        let client = try DatagramClient(try program.started())
        program.child.signal(SIGPIPE)
        #expect(try client.ask(DNSQuestion("example.org.")).code == .noError)
    }

    /// A program with lameduck, and where it is ready.
    private static func lame(_ duration: String) throws -> (Program, SocketAddress) {
        let (health, ready) = (try Program.freePort(), try Program.freePort())
        let program = try Program(
            ["-p", "0"],
            corefile: """
                . {
                    bind 127.0.0.1
                    whoami
                    health 127.0.0.1:\(health) {
                        lameduck \(duration)
                    }
                    ready 127.0.0.1:\(ready)
                }
                """)
        return (program, .loopback(port: ready))
    }

    @Test func answersThroughLameduckUntilASecondSignal() throws {
        // Far longer than this test may take: only the second signal can end it.
        let (program, ready) = try Self.lame("10m")
        let address = try program.started()
        #expect(try fetchHTTP(ready, "/ready").status == 200)
        program.child.signal(SIGTERM)
        #expect(holdsInTime { program.child.output.contains("Going into lameduck mode for 10m0s") })
        let response = try fetchHTTP(ready, "/ready")
        #expect(response.status == 503)
        #expect(try DatagramClient(address).ask(DNSQuestion("example.org.")).code == .noError)
        #expect(try StreamClient(address).ask(DNSQuestion("example.org.")).code == .noError)
        #expect(program.child.isRunning)
        program.child.signal(SIGTERM)
        #expect(program.child.waitForExit() == 0)
    }

    @Test func aSecondInterruptForcesTheEnd() throws {
        let (program, _) = try Self.lame("10m")
        _ = try program.started()
        program.child.signal(SIGINT)
        #expect(holdsInTime { program.child.output.contains("Going into lameduck mode") })
        program.child.signal(SIGINT)
        #expect(program.child.waitForExit() == 2)
        #expect(program.child.output.hasSuffix("[INFO] SIGINT: Force quit\n"), "\(program.child.output)")
    }

    @Test func aSignalEndsItBeforeItServes() throws {
        // Nobody writes into the pipe, so reading it never ends.
        let folder = try TemporaryFolder()
        #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
        let program = try Program(["-p", "0"], corefile: Self.piped, folder: folder)
        // Opening the pipe without waiting succeeds once the program is at the reading end.
        var pipe: Int32 = -1
        #expect(
            holdsInTime {
                pipe = open(folder.file("pipe"), O_WRONLY | O_NONBLOCK)
                return pipe >= 0
            })
        defer { close(pipe) }
        program.child.signal(SIGTERM)
        #expect(program.child.waitForExit() == 0)
    }

    /// The first process of a container gets only the signals that it asks for: that this one comes is not the kernel's doing.
    @Test(arguments: [
        (SIGINT, "SIGINT"), (SIGTERM, "SIGTERM"), (SIGQUIT, "SIGQUIT"),
    ])
    func aSignalEndsItWhileItWaitsForTheCluster(signal: Int32, name: String) throws {
        // It takes connections, and never answers.
        let silent = try StreamListener.listen(.loopback(port: 0))
        let program = try Program(
            ["-p", "0"],
            corefile: """
                . {
                    bind 127.0.0.1
                    kubernetes cluster.local {
                        endpoint http://127.0.0.1:\(silent.boundAddress.port)
                        startup_timeout 10m
                    }
                }
                """)
        #expect(holdsInTime { program.child.output.contains("waiting for Kubernetes API before starting server") })
        program.child.signal(signal)
        #expect(program.child.waitForExit() == 0)
        #expect(
            program.child.output.hasSuffix("[INFO] \(name): Shutting down before the start is over\n"),
            "\(program.child.output)")
        withExtendedLifetime(silent) {}
    }

    /// Queries are answered by the time that `on startup` is at work, so the end is as at any other time.
    @Test func aSignalDoesNotWaitForStartup() throws {
        let program = try Program(
            ["-p", "0"],
            corefile: """
                . {
                    bind 127.0.0.1
                    whoami
                    health 127.0.0.1:\(try Program.freePort()) {
                        lameduck 1s
                    }
                    on startup sleep 60
                    on startup echo never
                    on shutdown echo gone
                }
                """)
        #expect(holdsInTime { program.child.output.contains("Blocking Command \"sleep 60\"") })
        program.child.signal(SIGTERM)
        #expect(program.child.waitForExit() == 0)
        let lines = program.child.output.split(separator: "\n").map(String.init)
        #expect(lines.contains("[INFO] SIGTERM: Shutting down servers then terminating"), "\(lines)")
        #expect(lines.contains("[INFO] plugin/health: Going into lameduck mode for 1s"), "\(lines)")
        #expect(lines.last == "gone", "\(lines)")
        #expect(!lines.contains("never"))
    }

    /// Nor does it wait for that of a reload; and of two configurations only the one that is served says good-bye.
    @Test func aSignalDoesNotWaitForStartupOfAReload() throws {
        let before = ". {\n    bind 127.0.0.1\n    whoami\n    on shutdown echo before\n}\n"
        let program = try Program(["-p", "0"], corefile: before)
        _ = try program.started()
        try program.folder.write("Corefile", before.replacing("before", with: "after\n    on startup sleep 60"))
        program.child.signal(SIGUSR1)
        #expect(holdsInTime { program.child.output.contains("Blocking Command \"sleep 60\"") })
        program.child.signal(SIGTERM)
        #expect(program.child.waitForExit() == 0)
        let lines = program.child.output.split(separator: "\n").map(String.init)
        #expect(lines.filter { $0 == "before" || $0 == "after" } == ["after"], "\(lines)")
    }

    @Test func aSnapshotThroughAPipeIsReadOnce() throws {
        let folder = try TemporaryFolder()
        #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
        let program = try Program(["-p", "0"], corefile: Self.piped, folder: folder)
        let pipe = open(folder.file("pipe"), O_WRONLY)
        let text = Array(ClusterFiles.web("10.0.0.1").utf8)
        #expect(write(pipe, text, text.count) == text.count)
        close(pipe)
        let client = try DatagramClient(try program.started())
        #expect(try client.ask(DNSQuestion("web.shop.svc.cluster.local.")).code == .noError)
        program.child.signal(SIGTERM)
        #expect(program.child.waitForExit() == 0)
    }

    @Test func lameduckEndsByItself() throws {
        let (program, _) = try Self.lame("1s")
        _ = try program.started()
        program.child.signal(SIGTERM)
        #expect(program.child.waitForExit() == 0)
        #expect(program.child.output.contains("Going into lameduck mode for 1s"))
    }
}
