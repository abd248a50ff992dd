import DNSWire
import LinuxIO
import PluginKit
import Testing

@testable import Plugins

/// What is kept, for how long, and how it is given out.
struct CacheTests {
    static let soa = "example.org. 300 IN SOA ns.example.org. admin.example.org. 1 7200 900 1209600 60"
    static let address = "example.org. 300 IN A 192.0.2.1"
    /// Of 1999, for a year, in the form of RFC 3597.
    static let expiredSignature =
        "example.org. 300 IN RRSIG \\# 32 000108020000012c386d4380368c10000001076578616d706c65036f72670000"

    @Test func givesOutWhatItHasUntilItExpires() throws {
        let cache = try CacheBench("cache")
        cache.source.answer = .init(
            flags: Header.recursionAvailable, answer: [Self.address, "example.org. 20 IN A 192.0.2.2"],
            authority: ["example.org. 400 IN NS ns.example.org."], additional: ["ns.example.org. 100 IN A 192.0.2.9"])
        let first = cache.ask(Query(name: "example.org."))
        // The least of the TTLs, from the first answer on.
        #expect(first.lines(1) == ["example.org. 20 IN A 192.0.2.1", "example.org. 20 IN A 192.0.2.2"])
        #expect(first.flags == Header.response | Header.recursionDesired | Header.recursionAvailable)
        #expect(cache.source.asked() == 1)
        cache.pass(seconds: 7.5)
        let second = cache.ask(Query(name: "Example.ORG.", identifier: 77, flags: 0, udpSize: 1232))
        #expect(second.isWhole)
        #expect(second.message[0] == 0 && second.message[1] == 77)
        #expect(second.lines(1) == ["Example.ORG. 13 IN A 192.0.2.1", "Example.ORG. 13 IN A 192.0.2.2"])
        #expect(second.lines(2) == ["Example.ORG. 13 IN NS ns.Example.ORG."])
        #expect(second.lines(3) == ["ns.Example.ORG. 13 IN A 192.0.2.9"])
        #expect(second.flags == Header.response | Header.authoritative | Header.recursionAvailable)
        // The OPT record is the client's.
        #expect(second.message[11] == 2)
        #expect(cache.ask().message[11] == 1)
        #expect(cache.source.asked() == 0)
        cache.pass(seconds: 12.4)
        #expect(cache.ask().lines(1).first == "example.org. 1 IN A 192.0.2.1")
        cache.pass(seconds: 0.1)
        #expect(cache.ask().lines(1).first == "example.org. 20 IN A 192.0.2.1")
        #expect(cache.source.asked() == 1)
        #expect(cache.metric("hits_total") == ["success": 3])
        #expect(cache.metric("misses_total") == ["": 2])
        #expect(cache.metric("requests_total") == ["": 5])
        #expect(cache.metric("entries") == ["success": 1, "denial": 0])
    }

    /// What a resolver says without recursion and that is neither an answer nor a denial is not for those who ask for it.
    @Test func whatIsSaidWithoutRecursion() throws {
        let rows: [(answer: Source.Answer, isKept: Bool)] = [
            (.init(answer: [Self.address]), true), (.init(code: .nameError, authority: [Self.soa]), true),
            (.init(authority: [Self.soa]), true), (.init(code: .serverFailure), false), (.init(), false),
            (.init(authority: ["example.org. 900 IN NS ns.example.net."]), false),
        ]
        for (place, row) in rows.enumerated() {
            let cache = try CacheBench("cache")
            cache.source.answer = row.answer
            _ = cache.ask(Query(flags: 0))
            _ = cache.ask()
            #expect(cache.source.asked() == (row.isKept ? 1 : 2), "row \(place)")
            // With recursion all of them are kept.
            _ = cache.ask()
            _ = cache.ask(Query(flags: 0))
            #expect(cache.source.asked() == 0, "row \(place)")
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        var corefile = "cache"
        let answer: Source.Answer
        var query = Query()
        /// The TTL that it is kept with; nil where it is not kept.
        var ttl: Int?
        var testDescription: String { name }
    }

    @Test(arguments: [
        Row(name: "answer", answer: .init(answer: [address]), ttl: 300),
        Row(name: "capped", corefile: "cache 30", answer: .init(answer: [address]), ttl: 30),
        Row(name: "an hour at most", answer: .init(answer: ["example.org. 86400 IN A 192.0.2.1"]), ttl: 3600),
        Row(name: "five seconds at least", answer: .init(answer: ["example.org. 0 IN A 192.0.2.1"]), ttl: 5),
        Row(
            name: "MINTTL", corefile: "cache {\n success 1024 30 20\n}",
            answer: .init(answer: ["example.org. 1 IN A 192.0.2.1"]), ttl: 20),
        Row(
            name: "MINTTL 0", corefile: "cache {\n success 1024 30 0\n}",
            answer: .init(answer: ["example.org. 0 IN A 192.0.2.1"]), ttl: nil),
        // The cap counts more than the least (CoreDNS).
        Row(name: "cap below MINTTL", corefile: "cache 1", answer: .init(answer: [address]), ttl: 1),
        // RFC 2308, section 5.
        Row(name: "NXDOMAIN", answer: .init(code: .nameError, authority: [soa]), ttl: 60),
        Row(name: "NODATA", answer: .init(authority: [soa]), ttl: 60),
        Row(
            name: "NXDOMAIN by the SOA's TTL",
            answer: .init(code: .nameError, authority: ["example.org. 20 IN SOA a. b. 1 2 3 4 900"]), ttl: 20),
        Row(
            name: "half an hour at most",
            answer: .init(code: .nameError, authority: ["example.org. 9999 IN SOA a. b. 1 2 3 4 9999"]), ttl: 1800),
        Row(
            name: "denial bounds", corefile: "cache 300 {\n denial 1024 15 12\n}",
            answer: .init(code: .nameError, authority: [soa]), ttl: 15),
        Row(name: "NXDOMAIN without SOA", answer: .init(code: .nameError), ttl: nil),
        Row(
            name: "NXDOMAIN of an alias's target", answer: .init(code: .nameError, answer: [address], authority: [soa]),
            ttl: 60),
        Row(name: "SERVFAIL", answer: .init(code: .serverFailure), ttl: 5),
        Row(name: "NOTIMP", answer: .init(code: .notImplemented), ttl: 5),
        Row(name: "servfail 30s", corefile: "cache {\n servfail 30s\n}", answer: .init(code: .serverFailure), ttl: 30),
        Row(name: "servfail 0", corefile: "cache {\n servfail 0\n}", answer: .init(code: .serverFailure), ttl: nil),
        Row(name: "a plugin's error", answer: .init(code: .serverFailure, failure: "no upstream"), ttl: nil),
        Row(name: "REFUSED", answer: .init(code: .refused), ttl: nil),
        Row(name: "truncated", answer: .init(answer: [address], isTruncated: true), ttl: nil),
        Row(name: "nothing at all", answer: .init(), ttl: 5),
        Row(name: "only additional", answer: .init(additional: ["example.org. 0 IN A 192.0.2.7"]), ttl: 5),
        Row(name: "referral", answer: .init(authority: ["example.org. 900 IN NS ns.example.net."]), ttl: 5),
        Row(
            name: "alias and address",
            answer: .init(answer: ["example.org. 50 IN CNAME WWW.example.net.", "www.example.net. 90 IN A 192.0.2.1"]),
            ttl: 50),
        Row(name: "alias to nowhere", answer: .init(answer: ["example.org. 50 IN CNAME www.example.net."]), ttl: nil),
        Row(
            name: "alias to nowhere, denied",
            answer: .init(
                answer: ["example.org. 90 IN CNAME www.example.net."],
                authority: ["example.net. 90 IN SOA a. b. 1 2 3 4 40"]), ttl: 40),
        Row(
            name: "alias asked for", answer: .init(answer: ["example.org. 50 IN CNAME www.example.net."]),
            query: Query(type: .cname), ttl: 50),
        Row(
            name: "all asked for", answer: .init(answer: ["example.org. 50 IN CNAME www.example.net."]),
            query: Query(type: .any), ttl: 50),
        Row(
            name: "aliases in a circle",
            answer: .init(answer: [
                "example.org. 50 IN CNAME www.example.net.", "www.example.net. 50 IN CNAME example.org.",
                "www.example.net. 50 IN A 192.0.2.1",
            ]), ttl: nil),
        Row(
            name: "two aliases",
            answer: .init(answer: [
                "example.org. 50 IN CNAME a.example.net.", "example.org. 50 IN CNAME b.example.net.",
                "a.example.net. 50 IN A 192.0.2.1",
            ]), ttl: nil),
        Row(name: "another's address", answer: .init(answer: ["example.com. 50 IN A 192.0.2.1"]), ttl: nil),
        Row(name: "transfer", answer: .init(answer: [address]), query: Query(type: .axfr), ttl: nil),
        Row(
            name: "disabled", corefile: "cache {\n disable success example.org\n}", answer: .init(answer: [address]),
            ttl: nil),
        Row(
            name: "disabled elsewhere", corefile: "cache {\n disable success a.example.org\n disable denial\n}",
            answer: .init(answer: [address]), ttl: 300),
        Row(
            name: "denial disabled", corefile: "cache {\n disable denial\n}",
            answer: .init(code: .nameError, authority: [soa]), ttl: nil),
        Row(name: "other zone", corefile: "cache example.net", answer: .init(answer: [address]), ttl: nil),
        // An expired signature (2000) is of use to nobody who asks for signatures.
        Row(
            name: "expired signature",
            answer: .init(answer: [
                address, expiredSignature,
            ]), query: Query(udpSize: 1232, dnssecOK: true), ttl: nil),
        Row(
            name: "signature nobody asked for",
            answer: .init(answer: [
                address, expiredSignature,
            ]), ttl: 300),
    ])
    func keeps(_ row: Row) throws {
        let cache = try CacheBench(row.corefile)
        cache.source.answer = row.answer
        let first = cache.ask(row.query)
        #expect(first.code == row.answer.code)
        let again = cache.ask(row.query)
        #expect(cache.source.asked() == (row.ttl == nil ? 2 : 1))
        #expect(again.code == row.answer.code)
        for section in 1...3 { #expect(first.lines(section) == again.lines(section)) }
        guard let ttl = row.ttl else { return }
        for section in 1...3 {
            for record in again.lines(section) { #expect(record.split(separator: " ")[1] == "\(ttl)") }
        }
        cache.pass(seconds: Double(ttl) - 0.001)
        _ = cache.ask(row.query)
        #expect(cache.source.asked() == 0)
        cache.pass(seconds: 0.001)
        _ = cache.ask(row.query)
        #expect(cache.source.asked() == 1)
    }

    /// TTLs are capped where an answer is not kept too; not so those of transfers and of zones that are not cached.
    @Test(arguments: [
        ("cache 30", Query(), 30),
        ("cache 30 {\n disable success\n}", Query(), 30),
        ("cache 30 example.net", Query(), 300),
        ("cache 30", Query(type: .axfr), 300),
    ])
    func capsTTLs(_ corefile: String, _ query: Query, _ ttl: Int) throws {
        let cache = try CacheBench(corefile)
        cache.source.answer = .init(answer: [Self.address])
        #expect(cache.ask(query).lines(1) == ["example.org. \(ttl) IN A 192.0.2.1"])
    }

    /// What breaks off has the TTL of an answer, and a denial that nothing bounds that of a denial.
    @Test func capsTTLsOfWhatMayNotBeKept() throws {
        let cache = try CacheBench("cache 90 {\n denial 1024 40\n}")
        cache.source.answer = .init(answer: ["example.org. 50 IN CNAME www.example.net."])
        #expect(cache.ask().lines(1) == ["example.org. 50 IN CNAME www.example.net."])
        cache.source.answer = .init(code: .nameError, authority: ["example.org. 50 IN NS ns.example.net."])
        #expect(cache.ask().lines(2) == ["example.org. 40 IN NS ns.example.net."])
        cache.source.answer = .init(code: .refused, authority: ["example.org. 50 IN NS ns.example.net."])
        #expect(cache.ask().lines(2) == ["example.org. 5 IN NS ns.example.net."])
    }

    @Test func questionsThatDifferAreKeptApart() throws {
        let cache = try CacheBench("cache")
        cache.source.answer = .init(answer: [Self.address])
        let queries = [
            Query(), Query(type: .aaaa), Query(recordClass: .init(rawValue: 3)), Query(name: "a.example.org."),
            Query(name: "example.or."), Query(udpSize: 4096, dnssecOK: true),
            Query(flags: Header.recursionDesired | Header.checkingDisabled),
            Query(flags: Header.checkingDisabled, udpSize: 512, dnssecOK: true),
        ]
        for query in queries {
            cache.source.answer = .init(answer: [], additional: ["\(query.name) 300 IN A 192.0.2.1"])
            _ = cache.ask(query)
        }
        #expect(cache.source.asked() == queries.count)
        for query in queries { _ = cache.ask(query) }
        #expect(cache.source.asked() == 0)
        // Not by RD, EDNS, its size, or the case of letters.
        _ = cache.ask(Query(name: "EXAMPLE.org.", flags: 0, udpSize: 700))
        #expect(cache.source.asked() == 0)
    }

    /// The plugins below are asked with AD; clients see it only where they set AD or DO (RFC 6840, section 5.7).
    @Test func authenticDataIsForThoseWhoAsk() throws {
        let authentic = Header.authenticData
        for (flags, dnssecOK, isSeen) in [
            (UInt16(0), false, false), (authentic, false, true), (0, true, true),
        ] {
            let cache = try CacheBench("cache")
            cache.source.answer = .init(flags: authentic, answer: [Self.address])
            let query = Query(flags: flags, udpSize: 1232, dnssecOK: dnssecOK)
            for _ in 0..<2 { #expect((cache.ask(query).flags & authentic != 0) == isSeen) }
            #expect(cache.source.asked() == 1)
            #expect(cache.source.requestFlags & authentic != 0)
        }
    }

    @Test func keepttl() throws {
        let cache = try CacheBench("cache {\n keepttl\n}")
        cache.source.answer = .init(answer: [Self.address])
        _ = cache.ask()
        cache.pass(seconds: 299)
        #expect(cache.ask().lines(1) == [Self.address])
        cache.pass(seconds: 1)
        _ = cache.ask()
        #expect(cache.source.asked() == 2)
    }

    /// Cluster names are answered from the index and never from here, whatever the cache may be told.
    @Test(arguments: ["kubernetes cluster.local in-addr.arpa", "kubernetes"])
    func clusterNamesAreNotKept(_ kubernetes: String) throws {
        let isAll = kubernetes == "kubernetes"
        let cache = try CacheBench("cache 10\n\(kubernetes)", zone: isAll ? "cluster.local" : ".")
        for name in ["a.ns.svc.cluster.local.", "cluster.local."] + (isAll ? [] : ["1.0.0.10.in-addr.arpa."]) {
            cache.source.answer = .init(answer: ["\(name) 30 IN A 192.0.2.1"])
            for _ in 0..<2 { _ = cache.ask(Query(name: name)) }
            #expect(cache.source.asked() == 2)
        }
        #expect(cache.metric("requests_total").isEmpty)
        if isAll { return }
        cache.source.answer = .init(answer: ["xcluster.local. 30 IN A 192.0.2.1"])
        for _ in 0..<2 { _ = cache.ask(Query(name: "xcluster.local.")) }
        #expect(cache.source.asked() == 1)
    }

    /// With a TTL of its own, which the cache does not touch.
    @Test func clusterAnswersKeepTheirTTL() throws {
        let cache = try CacheBench("cache 10\nkubernetes cluster.local", source: Source(plugin: "kubernetes"))
        cache.source.answer = .init(answer: ["a.cluster.local. 0 IN A 192.0.2.1"])
        #expect(cache.ask(Query(name: "a.cluster.local.")).lines(1) == ["a.cluster.local. 0 IN A 192.0.2.1"])
    }

    /// What does not fit over UDP is cut at a record, with TC where it is missed.
    @Test func cutsToTheClientsSize() throws {
        let cache = try CacheBench("cache")
        let answers = (1...20).map { "example.org. 300 IN A 192.0.2.\($0)" }
        let long = (1...20).map { "n\($0).example.org. 300 IN AAAA 2001:db8::\($0)" }
        cache.source.answer = .init(answer: answers, additional: long)
        #expect(!cache.askOnLoopOverTCP().isEmpty)
        #expect(cache.source.asked() == 1)
        let cut = cache.ask(Query(udpSize: nil))
        #expect(cut.message.count <= 512 && cut.isWhole)
        #expect(cut.flags & Header.truncated == 0)
        #expect(cut.lines(1) == answers)
        #expect(cut.lines(3).count < 20 && cut.lines(3) == Array(long.prefix(cut.lines(3).count)))
        #expect(cache.source.asked() == 0)
        let many = (1...60).map { "example.org. 300 IN A 192.0.2.\($0)" }
        cache.source.answer = .init(answer: many)
        cache.pass(seconds: 300)
        _ = cache.askOnLoopOverTCP()
        let truncated = cache.ask(Query(udpSize: 600))
        #expect(truncated.message.count <= 600 && truncated.isWhole)
        #expect(truncated.flags & Header.truncated != 0)
        #expect(truncated.lines(1) == Array(many.prefix(truncated.lines(1).count)))
        #expect(truncated.message[11] == 1)
        let whole = cache.ask(Query(udpSize: 4096))
        #expect(whole.lines(1) == many && whole.flags & Header.truncated == 0)
    }

    @Test func aServerFailureDoesNotHideAnAnswer() throws {
        let cache = try CacheBench("cache {\n servfail 5m\n}")
        cache.source.answer = .init(code: .serverFailure)
        _ = cache.ask()
        #expect(cache.ask().code == .serverFailure)
        #expect(cache.source.asked() == 1)
        // A prefetch or another way may have brought an answer meanwhile.
        cache.pass(seconds: 300)
        cache.source.answer = .init(answer: [Self.address])
        _ = cache.ask()
        #expect(cache.ask().code == .noError)
    }
}

extension CacheBench {
    /// The response over TCP, which has room for everything.
    func askOnLoopOverTCP(_ query: Query = Query()) -> [UInt8] {
        let waiting = LoopQuery(self, query.bytes, transport: .tcp) { _ in }
        waiting.start()
        return waiting.outcome?.message ?? []
    }
}
