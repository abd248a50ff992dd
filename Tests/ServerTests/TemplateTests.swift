import DNSWire
import ServerHarness
import Testing

/// `template` over real sockets: an alias that another block's template answers, and a distribution's rules.
@Suite struct TemplateServerTests {
    @Test func anAliasIsFollowedThroughTheServer() throws {
        let server = try RunningServer(
            """
            a.test {
                bind 127.0.0.1
                template IN ANY a.test {
                    answer "{{ .Name }} 60 IN CNAME www.b.test"
                }
            }
            c.test {
                bind 127.0.0.1
                template IN A {
                    answer "{{ .Name }} 60 IN CNAME www.b.test."
                    authority "c.test. 60 IN NS ns.c.test."
                    additional "ns.c.test. 60 IN A 192.0.2.2"
                }
            }
            b.test {
                bind 127.0.0.1
                template IN A b.test {
                    answer "{{ .Name }} 30 IN A 192.0.2.1"
                }
            }
            """)
        for response in [
            try server.datagramClient().ask(DNSQuestion("x.a.test.")),
            try server.streamClient().ask(DNSQuestion("x.a.test.")),
        ] {
            #expect(response.code == .noError)
            #expect(response.answerLines == ["www.b.test. 30 A 192.0.2.1", "x.a.test. 60 CNAME www.b.test."])
        }
        let alias = try server.datagramClient().ask(DNSQuestion("x.a.test.", .cname))
        #expect(alias.answerLines == ["x.a.test. 60 CNAME www.b.test."])
        let whole = try server.datagramClient().ask(DNSQuestion("x.c.test."))
        #expect(whole.answerLines == ["www.b.test. 30 A 192.0.2.1", "x.c.test. 60 CNAME www.b.test."])
        #expect(whole.authority.count == 1)
        #expect(whole.additional.filter { $0.type != .opt }.count == 1)
    }

    @Test func theRulesOfADistributionAreFollowed() throws {
        let server = try RunningServer(
            #"""
            . {
                bind 127.0.0.1
                template ANY ANY internal.cloudapp.net {
                    match "^(?:[^.]+\.){4,}internal\.cloudapp\.net\.$"
                    rcode NXDOMAIN
                    fallthrough
                }
                template ANY ANY reddog.microsoft.com {
                    rcode NXDOMAIN
                }
                whoami
            }
            """#)
        let rows: [(String, ResponseCode)] = [
            ("a.b.c.d.internal.cloudapp.net.", .nameError), ("a.b.internal.cloudapp.net.", .noError),
            ("x.reddog.microsoft.com.", .nameError), ("www.example.", .noError),
        ]
        for (name, code) in rows {
            let response = try server.datagramClient().ask(DNSQuestion(name))
            #expect(response.code == code, "\(name)")
            #expect(response.flagNames == ["AA", "QR", "RD"], "\(name)")
            #expect(response.answerLines.isEmpty, "\(name)")
        }
    }
}
