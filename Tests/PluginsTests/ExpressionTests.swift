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

    /// Functions of lists' elements, pipes, names and slices, as expr-lang's language definition has them.
    @Test(arguments: [
        ("any(['10.0.0.0/8', '192.0.2.0/24'], {incidr(client_ip(), #)})", true),
        ("any(['10.0.0.0/8', '192.0.3.0/24'], incidr(client_ip(), #))", false),
        ("none(['10.0.0.0/8'], incidr(client_ip(), #)) and all([], false) and not any([], true)", true),
        ("all(1..3, # > 0) && !all(1..3, # > 1) && one(1..3, # == 2) && !one(1..3, # > 1)", true),
        ("filter(1..5, # % 2 == 0) == [2, 4]", true), ("map(['a', 'b'], upper(#)) == ['A', 'B']", true),
        ("count(1..5, # > 2) == 3 && count([true, false]) == 1", true),
        ("find(1..5, # > 2) == 3 && findIndex(1..5, # > 2) == 2 && findLast(1..5, # < 4) == 3", true),
        ("findLastIndex(1..5, # < 4) == 2 && findIndex([], true) == -1 && find([1], # > 1) == nil", true),
        // The innermost list's element.
        ("any([[1, 2], [3]], {all(#, {# > 2})})", true),
        ("name() | split('.') | len() == 4", true), ("type() | lower() | hasPrefix('a')", true),
        ("1..9 | filter(# < 5) | map(# * 2) | sum() == 20", true),
        ("1 + 1 | string() == '2'", true), ("[true, true] | count() == 2", true),
        ("let labels = split(name(), '.'); labels[0] == 'www' && labels[1] startsWith 'ex'", true),
        ("let a = 1; let b = a + 1; a + b == 3", true),
        ("name()[0:3] == 'www' && name()[-4:] == 'org.' && name()[:0] == '' && (1..5)[1:3] == [2, 3]", true),
        ("(1..3)[2:1] == [] && (1..3)[-9:9] == [1, 2, 3] && (1..3)[:-1] == [1, 2]", true),
        ("trim('__a_', '_') == 'a' && trimPrefix('www.a', 'www.') == 'a' && trimSuffix('a.', '.') == 'a'", true),
        ("trimPrefix('a', 'b') == 'a' && hasSuffix(name(), '.org.') && not hasPrefix(name(), 'org')", true),
        ("indexOf('a.b.c', '.') == 1 && lastIndexOf('a.b.c', '.') == 3 && indexOf('a', 'x') == -1", true),
        ("lastIndexOf('aaa', 'aa') == 1 && indexOf('a', '') == 0 && lastIndexOf('ab', '') == 2", true),
        ("split('a.b.c', '.', 2) == ['a', 'b.c'] && splitAfter('a.b', '.') == ['a.', 'b']", true),
        ("split('', '.') == [''] && split('ab', '') == ['a', 'b'] && split('a', '.', 0) == []", true),
        ("replace('a.b.c', '.', '-') == 'a-b-c' && replace('a.b.c', '.', '-', 1) == 'a-b.c'", true),
        ("replace('ab', '', '-') == '-a-b-' && replace('ab', '', '-', 1) == '-ab'", true),
        ("repeat('ab', 2) == 'abab' && join(['a', 'b'], '.') == 'a.b' && join(['a', 'b']) == 'ab'", true),
        ("repeat('a', -1) == ''", false), ("repeat('ab', 9000000000000000000) == ''", false),
        ("int('42') == 42 && int(2.9) == 2 && float('1.5') == 1.5 && string(7) == '7' && string(true) == 'true'", true),
        ("string([1, 'a', nil, 2.5]) == '[1 a <nil> 2.5]'", true), ("int('x') == 0", false),
        ("int(port()) >= 1024 && int(server_port()) == 53", true),
        ("abs(-2) == 2 && ceil(1.2) == 2 && floor(1.8) == 1 && round(2.5) == 3 && abs(-1.5) == 1.5", true),
        ("max(1, 3, 2) == 3 && min([4, 2], 3) == 2 && sum([1, 2.5]) == 3.5 && sum([]) == 0", true),
        ("first([1, 2]) == 1 && last([1, 2]) == 2 && first([]) == nil && take(1..5, 2) == [1, 2]", true),
        ("get([1, 2], -1) == 2 && get([1], 5) == nil && reverse(1..3) == [3, 2, 1]", true),
        ("concat([1], [2, 3]) == [1, 2, 3] && flatten([1, [2, [3]]]) == [1, 2, 3] && uniq([1, 1, 2]) == [1, 2]", true),
        ("max('a') == 1", false), ("take([1], -1) == []", false), ("sum(['a']) == 0", false),
        ("any([1], # == 'a') || true", true), ("filter(1..3, #[0]) == []", false),
    ])
    func lists(_ expression: String, _ expected: Bool) throws {
        // In quotation marks: without them # begins a comment of the Corefile.
        #expect(try Self.takes("\"\(expression)\"") == expected)
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
            "plugin/view: character 1 of the expression: unknown name 'typo' (did you mean 'type'?), expected one of bufsize, "
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
            "sortBy([1], #)", 7,
            "plugin/view: character 1 of the expression: 'sortBy' is known in CoreDNS's expressions, not"
        ),
        (
            "type() | now()", 7,
            "plugin/view: character 10 of the expression: 'now' is known in CoreDNS's expressions, not"
        ),
        ("type() | 1", 7, "plugin/view: character 10 of the expression: 1 found, expected a function after '|'"),
        ("type().x", 7, "plugin/view: character 7 of the expression: '.' is known in CoreDNS's expressions, not"),
        ("\"# == 1\"", 7, "plugin/view: character 1 of the expression: '#' found, expected it within a function"),
        ("\"any([1], {# > 1)\"", 7, "plugin/view: character 16 of the expression: ')' found, expected '}'"),
        ("any([1])", 7, "plugin/view: character 8 of the expression: ')' found, expected ','"),
        ("any('a', true)", 7, "plugin/view: character 5 of the expression: string found, expected array for any"),
        ("any([1], 'a')", 7, "plugin/view: character 10 of the expression: string found, expected bool for any"),
        ("split('a')", 7, "plugin/view: character 1 of the expression: split with 1 arguments found, expected 2 to 3"),
        ("abs('a') == 1", 7, "plugin/view: character 5 of the expression: string found, expected float for abs"),
        ("max()", 7, "plugin/view: character 1 of the expression: max with 0 arguments found, expected 1"),
        ("let 1 = 2; true", 7, "plugin/view: character 5 of the expression: 1 found, expected a name after let"),
        ("let type = 2; true", 7, "plugin/view: character 5 of the expression: the name 'type' is taken"),
        ("let a = 1; let a = 2; true", 7, "plugin/view: character 16 of the expression: the name 'a' is taken"),
        ("let a == 1", 7, "plugin/view: character 7 of the expression: '==' found, expected '='"),
        ("let a = 1", 7, "plugin/view: character 10 of the expression: the end found, expected ';'"),
        ("name()['a']", 7, "plugin/view: character 8 of the expression: string found, expected int between"),
        ("1[0:1]", 7, "plugin/view: character 2 of the expression: [:] is not for int"),
        ("[1][]", 7, "plugin/view: character 5 of the expression: ']' found, expected a value"),
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
            "nil", "!", "matches", "any(", "filter(", "map(", "#", "{", "}", "|", "let", "x", "=", ";", "split(", "[1:",
            "take(", "repeat(",
        ]
        var read = 0
        for _ in 0..<10000 {
            let text = (0..<(1 + random.next() % 9)).map { _ in words[Int(random.next() % UInt64(words.count))] }
            if let expression = try? Expression.parse(text.joined(separator: " ")) {
                PluginBench().inspect(Query()) { _ = try? expression.value(ExpressionContext($0)) }
                read += 1
            }
        }
        #expect(read > 0, "seed \(seed)")
    }
}
