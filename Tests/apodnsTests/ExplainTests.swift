import Foundation
import ServerHarness
import Testing

@testable import apodns

/// `apodns explain`, as a person runs it. What it says of names is `ExplanationTests`' matter.
@Suite struct ExplainTests {
    private static let cluster = ". {\n    kubernetes cluster.local {\n        snapshot cluster.yaml\n    }\n}\n"
    private static let web = "web.shop.svc.cluster.local"

    struct Row: Sendable {
        let arguments: [String]
        var corefile: String? = ExplainTests.cluster
        let status: Int32
        /// What standard output and standard error begin with; nothing where there is to be nothing.
        var output = ""
        var error = ""
    }

    static let rows = [
        Row(arguments: ["explain", web], status: 0, output: "NOERROR: \(web). A\n\(web).\t5\tIN\tA\t10.0.0.1\n\n"),
        Row(arguments: ["explain", web, "srv", "-conf", "Corefile"], status: 0, output: "NOERROR: \(web). SRV\n"),
        Row(arguments: ["-conf", "Corefile", "explain", web], status: 0, output: "NOERROR: \(web). A\n"),
        Row(arguments: ["explain", "wbe.shop.svc.cluster.local"], status: 1, output: "NXDOMAIN: "),
        Row(arguments: ["explain", web, "MX"], status: 1, output: "NOERROR without records: "),
        Row(
            arguments: ["explain", "-snapshot", "cluster.yaml", web],
            corefile: ". {\n    kubernetes cluster.local {\n        endpoint http://127.0.0.1:1\n    }\n}\n", status: 0,
            output: "NOERROR: \(web). A\n"),
        Row(
            arguments: ["explain", "-snapshot=no.yaml", web], status: 2,
            error: "Corefile:2:5: plugin/kubernetes: no.yaml: No such file"),
        Row(
            arguments: ["explain", "-timeout", "300ms", web],
            corefile: ". {\n    kubernetes cluster.local {\n        endpoint http://127.0.0.1:1\n    }\n}\n", status: 2,
            error: "Corefile:2:5: plugin/kubernetes: the Kubernetes API was not synced within 300ms: "),
        Row(
            arguments: ["explain", web], corefile: ". {\n    whoami\n}\n", status: 2,
            error: "Corefile: no block has the directive kubernetes, expected one"),
        Row(
            arguments: ["explain", web], corefile: nil, status: 2,
            error: "Corefile: no block has the directive kubernetes, expected one"),
        Row(
            arguments: ["explain", web], corefile: ". {\n    whoam\n}\n", status: 2,
            error: "Corefile:2:5: Unknown directive"),
        Row(arguments: ["explain", "-conf", "no/file", web], status: 2, error: "no/file: Could not read the Corefile"),
        Row(arguments: ["explain"], status: 2, error: "explain: no name, expected explain NAME [TYPE]"),
        Row(arguments: ["explain", web, "A", "B"], status: 2, error: "explain: found 3 words, expected NAME [TYPE]"),
        Row(arguments: ["explain", web, "NOSUCH"], status: 2, error: "unknown type 'NOSUCH'"),
        Row(arguments: ["explain", "a..b"], status: 2, error: "'a..b' is not a domain name: a label is empty\n"),
        Row(arguments: ["explain", "-pidfile", "x", web], status: 2, error: "-pidfile means nothing to explain"),
        Row(
            arguments: ["explain", "-timeout", "soon", web], status: 2,
            error: "invalid value \"soon\" for flag -timeout"),
        Row(arguments: ["-snapshot", "cluster.yaml"], status: 2, error: "flag provided but not defined: -snapshot\n"),
        Row(arguments: ["check", "-timeout", "1s"], status: 2, error: "flag provided but not defined: -timeout\n"),
    ]

    @Test(arguments: rows)
    func ends(row: Row) throws {
        let folder = try TemporaryFolder()
        try folder.write("cluster.yaml", ClusterFiles.web("10.0.0.1"))
        let program = try Program(row.arguments, corefile: row.corefile, folder: folder)
        #expect(program.child.waitForExit() == row.status)
        let (output, error) = (program.child.output, program.child.error)
        #expect(row.output.isEmpty ? output.isEmpty : output.hasPrefix(row.output), "\(output)")
        #expect(row.error.isEmpty ? error.isEmpty : error.hasPrefix(row.error), "\(error)")
    }

    /// Every name of the recordings has an answer of the recorded kind, and a reason.
    @Test(arguments: ["defaults", "noendpoints", "pods-verified", "two-zones", "zonal"])
    func everyRecordedNameHasAReason(configuration: String) throws {
        let folder = try TemporaryFolder()
        let text = try String(contentsOfFile: "\(Recording.folder)/\(configuration).Corefile", encoding: .utf8)
        try folder.write("Corefile", text.replacingOccurrences(of: "world.json", with: Fixtures.world))
        let rows = try Recording.rows(configuration)
        var asked: Set<String> = []
        // One of each code and type: each is a run of the program.
        for row in rows where asked.insert("\(row.a.rcode) \(row.q.type)").inserted {
            let program = try Program(["explain", "--", row.q.name, row.q.type], folder: folder)
            _ = program.child.waitForExit()
            let lines = program.child.output.split(separator: "\n")
            #expect(
                lines.first?.hasPrefix(row.a.rcode) == true, "\(row.q): \(program.child.output)\(program.child.error)")
            // Names outside of the cluster's zones are nobody's here.
            if row.a.rcode != "REFUSED", row.a.rcode != "SERVFAIL" {
                #expect(lines.contains { $0.hasPrefix("  ") }, "\(row.q): \(program.child.output)")
            }
        }
        #expect(asked.count > 5)
    }
}
