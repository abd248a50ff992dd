import DNSWire
import PluginKit
import Testing

@testable import Plugins

/// `template`: which queries it takes, what it answers, and what it says of a Corefile.
@Suite struct TemplateTests {
    private let bench = PluginBench()

    private static let addresses = #"""
        template IN A example {
            match (^|[.])ip-(?P<a>[0-9]*)-(?P<b>[0-9]*)-(?P<c>[0-9]*)-(?P<d>[0-9]*)[.]example[.]$
            match "^(?P<a>[0-9]*)[.](?P<b>[0-9]*)[.](?P<c>[0-9]*)[.](?P<d>[0-9]*)[.]ext[.]example[.]$"
            answer "{{ .Name }} 60 IN A {{ .Group.a }}.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}"
            fallthrough
        }
        template IN MX example {
            match ^ip-10-(?P<b>[0-9]*)-(?P<c>[0-9]*)-(?P<d>[0-9]*)[.]example[.]$
            answer "{{ .Name }} 60 IN MX 10 {{ .Name }}"
            additional "{{ .Name }} 60 IN A 10.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}"
            authority  "example. 60 IN NS ns0.example."
        }
        template ANY ANY invalid {
            rcode NXDOMAIN
            authority "invalid. 60 {{ .Class }} SOA ns.invalid. hostmaster.invalid. (1 60 60 60 60)"
            ederror 21 "Blocked according to RFC2606"
        }
        template ANY TXT broken {
            answer "{{ .Name }} {{ index .Match 4 }}"
        }
        template ANY A broken {
            answer "{{ .Name }} 60 IN A nonsense"
        }
        template IN AAAA broken {
            rcode SERVFAIL
            answer "{{ .Name }} 60 IN AAAA ::1"
        }
        template ANY HINFO . {
            answer "{{ .Zone }} HINFO \"{{ .Type }} {{ .Class }} {{ .Remote }} {{ .Question.Name }}\" \"{{ .Message.RecursionDesired }}{{ .Meta `a/b` }}\""
        }
        """#

    private struct Row {
        var query: Query
        var code = ResponseCode.noError
        var answer: [String] = []
        var authority: [String] = []
        var additional: [String] = []
    }

    @Test func answersFromItsTemplates() throws {
        let chain = bench.chain(
            [try bench.plugin(TemplatePlugin.self, Self.addresses)], StubAnswer(code: .refused))
        let soa = "invalid. 60 IN SOA ns.invalid. hostmaster.invalid. 1 60 60 60 60"
        let rows = [
            Row(query: Query(name: "ip-192-0-2-7.example."), answer: ["ip-192-0-2-7.example. 60 IN A 192.0.2.7"]),
            Row(query: Query(name: "IP-192-0-2-7.Example."), answer: ["ip-192-0-2-7.example. 60 IN A 192.0.2.7"]),
            Row(query: Query(name: "192.0.2.8.ext.example."), answer: ["192.0.2.8.ext.example. 60 IN A 192.0.2.8"]),
            // No pattern: `fallthrough` leads to the next, and there is none.
            Row(query: Query(name: "www.example."), code: .refused),
            Row(query: Query(name: "ip-192-0-2-7.example.", type: .aaaa), code: .refused),
            Row(query: Query(name: "ip-192-0-2-7.example.", recordClass: .chaos), code: .refused),
            Row(
                query: Query(name: "ip-10-0-0-7.example.", type: .mx),
                answer: ["ip-10-0-0-7.example. 60 IN MX 10 ip-10-0-0-7.example."],
                authority: ["example. 60 IN NS ns0.example."], additional: ["ip-10-0-0-7.example. 60 IN A 10.0.0.7"]),
            // No pattern and no `fallthrough`.
            Row(query: Query(name: "www.example.", type: .mx), code: .serverFailure),
            Row(query: Query(name: "a.invalid."), code: .nameError, authority: [soa]),
            Row(
                query: Query(name: "a.invalid.", type: .txt, recordClass: .chaos), code: .nameError,
                authority: ["invalid. 60 CH SOA ns.invalid. hostmaster.invalid. 1 60 60 60 60"]),
            Row(query: Query(name: "a.broken.", type: .txt), code: .serverFailure),
            Row(query: Query(name: "a.broken."), code: .serverFailure),
            Row(query: Query(name: "a.broken.", type: .aaaa), code: .serverFailure),
            Row(
                query: Query(name: "Other.Name.", type: .hinfo),
                answer: [". 3600 IN HINFO \"HINFO IN 127.0.0.1 Other.Name.\" \"true\""]),
        ]
        for row in rows {
            let outcome = bench.ask(chain, row.query)
            let title = "\(row.query.name) \(row.query.type)"
            #expect(outcome.code == row.code, "\(title)")
            #expect(outcome.records(1).map(Self.plain) == row.answer, "\(title)")
            #expect(outcome.records(2).map(Self.plain) == row.authority, "\(title)")
            #expect(outcome.records(3).map(Self.plain) == row.additional, "\(title)")
            let isOwn = row.code != .refused && row.code != .serverFailure
            #expect((outcome.flags & Header.authoritative != 0) == isOwn, "\(title)")
            #expect(outcome.isWhole, "\(title)")
        }
    }

    private static func plain(_ record: String) -> String {
        record.split(whereSeparator: { $0 == "\t" || $0 == " " }).joined(separator: " ")
    }

    @Test func anExtendedErrorStandsInTheOptRecordOfTheResponse() throws {
        let chain = bench.chain([try bench.plugin(TemplatePlugin.self, Self.addresses)])
        let option: [UInt8] = [0, 15, 0, 30, 0, 21] + Array("Blocked according to RFC2606".utf8)
        let outcome = bench.ask(chain, Query(name: "a.invalid.", udpSize: 1232))
        #expect(outcome.isWhole)
        #expect(outcome.message.suffix(option.count) == option[...])
        // RFC 6891, section 6.1.1: no OPT record for who sent none.
        let plain = bench.ask(chain, Query(name: "a.invalid."))
        #expect(plain.isWhole)
        #expect(plain.message[11] == 0)
        // The next response has none of it.
        let next = bench.ask(chain, Query(name: "ip-1-2-3-4.example.", udpSize: 1232))
        #expect(next.isWhole)
        #expect(next.message.suffix(11) == [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0])
    }

    @Test func whatDoesNotFitIsCut() throws {
        let lines = (0..<80).map { "answer \"{{ .Name }} 60 IN A 192.0.2.\($0)\"\n" }.joined()
        let text = "template IN A . {\n\(lines)additional \"x. 1 IN A 192.0.2.1\"\n}"
        let chain = bench.chain([try bench.plugin(TemplatePlugin.self, text)])
        let outcome = bench.ask(chain, Query(name: "example.org."))
        #expect(outcome.message.count <= 512)
        #expect(outcome.flags & Header.truncated != 0)
        #expect(outcome.records(1).count == 30)
        #expect(outcome.isWhole)
    }

    @Test func countsUnderTheNamesOfCoreDNS() throws {
        let chain = bench.chain([try bench.plugin(TemplatePlugin.self, Self.addresses)], StubAnswer(code: .refused))
        for name in ["ip-1-2-3-4.example.", "ip-1-2-3-5.example.", "www.example.", "a.invalid.", "x.broken."] {
            _ = bench.ask(chain, Query(name: name))
        }
        _ = bench.ask(chain, Query(name: "x.broken.", type: .txt))
        let families = bench.process.metrics.all.filter { $0.name.hasPrefix("coredns_template_") }
        let lines = families.flatMap { family in
            family.collect().map { sample in
                let labels = sample.labels.map { "\($0.0)=\($0.1)" }.joined(separator: ",")
                return "\(family.name.dropFirst(17)){\(labels)} \(Int(sample.value))"
            }
        }
        let failed = "server=dns://:53,zone=broken.,view=,class=IN"
        #expect(
            Set(lines) == [
                "matches_total{server=dns://:53,zone=example.,view=,class=IN,type=A} 2",
                "matches_total{server=dns://:53,zone=invalid.,view=,class=IN,type=A} 1",
                "matches_total{\(failed),type=A} 1", "matches_total{\(failed),type=TXT} 1",
                "rr_failures_total{\(failed),type=A,section=answer,template={{ .Name }} 60 IN A nonsense} 1",
                "template_failures_total{\(failed),type=TXT,section=answer,template={{ .Name }} {{ index .Match 4 }}} 1",
            ])
    }

    @Test func saysWhereTheCorefileIsWrong() {
        let rows: [(String, String)] = [
            ("template", "Corefile:2:1: 'template' has no argument, expected at least 2 arguments"),
            ("template IN", "Corefile:2:1: 'template' has 1 argument, expected at least 2 arguments"),
            (
                "template XX A",
                "Corefile:2:10: plugin/template: invalid query class XX, expected IN, CH, HS, ANY or another"
            ),
            (
                "template IN NOTYPE",
                "Corefile:2:13: plugin/template: invalid RR class NOTYPE, expected a type such as A, AAAA, PTR or ANY"
            ),
            (
                "template IN A {\n  match ^a(b\n}",
                "Corefile:3:13: plugin/template: could not parse regex: ^a(b, missing closing parenthesis at offset 4"
            ),
            ("template IN A {\n  match\n}", "Corefile:3:3: 'match' has no argument, expected at least 1 argument"),
            (
                "template IN A {\n  answer \"{{ .Name }} {{ .Nome }}\"\n}",
                "Corefile:3:26: plugin/template: could not compile template: there is no .Nome, expected .Class, .Group, "
                    + ".Match, .Message, .Meta, .Name, .Question, .Regex, .Remote, .Type, .Var, .Zone"
            ),
            (
                "template IN A {\n  authority \"\n{{ .Name\"\n}",
                "Corefile:4:1: plugin/template: could not compile template: unclosed action"
            ),
            (
                "template IN A {\n  rcode NOPE\n}",
                "Corefile:3:9: plugin/template: unknown rcode NOPE, expected one such as NOERROR, NXDOMAIN or REFUSED"
            ),
            (
                "template IN A {\n  ederror x\n}",
                "Corefile:3:11: plugin/template: error parsing extended DNS error code x, expected a number from 0 to "
                    + "65535 (RFC 8914)"
            ),
            (
                "template IN A {\n  expr nmae() == 'a'\n}",
                "Corefile:3:8: plugin/template: could not compile expression: character 1: unknown name 'nmae' (did you "
                    + "mean 'name'?), expected one of bufsize, class, client_ip, do, group, id, incidr, metadata, name, "
                    + "opcode, port, proto, server_ip, server_port, size, type, or a function of expr-lang"
            ),
            (
                "template IN A {\n  expr later == 1\n  var later 1\n}",
                "Corefile:3:8: plugin/template: could not compile expression: character 1: unknown name 'later', expected "
                    + "one of bufsize, class, client_ip, do, group, id, incidr, metadata, name, opcode, port, proto, "
                    + "server_ip, server_port, size, type, or a function of expr-lang"
            ),
            (
                "template IN A {\n  expr group(true) == ''\n}",
                "Corefile:3:8: plugin/template: could not compile expression: character 7: bool found, expected string or "
                    + "int for group"
            ),
            (
                "template IN A {\n  var 1a 1\n}",
                "Corefile:3:7: plugin/template: invalid variable name \"1a\", expected letters, digits and underscores"
            ),
            (
                "template IN A {\n  var len 1\n}",
                "Corefile:3:7: plugin/template: variable name \"len\" is reserved, expected one that is no function and no "
                    + "word of the language"
            ),
            ("template IN A {\n  var a\n}", "Corefile:3:3: 'var' has 1 argument, expected at least 2 arguments"),
            ("template IN A {\n  expr\n}", "Corefile:3:3: 'expr' has no argument, expected at least 1 argument"),
            ("template IN A {\n  var a 1 + 2\n  var b a * 2.5\n  expr b > a\n}", ""),
            (
                "template IN A {\n  anwser x\n}",
                "Corefile:3:3: unknown property 'anwser' of 'template', expected one of match, answer, additional, "
                    + "authority, var, expr, ederror, rcode, fallthrough, upstream (did you mean 'answer'?)"
            ),
            ("template IN A {\n  upstream /etc/resolv.conf\n  fallthrough a.b 10.0.0.0/8\n}", ""),
        ]
        for (text, message) in rows { #expect(bench.failure(TemplatePlugin.self, text) == message, "\(text)") }
        let long = String(repeating: "a", count: 10_001)
        #expect(
            bench.failure(TemplatePlugin.self, "template IN A {\n  match \(long)\n}")
                == "Corefile:3:9: plugin/template: regex pattern too long: 10001 > 10000")
    }
}
