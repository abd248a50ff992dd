import Foundation
import Testing

@testable import Corefile

/// Imports of files, patterns and snippets.
@Suite struct ImportTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let expected: [String]
        var files: [String: String] = [:]
        /// The paths read after the Corefile, in order.
        var read: [String] = []
        var testDescription: String { name }
    }

    static let rows: [Row] = [
        Row(
            name: "snippet in several blocks",
            text:
                "(common) {\n errors\n cache 30 {\n  denial 1\n }\n}\na {\n import common\n log\n}\nb {\n log\n import common\n}",
            expected: [
                "dns://a.:53 { <errors> ; <cache><30> { <denial><1> } ; <log> }",
                "dns://b.:53 { <log> ; <errors> ; <cache><30> { <denial><1> } }",
            ]),
        Row(
            name: "the same snippet twice in a row starts a line each time",
            text: "(x) {\n log a\n}\n. {\n import x\n import x\n}",
            expected: ["dns://.:53 { <log><a> ; <log><a> }"]),
        Row(
            name: "snippet on one line", text: "(x) { errors\n log\n}\n. {\n import x\n}",
            expected: ["dns://.:53 { <errors> ; <log> }"]),
        Row(name: "empty snippet", text: "(x) {\n}\n. {\n import x\n log\n}", expected: ["dns://.:53 { <log> }"]),
        Row(
            name: "snippet in a snippet, and inside a directive's block",
            text:
                "(p) {\n pods insecure\n ttl 30\n}\n(k) {\n kubernetes a {\n  import p\n  fallthrough\n }\n}\n. {\n import k\n}",
            expected: ["dns://.:53 { <kubernetes><a> { <pods><insecure>; <ttl><30>; <fallthrough> } }"]),
        Row(
            name: "snippet by an environment variable", text: "(x) {\n log\n}\n. {\n import {$WHICH}\n}",
            expected: ["dns://.:53 { <log> }"]),
        Row(
            name: "import as an argument or property elsewhere is a word",
            text: ". {\n log import x\n a { import y\n }\n}",
            expected: ["dns://.:53 { <log><import><x> ; <a> { <import><y> } }"]),
        Row(
            name: "snippet before a file of its name", text: "(x) {\n log\n}\n. {\n import x\n}",
            expected: ["dns://.:53 { <log> }"], files: ["/etc/coredns/x": "errors"]),
        Row(
            name: "unknown snippet is a file", text: ". {\n import x\n}", expected: ["dns://.:53 { <errors> }"],
            files: ["/etc/coredns/x": "errors"], read: ["/etc/coredns/x"]),
        Row(
            name: "relative to the file that imports", text: ". {\n import conf/a\n}",
            expected: ["dns://.:53 { <log><1> ; <log><2> }"],
            files: ["/etc/coredns/conf/a": "log 1\nimport b", "/etc/coredns/conf/b": "log 2"],
            read: ["/etc/coredns/conf/a", "/etc/coredns/conf/b"]),
        Row(
            name: "blocks and snippets out of files", text: "import /x/snippets\nimport /x/*.server\na {\n import s\n}",
            expected: ["dns://b.:53 { <errors> }", "dns://c.:53 { <errors> }", "dns://a.:53 { <errors> }"],
            files: [
                "/x/snippets": "(s) {\n errors\n}\n", "/x/2.server": "c {\n import s\n}",
                "/x/1.server": "b {\n import s\n}",
                "/x/1.override": "log",
            ], read: ["/x/snippets", "/x/1.server", "/x/2.server"]),
        Row(
            name: "keys out of a file", text: "a,\nimport keys\n{\n log\n}",
            expected: ["dns://a.:53 dns://b.:53 dns://c.:53 { <log> }"],
            files: ["/etc/coredns/keys": "b c"], read: ["/etc/coredns/keys"]),
        Row(
            name: "a file's first word starts a line", text: ". {\n log 1\n import f\n log 2\n}",
            expected: ["dns://.:53 { <log><1> ; <errors> ; <log><2> }"], files: ["/etc/coredns/f": "errors"],
            read: ["/etc/coredns/f"]),
        Row(
            name: "files with comments only, or empty", text: ". {\n import c*\n log\n}\nimport e",
            expected: ["dns://.:53 { <log> }"],
            files: ["/etc/coredns/c1": "# nothing", "/etc/coredns/c2": "\u{FEFF}# more\n", "/etc/coredns/e": ""],
            read: ["/etc/coredns/c1", "/etc/coredns/c2", "/etc/coredns/e"]),
        Row(
            name: "no match and no directory",
            text: ". {\n import custom/*.override\n import ?.x\n import a]\n}\nimport /no/such/*.server",
            expected: ["dns://.:53 {  }"]),
        Row(
            name: "a mounted ConfigMap's own directories are passed over", text: ". {\n import custom/*\n}",
            expected: ["dns://.:53 { <log> }"],
            files: ["/etc/coredns/custom/a": "log", "/etc/coredns/custom/..data/a": "log"],
            read: ["/etc/coredns/custom/a"]),
        Row(
            name: "hidden files match as in Go", text: ". {\n import custom/*\n}", expected: ["dns://.:53 { <log> }"],
            files: ["/etc/coredns/custom/.a": "log"], read: ["/etc/coredns/custom/.a"]),
        Row(
            name: "wildcard in a directory", text: "import */x?.conf",
            expected: ["dns://a.:53 {  }", "dns://b.:53 {  }"],
            files: [
                "/etc/coredns/p/x1.conf": "a {\n}", "/etc/coredns/q/x2.conf": "b {\n}", "/etc/coredns/q/x22.conf": "c",
                "/etc/coredns/q/r/x2.conf": "c",
            ], read: ["/etc/coredns/p/x1.conf", "/etc/coredns/q/x2.conf"]),
        Row(
            name: "star with text on both sides", text: "import a*b.b",
            expected: ["dns://one.:53 {  }", "dns://two.:53 {  }"],
            files: [
                "/etc/coredns/ab.b.b": "one {\n}", "/etc/coredns/axb.b": "two {\n}", "/etc/coredns/a.b": "no",
                "/etc/coredns/abb": "no",
            ],
            read: ["/etc/coredns/ab.b.b", "/etc/coredns/axb.b"]),
        Row(
            name: "a file of the pattern imports another of it", text: ". {\n import c/*\n}",
            expected: ["dns://.:53 { <log><b> ; <log><b> }"],
            files: ["/etc/coredns/c/a": "import b", "/etc/coredns/c/b": "log b"],
            read: ["/etc/coredns/c/a", "/etc/coredns/c/b"]),
        Row(
            name: "braces across files", text: "import open\n log\n}", expected: ["dns://.:53 { <errors> ; <log> }"],
            files: ["/etc/coredns/open": ". {\n errors"], read: ["/etc/coredns/open"]),
        Row(
            name: "escaped wildcard", text: "import a\\*b", expected: ["dns://x.:53 {  }"],
            files: ["/etc/coredns/a*b": "x", "/etc/coredns/aab": "y"], read: ["/etc/coredns/a*b"]),
    ]

    @Test(arguments: rows)
    func outline(_ row: Row) throws {
        let corefile = try parse(row.text, environment: ["WHICH": "x"], files: row.files)
        #expect(try corefile.outline() == row.expected)
        #expect(corefile.files == ["/etc/coredns/Corefile"] + row.read)
    }

    @Test func everyPatternWithoutAMatchIsOneWarning() throws {
        let corefile = try parse(". {\n import custom/*.override\n import ?.x\n}\nimport /no/such/*.server")
        #expect(
            corefile.warnings.map { "\($0.location.line) \($0.message)" } == [
                "2 No files matching import glob pattern: custom/*.override",
                "3 No files matching import glob pattern: ?.x",
                "5 No files matching import glob pattern: /no/such/*.server",
            ])
    }

    @Test func fromDisk() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("corefile-\(UUID())")
        defer { try? FileManager.default.removeItem(at: directory) }
        try FileManager.default.createDirectory(
            at: directory.appendingPathComponent("custom/..data"), withIntermediateDirectories: true)
        func write(_ text: String, _ name: String) throws {
            try Data(text.utf8).write(to: directory.appendingPathComponent(name))
        }
        try write(".:53 {\r\n import custom/*.override\r\n}\r\nimport missing/*\r\n", "Corefile")
        try write("log b", "custom/b.override")
        try write("log a", "custom/a.override")
        try write("oops {", "custom/c.server")
        let path = directory.path
        let corefile = try Corefile.load(path: path + "/Corefile")
        #expect(try corefile.outline() == ["dns://.:53 { <log><a> ; <log><b> }"])
        #expect(corefile.files == ["/Corefile", "/custom/a.override", "/custom/b.override"].map { path + $0 })
        #expect(corefile.warnings.count == 1)

        try write("import custom", "directory")
        try write("import gone", "missing-file")
        for (name, message) in [
            ("directory", "Could not import \(path)/custom: is a directory"),
            ("missing-file", "File to import not found: 'gone', expected a snippet or a file of that name"),
        ] {
            let error = #expect(throws: CorefileError.self) { try Corefile.load(path: "\(path)/\(name)") }
            #expect(error?.description == "\(path)/\(name):1:8: \(message)")
        }
        let error = #expect(throws: CorefileError.self) { try Corefile.load(path: path) }
        #expect(error?.description == "\(path): Could not read the Corefile: is a directory")
    }

    @Test func endlessFileIsRefused() {
        let error = #expect(throws: CorefileError.self) { try Corefile.load(path: "/dev/zero") }
        #expect(error?.description == "/dev/zero: Could not read the Corefile: larger than 16777216 bytes")
    }
}
