import DNSWire
import LinuxIO
import PluginKit
import Server
import ServerHarness
import Testing

/// Queries that go from a worker to the event loop, and wait there.
@Suite struct WaitingTests {
    private static func metric(_ server: RunningServer, _ name: String) -> Double {
        server.configuration.process.metrics.all.first { $0.name == name }?.collect().reduce(0) { $0 + $1.value } ?? 0
    }

    /// A view that goes by the client's address takes a query on the event loop too, and the look-up of an alias.
    @Test func viewsGoByTheClientThere() throws {
        let inside = try ForwardTests.answering("192.0.2.1")
        let outside = try ForwardTests.answering("192.0.2.2")
        let folder = try TemporaryFolder()
        try folder.write(
            "corp.zone", "$TTL 600\n@ IN SOA ns1 hostmaster 7 7200 3600 1209600 120\nout IN CNAME www.example.\n")
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                view inside {
                    expr incidr(client_ip(), '127.0.0.0/8') && server_port() != '0'
                }
                prometheus 127.0.0.1:0
                cache
                forward . \(inside.address)
            }
            . {
                bind 127.0.0.1
                forward . \(outside.address)
            }
            corp.test {
                bind 127.0.0.1
                file corp.zone
            }
            """, directory: folder.path)
        let (datagram, stream) = (try server.datagramClient(), try server.streamClient())
        for ask in [datagram.ask, stream.ask] as [(DNSQuestion) throws -> DNSResponse] {
            #expect(try ask(DNSQuestion("www.example.")).answerLines == ["www.example. 300 A 192.0.2.1"])
            let alias = try ask(DNSQuestion("out.corp.test."))
            #expect(alias.answerLines.last == "www.example. 300 A 192.0.2.1")
        }
        #expect(outside.queries.isEmpty)
        // CoreDNS: the cache's numbers have the view's name.
        let hits = server.configuration.process.metrics.all.first { $0.name == "coredns_cache_hits_total" }?.collect()
        #expect(hits?.first?.labels.contains { $0 == ("view", "inside") } == true)
    }

    /// What the look-up of an alias comes to is the same whether it waits or not.
    @Test func aliasesThatLeadOutHaveTheTargetsCode() throws {
        let upstream = try TestUpstream { query in
            let soa = ["example. 300 IN SOA a. b. 1 2 3 4 5"]
            switch query.name {
            case "none.example.": return .answer(query.response(authority: soa, code: .nameError))
            case "empty.example.": return .answer(query.response(authority: soa))
            case "broken.example.": return .answer(query.response(code: .serverFailure))
            default: return .answer(query.response(["\(query.name) 300 IN A 192.0.2.80"]))
            }
        }
        let folder = try TemporaryFolder()
        try folder.write(
            "corp.zone",
            """
            $TTL 600
            @ IN SOA ns1 hostmaster 7 7200 3600 1209600 120
            @ IN NS ns1
            out IN CNAME www.example.
            none IN CNAME none.example.
            empty IN CNAME empty.example.
            broken IN CNAME broken.example.

            """)
        let server = try RunningServer(
            """
            corp.test {
                bind 127.0.0.1
                file corp.zone
            }
            example {
                bind 127.0.0.1
                forward . \(upstream.address)
            }
            """, directory: folder.path)
        let rows: [(String, ResponseCode, answers: Int, authority: RecordType)] = [
            ("out", .noError, 2, .ns), ("none", .nameError, 1, .soa), ("empty", .noError, 1, .soa),
            ("broken", .serverFailure, 1, .ns),
        ]
        let (datagram, stream) = (try server.datagramClient(), try server.streamClient())
        for (name, code, answers, authority) in rows {
            for ask in [datagram.ask, stream.ask] as [(DNSQuestion) throws -> DNSResponse] {
                let response = try ask(DNSQuestion("\(name).corp.test."))
                #expect(response.code == code, "\(name)")
                #expect(response.answer.count == answers, "\(name)")
                #expect(response.authority.map(\.type) == [authority], "\(name)")
            }
        }
    }

    /// What the cluster says is never given out of the cache, whatever other name leads there.
    @Test func aliasesIntoTheClusterAreNotKept() throws {
        let upstream = try ForwardTests.answering()
        let folder = try TemporaryFolder()
        try folder.write("cluster.yaml", ClusterFiles.web("10.0.0.1"))
        try folder.write("links.yaml", ClusterFiles.links(["a": "www.example", "b": "web.shop.svc.cluster.local"]))
        try folder.write(
            "corp.zone",
            """
            $TTL 600
            @ IN SOA ns1 hostmaster 7 7200 3600 1209600 120
            @ IN NS ns1
            plain IN A 192.0.2.9
            www IN CNAME web.shop.svc.cluster.local.
            none IN CNAME none.shop.svc.cluster.local.
            far IN CNAME a.links.svc.cluster.local.
            near IN CNAME b.links.svc.cluster.local.
            out IN CNAME www.example.

            """)
        let server = try RunningServer(
            """
            corp.test {
                bind 127.0.0.1
                prometheus 127.0.0.1:0
                cache
                file corp.zone
            }
            cluster.local {
                bind 127.0.0.1
                kubernetes cluster.local {
                    snapshot cluster.yaml links.yaml
                }
            }
            example {
                bind 127.0.0.1
                forward . \(upstream.address)
            }
            """, directory: folder.path)
        let rows: [(name: String, answers: Int, code: ResponseCode, isKept: Bool)] = [
            ("plain", 1, .noError, true), ("www", 2, .noError, false), ("none", 1, .nameError, false),
            ("far", 3, .noError, false), ("near", 3, .noError, false), ("out", 2, .noError, true),
        ]
        let client = try server.datagramClient()
        for row in rows {
            let before = Self.metric(server, "coredns_cache_hits_total")
            for _ in 0..<2 {
                let response = try client.ask(DNSQuestion("\(row.name).corp.test."))
                #expect(response.answer.count == row.answers && response.code == row.code, "\(row.name)")
            }
            let hits = Self.metric(server, "coredns_cache_hits_total") - before
            #expect(hits == (row.isKept ? 1 : 0), "\(row.name)")
        }
        #expect(Self.metric(server, "coredns_cache_entries") == 2)
    }

    /// RFC 2181, section 9, and RFC 4035, section 3.1.1: a denial is cut where its authority section is, and so is an answer for
    /// who wants proof.
    @Test func whatIsCutSaysSo() throws {
        let many = ["example. 300 IN SOA a. b. 1 2 3 4 5"] + (0..<60).map { "example. 300 IN NS n\($0).example." }
        let upstream = try TestUpstream { query in
            query.name == "none.example."
                ? .answer(query.response(authority: many, code: .nameError))
                : .answer(query.response(["\(query.name) 300 IN A 192.0.2.80"], authority: many))
        }
        for before in ["", "cache"] {
            let server = try RunningServer(ForwardTests.corefile(upstream, before: before))
            let client = try server.datagramClient()
            for (name, dnssecOK, isTruncated) in [
                ("none.example.", false, true), ("none.example.", true, true), ("www.example.", false, false),
                ("www.example.", true, true),
            ] {
                for _ in 0..<2 {
                    var question = DNSQuestion(name, udpSize: 512)
                    question.dnssecOK = dnssecOK
                    let response = try client.ask(question)
                    #expect(response.isTruncated == isTruncated, "\(name) \(dnssecOK) \(before)")
                    #expect(response.bytes.count <= 512 && response.authority.count < 61)
                    // Nothing that is cut so is kept: over TCP it is whole.
                    guard isTruncated else { continue }
                    question.udpSize = 1232
                    let whole = try server.streamClient().ask(question)
                    #expect(!whole.isTruncated && whole.authority.count == 61)
                }
            }
        }
    }

    /// A client over TCP takes any size, but the datagram of an upstream has to find room here.
    @Test func whatIsOfferedToTheUpstreamOverUDP() throws {
        let upstream = try ForwardTests.answering()
        let server = try RunningServer(ForwardTests.corefile(upstream, options: "prefer_udp"))
        for (size, expected) in [(65_535, 4096), (4096, 4096), (1400, 1400), (100, 512)] as [(UInt16, Int)] {
            let question = DNSQuestion("n\(size).example.", udpSize: size)
            #expect(try server.streamClient().ask(question).code == .noError)
            let query = try #require(upstream.queries.last)
            #expect(!query.isStream)
            let place = query.questionEnd + 3
            #expect(Int(query.bytes[place]) << 8 | Int(query.bytes[place + 1]) == expected)
        }
    }

    /// `cancel` is the end of waiting, well before `forward` gives up by itself.
    @Test func cancelEndsWaiting() throws {
        let upstream = try TestUpstream { _ in .silence }
        let server = try RunningServer(
            ForwardTests.corefile(upstream, options: "read_timeout 4s", before: "cancel 300ms"))
        let client = try server.datagramClient()
        try client.send(DNSQuestion("www.example.").bytes)
        let response = try DNSResponse(try #require(try client.receive(milliseconds: 3000)))
        #expect(response.code == .serverFailure)
        #expect(server.server.waitingQueries == 0)
    }
}
