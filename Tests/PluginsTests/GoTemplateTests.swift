import Testing

@testable import Plugins

/// The template language: what it makes of data, and what it says of a text that is no template.
@Suite struct GoTemplateTests {
    private struct Data: GoData {
        func value(of path: [String]) -> GoValue {
            switch path.joined(separator: ".") {
            case "Name": .string("a.example.")
            case "Empty": .string("")
            case "Match": .strings(["a.b", "a", "b"])
            case "Group": .map(["x": "7f", "y": "z"])
            case "Group.x": .string("7f")
            case "Group.10": .string("ten")
            case "Question": .string(";a.example.")
            case "Question.Qtype": .unsigned(28)
            default: .missing
            }
        }
        func call(_ method: String, _ argument: String) -> GoValue { .string("<\(argument)>") }

        static let fields = GoFields(kinds: [
            "Name": .plain, "Empty": .plain, "Match": .plain, "Group": .map, "Question": .structure(["Qtype"]),
            "Meta": .method,
        ])
    }

    @Test func makesTextOfData() throws {
        let rows: [(String, String)] = [
            ("", ""), ("plain { } text", "plain { } text"),
            ("{{ .Name }} 60 IN A 192.0.2.1", "a.example. 60 IN A 192.0.2.1"),
            ("{{.Name}}{{$.Name}}", "a.example.a.example."),
            ("{{ index .Match 1 }}-{{ index .Match 2 }}", "a-b"),
            ("{{ .Match }} {{ .Group }}", "[a.b a b] map[x:7f y:z]"),
            ("{{ .Group.x }} {{ .Group.10 }} {{ .Group.none }}", "7f ten <no value>"),
            ("{{ index .Group \"x\" }}{{ index .Group `none` }}", "7f"),
            ("{{ parseInt .Group.x 16 8 }}", "127"), ("{{ .Group.x | printf \"%s!\" }}", "7f!"),
            ("{{ parseInt \"0x1f\" 0 64 }}", "31"), ("{{ parseInt \"0755\" 0 0 }}", "493"),
            ("{{ .Question }} {{ .Question.Qtype }}", ";a.example. 28"),
            ("{{ .Meta \"kubernetes/namespace\" }}", "<kubernetes/namespace>"),
            ("{{ \"x\" | .Meta }}", "<x>"),
            ("{{ (index .Match 0) }}", "a.b"), ("{{ len .Match }}{{ len \"abc\" }}", "33"),
            ("{{ printf \"%03d|%-4s|%4s|%x|%X|%%|%v\" 7 \"a\" \"b\" 255 255 true }}", "007|a   |   b|ff|FF|%|true"),
            ("{{ print \"a\" 1 2 \"b\" }}", "a1 2b"), ("{{ println \"a\" 1 }}", "a 1\n"),
            ("{{ slice \"abcdef\" 1 3 }}{{ slice \"abc\" 1 }}", "bcbc"),
            ("{{ if eq .Name \"b.example.\" \"a.example.\" }}yes{{ else }}no{{ end }}", "yes"),
            ("{{ if .Empty }}a{{ else if ne .Name \"x\" }}b{{ else }}c{{ end }}", "b"),
            ("{{ if and .Name (not .Empty) }}a{{ end }}{{ or .Empty \"b\" }}", "ab"),
            (
                "{{ if lt 1 2 }}a{{ end }}{{ if ge .Question.Qtype 28 }}b{{ end }}{{ if gt -1 .Question.Qtype }}c{{ end }}",
                "ab"
            ),
            ("a {{- .Name -}} b", "aa.example.b"), ("a {{/* no */}} b", "a  b"), ("a {{- /* no */ -}} b", "ab"),
            ("{{ true }}{{ 0x10 }}{{ -3 }}", "true16-3"), ("{{ \"a\\\"\\n\\t\\\\\" }}", "a\"\n\t\\"),
        ]
        for (source, expected) in rows {
            let template = try GoTemplate(source, fields: Data.fields)
            #expect(try template.run(Data()) == expected, "\(source)")
        }
    }

    @Test func saysWhereATextIsNoTemplate() {
        let rows: [(String, String, Int)] = [
            ("{{ .Nmae }}", "there is no .Nmae, expected .Empty, .Group, .Match, .Meta, .Name, .Question", 3),
            ("ab {{ .Name", "unclosed action", 3), ("{{ .Name } }}", "can't give argument to non-function", 3),
            ("{{ .Question.Type }}", "there is no .Question.Type, expected .Question.Qtype", 3),
            ("{{ .Name.x }}", "there is no .Name.x", 3), ("{{ nothing .Name }}", "function \"nothing\" not defined", 3),
            ("{{ parseInt .Name }}", "wrong number of arguments for parseInt: 1", 3),
            ("{{ .Name 1 }}", "can't give argument to non-function", 3),
            ("{{ .Name | .Empty }}", "non executable command in pipeline", 11),
            ("{{ .Meta }}", "wrong number of arguments for .Meta: 0, expected 1", 3),
            ("{{ if .Name }}x", "unexpected end of the template, expected {{end}} for {{if}}", 3),
            ("x{{ end }}", "unexpected {{end}}", 4),
            ("{{ if .Name }}{{ else }}{{ else }}{{ end }}", "unexpected {{else}}", 27),
            ("{{ range .Match }}{{ end }}", "{{range}} is known in Go, not in apodns", 3),
            ("{{ $x := 1 }}", "variables such as $x are known in Go, not in apodns", 3),
            ("{{ \"abc }}", "unterminated quoted string", 3), ("{{ `abc }}", "unterminated raw quoted string", 3),
            ("{{ 12x }}", "bad number syntax: \"12x\"", 3),
            ("{{ }}", "unexpected }}, expected a field, a function or a value", 3),
            ("{{/* x }}", "unclosed comment", 0), ("{{ (.Name }}", "unclosed left paren", 3),
            ("{{ \"a\\q\" }}", "invalid escape, expected \\\\, \\\", \\n or \\t", 6),
            (
                String(repeating: "{{ if true }}", count: 40), "nested deeper than 32", 32 * 13 + 6
            ),
        ]
        for (source, message, offset) in rows {
            do throws(GoTemplate.Failure) {
                _ = try GoTemplate(source, fields: Data.fields)
                Issue.record("no failure: \(source)")
            } catch {
                #expect(error == GoTemplate.Failure(message: message, offset: offset), "\(source)")
            }
        }
    }

    @Test func failsWhereTheDataDoNotFit() throws {
        let rows: [(String, String)] = [
            ("{{ index .Match 3 }}", "error calling index: index out of range: 3"),
            ("{{ index .Match -1 }}", "error calling index: index out of range: -1"),
            ("{{ index .Match \"x\" }}", "error calling index: can't index []string with string"),
            ("{{ parseInt \"x\" 10 8 }}", "error calling parseInt: strconv.ParseUint: parsing \"x\": invalid syntax"),
            (
                "{{ parseInt \"256\" 10 8 }}",
                "error calling parseInt: strconv.ParseUint: parsing \"256\": value out of range"
            ),
            ("{{ parseInt \"+1\" 10 8 }}", "error calling parseInt: strconv.ParseUint: parsing \"+1\": invalid syntax"),
            ("{{ parseInt \"1\" 99 8 }}", "error calling parseInt: strconv.ParseUint: parsing \"1\": invalid base 99"),
            (
                "{{ parseInt \"1\" 10 65 }}",
                "error calling parseInt: strconv.ParseUint: parsing \"1\": invalid bit size 65"
            ),
            ("{{ printf \"%d\" \"x\" }}", "error calling printf: %!d(string=x)"),
            ("{{ printf \"%s\" }}", "error calling printf: %!s(MISSING)"),
            ("{{ eq 1 \"x\" }}", "error calling eq: incompatible types for comparison"),
            ("{{ slice \"abc\" 2 9 }}", "error calling slice: index out of range: 9"),
            ("{{ len 1 }}", "error calling len: len of type int"),
        ]
        for (source, message) in rows {
            let template = try GoTemplate(source, fields: Data.fields)
            #expect(throws: GoRunFailure(message: message), "\(source)") { try template.run(Data()) }
        }
    }
}
