import Testing

@testable import Corefile

/// Every way to be wrong, with the exact place and words.
@Suite struct ErrorTests {
    /// What is said of a brace that closes nothing.
    static let alone = " because no matching opening brace; a server block's '}' stands on a line of its own"

    static let known: Set<String> = [
        "errors", "log", "health", "kubernetes", "forward", "cache", "hosts", "reload", "loop",
    ]

    static let rows: [(text: String, expected: String)] = [
        // Braces.
        (
            ".:53 {\n  errors\n",
            "Corefile:1:6: Unexpected '{' because no matching closing brace before the end of the file"
        ),
        (
            ".:53 {\n  health {\n    lameduck 5s\n",
            "Corefile:2:10: Unexpected '{' because no matching closing brace before the end of the file"
        ),
        (
            ".:53 {\n  health {\n    lameduck 5s\n}\n",
            "Corefile:1:6: Unexpected '{' because no matching closing brace before the end of the file"
        ),
        (".:53 {\n  errors\n}\n}\n", "Corefile:4:1: Unexpected '}'\(Self.alone)"),
        ("}", "Corefile:1:1: Unexpected '}'\(Self.alone)"),
        (".:53 {\n  errors }\n", "Corefile:2:10: Unexpected '}'\(Self.alone)"),
        (".\nerrors\n}\n", "Corefile:3:1: Unexpected '}'\(Self.alone)"),
        (". {\n health {\n } }\n}", "Corefile:3:4: Unexpected '}'\(Self.alone)"),
        (". {\n health {\n } log\n}", "Corefile:3:4: Unexpected token 'log' after '}', expected the end of the line"),
        (
            ". {\n health {\n  a {\n  } b\n }\n}",
            "Corefile:4:5: Unexpected token 'b' after '}', expected the end of the line"
        ),
        ("{\n errors\n}", "Corefile:1:1: Unexpected '{', expected a zone before it"),
        (". {\n {\n }\n}", "Corefile:2:2: Unexpected '{', expected a directive or '}'"),
        (
            ". {\n errors\n {\n }\n}",
            "Corefile:3:2: Unexpected '{' at the start of a line, expected it on the line of the word it belongs to"
        ),
        (
            ". {\n health {\n  {\n  }\n }\n}",
            "Corefile:3:3: Unexpected '{' at the start of a line, expected it on the line of the word it belongs to"
        ),
        (". {\n health { { a\n }\n }\n}", "Corefile:2:11: Unexpected '{', expected a property or '}'"),
        (". {\n health \(String(repeating: "{ a ", count: 17))", "Corefile:2:73: blocks nested deeper than 16"),
        (".:53{\n errors\n}", "Corefile:1:1: '{' at the end of the key '.:53{', expected a blank before it"),
        // Keys.
        ("a, {\n}", "Corefile:1:4: Unexpected '{' after ',', expected another key"),
        ("a,\n\n{\n}", "Corefile:3:1: Unexpected '{' after ',', expected another key"),
        ("a,\n", "Corefile:1:1: Unexpected end of file after ',', expected another key"),
        ("a , b {\n}", "Corefile:1:3: Unexpected ',', expected a key before it"),
        ("example.org: {\n}", "Corefile:1:1: 'example.org:' ends in ':', expected a port after it"),
        (
            "a example.org:dns {\n}",
            "Corefile:1:3: port 'dns' in 'example.org:dns' is not a number, expected 0 to 65535"
        ),
        (
            "example.org:65536 {\n}",
            "Corefile:1:1: port '65536' in 'example.org:65536' is out of range, expected 0 to 65535"
        ),
        (".:-1 {\n}", "Corefile:1:1: port '-1' in '.:-1' is not a number, expected 0 to 65535"),
        (":53 {\n}", "Corefile:1:1: empty zone found, expected a name such as . or example.org"),
        ("tls:// {\n}", "Corefile:1:1: empty zone found, expected a name such as . or example.org"),
        (
            "http://example.org {\n}",
            "Corefile:1:1: unknown scheme 'http' in 'http://example.org', expected one of dns, tls, quic, grpc, https, https3 (did you mean 'https'?)"
        ),
        (
            "unix://a {\n}",
            "Corefile:1:1: unknown scheme 'unix' in 'unix://a', expected one of dns, tls, quic, grpc, https, https3"
        ),
        ("a..b {\n}", "Corefile:1:1: 'a..b' is not a zone: empty label, expected text before every dot"),
        (".a {\n}", "Corefile:1:1: '.a' is not a zone: empty label, expected text before every dot"),
        ("a\\ {\n}", "Corefile:1:1: 'a\\' is not a zone: '\\' at the end, expected a character after it"),
        (
            "2001:db8::1 {\n}",
            "Corefile:1:1: '2001:db8::1' is not a zone, expected a name, or an address with its prefix length such as 2001:db8::/32"
        ),
        ("10.0.0.0/33 {\n}", "Corefile:1:1: invalid address block '10.0.0.0/33': prefix length '33', expected 0 to 32"),
        ("::/12 {\n}", "Corefile:1:1: invalid address block '::/12': an IPv6 block may not start with ':' or '0'"),
        // Words.
        (
            ". {\n forward . \"/etc/resolv.conf\n}\n",
            "Corefile:2:12: Unexpected '\"' because no matching closing quote before the end of the file"
        ),
        (
            ". {\n erors\n}",
            "Corefile:2:2: Unknown directive 'erors', expected the name of a plugin (did you mean 'errors'?)"
        ),
        (". {\n\n   frobnicate x\n}", "Corefile:3:4: Unknown directive 'frobnicate', expected the name of a plugin"),
        (
            ". {\n Errors\n}",
            "Corefile:2:2: Unknown directive 'Errors', expected the name of a plugin (did you mean 'errors'?)"
        ),
        (". {\n etcd x\n}", "Corefile:2:2: Directive 'etcd' is known in CoreDNS, not in apodns yet"),
        (
            ". {\n autopth x\n}",
            "Corefile:2:2: Unknown directive 'autopth', expected the name of a plugin (did you mean 'autopath'?)"
        ),
        (
            ". {\n {$LOOP}\n}",
            "Corefile:2:2: environment variable 'LOOP' expands without end, expected at most 1000 references and 65536 bytes"
        ),
        (
            ". {\n log {$TWICE}\n}",
            "Corefile:2:6: environment variable 'TWICE' expands without end, expected at most 1000 references and 65536 bytes"
        ),
        // Imports and snippets.
        ("import", "Corefile:1:1: Unexpected end of line after 'import', expected a snippet, a file or a pattern"),
        (
            ". {\n import\n errors\n}",
            "Corefile:2:2: Unexpected end of line after 'import', expected a snippet, a file or a pattern"
        ),
        (
            ". {\n import {\n }\n}",
            "Corefile:2:9: Unexpected '{' after 'import', expected a snippet, a file or a pattern"
        ),
        (". {\n import \"\"\n}", "Corefile:2:9: Import of an empty name, expected a snippet, a file or a pattern"),
        (
            ". {\n import a b\n}",
            "Corefile:2:11: Unexpected token 'b', expected the end of the line after the only argument of 'import'"
        ),
        (
            "(common) {\n errors\n}\n. {\n import comon\n}",
            "Corefile:5:9: File to import not found: 'comon', expected a snippet or a file of that name (did you mean 'common'?)"
        ),
        (
            "import /missing/file",
            "Corefile:1:8: File to import not found: '/missing/file', expected a snippet or a file of that name"
        ),
        (
            "import /missing/file\\",
            "Corefile:1:8: File to import not found: '/missing/file\\', expected a snippet or a file of that name"
        ),
        (
            "import /a/*/*.conf",
            "Corefile:1:8: glob pattern '/a/*/*.conf' has several wildcards, expected at most one '*' and one '?'"
        ),
        (
            "import [ab].conf",
            "Corefile:1:8: glob pattern '/etc/coredns/[ab].conf' has several wildcards, expected at most one '*' and one '?'"
        ),
        ("import a[.conf", "Corefile:1:8: glob pattern '/etc/coredns/a[.conf' has '[' without ']'"),
        ("import custom", "Corefile:1:8: Could not import /etc/coredns/custom: is a directory"),
        (
            "import custom/bad",
            "bad:2:3: Unknown directive 'oops', expected the name of a plugin"
        ),
        ("import self", "self:1:8: import cycle: 'self' is being imported already"),
        ("import ping", "pong:2:8: import cycle: 'ping' is being imported already"),
        (
            "(a) {\n errors\n}\n(a) {\n}",
            "Corefile:4:1: snippet 'a' is defined again, first at /etc/coredns/Corefile:1:1"
        ),
        ("(a) {\n import a\n}\n. {\n import a\n}", "Corefile:2:9: import cycle: 'a' is being imported already"),
        (
            "(a) {\n import b\n}\n(b) {\n import a\n}\n. {\n import a\n}",
            "Corefile:5:9: import cycle: 'a' is being imported already"
        ),
        ("(a) {\n errors", "Corefile:1:5: Unexpected '{' because no matching closing brace before the end of the file"),
        ("(a)", "Corefile:1:1: Unexpected end of the snippet 'a' after its name, expected '{'"),
        ("(a)\nerrors", "Corefile:1:1: Unexpected end of the snippet 'a' after its name, expected '{'"),
        ("(a {\n}", "Corefile:1:1: Unexpected key '(a', expected a zone or a snippet's name in parentheses"),
        ("(a) b {\n}", "Corefile:1:5: Unexpected key 'b' after the snippet name '(a)', expected '{'"),
        (
            ". {\n (a) {\n }\n}",
            "Corefile:2:2: Unexpected snippet '(a)' in a server block, expected it outside of all blocks"
        ),
    ]

    @Test(arguments: rows)
    func message(text: String, expected: String) {
        let found = failure(
            text, environment: ["LOOP": "{$LOOP}", "TWICE": "{$TWICE}{$TWICE}"],
            files: [
                "/etc/coredns/custom/bad": "a {\n  oops\n}", "/etc/coredns/self": "import self",
                "/etc/coredns/ping": "import pong", "/etc/coredns/pong": "# back\nimport ping",
            ], known: Self.known, elsewhere: ["etcd", "autopath"])
        #expect(found == expected)
    }

    @Test func longZones() {
        let label = String(repeating: "a", count: 63)
        let longest = [label, label, label, String(repeating: "b", count: 61)].joined(separator: ".")
        #expect(failure("\(longest) {\n}") == nil)
        #expect(failure("\(longest)b {\n}")?.hasSuffix("is not a zone: longer than 255 octets") == true)
        #expect(failure("\(label)a {\n}")?.hasSuffix("is not a zone: label of 64 octets, expected at most 63") == true)
    }

    @Test func importsAreLimited() {
        // Each snippet imports the one before it ten times: 10^5 imports of nothing.
        var text = "(s0) {\n}\n"
        for level in 1...5 {
            text += "(s\(level)) {\n" + String(repeating: "import s\(level - 1)\n", count: 10) + "}\n"
        }
        #expect(failure(text + ". {\n import s5\n}") == "Corefile:13:8: more than 10000 imports")
    }

    @Test func importedWordsAreLimited() {
        let words = String(repeating: "a ", count: 1000)
        let text = "(s) {\n\(words)\n}\n. {\n" + String(repeating: "import s\n", count: 1001) + "}"
        #expect(failure(text) == "Corefile:1005:8: imports give more than 1000000 words")
    }

    @Test func unreadableCorefile() {
        let error = #expect(throws: CorefileError.self) {
            try Corefile.load(path: "/nowhere/Corefile", files: MemoryFiles())
        }
        #expect(error?.description == "/nowhere/Corefile: Could not read the Corefile: no such file")
    }

    @Test func messagesStayOneLine() {
        let error = failure(". {\n \"a\nb\t\u{1}\(String(repeating: "x", count: 100))\"\n}", known: [])
        #expect(
            error
                == "Corefile:2:2: Unknown directive 'a\\nb\\t\\u{1}\(String(repeating: "x", count: 75))...', expected the name of a plugin"
        )
    }
}
