import DNSWire
import LinuxIO
import PluginKit
import Server
import ServerHarness
import Synchronization
import Testing

/// Look-ups of the server's own whose answers an upstream has: targets of aliases, and what plugins ask.
@Suite struct UpstreamLookupTests {
    /// What an upstream does that is asked over UDP and TCP.
    enum Manner: CaseIterable {
        /// Both.
        case both
        /// UDP only: connections end at once.
        case datagramsOnly
        /// Over UDP every answer is truncated.
        case truncates
        /// The same, and there is no TCP: what there is has to do.
        case truncatesOnly
    }

    private static func upstream(_ manner: Manner) throws -> TestUpstream {
        try TestUpstream { query in
            if query.isStream, manner == .datagramsOnly || manner == .truncatesOnly { return .close }
            if !query.isStream, manner == .truncates {
                return .answer(query.response(flags: Header.truncated))
            }
            let cut = manner == .truncatesOnly ? Header.truncated : 0
            switch (query.name, query.type) {
            case ("www.example.", .a):
                return .answer(query.response(["www.example. 40 IN A 192.0.2.7"], flags: cut))
            case ("old.example.", .a):
                return .answer(
                    query.response(["old.example. 40 IN CNAME x.cdn.example.", "x.cdn.example. 40 IN A 192.0.2.9"]))
            default: return .answer(query.response(authority: ["example. 60 IN SOA ns.example. a.example. 1 2 3 4 60"]))
            }
        }
    }

    private static func server(_ upstream: TestUpstream) throws -> RunningServer {
        let folder = try TemporaryFolder()
        let path = try folder.write("links.yaml", ClusterFiles.links(["a": "www.example"]))
        return try RunningServer(
            """
            cluster.local {
                bind 127.0.0.1
                kubernetes cluster.local {
                    snapshot \(path)
                }
            }
            t.test {
                bind 127.0.0.1
                template IN ANY t.test {
                    answer "{{ .Name }} 60 IN CNAME www.example."
                }
            }
            u.test {
                bind 127.0.0.1
                template IN A u.test {
                    answer "{{ .Name }} 60 IN CNAME www.example."
                    answer "two.u.test. 60 IN CNAME www.example."
                    answer "end.u.test. 60 IN A 192.0.2.1"
                    authority "u.test. 60 IN NS ns.u.test."
                    additional "ns.u.test. 60 IN A 192.0.2.2"
                }
            }
            r.test {
                bind 127.0.0.1
                rewrite continue ttl suffix r.test 77-77
                rewrite cname exact old.r.test. www.example.
                template IN A r.test {
                    answer "{{ .Name }} 60 IN CNAME old.r.test."
                }
            }
            s.test {
                bind 127.0.0.1
                rewrite continue name regex (.*)\\.s\\.test {1}.example answer auto
                rewrite cname suffix .cdn.example. .none.example.
                forward . \(upstream.address)
            }
            x.none.example {
                bind 127.0.0.1
                rewrite name x.none.example www.example
                forward . \(upstream.address)
            }
            . {
                bind 127.0.0.1
                forward . \(upstream.address)
            }
            """)
    }

    private static let rows: [(String, [String])] = [
        (
            "a.links.svc.cluster.local.",
            ["a.links.svc.cluster.local. 5 CNAME www.example.", "www.example. 40 A 192.0.2.7"]
        ),
        ("x.t.test.", ["www.example. 40 A 192.0.2.7", "x.t.test. 60 CNAME www.example."]),
        (
            "x.u.test.",
            [
                "end.u.test. 60 A 192.0.2.1", "two.u.test. 60 CNAME www.example.", "www.example. 40 A 192.0.2.7",
                "www.example. 40 A 192.0.2.7", "x.u.test. 60 CNAME www.example.",
            ]
        ),
        ("x.r.test.", ["www.example. 77 A 192.0.2.7", "x.r.test. 77 CNAME www.example."]),
    ]

    @Test(arguments: Manner.allCases) func aliasesForClientsOverUDP(manner: Manner) throws {
        let upstream = try Self.upstream(manner)
        let server = try Self.server(upstream)
        let client = try server.datagramClient()
        for (name, lines) in Self.rows {
            for _ in 0..<2 {
                let response = try client.ask(DNSQuestion(name))
                #expect(response.code == .noError, "\(name)")
                #expect(response.answerLines == lines, "\(name)")
                let isCut = response.flagNames.contains("TC")
                #expect(isCut == (manner == .truncatesOnly), "\(name)")
            }
        }
        let streams = upstream.queries.filter { $0.isStream }
        switch manner {
        case .both, .datagramsOnly: #expect(streams.isEmpty)
        case .truncates, .truncatesOnly: #expect(!streams.isEmpty)
        }
    }

    @Test func aliasesForClientsOverTCP() throws {
        let upstream = try Self.upstream(.both)
        let server = try Self.server(upstream)
        let client = try server.streamClient()
        for (name, lines) in Self.rows {
            let response = try client.ask(DNSQuestion(name))
            #expect(response.answerLines == lines, "\(name)")
        }
        let datagrams = upstream.queries.filter { !$0.isStream }
        #expect(datagrams.isEmpty)
    }

    @Test func whatStandsBehindTheAliasesComesAfterThem() throws {
        let upstream = try Self.upstream(.both)
        let server = try Self.server(upstream)
        let response = try server.datagramClient().ask(DNSQuestion("x.u.test."))
        #expect(
            response.answer.map { "\($0.owner) \($0.data)" } == [
                "x.u.test. www.example.", "www.example. 192.0.2.7", "two.u.test. www.example.",
                "www.example. 192.0.2.7", "end.u.test. 192.0.2.1",
            ])
        #expect(response.authority.count == 1)
        #expect(response.additional.filter { $0.type != .opt }.count == 1)
        // A query that moves to the event loop has matched once.
        let samples = server.configuration.process.metrics.all
            .first { $0.name == "coredns_template_matches_total" }?.collect()
        #expect(samples?.reduce(0) { $0 + $1.value } == 1)
    }

    @Test func anAliasFromUpstreamGetsAnotherTargetThatIsUpstream() throws {
        let upstream = try Self.upstream(.both)
        let server = try Self.server(upstream)
        for response in [
            try server.datagramClient().ask(DNSQuestion("old.s.test.")),
            try server.streamClient().ask(DNSQuestion("old.s.test.")),
        ] {
            #expect(response.code == .noError)
            #expect(
                response.answer.map { "\($0.owner) \($0.data)" } == [
                    "old.s.test. x.none.example.", "x.none.example. 192.0.2.7",
                ])
        }
    }

    @Test func aliasesThatNobodyAnswersAreLetGo() throws {
        let upstream = try TestUpstream { _ in .silence }
        let server = try Self.server(upstream)
        let client = try server.datagramClient()
        for (name, _) in Self.rows { try client.send(DNSQuestion(name).bytes) }
        #expect(holdsInTime { upstream.queries.count >= 1 })
        // The server stops while they wait: `deinit` must come to an end.
    }

    /// Where TCP is not refused but swallowed, what UDP has said is given out before clients have given up.
    @Test func aTruncatedAnswerIsNotHeldBackForLong() throws {
        let upstream = try TestUpstream { query in
            query.isStream
                ? .silence
                : .answer(query.response(["www.example. 40 IN A 192.0.2.7"], flags: Header.truncated))
        }
        let server = try RunningServer(
            """
            t.test {
                bind 127.0.0.1
                template IN ANY t.test {
                    answer "{{ .Name }} 60 IN CNAME www.example."
                }
            }
            . {
                bind 127.0.0.1
                forward . \(upstream.address) {
                    read_timeout 4s
                }
            }
            """)
        let began = Clock.system.monotonic()
        let response = try server.datagramClient().ask(DNSQuestion("x.t.test."))
        #expect(Clock.system.monotonic() - began < 3 * Clock.second)
        #expect(response.isTruncated)
        #expect(response.answer.count == 2)
    }

    @Test(arguments: [Manner.datagramsOnly, .truncates]) func loopProbesAreAskedAsClientsAsk(manner: Manner) throws {
        let upstream = try Self.upstream(manner)
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                loop
                forward . \(upstream.address)
            }
            """)
        #expect(holdsInTime { upstream.queries.contains { $0.type == .hinfo && !$0.isStream } })
        let streams = upstream.queries.filter { $0.isStream }
        #expect(streams.isEmpty || manner == .truncates)
        _ = server
    }

    /// A query that moves to the event loop comes down the chain twice.
    @Test func whatIsAllowedIsCountedOnce() throws {
        let upstream = try Self.upstream(.both)
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                prometheus 127.0.0.1:0
                acl {
                    block type TXT
                }
                forward . \(upstream.address)
            }
            """)
        for _ in 0..<3 {
            #expect(try server.datagramClient().ask(DNSQuestion("www.example.")).code == .noError)
        }
        #expect(try server.datagramClient().ask(DNSQuestion("www.example.", .txt)).code == .refused)
        let counts = ["allowed", "blocked"].map { what in
            server.configuration.process.metrics.all
                .first { $0.name == "coredns_acl_\(what)_requests_total" }?.collect().reduce(0) { $0 + $1.value }
        }
        #expect(counts == [3, 1])
    }

    /// The look-up of an alias is its client's to views, also where there is room for more than that takes.
    @Test func viewsSeeTheClientsTransport() throws {
        let server = try RunningServer(
            """
            a.test {
                bind 127.0.0.1
                template IN A a.test {
                    answer "{{ .Name }} 60 IN CNAME www.b.test."
                }
            }
            b.test {
                bind 127.0.0.1
                view datagrams {
                    expr proto() == 'udp' && bufsize() < 65535
                }
                template IN A b.test {
                    answer "{{ .Name }} 60 IN A 192.0.2.1"
                }
            }
            b.test {
                bind 127.0.0.1
                template IN A b.test {
                    answer "{{ .Name }} 60 IN A 192.0.2.2"
                }
            }
            """)
        let datagram = try server.datagramClient().ask(DNSQuestion("x.a.test."))
        #expect(datagram.answerLines == ["www.b.test. 60 A 192.0.2.1", "x.a.test. 60 CNAME www.b.test."])
        let stream = try server.streamClient().ask(DNSQuestion("x.a.test."))
        #expect(stream.answerLines == ["www.b.test. 60 A 192.0.2.2", "x.a.test. 60 CNAME www.b.test."])
    }
}
