import DNSWire
import LinuxIO
import ServerHarness
import Testing

/// `metadata` over real sockets: what plugins know of a query, and who may ask for it; and expressions of `template`.
@Suite struct MetadataTests {
    private static let cluster = """
        apiVersion: v1
        kind: List
        items:
        - {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
        - apiVersion: v1
          kind: Service
          metadata: {name: web, namespace: shop}
          spec: {type: ClusterIP, clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1], ports: [{port: 80, protocol: TCP, name: http}]}
        - apiVersion: v1
          kind: Pod
          metadata: {name: client-0, namespace: shop, labels: {app: till}}
          spec: {}
          status: {phase: Running, podIP: 127.0.0.1, podIPs: [{ip: 127.0.0.1}]}

        """

    private func server(_ text: String, pods: String = "verified") throws -> (RunningServer, TemporaryFolder) {
        let folder = try TemporaryFolder()
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                kubernetes cluster.local {
                    pods \(pods)
                    snapshot \(try folder.write("cluster.yaml", Self.cluster))
                }
                \(text)
            }
            """)
        return (server, folder)
    }

    private static let format =
        "log . \"<{/kubernetes/kind}|{/kubernetes/namespace}|{/kubernetes/service}|{/kubernetes/endpoint}|"
        + "{/kubernetes/port-name}|{/kubernetes/protocol}|{/kubernetes/parse-error}|{/kubernetes/client-namespace}|"
        + "{/kubernetes/client-pod-name}|{/kubernetes/client-label/app}|{/log/class}|{/log/type}|{/no/label}>\""

    @Test func logShowsWhatIsKnown() throws {
        let (server, folder) = try server("metadata\n" + Self.format)
        defer { withExtendedLifetime(folder) {} }
        let client = "shop|client-0|till"
        let rows: [(String, RecordType, String)] = [
            ("web.shop.svc.cluster.local.", .a, "<svc|shop|web||||-|\(client)|success|NOERROR|->"),
            ("_http._tcp.web.shop.svc.cluster.local.", .srv, "<svc|shop|web||http|tcp|-|\(client)|success|NOERROR|->"),
            ("nx.web.shop.svc.cluster.local.", .a, "<svc|shop|web|nx|||-|\(client)|denial|NXDOMAIN|->"),
            ("web.shop.svc.cluster.local.", .txt, "<svc|shop|web||||-|\(client)|denial|NODATA|->"),
            (
                "a.b.c.web.shop.svc.cluster.local.", .a,
                "<-|-|-|-|-|-|invalid query name|\(client)|denial|NXDOMAIN|->"
            ),
            ("www.example.", .a, "<-|-|-|-|-|-|-|\(client)|error|SERVERERROR|->"),
        ]
        let socket = try server.datagramClient()
        for (name, type, line) in rows {
            _ = try socket.ask(DNSQuestion(name, type))
            #expect(server.lines.all.last == "[INFO] " + line, "\(name)")
        }
    }

    @Test func withoutTheDirectiveNothingIsKnown() throws {
        for text in [Self.format, "metadata example.org\n" + Self.format] {
            let (server, folder) = try server(text)
            _ = try server.datagramClient().ask(DNSQuestion("web.shop.svc.cluster.local."))
            #expect(server.lines.all.last == "[INFO] <-|-|-|-|-|-|-|-|-|-|-|-|->")
            withExtendedLifetime(folder) {}
        }
    }

    /// `zone/wildcard` is there for what `file` makes of a wildcard, fresh and out of the cache, and for nothing else.
    @Test func wildcardsOfZones() throws {
        let folder = try TemporaryFolder()
        let zone = try folder.write(
            "corp.zone",
            """
            $ORIGIN corp.test.
            @ 60 IN SOA ns1 admin 1 7200 3600 1209600 300
            @ 60 IN NS ns1
            ns1 60 IN A 10.1.0.1
            *.w 60 IN A 10.1.0.99
            known.w 60 IN A 10.1.0.98
            *.Deep.w 60 IN TXT "deep"
            alias 60 IN CNAME x.w
            made.by.template.w 60 IN A 10.1.0.97

            """)
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                metadata
                log . "<{type} {name} {/zone/wildcard}>"
                cache
                template IN A t.w.corp.test {
                    answer "{{ .Name }} 60 IN A 192.0.2.1"
                }
                file \(zone) corp.test
            }
            """)
        let client = try server.datagramClient()
        let rows: [(String, RecordType, String)] = [
            ("a.w.corp.test.", .a, "*.w.corp.test."),
            ("A.b.W.corp.test.", .a, "*.w.corp.test."),
            // The wildcard exists without the type.
            ("a.w.corp.test.", .txt, "*.w.corp.test."),
            ("a.deep.w.corp.test.", .txt, "*.deep.w.corp.test."),
            ("alias.corp.test.", .a, "*.w.corp.test."),
            // A name that exists is made of no wildcard, nor is the wildcard itself.
            ("known.w.corp.test.", .a, "-"),
            ("*.w.corp.test.", .a, "-"),
            ("ns1.corp.test.", .a, "-"),
            ("nx.corp.test.", .a, "-"),
            ("t.w.corp.test.", .a, "-"),
            ("www.example.", .a, "-"),
        ]
        for (name, type, wildcard) in rows {
            for source in ["zone", "cache"] {
                _ = try client.ask(DNSQuestion(name, type))
                #expect(
                    server.lines.all.last == "[INFO] <\(type) \(name.lowercased()) \(wildcard)>",
                    "\(name) \(type), out of the \(source)")
            }
        }
        withExtendedLifetime(folder) {}
    }

    @Test func templatesAndViewsAndOptionsMayAsk() throws {
        let upstream = try TestUpstream { .answer($0.response(["a.example. 60 IN A 192.0.2.1"])) }
        let (server, folder) = try server(
            """
            metadata
            view pods {
                expr metadata('kubernetes/client-namespace') == 'shop'
            }
            log . "{/view/name} {/forward/upstream}"
            rewrite edns0 local set 0xffee {kubernetes/client-pod-name}
            rewrite edns0 local set 0xffef {kubernetes/nothing}
            template IN TXT example {
                answer "{{ .Name }} 60 IN TXT \\"{{ .Meta `kubernetes/client-pod-name` }}{{ .Meta `no/label` }}\\""
            }
            forward . \(upstream.address)
            """)
        defer { withExtendedLifetime(folder) {} }
        let client = try server.datagramClient()
        #expect(try client.ask(DNSQuestion("a.example.", .txt)).answerLines == ["a.example. 60 TXT \"client-0\""])
        _ = try client.ask(DNSQuestion("a.example.", .a))
        #expect(server.lines.all.last == "[INFO] pods \(upstream.address)")
        let asked = try #require(upstream.queries.first { $0.type == .a })
        let name = Array("client-0".utf8)
        #expect(asked.bytes.suffix(12) == [0xFF, 0xEE, 0, 8] + name)
    }

    @Test func templatesHaveVariablesAndConditions() throws {
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                template IN A example {
                    match ^node-(?P<number>[0-9]+)[.](.*)[.]example[.]$
                    var text group('number')
                    var odd text in ['1', '3', '5']
                    var where upper(group(2)) + '-' + group('none')
                    expr odd
                    expr proto() == 'udp'
                    answer "{{ .Name }} 60 IN A 192.0.2.{{ .Var.text }}"
                    additional "{{ .Name }} 60 IN TXT \\"{{ .Var.where }} {{ .Var.odd }}\\""
                    fallthrough
                }
                template IN A example {
                    answer "{{ .Name }} 60 IN A 198.51.100.1"
                }
                template IN A broken {
                    var whole size() % (size() - size())
                    answer "{{ .Name }} 60 IN A 198.51.100.1"
                    fallthrough
                }
            }
            """)
        let rows: [(String, [String], [String])] = [
            (
                "node-3.a.example.", ["node-3.a.example. 60 A 192.0.2.3"],
                ["node-3.a.example. 60 TXT \"A- true\""]
            ),
            ("node-4.a.example.", ["node-4.a.example. 60 A 198.51.100.1"], []),
            ("other.example.", ["other.example. 60 A 198.51.100.1"], []),
        ]
        let client = try server.datagramClient()
        for (name, answer, additional) in rows {
            let response = try client.ask(DNSQuestion(name))
            #expect(response.answerLines == answer)
            #expect(DNSResponse.lines(response.additional) == additional)
        }
        let stream = try server.streamClient().ask(DNSQuestion("node-3.a.example."))
        #expect(stream.answerLines == ["node-3.a.example. 60 A 198.51.100.1"])
        #expect(try client.ask(DNSQuestion("a.broken.")).code == .serverFailure)
    }
}
