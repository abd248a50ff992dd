import Testing

@testable import Corefile

/// What a Corefile means, as its outline.
@Suite struct StructureTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let expected: [String]
        var environment: [String: String] = [:]
        var testDescription: String { name }
    }

    /// The thirteen traps of the stock and user files (those about plugins' meaning belong to the plugins).
    static let traps: [Row] = [
        Row(
            name: "1 empty option block", text: ".:53 {\n  errors {\n  }\n  cache 30 {\n\n  }\n}\n",
            expected: ["dns://.:53 { <errors> {  } ; <cache><30> {  } }"]),
        Row(
            name: "1 empty option block on one line", text: ". {\n  errors { }\n  log\n}",
            expected: ["dns://.:53 { <errors> {  } ; <log> }"]),
        Row(
            name: "1 braces without a blank are an argument", text: ". {\n  cache 30 {}\n}",
            expected: ["dns://.:53 { <cache><30><{}> }"]),
        Row(
            name: "2 environment inside a token", text: ". {\n  prometheus {$MY_HOST_IP}:9253\n}",
            expected: ["dns://.:53 { <prometheus><10.0.0.7:9253> }"], environment: ["MY_HOST_IP": "10.0.0.7"]),
        Row(
            name: "2 unset gives an empty text", text: ". {\n  prometheus {$MY_HOST_IP}:9253\n}",
            expected: ["dns://.:53 { <prometheus><:9253> }"]),
        Row(
            name: "3 quotes", text: ". {\n  forward . \"/etc/resolv.conf\"\n  nsid \"two words\" \"\" x\"y\n}",
            expected: ["dns://.:53 { <forward><.></etc/resolv.conf> ; <nsid><two words><><x\"y> }"]),
        Row(
            name: "3 quoted regular expression",
            text: ". {\n  t {\n  match \"^(?:[^.]+\\.){4,}a\\\\b\\\"c\\.$\"\n  }\n}",
            expected: ["dns://.:53 { <t> { <match><^(?:[^.]+\\.){4,}a\\\\b\"c\\.$> } }"]),
        Row(
            name: "3 two words where a quote ends", text: ". {\n  nsid \"a\"b\"c\"\n}",
            expected: ["dns://.:53 { <nsid><a><b\"c\"> }"]),
        Row(
            name: "4 several blanks, odd indentation",
            text: ".:53   {\n\thealth  {\n\t   lameduck 10s\n      }\n  forward   . \t/etc/resolv.conf\n    }\n",
            expected: ["dns://.:53 { <health> { <lameduck><10s> } ; <forward><.></etc/resolv.conf> }"]),
        Row(
            name: "5 comments",
            text: "# first { line\n\n.:53 { # \"after\n  # whole }\n\n  errors # trailing { word\n\n  log\n} # end",
            expected: ["dns://.:53 { <errors> ; <log> }"]),
        Row(name: "5 only comments", text: "# nothing\n   # at all", expected: []),
        Row(name: "5 nothing", text: "", expected: []),
        Row(
            name: "6 order of the file is kept", text: ". {\n prometheus\n kubernetes a\n hosts\n}",
            expected: ["dns://.:53 { <prometheus> ; <kubernetes><a> ; <hosts> }"]),
        Row(
            name: "8 the same directive twice is kept",
            text: ". {\n template A A x\n template B B y\n forward . a\n forward . b\n}",
            expected: ["dns://.:53 { <template><A><A><x> ; <template><B><B><y> ; <forward><.><a> ; <forward><.><b> }"]),
        Row(
            name: "9 the same key twice is kept",
            text: "example.org:53 {\n bind 10.0.0.1\n}\nexample.org:53 {\n bind 10.0.0.2\n}",
            expected: ["dns://example.org.:53 { <bind><10.0.0.1> }", "dns://example.org.:53 { <bind><10.0.0.2> }"]),
        Row(
            name: "10 zone arguments stay words",
            text: ". {\n kubernetes  in-addr.arpa ip6.arpa in-addr.arpa 10.96.0.0/12\n}",
            expected: ["dns://.:53 { <kubernetes><in-addr.arpa><ip6.arpa><in-addr.arpa><10.96.0.0/12> }"]),
        Row(name: "11 cache 3600s", text: ". {\n cache 3600s\n}", expected: ["dns://.:53 { <cache><3600s> }"]),
        Row(
            name: "12 braces inside tokens",
            text: """
                . {
                  rewrite name regex (.*)-(us|eu)\\.x {1}.{2}.x answer name (.*)\\.y {1}.x
                  rewrite stop {
                    name regex (.*)\\.a\\.$ {1}.b
                    answer name auto
                  }
                  log . {combined}
                  log example.org "{type} {name} }"
                  template ANY ANY {
                    answer "{{ .Name }} 60 IN A 10.0.0.1"
                    additional {{ .Name }} IN A
                  }
                }
                """,
            expected: [
                "dns://.:53 { <rewrite><name><regex><(.*)-(us|eu)\\.x><{1}.{2}.x><answer><name><(.*)\\.y><{1}.x> ; "
                    + "<rewrite><stop> { <name><regex><(.*)\\.a\\.$><{1}.b>; <answer><name><auto> } ; "
                    + "<log><.><{combined}> ; <log><example.org><{type} {name} }> ; "
                    + "<template><ANY><ANY> { <answer><{{ .Name }} 60 IN A 10.0.0.1>; "
                    + "<additional><{{><.Name><}}><IN><A> } }"
            ]),
        Row(
            name: "13 schemes and ports",
            text: "tls://.:853, https://x:4453 quic://y grpc://z https3://w dns://V. {\n}",
            expected: [
                "tls://.:853 https://x.:4453 quic://y.:853 grpc://z.:443 https3://w.:443 dns://v.:53 {  }"
            ]),
    ]

    static let dialect: [Row] = [
        Row(
            name: "no braces", text: ".:1053\nerrors\nhealth {\n lameduck 5s\n}\nlog",
            expected: ["dns://.:1053 { <errors> ; <health> { <lameduck><5s> } ; <log> }"]),
        Row(
            name: "only keys", text: "example.org example.net",
            expected: ["dns://example.org.:53 dns://example.net.:53 {  }"]),
        Row(name: "brace on the next line", text: ".\n\n{\n  log\n}", expected: ["dns://.:53 { <log> }"]),
        Row(
            name: "first directive after the brace", text: ". { errors\n log\n}",
            expected: ["dns://.:53 { <errors> ; <log> }"]),
        Row(
            name: "first property after the brace", text: ". {\n log { class error\n }\n}",
            expected: ["dns://.:53 { <log> { <class><error> } }"]),
        Row(
            name: "block on one line", text: ". {\n log . { class error }\n errors\n}",
            expected: ["dns://.:53 { <log><.> { <class><error> } ; <errors> }"]),
        Row(
            name: "next block on the line of the brace", text: "a {\n log\n} b {\n}",
            expected: ["dns://a.:53 { <log> }", "dns://b.:53 {  }"]),
        Row(
            name: "keys over lines", text: "a,\nb, c d,\n\n e {\n}",
            expected: ["dns://a.:53 dns://b.:53 dns://c.:53 dns://d.:53 dns://e.:53 {  }"]),
        Row(
            name: "CRLF and byte order mark", text: "\u{FEFF}.:53 {\r\n  errors\r\n  log . a\r\n}\r\n",
            expected: ["dns://.:53 { <errors> ; <log><.><a> }"]),
        Row(
            name: "other white space", text: ".\u{A0}{\n\u{3000}errors\u{2003}a\u{0B}b\n}",
            expected: ["dns://.:53 { <errors><a><b> }"]),
        Row(
            name: "quotes over lines", text: ". {\n nsid \"a\nb\" c\n log\n}",
            expected: ["dns://.:53 { <nsid><a\nb><c> ; <log> }"]),
        Row(
            name: "quoted braces are words", text: ". {\n nsid \"{\" \"}\"\n log\n}",
            expected: ["dns://.:53 { <nsid><{><}> ; <log> }"]),
        Row(
            name: "backslash continues nothing", text: ". {\n errors \\\n log\n}",
            expected: ["dns://.:53 { <errors><\\> ; <log> }"]),
        Row(name: "backtick quotes nothing", text: ". {\n nsid `a b`\n}", expected: ["dns://.:53 { <nsid><`a><b`> }"]),
        Row(
            name: "hash inside a word hides the rest of the word", text: ". {\n nsid a#b c #d e\n log\n}",
            expected: ["dns://.:53 { <nsid><a><c> ; <log> }"]),
        Row(
            name: "nested blocks", text: ". {\n a {\n  b c {\n   d\n   e f\n  }\n  g\n }\n}",
            expected: ["dns://.:53 { <a> { <b><c> { <d>; <e><f> }; <g> } }"]),
        Row(
            name: "nested end on one line", text: ". {\n a {\n  b {\n   d } }\n}",
            expected: ["dns://.:53 { <a> { <b> { <d> } } }"]),
        Row(
            name: "CIDR key", text: "10.1.0.0/15:5353 a {\n}",
            expected: ["dns://0.10.in-addr.arpa.:5353 dns://1.10.in-addr.arpa.:5353 dns://a.:5353 {  }"].map {
                $0.replacing("a.:5353 {", with: "a.:53 {")
            }),
        Row(
            name: "IPv6 CIDR key", text: "2001:db8::/31 2001:db8::/32:54 {\n}",
            expected: [
                "dns://8.b.d.0.1.0.0.2.ip6.arpa.:53 dns://9.b.d.0.1.0.0.2.ip6.arpa.:53 dns://8.b.d.0.1.0.0.2.ip6.arpa.:54 {  }"
            ]),
        Row(
            name: "environment in keys, directives, quotes",
            text: "{$ZONE}:{%PORT%} {$NONE} {\n {$DIR} \"a {$ZONE}\" x{$NONE}y\n}",
            expected: ["dns://example.org.:54 { <log><a Example.ORG><xy> }"],
            environment: ["ZONE": "Example.ORG", "PORT": "54", "DIR": "log"]),
        Row(
            name: "environment values are no braces and no lines", text: ". {\n a {$X} {$Y}\n b\n}",
            expected: ["dns://.:53 { <a><{><b c\n}> ; <b> }"], environment: ["X": "{", "Y": "b c\n}"]),
        Row(
            name: "environment in values", text: ". {\n a {%X%} {$X}\n}", expected: ["dns://.:53 { <a><7><7> }"],
            environment: ["X": "{$Y}", "Y": "7"]),
        Row(
            name: "references without name or end", text: ". {\n a {$} {%%} {$X {%X\n}",
            expected: ["dns://.:53 { <a><{$}><{%%}><{$X><{%X> }"], environment: ["X": "7", "": "8"]),
        Row(name: "empty keys drop the block", text: "{$NONE} \"\" {\n log\n}\na {\n}", expected: ["dns://a.:53 {  }"]),
    ]

    @Test(arguments: traps + dialect)
    func outline(_ row: Row) throws {
        #expect(try parse(row.text, environment: row.environment).outline() == row.expected)
    }

    @Test func defaultPortOnlyReplacesPlainDNS() throws {
        let corefile = try Corefile.parse(
            text: ". a:53 tls://b {\n}", file: "Corefile", defaultPort: 1053, files: MemoryFiles())
        #expect(corefile.blocks.first?.keys.map(\.port) == [1053, 53, 853])
    }

    @Test func tokensKeepTheirPlaces() throws {
        let corefile = try parse(".:53 {\n\terrors\n  hosts \"a b\" {\n    10.0.0.1 é x\n  }\n}")
        let block = try #require(corefile.blocks.first)
        #expect("\(block.location)" == "/etc/coredns/Corefile:1:1")
        let hosts = try #require(block.directives(named: "hosts").first)
        #expect(
            block.directives.map { "\($0.name.location)" } == [
                "/etc/coredns/Corefile:2:2", "/etc/coredns/Corefile:3:3",
            ])
        #expect(
            hosts.tokens.map { "\($0.location.line):\($0.location.column) \($0)" } == [
                "3:9 a b", "3:15 {", "4:5 10.0.0.1", "4:14 é", "4:16 x", "5:3 }",
            ])
        #expect(hosts.arguments.map(\.wasQuoted) == [true])
        let key = try #require(block.keys.first)
        #expect(key.text == ".:53" && key.location == block.location)
    }

    @Test func zonesOfABlock() throws {
        let corefile = try parse("B a b:54 10.0.0.0/15 {\n}")
        #expect(corefile.blocks.first?.zones == ["b.", "a.", "0.10.in-addr.arpa.", "1.10.in-addr.arpa."])
    }

    @Test(arguments: [
        (
            ". {\n a x#y\n}",
            "2:5: '#' ends the word 'x' and hides only the rest of that word: put a blank before a comment, or quotes around a word with '#'"
        ),
        (
            "a,b {\n}",
            "1:1: ',' inside the key 'a,b' is read as part of the zone's name: put a blank after it to write two keys"
        ),
        ("\"\" {\n}", "1:1: server block without a zone is left out: its keys are empty"),
        (". {\n import *.conf\n}", "2:9: No files matching import glob pattern: *.conf"),
    ])
    func warnings(text: String, expected: String) throws {
        #expect(try parse(text).warnings.map(\.description) == ["/etc/coredns/Corefile:" + expected])
    }

    @Test func longFilesKeepTheirSize() throws {
        let lines = (0..<5000).map { "    10.0.\($0 / 256).\($0 % 256) host-\($0).example.org" }.joined(separator: "\n")
        let corefile = try parse(". {\n  hosts {\n\(lines)\n  }\n}")
        let properties = try corefile.blocks[0].directives[0].properties()
        #expect(properties.count == 5000)
        #expect(properties.last?.arguments.map(\.text) == ["host-4999.example.org"])
    }
}
