import DNSWire
import LinuxIO
import PluginKit
import Server
import ServerHarness
import Testing

/// `dns64` over real sockets.
@Suite struct DNS64Tests {
    /// What the upstream has, by name.
    private static func answer(_ query: TestUpstream.Query) -> [UInt8] {
        let soa = "example. 60 IN SOA ns.example. admin.example. 1 2 3 4 60"
        switch (query.name, query.type) {
        case ("v4.example.", .a):
            return query.response(["v4.example. 300 IN A 192.0.2.1", "v4.example. 30 IN A 192.0.2.2"])
        case ("both.example.", .a): return query.response(["both.example. 30 IN A 192.0.2.3"])
        case ("both.example.", .aaaa): return query.response(["both.example. 30 IN AAAA 2001:db8::3"])
        case ("alias.example.", .a):
            return query.response(["alias.example. 300 IN CNAME v4.example.", "v4.example. 300 IN A 192.0.2.1"])
        case ("alias.example.", .aaaa):
            return query.response(["alias.example. 300 IN CNAME v4.example."], authority: [soa])
        case ("bad.example.", .a): return query.response(["bad.example. 700 IN A 192.0.2.5"])
        case ("bad.example.", .aaaa), ("worse.example.", _): return query.response(code: .serverFailure)
        case ("nx.example.", _): return query.response(authority: [soa], code: .nameError)
        default: return query.response(authority: [soa])
        }
    }

    private func server(_ options: String, _ upstream: TestUpstream) throws -> RunningServer {
        try RunningServer(
            """
            . {
                bind 127.0.0.1 ::1
                prometheus 127.0.0.1:0
                dns64 \(options)
                cache
                forward . \(upstream.address)
            }
            """)
    }

    @Test func onlyWhatHasNoAddressIsTranslated() throws {
        let upstream = try TestUpstream { .answer(Self.answer($0)) }
        let server = try server("{\n allow_ipv4\n}", upstream)
        let rows: [(String, ResponseCode, [String])] = [
            (
                "v4.example.", .noError,
                ["v4.example. 30 AAAA 64:ff9b::c000:202", "v4.example. 60 AAAA 64:ff9b::c000:201"]
            ),
            ("both.example.", .noError, ["both.example. 30 AAAA 2001:db8::3"]),
            (
                "alias.example.", .noError,
                ["alias.example. 300 CNAME v4.example.", "v4.example. 60 AAAA 64:ff9b::c000:201"]
            ),
            // RFC 6147, section 5.1.7: without a SOA record not longer than 600.
            ("bad.example.", .noError, ["bad.example. 600 AAAA 64:ff9b::c000:205"]),
            ("worse.example.", .serverFailure, []),
            ("nx.example.", .nameError, []),
            ("empty.example.", .noError, []),
        ]
        // The second time from the cache, and over TCP.
        for round in 0..<3 {
            for (name, code, lines) in rows {
                let question = DNSQuestion(name, .aaaa)
                let response =
                    try round == 2 ? server.streamClient().ask(question) : server.datagramClient().ask(question)
                #expect(response.code == code, "\(name)")
                // CoreDNS's cache gives all records of a response the least of their TTLs.
                let types = response.answer.map { "\($0.owner) \($0.type) \($0.data)" }.sorted()
                let expected = lines.map { line -> String in
                    let words = line.split(separator: " ")
                    return ([words[0]] + words[2...]).joined(separator: " ")
                }
                #expect(types == expected.sorted(), "\(name)")
                #expect(response.answer.allSatisfy { $0.ttl <= 600 })
                #expect(response.authority.isEmpty == !lines.isEmpty || code == .serverFailure, "\(name)")
            }
        }
        #expect(try server.datagramClient().ask(DNSQuestion("v4.example.")).answer.count == 2)
        #expect(try server.datagramClient().ask(DNSQuestion("v4.example.", .txt)).answer.isEmpty)
        var question = DNSQuestion("v4.example.", .aaaa)
        question.dnssecOK = true
        question.flags |= Header.checkingDisabled
        #expect(try server.datagramClient().ask(question).answer.isEmpty)
    }

    /// A worker finds out only on the way up that a query has to move to the event loop: what it has counted below is not counted
    /// there again.
    @Test(arguments: [false, true]) func queriesThatMoveAreCountedOnce(isStream: Bool) throws {
        let upstream = try TestUpstream { .answer(Self.answer($0)) }
        let folder = try TemporaryFolder()
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                dns64 {
                    allow_ipv4
                }
                acl {
                    block type AAAA net 192.0.2.0/24
                    filter type TXT
                }
                cache
                autopath \(try folder.write("resolv.conf", "search svc.example example\n"))
                template IN AAAA templated.example {
                    rcode NOERROR
                }
                template IN A templated.example {
                    answer "{{ .Name }} 60 IN A 192.0.2.77"
                }
                forward . \(upstream.address)
            }
            """)
        let ask = { (name: String) throws -> Int in
            let question = DNSQuestion(name, .aaaa)
            return try isStream
                ? server.streamClient().ask(question).answer.count : server.datagramClient().ask(question).answer.count
        }
        let metric = { (name: String, labels: [String]) -> Double in
            server.configuration.process.metrics.all.first { $0.name == name }?.collect()
                .filter { sample in labels.allSatisfy { label in sample.labels.contains { $0.1 == label } } }
                .reduce(0) { $0 + $1.value } ?? 0
        }
        // Each of them asks for A records too, from below dns64 on: another query to those.
        for _ in 0..<3 { #expect(try ask("v4.example.") == 2) }
        #expect(metric("coredns_cache_misses_total", []) == 2)
        #expect(metric("coredns_cache_hits_total", ["denial"]) == 2)
        #expect(metric("coredns_cache_hits_total", ["success"]) == 2)
        #expect(metric("coredns_acl_allowed_requests_total", []) == 6)
        #expect(metric("coredns_dns64_requests_translated_total", []) == 3)
        #expect(try ask("templated.example.") == 1)
        #expect(metric("coredns_template_matches_total", ["AAAA"]) == 1)
        #expect(metric("coredns_template_matches_total", ["A"]) == 1)
        #expect(metric("coredns_cache_misses_total", []) == 4)
        #expect(metric("coredns_autopath_success_total", []) == 0)
    }

    /// The same for names that `autopath` completes: it counts what it finds in the first domain.
    @Test func completedNamesAreCountedOnce() throws {
        let upstream = try TestUpstream { .answer(Self.answer($0)) }
        let folder = try TemporaryFolder()
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                dns64 {
                    allow_ipv4
                }
                autopath \(try folder.write("resolv.conf", "search example svc.example\n"))
                template IN AAAA a.example {
                    rcode NOERROR
                }
                template IN A a.example {
                    answer "{{ .Name }} 60 IN A 192.0.2.77"
                }
                forward . \(upstream.address)
            }
            """)
        #expect(try server.datagramClient().ask(DNSQuestion("a.example.", .aaaa)).answer.count == 1)
        let samples = server.configuration.process.metrics.all
            .first { $0.name == "coredns_autopath_success_total" }?.collect()
        // The AAAA question and that of dns64.
        #expect(samples?.reduce(0) { $0 + $1.value } == 2)
    }

    @Test func onlyClientsOfIPv6AreTranslatedFor() throws {
        let upstream = try TestUpstream { .answer(Self.answer($0)) }
        let server = try server("2001:db8:64::/48", upstream)
        #expect(try server.datagramClient().ask(DNSQuestion("v4.example.", .aaaa)).answer.isEmpty)
        let address = try #require(server.server.addresses.first { $0.family == .ipv6 })
        let response = try DatagramClient(address).ask(DNSQuestion("v4.example.", .aaaa))
        #expect(
            response.answer.map { "\($0.data)" }.sorted() == [
                "2001:db8:64:c000:2:100::", "2001:db8:64:c000:2:200::",
            ])
    }

    @Test func everythingIsTranslatedWhereThatIsWanted() throws {
        let upstream = try TestUpstream { .answer(Self.answer($0)) }
        let server = try server("{\n allow_ipv4\n translate_all\n prefix 64:ff9b:1::/96\n}", upstream)
        let response = try server.datagramClient().ask(DNSQuestion("both.example.", .aaaa))
        #expect(response.answer.map { "\($0.data)" } == ["64:ff9b:1::c000:203"])
        let samples = server.configuration.process.metrics.all
            .first { $0.name == "coredns_dns64_requests_translated_total" }?.collect()
        #expect(samples?.reduce(0) { $0 + $1.value } == 1)
        #expect(samples?.first?.labels.first?.1 == "dns://127.0.0.1:0")
    }

    @Test func theClusterIsTranslatedToo() throws {
        let folder = try TemporaryFolder()
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                dns64 {
                    allow_ipv4
                }
                kubernetes cluster.local {
                    snapshot \(try folder.write("web.yaml", ClusterFiles.web("10.0.0.2")))
                }
            }
            """)
        let client = try server.datagramClient()
        let response = try client.ask(DNSQuestion("web.shop.svc.cluster.local.", .aaaa))
        #expect(response.answerLines == ["web.shop.svc.cluster.local. 5 AAAA 64:ff9b::a00:2"])
        #expect(try client.ask(DNSQuestion("nx.shop.svc.cluster.local.", .aaaa)).code == .nameError)
    }
}
