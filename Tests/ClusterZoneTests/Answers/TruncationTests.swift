import ClusterZone
import DNSWire
import KubernetesAPI
import Testing

/// `Cluster.reply` itself checks that nothing is written beyond the limit and that every record can be read back.
@Suite("Answers that do not fit")
struct TruncationTests {
    private static func objects(_ count: Int) -> ClusterObjects {
        ClusterObjects(
            services: [
                Make.headless("db"),
                Make.service("web", ["10.96.0.1", "fd00::1"], (1...max(count, 1)).map { "p\($0):\($0)" }),
                Make.alias("alias", to: "db.default.svc.cluster.local"),
            ] + (0..<count).map { Make.headless("of-\($0)") },
            endpointSlices: [
                Make.slice("db", (0..<count).map { Make.endpoint("10.1.\($0 / 256).\($0 % 256)", host: "db-\($0)") }),
                Make.slice(
                    "db", number: 1, type: .ipv6,
                    (0..<count).map { Make.endpoint("fd00::\(String($0, radix: 16))", host: "db-\($0)") }),
            ] + (0..<count).map { Make.slice("of-\($0)", [Make.endpoint("10.9.0.1", host: "node")]) })
    }

    @Test(
        "TC if, and only if, the answer section was cut; records are whole and of the full answer",
        arguments: [1, 2, 3, 9, 40])
    func limits(count: Int) throws {
        let cluster = try Cluster(Self.objects(count), local: ["10.1.0.0", "fd00::5", "10.7.7.7"])
        for (text, type) in [
            ("db.default.svc", RecordType.a), ("db.default.svc", .aaaa), ("db.default.svc", .srv),
            ("web.default.svc", .srv),
            ("_http._tcp.db.default.svc", .srv), ("_http._tcp.db.default.svc", .a), ("alias.default.svc", .a),
            ("alias.default.svc", .cname), ("1.0.9.10.in-addr.arpa.", .ptr), ("cluster.local.", .ns), ("ns.dns", .aaaa),
            ("db-0.db.default.svc", .srv), ("dns-version", .txt), ("cluster.local.", .soa), ("nothing.default.svc", .a),
            ("1.0.96.10.in-addr.arpa.", .ptr), ("cluster.local.", .axfr),
        ] {
            let name = try DomainName(parsing: text.hasSuffix(".") ? text : text + ".cluster.local.")
            let whole = try cluster.reply(name, type)
            #expect(!whole.isTruncated)
            for limit in 60...1500 {
                let cut = try cluster.reply(name, type, limit: limit)
                let comment: Comment = "\(text) \(type) within \(limit)"
                #expect(cut.outcome == whole.outcome, comment)
                #expect(cut.isTruncated == (cut.answers.count < whole.answers.count), comment)
                #expect(cut.answers == Array(whole.answers.prefix(cut.answers.count)), comment)
                // What was left out did not fit; with TC nothing stands behind the answers.
                if cut.isTruncated {
                    #expect(cut.additionals.isEmpty && cut.authorities.isEmpty, comment)
                } else {
                    #expect(cut.additionals == Array(whole.additionals.prefix(cut.additionals.count)), comment)
                    #expect(
                        cut.length == whole.length || cut.length + 28 > limit || cut.authorities != whole.authorities,
                        comment)
                }
                if whole.length <= limit { #expect(cut.length == whole.length, comment) }
            }
        }
    }

    /// Reads every owner of the additional section back: a pointer cut to 14 bits would name something else.
    @Test("no compression pointer leads beyond offset 0x3FFF", arguments: [250, 400, 900])
    func farTargets(count: Int) throws {
        let cluster = try Cluster(Self.objects(count), local: ["10.1.0.0"])
        for (text, type) in [("db.default.svc.cluster.local.", RecordType.srv), ("cluster.local.", .ns)] {
            let reply = try cluster.reply(DomainName(parsing: text), type)
            #expect(reply.answers.count == count)
            var targets: [DomainName] = []
            for record in reply.answers {
                switch record.data {
                case .srv(_, _, _, let target), .ns(let target): targets.append(target)
                default: Issue.record("not asked for")
                }
            }
            #expect(!reply.additionals.isEmpty)
            // The addresses of a target follow each other in the order of the targets, from the first on.
            let owners = reply.additionals.map(\.owner)
            #expect(owners.enumerated().allSatisfy { $1 == targets[$0 / 2] }, "\(text): an address without its name")
        }
    }

    @Test("names that would be longer than 255 bytes are left out, and nothing refers to them")
    func longNames() throws {
        let label = String(repeating: "n", count: 60)
        // 3 labels of 61 and one more make a zone to which the longest endpoint names cannot be added.
        let zone = "\(label).\(label).\(label).\(String(repeating: "z", count: 13))."
        let host = String(repeating: "h", count: 63)
        let objects = ClusterObjects(
            services: [Make.headless("db", in: "ns")],
            endpointSlices: [
                Make.slice(
                    "db", in: "ns", [Make.endpoint("10.1.0.1", host: "a"), Make.endpoint("10.1.0.2", host: host)])
            ])
        for limit in [512, 1232, 65_535] {
            let cluster = try Cluster(objects, zones: [zone, "in-addr.arpa."], local: ["10.1.0.1"])
            let services = try cluster.reply(DomainName(parsing: "db.ns.svc." + zone), .srv, limit: limit)
            #expect(services.answers.count == 1)
            #expect(services.additionals.map(\.data.description) == ["10.1.0.1"])
            let servers = try cluster.reply(DomainName(parsing: zone), .ns, limit: limit)
            #expect(servers.answers.count == 1)
            #expect(servers.additionals.map(\.data.description) == ["10.1.0.1"])
            let pointer = try cluster.reply(DomainName(parsing: "2.0.1.10.in-addr.arpa."), .ptr, limit: limit)
            #expect(pointer.outcome == .nameError)
            let addresses = try cluster.reply(DomainName(parsing: "db.ns.svc." + zone), .a, limit: limit)
            #expect(addresses.answers.count == 2)
        }
        let all = try Cluster(
            ClusterObjects(
                services: [Make.headless("db", in: "ns")],
                endpointSlices: [Make.slice("db", in: "ns", [Make.endpoint("10.1.0.2", host: host)])]),
            zones: [zone], local: ["10.1.0.2"])
        #expect(try all.reply(DomainName(parsing: "db.ns.svc." + zone), .srv).outcome == .noData)
        #expect(try all.reply(DomainName(parsing: zone), .ns).outcome == .noData)
    }
}
