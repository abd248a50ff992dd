import DNSWire
import LinuxIO
import PluginKit
import Testing

@testable import Plugins

/// The expressions of `view`.
struct ExpressionTests {
    /// Whether a block with this expression takes `A www.Example.org.` from 192.0.2.7:4242.
    static func takes(_ expression: String, _ query: Query = Query(name: "www.Example.org.", udpSize: 1400)) throws
        -> Bool
    {
        var bench = PluginBench()
        bench.client = SocketAddress(ipv4: 0xC000_0207, port: 4242)
        let plugin = try bench.plugin(ViewPlugin.self, "view test {\n expr \(expression)\n}")
        var taken = false
        bench.inspect(query) { taken = plugin.takes($0) }
        return taken
    }

    @Test(arguments: [
        ("true", true), ("false", false), ("1", false), ("type() == 'A'", true), ("type() in ['A', 'AAAA']", true),
        ("type() not in ['A', 'AAAA']", false), ("not (type() in ['MX'])", true), ("type() in []", false),
        ("name() == 'www.example.org.'", true), ("name() matches '^www\\\\..*\\\\.org\\\\.$'", true),
        ("name() matches '^ww\\\\.'", false), ("name() matches '^' + 'www'", true), ("name() contains 'example'", true),
        ("name() startsWith 'www.' && name() endsWith '.org.'", true), ("class() == 'IN' and proto() == 'udp'", true),
        ("name() not contains 'example'", false), ("name() not matches 'x{2,}'", true),
        ("client_ip() == '192.0.2.7'", true), ("incidr(client_ip(), '192.0.2.0/24')", true),
        ("incidr(client_ip(), '192.0.3.0/24')", false), ("incidr(client_ip(), '2001:db8::/32')", false),
        ("incidr(client_ip(), 'nonsense')", false), ("not incidr(client_ip(), '192.0.3.0/24')", true),
        ("port() == '4242' && server_port() == '53' && server_ip() == '10.0.0.10'", true), ("id() == 29008", true),
        ("bufsize() > 1232", true), ("bufsize() <= 1232 || do()", false), ("opcode() == 0", true),
        ("size() == 44", true),
        ("size() in 1..100", true), ("metadata('view/name') == ''", true),
        ("(type() == 'A' && name() == 'example.com.') || client_ip() == '1.2.3.4'", false),
        ("type() == 'A' ? do() : true", false), ("type() == 'MX' ? do() : true", true), ("!do()", true),
        ("1 + 2 * 3 == 7", true), ("2 ** 3 ** 2 == 512", true), ("-2 + 2 == 0 && 7 % 4 == 3 && 1 / 2 == 0.5", true),
        ("len(name()) == 16 and upper(type()) == 'A' and lower('X') == 'x' and trim('  y ') == 'y'", true),
        ("['a', type()][1] == 'A'", true), ("['a'][-1] == 'a'", true), ("['a'][7] == 'a'", false),
        ("nil ?? 'x' == 'x'", true), ("`a\\b` == 'a\\\\b'", true), ("1_000 == 1000 && 1.5 > 1", true),
        ("1 % 0 == 0", false),
        ("'a' < 'b' && 'b' >= 'b' && !('b' > 'b') && 'a' <= 'b'", true), ("(1..3)[2] == 3", true),
    ])
    func values(_ expression: String, _ expected: Bool) throws {
        #expect(try Self.takes(expression) == expected)
    }

    @Test func allExpressionsCount() throws {
        #expect(try Self.takes("true\n expr type() == 'A'"))
        #expect(try !Self.takes("true\n expr type() == 'MX'"))
    }

    @Test(arguments: [
        ("", 2, "'expr' has no argument, expected at least 1 argument"),
        ("type(", 7, "plugin/view: character 6 of the expression: the end found, expected a value"),
        (
            "typo() == 'A'", 7,
            "plugin/view: character 1 of the expression: unknown name 'typo', expected one of bufsize, "
        ),
        ("type() == 1", 7, "plugin/view: character 8 of the expression: operator == is not for string and int"),
        ("type() && true", 7, "plugin/view: character 8 of the expression: operator && is not for string and bool"),
        ("type('A')", 7, "plugin/view: character 1 of the expression: type with 1 arguments found, expected 0"),
        (
            "incidr(client_ip(), 1)", 7,
            "plugin/view: character 21 of the expression: int found, expected string for incidr"
        ),
        ("name() matches '('", 7, "plugin/view: character 16 of the expression: '(' is not a regular expression: "),
        ("'abc", 7, "plugin/view: character 1 of the expression: a string begins here and does not end"),
        ("'a\\q'", 7, "plugin/view: character 3 of the expression: '\\q' found, expected \\\\, "),
        ("true true", 7, "plugin/view: character 6 of the expression: 'true' found, expected an operator or the end"),
        (
            "all([1], true)", 7,
            "plugin/view: character 1 of the expression: 'all' is known in CoreDNS's expressions, not"
        ),
        (
            "type() | upper()", 7,
            "plugin/view: character 8 of the expression: '|' is known in CoreDNS's expressions, not"
        ),
        ("type() @ 1", 7, "plugin/view: character 8 of the expression: '@' found, expected a value or an operator"),
        ("99999999999999999999 == 1", 7, "plugin/view: character 1 of the expression: '99999999999999999999' is not a"),
        ("1 ? 2 : 3", 7, "plugin/view: character 3 of the expression: a condition of type int found, expected bool"),
    ])
    func mistakes(_ expression: String, _ column: Int, _ message: String) {
        let found = PluginBench().failure(ViewPlugin.self, "view test {\n expr \(expression)\n}")
        #expect(found.hasPrefix("Corefile:3:\(column): \(message)"), "\(found)")
    }

    /// Whatever the text, reading it ends.
    @Test func depthIsBounded() {
        for text in [
            String(repeating: "(", count: 5000), String(repeating: "!", count: 5000),
            String(repeating: "-", count: 900),
        ] {
            #expect(throws: ExpressionFailure.self) { try Expression.parse(text) }
        }
    }

    @Test func garbageIsRefusedOrRead() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = FastRandom(seed: seed)
        let words = [
            "type()", "'a'", "1", "2.5", "(", ")", "[", "]", ",", "==", "in", "not", "&&", "?", ":", "..", "+", "-",
            "nil", "!", "matches",
        ]
        var read = 0
        for _ in 0..<5000 {
            let text = (0..<(1 + random.next() % 7)).map { _ in words[Int(random.next() % UInt64(words.count))] }
            if let expression = try? Expression.parse(text.joined(separator: " ")) {
                PluginBench().inspect(Query()) { _ = try? expression.value(ExpressionContext($0)) }
                read += 1
            }
        }
        #expect(read > 0, "seed \(seed)")
    }
}
