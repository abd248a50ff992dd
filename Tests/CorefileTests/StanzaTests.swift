import Testing

@testable import Corefile

/// What plugins read a directive with.
@Suite struct StanzaTests {
    static func directive(_ text: String) throws -> Directive {
        try #require(try parse(". {\n\(text)\n}").blocks.first?.directives.first)
    }

    /// The message of what fails, with its line and column.
    static func failure(_ check: () throws(CorefileError) -> Void) -> String? {
        do throws(CorefileError) {
            try check()
            return nil
        } catch {
            return "\(error.location.line):\(error.location.column): \(error.message)"
        }
    }

    @Test(
        arguments: [
            ("a", 0...0, nil), ("a b", 0...0, "2:3: Unexpected argument 'b' of 'a', expected none"),
            ("a", 1...1, "2:1: 'a' has no argument, expected 1 argument"), ("a b", 1...1, nil),
            ("a b c {\n}", 1...1, "2:5: Unexpected argument 'c' of 'a', expected 1 argument"),
            ("a b", 2...3, "2:1: 'a' has 1 argument, expected 2 to 3 arguments"),
            ("a b c d e", 2...3, "2:9: Unexpected argument 'e' of 'a', expected 2 to 3 arguments"),
            ("a b c", 0...1, "2:5: Unexpected argument 'c' of 'a', expected at most 1 argument"),
        ] as [(String, ClosedRange<Int>, String?)])
    func argumentCounts(text: String, counts: ClosedRange<Int>, expected: String?) throws {
        let directive = try Self.directive(text)
        #expect(Self.failure { () throws(CorefileError) in try directive.expectArguments(counts) } == expected)
    }

    @Test func otherChecks() throws {
        let directive = try Self.directive("kubernetes {\n  tll 5\n  pods\n  a b c\n}")
        let properties = try directive.properties()
        #expect(
            Self.failure { () throws(CorefileError) in try directive.expectNoBlock() }
                == "2:1: 'kubernetes' has a block, expected none")
        #expect(Self.failure { () throws(CorefileError) in try properties[0].expectNoBlock() } == nil)
        #expect(
            Self.failure { () throws(CorefileError) in try properties[1].expectArguments(1...) }
                == "4:3: 'pods' has no argument, expected at least 1 argument")
        #expect(
            Self.failure { () throws(CorefileError) in _ = try properties[2].onlyArgument() }
                == "5:7: Unexpected argument 'c' of 'a', expected 1 argument")
        #expect(try properties[0].onlyArgument().text == "5")
        let unknown = Self.failure { () throws(CorefileError) in
            throw directive.unknownProperty(properties[0], known: ["pods", "ttl", "labels"])
        }
        #expect(
            unknown
                == "3:3: unknown property 'tll' of 'kubernetes', expected one of pods, ttl, labels (did you mean 'ttl'?)"
        )
        let none = Self.failure { () throws(CorefileError) in throw directive.unknownProperty(properties[0], known: [])
        }
        #expect(none == "3:3: unknown property 'tll' of 'kubernetes', expected none")
    }

    @Test func values() throws {
        let arguments = try Self.directive("a 5 3601 5s 5 10.0.0.0/15 a..b").arguments
        #expect(try arguments[0].integer(in: 0...3600) == 5)
        #expect(try arguments[2].duration() == 5_000_000_000)
        #expect(try arguments[4].zones() == ["0.10.in-addr.arpa.", "1.10.in-addr.arpa."])
        let failures = [
            Self.failure { () throws(CorefileError) in _ = try arguments[1].integer(in: 0...3600) },
            Self.failure { () throws(CorefileError) in _ = try arguments[2].integer(in: 1...Int.max) },
            Self.failure { () throws(CorefileError) in _ = try arguments[3].duration() },
            Self.failure { () throws(CorefileError) in _ = try arguments[5].zones() },
        ]
        #expect(
            failures == [
                "2:5: '3601' found, expected a whole number from 0 to 3600",
                "2:10: '5s' found, expected a whole number of at least 1",
                "2:13: '5' is not a duration: no unit after the number (ns, us, ms, s, m, h), expected a form such as 5s or 1h30m",
                "2:27: 'a..b' is not a zone: empty label, expected text before every dot",
            ])
    }

    @Test func handMadeTokensAreChecked() {
        func token(_ text: String) -> Token {
            Token(text: text, location: SourceLocation(file: "x", line: 1, column: 1))
        }
        let open = Directive(name: token("a"), tokens: [token("{"), token("b")])
        #expect(
            Self.failure { () throws(CorefileError) in _ = try open.properties() }
                == "1:1: Unexpected '{' because no matching closing brace")
        let deep = Directive(name: token("a"), tokens: (0..<10_000).flatMap { _ in [token("{"), token("b")] })
        #expect(
            Self.failure { () throws(CorefileError) in _ = try deep.properties() }
                == "1:1: blocks nested deeper than 16")
    }
}
