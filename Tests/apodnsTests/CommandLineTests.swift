import DNSWire
import Foundation
import LinuxIO
import ServerHarness
import Testing

@testable import apodns

/// The program's flags and exit statuses.
@Suite struct CommandLineTests {
    private static let whoami = ". {\n    bind 127.0.0.1\n    whoami\n}\n"

    /// A command line that ends at once.
    struct Row: Sendable {
        let arguments: [String]
        var corefile: String?
        var input = ""
        let status: Int32
        /// What standard output and standard error begin with.
        var output = ""
        var error = ""
    }

    static let rows = [
        Row(arguments: ["-version"], status: 0, output: "apodns-\(Version.number)\nlinux/"),
        Row(arguments: ["--version"], status: 0, output: "apodns-\(Version.number)\nlinux/"),
        Row(
            arguments: ["-plugins"], status: 0,
            output: "Server types:\n  dns\n\nOther plugins:\n  dns.acl\n  dns.any\n  dns.autopath\n"),
        Row(arguments: ["-help"], status: 0, error: "Usage of apodns:\n  -conf string\n"),
        Row(
            arguments: ["-nosuchflag"], status: 2,
            error: "flag provided but not defined: -nosuchflag\nUsage of apodns:\n"),
        Row(arguments: ["-conf"], status: 2, error: "flag needs an argument: -conf\n"),
        Row(
            arguments: ["-p", "65536"], status: 2,
            error: "invalid value \"65536\" for flag -p: expected a port from 0 to 65535\n"),
        Row(arguments: ["-quiet", "more", "words"], status: 1, error: "extra command line arguments: [more words]\n"),
        Row(
            arguments: ["-conf", "no/such/Corefile"], status: 1,
            error: "no/such/Corefile: Could not read the Corefile: "),
        Row(
            arguments: ["-conf", "Corefile"], corefile: ". {\n    whoam\n}\n", status: 1, error: "Corefile:2:5: "),
        Row(arguments: [], corefile: ". {\n    whoami\n", status: 1, error: "Corefile:"),
        Row(arguments: ["-conf", "stdin"], input: ". {\n  dnssec\n}\n", status: 1, error: "stdin:2:3: "),
        Row(
            arguments: [], corefile: "a:0 {\n    whoami\n}\na:0 {\n    whoami\n}\n", status: 1,
            error: "Corefile:4:1: cannot serve dns://a.:0 - it is already defined\n"),
        Row(
            arguments: [],
            corefile: ". {\n    kubernetes cluster.local {\n        snapshot no.yaml\n    }\n}\n", status: 1,
            error: "Corefile:2:5: plugin/kubernetes: no.yaml: No such file or directory\n"),
        Row(
            arguments: ["-conf", "stdin"], input: "# nothing\n", status: 1,
            error: "stdin: no server block found, expected at least one\n"),
        Row(
            arguments: ["-conf", ""], corefile: ". {\n    whoam\n}\n", status: 1, error: "Corefile:2:5: "),
    ]

    @Test(arguments: rows)
    func ends(row: Row) throws {
        let program = try Program(row.arguments, corefile: row.corefile, input: row.input)
        #expect(program.child.waitForExit() == row.status)
        #expect(program.child.output.hasPrefix(row.output), "\(program.child.output)")
        #expect(program.child.error.hasPrefix(row.error), "\(program.child.error)")
        // What went wrong is on standard error, in full and alone; what was asked for is on standard output.
        if row.status == 0 { #expect(row.output.isEmpty == program.child.output.isEmpty) }
        if row.status != 0 {
            #expect(program.child.output.isEmpty, "\(program.child.output)")
            #expect(program.child.error.hasSuffix("\n"))
        }
    }

    @Test func aCorefilesErrorComesBeforeAnySocketIsOpened() throws {
        let taken = try RunningServer(Self.whoami)
        let text = ".:\(taken.port) {\n    bind 127.0.0.1\n    whoami\n}\n"
        // The first block's address is taken, which only opening it shows.
        let wrong = try Program([], corefile: text + "b.example {\n    whoami now\n}\n")
        #expect(wrong.child.waitForExit() == 1)
        #expect(wrong.child.error.hasPrefix("Corefile:6:12: "), "\(wrong.child.error)")
        let right = try Program([], corefile: text + "b.example {\n    whoami\n}\n")
        #expect(right.child.waitForExit() == 1)
        #expect(
            right.child.error.hasPrefix("Corefile:1:1: bind 127.0.0.1:\(taken.port): Address already in use"),
            "\(right.child.error)")
    }

    @Test func aPidFileThatCannotBeWrittenIsSaid() throws {
        let program = try Program(["-pidfile", "/no/such/folder/pid", "-p", "0"], corefile: Self.whoami)
        #expect(holdsInTime { program.child.output.contains("compatible\n") })
        #expect(program.child.output.hasPrefix("[ERROR] pid file: open /no/such/folder/pid: No such file"))
    }

    @Test func aBrokenSnapshotEndsTheProgram() throws {
        let folder = try TemporaryFolder()
        let broken = ClusterFiles.web("10.0.0.1").replacingOccurrences(of: "port: 80", with: "port: [80]")
        try folder.write("cluster.yaml", broken)
        let program = try Program(
            ["-pidfile", "pid", "-p", "0"],
            corefile:
                ". {\n    bind 127.0.0.1\n    kubernetes cluster.local {\n        snapshot cluster.yaml\n    }\n}\n",
            folder: folder)
        #expect(program.child.waitForExit() == 1)
        #expect(
            program.child.error.hasPrefix("Corefile:3:5: plugin/kubernetes: cluster.yaml:8:"), "\(program.child.error)")
        #expect(program.child.error.contains("Service shop/web: spec.ports[0].port"), "\(program.child.error)")
        #expect(!FileManager.default.fileExists(atPath: folder.file("pid")))
    }

    @Test func theCorefileOfTheFolderIsServed() throws {
        let folder = try TemporaryFolder()
        try folder.write("cluster.yaml", ClusterFiles.web("10.0.0.1"))
        let program = try Program(
            ["-dns.port=0"],
            corefile:
                ". {\n    bind 127.0.0.1\n    kubernetes cluster.local {\n        snapshot cluster.yaml\n    }\n}\n",
            folder: folder)
        let address = try program.started()
        let response = try DatagramClient(address).ask(DNSQuestion("web.shop.svc.cluster.local."))
        #expect(response.answerLines == ["web.shop.svc.cluster.local. 5 A 10.0.0.1"])
        #expect(program.child.output.hasPrefix(".:\(address.port) on 127.0.0.1\napodns-"))
    }

    @Test func pathsStartFromTheCorefilesFolder() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.file("conf"), withIntermediateDirectories: true)
        try folder.write("conf/cluster.yaml", ClusterFiles.web("10.0.0.1"))
        try folder.write(
            "conf/Corefile",
            ". {\n    bind 127.0.0.1\n    kubernetes cluster.local {\n        snapshot cluster.yaml\n    }\n}\n")
        let program = try Program(["-conf", "conf/Corefile", "-p", "0"], folder: folder)
        let response = try DatagramClient(try program.started()).ask(DNSQuestion("web.shop.svc.cluster.local."))
        #expect(response.answer.count == 1)
    }

    @Test func withoutACorefileWhoamiAnswers() throws {
        let program = try Program(["-p", "0"])
        let address = try program.started()
        let response = try DatagramClient(address).ask(DNSQuestion("example.org."))
        #expect(response.additional.map(\.type) == [.a, .srv])
        // Its queries are logged.
        #expect(holdsInTime { program.child.output.contains("[INFO] 127.0.0.1:") })
        #expect(program.child.output.hasPrefix(".:\(address.port)\n"))
    }

    @Test func theCorefileMayComeFromStandardInput() throws {
        let program = try Program(["-conf", "stdin", "-p", "0"], input: Self.whoami)
        #expect(try StreamClient(try program.started()).ask(DNSQuestion("example.org.")).code == .noError)
    }

    @Test(arguments: ["-p", "-dns.port"])
    func thePortIsThatOfZonesWithoutOne(flag: String) throws {
        let port = try Program.freePort()
        let program = try Program([flag, "\(port)"], corefile: Self.whoami)
        #expect(try program.started().port == port)
        #expect(try DatagramClient(.loopback(port: port)).ask(DNSQuestion("example.org.")).code == .noError)
    }

    @Test func thePidFileIsThereWhileTheProgramRuns() throws {
        let program = try Program(["-pidfile", "pid", "-p", "0"], corefile: Self.whoami)
        _ = try program.started()
        let path = program.folder.file("pid")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "\(program.child.identifier)\n")
        program.child.signal(SIGTERM)
        #expect(program.child.waitForExit() == 0)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func quietShowsNoBanner() throws {
        let port = try Program.freePort()
        let program = try Program(["-quiet", "-p", "\(port)"], corefile: Self.whoami)
        let client = try DatagramClient(.loopback(port: port))
        var question = DNSQuestion("example.org.")
        question.identifier = 1
        // Until the socket is open, sending is refused.
        #expect(
            holdsInTime {
                guard (try? client.send(question.bytes)) != nil else { return false }
                return (try? client.receive(milliseconds: 100)).flatMap { $0 } != nil
            })
        program.child.signal(SIGINT)
        #expect(program.child.waitForExit() == 0)
        // The first answer may come a moment before the start is over, which is then said.
        let output = program.child.output
        #expect(output.hasPrefix("[INFO] SIGINT: Shutting down") && output.split(separator: "\n").count == 1)
        #expect(program.child.error.isEmpty)
    }
}
