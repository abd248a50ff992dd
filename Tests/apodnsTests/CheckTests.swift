import Foundation
import ServerHarness
import Testing

@testable import apodns

/// `apodns check`: what it finds, and what it leaves alone.
@Suite struct CheckTests {
    struct Row: Sendable {
        var arguments = ["check"]
        var corefile: String?
        var input = ""
        /// Files beside the Corefile.
        var files: [String: String] = [:]
        let status: Int32
        var output = ""
        /// Lines of standard error: those that begin so.
        var error: [String] = []
    }

    private static let two = """
        .:53 {
            erors
            kubernetes cluster.local {
                pods sometimes
            }
            forward . 8.8.8
            log
        }
        example.org {
            file broken
            autopath @kubernetes
        }
        """

    static let rows = [
        Row(
            corefile: "a.example b.example:5300 {\n log\n whoami\n errors\n}\nc.example {\n bind 127.0.0.1 ::1\n}\n",
            status: 0,
            output: """
                Corefile: ok
                a.example. b.example. at dns://:53 dns://:5300: errors log whoami
                c.example. at dns://127.0.0.1:53 dns://[::1]:53: bind

                """),
        Row(
            arguments: ["check", "-p", "5300"], corefile: ". {\n whoami\n}\n", status: 0,
            output: "Corefile: ok\n. at dns://:5300: whoami\n"),
        Row(
            arguments: ["-p=5300", "check"], corefile: ". {\n whoami\n}\n", status: 0,
            output: "Corefile: ok\n. at dns://:5300: whoami\n"),
        Row(
            arguments: ["check", "-conf", "stdin"], input: ". {\n whoami\n}\n", status: 0,
            output: "stdin: ok\n. at dns://:53: whoami\n"),
        Row(
            arguments: ["check", "--conf=conf/Main"],
            files: ["conf/Main": "import parts/*\n", "conf/parts/a": "a {\n whoami\n}\n"],
            status: 0, output: "conf/Main: ok\na. at dns://:53: whoami\n"),
        Row(
            corefile: ". {\n}\n", status: 0, output: "Corefile: ok\n. at dns://:53: no plugins\n",
            error: ["[WARNING] Corefile:1:1: server block . has no directives"]),
        Row(
            status: 0, output: "Corefile: ok\n. at dns://:53: log whoami\n",
            error: ["[WARNING] Corefile: no such file"]),
        // The cluster is not asked, nor is it missed.
        Row(
            corefile: ". {\n kubernetes cluster.local {\n  endpoint http://127.0.0.1:1\n }\n kubernetes\n}\n",
            status: 1,
            error: ["Corefile:5:2: plugin/kubernetes: this plugin can only be used once per Server Block"]),
        Row(
            corefile: ". {\n kubernetes cluster.local {\n  endpoint http://127.0.0.1:1\n }\n}\n", status: 0,
            output: "Corefile: ok\n. at dns://:53: kubernetes\n"),
        Row(
            corefile: ". {\n kubernetes cluster.local\n}\n", status: 0,
            output: "Corefile: ok\n. at dns://:53: kubernetes\n"),
        // One problem of each directive, in the order of the file, and none that only follows from another.
        Row(
            corefile: Self.two, files: ["broken": "no zone at all"], status: 1,
            error: [
                "Corefile:2:5: Unknown directive 'erors', expected the name of a plugin (did you mean 'errors'?)",
                "Corefile:4:14: wrong value for pods: sometimes",
                "Corefile:6:15: plugin/forward: not an IP address, file, or valid domain: \"8.8.8\"",
                "Corefile:10:10: plugin/file: ",
            ]),
        Row(
            corefile: "(part) {\n  logg\n}\na {\n import part\n}\nb {\n import part\n whoami now\n}\nc {\n}\n",
            status: 1,
            error: [
                "[WARNING] Corefile:11:1: server block c.", "Corefile:2:3: Unknown directive 'logg'", "Corefile:9:9: ",
            ]),
        Row(
            corefile: "a {\n logg\n whoami\n", status: 1,
            error: [
                "Corefile:1:3: Unexpected '{' because no matching closing brace",
                "Corefile:2:2: Unknown directive 'logg'",
            ]),
        Row(
            corefile: "a {\n whoami\n}\na {\n whoami\n}\nhttps://b {\n}\n", status: 1,
            error: [
                "[WARNING] Corefile:7:1: server block b. has no directives",
                "Corefile:4:1: cannot serve dns://a.:53 - it is already defined",
                "Corefile:7:1: 'https://b': https servers are known in CoreDNS",
            ]),
        // A view that is wrong is not two blocks for one zone.
        Row(corefile: "a {\n view\n}\na {\n whoami\n}\n", status: 1, error: ["Corefile:2:2: "]),
        // What a start reads besides.
        Row(
            corefile: ". {\n kubernetes cluster.local {\n  snapshot no.yaml\n }\n}\n", status: 1,
            error: ["Corefile:2:2: plugin/kubernetes: no.yaml: No such file"]),
        Row(
            corefile: ". {\n kubernetes cluster.local {\n  kubeconfig no.config\n }\n}\n", status: 1,
            error: ["Corefile:2:2: plugin/kubernetes: "]),
        Row(
            corefile: ". {\n autopath @kubernetes\n whoami\n}\n", status: 0,
            output: "Corefile: ok\n. at dns://:53: autopath whoami\n",
            error: ["[WARNING] Corefile:2:2: plugin/autopath: there is no kubernetes in the block"]),
        Row(
            corefile: "tls://a {\n tls cert.pem key.pem\n}\n", status: 1,
            error: ["Corefile:2:6: plugin/tls: open cert.pem: No such file"]),
        Row(arguments: ["check", "-conf", "no/file"], status: 1, error: ["no/file: Could not read the Corefile: "]),
        Row(corefile: "# nothing\n", status: 1, error: ["Corefile: no server block found, expected at least one"]),
        Row(arguments: ["check", "more"], status: 1, error: ["extra command line arguments: [more]"]),
        Row(arguments: ["-quiet", "check"], status: 2, error: ["-quiet means nothing to check"]),
        Row(arguments: ["check", "-pidfile", "x"], status: 2, error: ["-pidfile means nothing to check"]),
        Row(arguments: ["check", "-x"], status: 2, error: ["flag provided but not defined: -x"]),
        Row(
            arguments: ["chek"], status: 1,
            error: ["extra command line arguments: [chek]", "did you mean the command check?"]),
    ]

    @Test(arguments: rows)
    func says(row: Row) throws {
        let folder = try TemporaryFolder()
        for (path, text) in row.files {
            let parent = URL(fileURLWithPath: folder.file(path)).deletingLastPathComponent().path
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            try folder.write(path, text)
        }
        let program = try Program(row.arguments, corefile: row.corefile, input: row.input, folder: folder)
        #expect(program.child.waitForExit() == row.status)
        #expect(program.child.output == row.output)
        var lines = program.child.error.split(separator: "\n").map(String.init)
        // Behind a message about the command line stands what there is.
        if row.status == 2 { lines = Array(lines.prefix(1)) }
        #expect(lines.count == row.error.count, "\(lines)")
        for (line, start) in zip(lines, row.error) { #expect(line.hasPrefix(start), "\(line)") }
    }

    /// What a start fails with is found: an HTTP endpoint where DNS is served over TCP.
    @Test(arguments: [("127.0.0.1", "127.0.0.1"), ("127.0.0.1", ""), ("0.0.0.0", "127.0.0.1"), ("::1", "[::]")])
    func endpointsAtAddressesOfDNS(bind: String, endpoint: String) throws {
        let free = try RunningServer(". {\n    bind 127.0.0.1\n    whoami\n}\n").port
        let corefile = ".:\(free) {\n    bind \(bind)\n    whoami\n    health \(endpoint):\(free)\n}\n"
        let check = try Program(["check"], corefile: corefile)
        #expect(check.child.waitForExit() == 1)
        #expect(check.child.error.hasPrefix("Corefile:4:5: "), "\(check.child.error)")
        #expect(check.child.error.hasSuffix(":\(free): expected another port\n"), "\(check.child.error)")
        let start = try Program([], corefile: corefile)
        #expect(start.child.waitForExit() == 1)
        #expect(start.child.error.contains("EADDRINUSE"), "\(start.child.error)")
    }

    /// An address that another program listens at is no matter of a check, which listens nowhere.
    @Test func opensNoSocket() throws {
        let taken = try RunningServer(". {\n    bind 127.0.0.1\n    whoami\n}\n")
        let other = try RunningServer(". {\n    bind 127.0.0.1\n    whoami\n}\n")
        let program = try Program(
            ["check"],
            corefile: ".:\(taken.port) {\n    bind 127.0.0.1\n    health 127.0.0.1:\(other.port)\n    whoami\n}\n")
        #expect(program.child.waitForExit() == 0, "\(program.child.error)")
        #expect(program.child.error.isEmpty)
    }

    @Test func helpShowsFlagsAndCommands() throws {
        for words in [["help"], ["-quiet", "help"], ["help", "check"]] {
            let program = try Program(words)
            #expect(program.child.waitForExit() == 0)
            #expect(program.child.output == Arguments.usage + "\n")
        }
        let asked = try Program(["check", "-h"])
        #expect(asked.child.waitForExit() == 0)
        #expect(asked.child.error == Arguments.usage + "\n")
    }
}
