import DNSWire
import LinuxIO
import ServerHarness
import Testing

/// `rewrite` over real sockets: with the cluster's answers behind it, and with aliases that are looked up anew.
@Suite struct RewriteServerTests {
    @Test func aServiceAnswersUnderAnotherName() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("web.yaml", ClusterFiles.web("10.0.0.2"))
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                log
                prometheus 127.0.0.1:0
                rewrite name web.example.com web.shop.svc.cluster.local
                rewrite name suffix .apps.example.com .svc.cluster.local answer auto
                kubernetes cluster.local {
                    ttl 30
                    snapshot \(path)
                }
            }
            """)
        let rows: [(String, [String])] = [
            ("web.example.com.", ["web.example.com. 30 A 10.0.0.2"]),
            ("web.shop.apps.example.com.", ["web.shop.apps.example.com. 30 A 10.0.0.2"]),
            ("web.shop.svc.cluster.local.", ["web.shop.svc.cluster.local. 30 A 10.0.0.2"]),
        ]
        for (name, lines) in rows {
            for response in [
                try server.datagramClient().ask(DNSQuestion(name)), try server.streamClient().ask(DNSQuestion(name)),
            ] {
                #expect(response.code == .noError, "\(name)")
                #expect(response.answerLines == lines, "\(name)")
            }
        }
        let missing = try server.datagramClient().ask(DNSQuestion("nx.shop.apps.example.com."))
        #expect(missing.code == .nameError)
        #expect(missing.authority.first.map { "\($0.owner)" } == "cluster.local.")
    }

    @Test func anAliasWithAnotherTargetIsLookedUp() throws {
        let server = try RunningServer(
            #"""
            app.test {
                bind 127.0.0.1
                rewrite cname regex (.*)\.cdn\.test\. {1}.other.test.
                template IN ANY app.test {
                    answer "{{ .Name }} 200 IN CNAME app.example."
                    answer "app.example. 200 IN CNAME app.cdn.test."
                    answer "app.cdn.test. 300 IN A 192.0.2.1"
                }
            }
            other.test {
                bind 127.0.0.1
                template IN A other.test {
                    answer "{{ .Name }} 100 IN A 192.0.2.3"
                }
            }
            """#)
        for response in [
            try server.datagramClient().ask(DNSQuestion("my.app.test.")),
            try server.streamClient().ask(DNSQuestion("my.app.test.")),
        ] {
            #expect(response.code == .noError)
            #expect(
                response.answer.map { "\($0.owner) \($0.ttl) \($0.data)" } == [
                    "my.app.test. 200 app.example.", "app.example. 200 app.other.test.",
                    "app.other.test. 100 192.0.2.3",
                ])
        }
    }

    @Test func anAliasWithinARewrittenAnswerPassesTheRulesAgain() throws {
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                rewrite name a.test b.test
                rewrite name c.test d.test
                template IN A b.test {
                    answer "{{ .Name }} 60 IN CNAME c.test."
                }
                template IN A d.test {
                    answer "{{ .Name }} 60 IN A 192.0.2.4"
                }
            }
            """)
        let response = try server.datagramClient().ask(DNSQuestion("a.test."))
        #expect(response.answerLines == ["a.test. 60 CNAME c.test.", "c.test. 60 A 192.0.2.4"])
    }
}
