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

    @Test(arguments: [SIGHUP, SIGUSR1, SIGUSR2])
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
