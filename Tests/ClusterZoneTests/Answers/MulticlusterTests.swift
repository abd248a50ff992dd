import ClusterZone
import DNSWire
import KubernetesAPI
import RecordIndex
import Testing

@Suite("Imported services")
struct MulticlusterTests {
    /// The cluster of CoreDNS's own tests of multicluster zones (plugin/kubernetes/handler_test.go, kubernetes_test.go).
    private static let reference = ClusterObjects(
        endpointSlices: [
            Make.importedSlice("svc1", in: "testns", from: "cluster1", [Make.endpoint("172.0.0.1", host: "ep1a")]),
            Make.importedSlice("svcempty", in: "testns", from: "cluster1", []),
            Make.importedSlice(
                "hdls1", in: "testns", from: "cluster1",
                [
                    Make.endpoint("172.0.0.2"), Make.endpoint("172.0.0.3"),
                    Make.endpoint("172.0.0.4", host: "dup-name"),
                    Make.endpoint("172.0.0.5", host: "dup-name"),
                ]),
            Make.importedSlice(
                "hdls1", in: "testns", from: "cluster1", number: 1, type: .ipv6,
                [Make.endpoint("5678:abcd::1"), Make.endpoint("5678:abcd::2")]),
            Make.importedSlice("hdlsprtls", in: "testns", from: "cluster1", ports: [], [Make.endpoint("172.0.0.20")]),
        ],
        namespaces: Make.namespaces("testns"),
        serviceImports: [
            Make.imported("svc1", in: "testns", ["10.0.0.1"]), Make.imported("svcempty", in: "testns", ["10.0.0.1"]),
            Make.imported("svc6", in: "testns", ["1234:abcd::1"]),
            Make.imported("svc-dual-stack", in: "testns", ["10.0.0.3", "10::3"]),
            Make.importedHeadless("hdls1", in: "testns"), Make.importedHeadless("hdlsprtls", in: "testns"),
            Make.imported("svc1", in: "unexposedns", ["10.0.0.2"]),
        ])

    private static func options(_ change: (inout ZoneOptions) -> Void = { _ in }) -> ZoneOptions {
        var options = ZoneOptions()
        options.servesImports = true
        change(&options)
        return options
    }

    /// A cluster whose only zone beside the reverse ones is a multicluster one.
    private static func cluster(_ objects: ClusterObjects, _ change: (inout ZoneOptions) -> Void = { _ in }) throws
        -> Cluster
    {
        try Cluster(objects, multicluster: ["cluster.local."], zone: options(change))
    }

    @Test("what CoreDNS's tests have of multicluster zones")
    func asInCoreDNS() throws {
        let names = ["172-0-0-2", "172-0-0-3", "5678-abcd--1", "5678-abcd--2", "dup-name"]
            .map { "\($0).cluster1.hdls1.testns.svc" }
        let addresses = [
            "\(names[0]) A 172.0.0.2", "\(names[1]) A 172.0.0.3", "\(names[2]) AAAA 5678:abcd::1",
            "\(names[3]) AAAA 5678:abcd::2", "\(names[4]) A 172.0.0.4", "\(names[4]) A 172.0.0.5",
        ]
        let cluster = try Self.cluster(Self.reference)
        try cluster.check([
            ("svc1.testns.svc", .a, "A 10.0.0.1"), ("svc1.testns.svc", .aaaa, "NODATA"),
            ("svcempty.testns.svc", .a, "A 10.0.0.1"), ("svc6.testns.svc", .aaaa, "AAAA 1234:abcd::1"),
            ("svc1.testns.svc", .srv, "SRV 0 100 80 svc1.testns.svc + A 10.0.0.1"),
            ("_http._tcp.svc1.testns.svc", .srv, "SRV 0 100 80 svc1.testns.svc + svc1.testns.svc A 10.0.0.1"),
            (
                "_http._tcp.svc6.testns.svc", .srv,
                "SRV 0 100 80 svc6.testns.svc + svc6.testns.svc AAAA 1234:abcd::1"
            ),
            (
                "_http._tcp.svc-dual-stack.testns.svc", .srv,
                "SRV 0 50 80 svc-dual-stack.testns.svc + svc-dual-stack.testns.svc A 10.0.0.3 | "
                    + "svc-dual-stack.testns.svc AAAA 10::3"
            ),
            ("svc-dual-stack.testns.svc", .a, "A 10.0.0.3"), ("svc-dual-stack.testns.svc", .aaaa, "AAAA 10::3"),
            ("ep1a.cluster1.svc1.testns.svc", .a, "A 172.0.0.1"),
            ("hdls1.testns.svc", .a, "A 172.0.0.2 | A 172.0.0.3 | A 172.0.0.4 | A 172.0.0.5"),
            ("hdls1.testns.svc", .aaaa, "AAAA 5678:abcd::1 | AAAA 5678:abcd::2"),
            ("hdlsprtls.testns.svc", .a, "A 172.0.0.20"),
            ("172-0-0-20.cluster1.hdlsprtls.testns.svc", .a, "A 172.0.0.20"),
            ("172-0-0-2.cluster1.hdls1.testns.svc", .a, "A 172.0.0.2"),
            ("172-0-0-3.cluster1.hdls1.testns.svc", .a, "A 172.0.0.3"),
            ("172-0-0-3.CLUSTER1.HDLS1.testns.svc", .a, "A 172.0.0.3"),
            ("dup-name.cluster1.hdls1.testns.svc", .a, "A 172.0.0.4 | A 172.0.0.5"),
            ("5678-abcd--1.cluster1.hdls1.testns.svc", .aaaa, "AAAA 5678:abcd::1"),
            ("5678-abcd--2.cluster1.hdls1.testns.svc", .aaaa, "AAAA 5678:abcd::2"),
            ("5678-abcd--1.hdls1.testns.svc", .aaaa, "NXDOMAIN"), ("172-0-0-2.hdls1.testns.svc", .a, "NXDOMAIN"),
            ("svc0.testns.svc", .a, "NXDOMAIN"), ("svc0.testns.svc", .aaaa, "NXDOMAIN"),
            ("svc0.svc-nons.svc", .a, "NXDOMAIN"), ("svc1.unexposedns.svc", .a, "NXDOMAIN"),
            ("bogus.hdls1.testns.svc", .a, "NXDOMAIN"), ("bogus.cluster1.hdls1.testns.svc", .a, "NXDOMAIN"),
            ("svc1.testns.svc", .txt, "NODATA"), ("svc0.svc-nons.svc", .txt, "NXDOMAIN"),
            ("dns-version", .txt, "TXT/28800 \"1.1.0\""), ("svc", .a, "NODATA"), ("pod", .a, "NODATA"),
            ("testns.svc", .a, "NODATA"), ("none.svc", .a, "NXDOMAIN"), ("testns.svc", .ns, "NODATA"),
            ("foo.svc", .ns, "NXDOMAIN"), ("foo", .ns, "NXDOMAIN"),
        ])
        let whole = try cluster.reply(DomainName(parsing: "_http._tcp.hdls1.testns.svc.cluster.local."), .srv)
        #expect(
            whole.answers.map { "\($0.data)" }.sorted() == names.map { "0 16 80 \($0).cluster.local." }.sorted())
        #expect(
            whole.additionals.map { "\($0.owner) \($0.type) \($0.data)" }.sorted()
                == addresses.map { $0.replacing(".svc ", with: ".svc.cluster.local. ") }.sorted())
    }

    @Test("ports: an underscore makes two labels a port and a transport; anything else an endpoint and a cluster")
    func ports() throws {
        let cluster = try Self.cluster(
            ClusterObjects(
                endpointSlices: [
                    Make.importedSlice("db", from: "tcp", ports: ["sql:5432"], [Make.endpoint("10.1.0.1", host: "sql")])
                ],
                serviceImports: [
                    Make.imported("web", ["10.98.0.1"], ["http:80", "dns:53/UDP"]),
                    Make.imported("bare", ["10.98.0.2"], []),
                    Make.imported("none", []), Make.importedHeadless("db"),
                ]))
        try cluster.check([
            ("_http._tcp.web.default.svc", .a, "A 10.98.0.1"), ("_dns._udp.web.default.svc", .a, "A 10.98.0.1"),
            ("_http._udp.web.default.svc", .a, "NXDOMAIN"), ("_http.tcp.web.default.svc", .a, "A 10.98.0.1"),
            ("http._tcp.web.default.svc", .a, "A 10.98.0.1"), ("http.tcp.web.default.svc", .a, "NXDOMAIN"),
            ("_dns._udp.web.default.svc", .srv, "SRV 0 100 53 web.default.svc + web.default.svc A 10.98.0.1"),
            // Other than a Service, an import without ports has no name (CoreDNS); one without addresses has.
            ("bare.default.svc", .a, "NXDOMAIN"), ("bare.default.svc", .srv, "NXDOMAIN"),
            ("none.default.svc", .a, "NODATA"), ("none.default.svc", .srv, "NODATA"),
            ("sql.tcp.db.default.svc", .a, "A 10.1.0.1"), ("_sql._tcp.db.default.svc", .a, "A 10.1.0.1"),
            ("_sql.tcp.db.default.svc", .a, "A 10.1.0.1"), ("_x._tcp.db.default.svc", .a, "NXDOMAIN"),
            (
                "sql.tcp.db.default.svc", .srv,
                "SRV 0 100 5432 sql.tcp.db.default.svc + A 10.1.0.1"
            ),
            ("a.sql.tcp.db.default.svc", .a, "NXDOMAIN"), ("a.pin._zone.db.default.svc", .a, "NXDOMAIN"),
            ("sql.tcp.db.default.svc", .txt, "NODATA"), ("sql.udp.db.default.svc", .txt, "NXDOMAIN"),
        ])
    }

    /// Two clusters with an endpoint of the same name, and slices that do not say where they come from.
    private static let two = ClusterObjects(
        services: [Make.service("db", ["10.96.0.1"])],
        endpointSlices: [
            Make.importedSlice(
                "db", from: "east", [Make.endpoint("10.1.0.1", host: "db-0"), Make.endpoint("10.1.0.2", host: "db-1")]),
            Make.importedSlice(
                "db", from: "west", ports: ["http:80", "admin:81"],
                [Make.endpoint("10.2.0.1", host: "db-0"), Make.endpoint("10.1.0.2", host: "db-1")]),
            Make.importedSlice("db", from: nil, ports: [], [Make.endpoint("10.3.0.1", host: "db-0")]),
            Make.importedSlice("db", from: nil, number: 1, [Make.endpoint("10.3.0.2", host: "db-2")]),
            // No name that anybody could ask for.
            Make.importedSlice("db", from: "a.b", [Make.endpoint("10.4.0.1", host: "db-4")]),
            // An endpoint's label that looks like two.
            Make.importedSlice("odd", from: nil, [Make.endpoint("10.5.0.1", host: "a\u{1}b")]),
            Make.importedSlice("odd", from: "b", [Make.endpoint("10.5.0.2", host: "a")]),
            Make.slice("db", [Make.endpoint("10.6.0.1", host: "db-0")]),
        ],
        serviceImports: [Make.importedHeadless("db"), Make.importedHeadless("odd")])

    @Test("endpoints of several clusters: each has its own name, and one of no cluster too")
    func clusters() throws {
        let cluster = try Self.cluster(Self.two)
        try cluster.check([
            (
                "db.default.svc", .a,
                "A 10.1.0.1 | A 10.1.0.2 | A 10.2.0.1 | A 10.3.0.1 | A 10.3.0.2 | A 10.4.0.1"
            ),
            ("db-0.east.db.default.svc", .a, "A 10.1.0.1"), ("db-0.west.db.default.svc", .a, "A 10.2.0.1"),
            ("db-1.east.db.default.svc", .a, "A 10.1.0.2"), ("db-1.west.db.default.svc", .a, "A 10.1.0.2"),
            ("db-0.north.db.default.svc", .a, "NXDOMAIN"),
            // CoreDNS: without a cluster only slices that name none.
            ("db-0.db.default.svc", .a, "A 10.3.0.1"), ("db-1.db.default.svc", .a, "NXDOMAIN"),
            ("db-2.db.default.svc", .a, "A 10.3.0.2"), ("db-4.db.default.svc", .a, "NXDOMAIN"),
            ("db-4.a.b.db.default.svc", .a, "NXDOMAIN"),
            ("a\\001b.odd.default.svc", .a, "A 10.5.0.1"), ("a.b.odd.default.svc", .a, "A 10.5.0.2"),
            (
                "db-0.west.db.default.svc", .srv,
                "SRV 0 50 80 db-0.west.db.default.svc | SRV 0 50 81 db-0.west.db.default.svc + A 10.2.0.1"
            ),
            (
                "db-2.db.default.svc", .srv, "SRV 0 100 80 db-2.db.default.svc + A 10.3.0.2"
            ),
            // A slice without ports has no SRV records, and its endpoint's name is not that of another's.
            ("db-0.db.default.svc", .srv, "NODATA"),
            (
                "_admin._tcp.db.default.svc", .srv,
                "SRV 0 50 81 db-0.west.db.default.svc | SRV 0 50 81 db-1.west.db.default.svc"
                    + " + db-0.west.db.default.svc A 10.2.0.1 | db-1.west.db.default.svc A 10.1.0.2"
            ),
        ])
        // All of it: each address below its own name, whatever order the names come in.
        let all = try cluster.reply(DomainName(parsing: "db.default.svc.cluster.local."), .srv)
        #expect(
            all.answers.map { "\($0.data)".replacing(".default.svc.cluster.local.", with: "") }.sorted() == [
                "0 11 80 db-0.east.db", "0 11 80 db-0.west.db", "0 11 80 db-1.east.db", "0 11 80 db-1.west.db",
                "0 11 80 db-2.db", "0 11 81 db-0.west.db", "0 11 81 db-1.west.db",
            ])
        #expect(
            all.additionals.map { "\($0.owner) \($0.data)".replacing(".default.svc.cluster.local.", with: "") }.sorted()
                == [
                    "db-0.east.db 10.1.0.1", "db-0.west.db 10.2.0.1", "db-1.east.db 10.1.0.2", "db-1.west.db 10.1.0.2",
                    "db-2.db 10.3.0.2",
                ])
    }

    @Test("each zone has its own services, and reverse names are those of this cluster alone")
    func zones() throws {
        var answers = ClusterOptions()
        answers.podMode = .insecure
        answers.zonal = true
        var objects = Self.two
        objects.services += [
            Make.service("here", ["10.96.0.2"]), Make.alias("far", to: "db-0.east.db.default.svc.set.test."),
            Make.headless("both"),
        ]
        objects.serviceImports += [Make.importedHeadless("both"), Make.imported("ip", ["10.98.0.9"])]
        // As implementations do that label a slice for a service of this cluster too.
        objects.endpointSlices.append(
            Make.importedSlice("both", from: "east", service: "both", [Make.endpoint("10.7.0.1", host: "x")]))
        let cluster = try Cluster(
            objects, zones: ["cluster.local.", "set.test.", "in-addr.arpa."], multicluster: ["set.test."],
            zone: Self.options(), answers: answers, local: ["10.1.0.1"])
        try cluster.check([
            ("db.default.svc", .a, "A 10.96.0.1"), ("db-0.db.default.svc", .a, "A 10.6.0.1"),
            ("db-0.east.db.default.svc", .a, "NXDOMAIN"), ("odd.default.svc", .a, "NXDOMAIN"),
            ("here.default.svc", .a, "A 10.96.0.2"), ("here.default.svc.set.test.", .a, "NXDOMAIN"),
            ("db-0.west.db.default.svc.set.test.", .a, "A 10.2.0.1"),
            ("odd.default.svc.set.test.", .a, "A 10.5.0.1 | A 10.5.0.2"),
            ("both.default.svc", .a, "A 10.7.0.1"), ("both.default.svc.set.test.", .a, "A 10.7.0.1"),
            ("x.both.default.svc", .a, "A 10.7.0.1"), ("x.both.default.svc.set.test.", .a, "NXDOMAIN"),
            ("x.east.both.default.svc", .a, "NXDOMAIN"), ("x.east.both.default.svc.set.test.", .a, "A 10.7.0.1"),
            // An alias may lead from one zone to the other.
            (
                "far.default.svc", .a,
                "CNAME db-0.east.db.default.svc.set.test. | db-0.east.db.default.svc.set.test. A 10.1.0.1"
            ),
            ("far.default.svc.set.test.", .a, "NXDOMAIN"),
            // Pods are those of this cluster, whichever zone asks; topology zones are not defined in multicluster zones.
            ("1-2-3-4.default.pod.set.test.", .a, "A 1.2.3.4"), ("default.svc.set.test.", .a, "NODATA"),
            ("a.pin._zone.both.default.svc", .a, "NODATA"), ("a.pin._zone.both.default.svc.set.test.", .a, "NXDOMAIN"),
            ("dns-version.set.test.", .txt, "TXT/28800 \"1.1.0\""),
            ("1.0.7.10.in-addr.arpa.", .ptr, "PTR x.both.default.svc"), ("1.0.2.10.in-addr.arpa.", .ptr, "NXDOMAIN"),
            ("9.0.98.10.in-addr.arpa.", .ptr, "NXDOMAIN"), ("1.0.6.10.in-addr.arpa.", .ptr, "PTR db-0.db.default.svc"),
            // This server's address is that of an endpoint of another cluster: that makes it no name server.
            ("cluster.local.", .ns, "NS ns.dns + ns.dns A 10.1.0.1"),
            ("set.test.", .ns, "NS ns.dns.set.test. + ns.dns.set.test. A 10.1.0.1"),
        ])
    }

    @Test("the options that say what exists")
    func options() throws {
        try Self.cluster(Self.reference) { $0.ignoresEmptyServices = true }.check([
            ("svc1.testns.svc", .a, "A 10.0.0.1"), ("svcempty.testns.svc", .a, "NXDOMAIN"),
            ("svc6.testns.svc", .aaaa, "NXDOMAIN"),
            ("hdls1.testns.svc", .aaaa, "AAAA 5678:abcd::1 | AAAA 5678:abcd::2"),
        ])
        try Self.cluster(Self.reference) { $0.servesEndpoints = false }.check([
            ("svc1.testns.svc", .a, "A 10.0.0.1"), ("hdls1.testns.svc", .a, "NXDOMAIN"),
            ("ep1a.cluster1.svc1.testns.svc", .a, "NXDOMAIN"),
        ])
        try Self.cluster(Self.reference) { $0.namespaces = ["other"] }.check([("svc1.testns.svc", .a, "NXDOMAIN")])
        // Without Namespace objects, those of the imported services exist.
        var bare = Self.reference
        bare.namespaces = []
        try Self.cluster(bare).check([
            ("svc1.testns.svc", .a, "A 10.0.0.1"), ("svc1.unexposedns.svc", .a, "A 10.0.0.2"),
            ("none.svc", .a, "NXDOMAIN"),
        ])
        // Imported services that nobody asks for are not kept.
        let without = try Cluster(Self.reference, multicluster: ["cluster.local."])
        try without.check([("svc1.testns.svc", .a, "NXDOMAIN"), ("testns.svc", .a, "NODATA")])
        #expect(IndexContents(without.index.snapshot).services.isEmpty)
        let selector = try LabelSelector(parsing: "app=in")
        let labelled = ClusterObjects(serviceImports: [
            Make.imported("in", ["10.98.0.1"], labels: ["app": "in"]), Make.imported("out", ["10.98.0.2"]),
        ])
        try Self.cluster(labelled) { $0.labels = selector }.check([
            ("in.default.svc", .a, "A 10.98.0.1"), ("out.default.svc", .a, "NXDOMAIN"),
        ])
    }

    @Test("longest labels, and names that have no room")
    func longest() throws {
        let (host, cluster) = (String(repeating: "h", count: 63), String(repeating: "c", count: 63))
        let objects = ClusterObjects(
            endpointSlices: [
                Make.importedSlice("db", from: cluster, [Make.endpoint("10.1.0.1", host: host)]),
                Make.importedSlice("db", from: "c", [Make.endpoint("10.1.0.2", host: host)]),
            ], serviceImports: [Make.importedHeadless("db")])
        let name = "\(host).\(cluster).db.default.svc"
        try Self.cluster(objects).check([
            (name, .a, "A 10.1.0.1"), ("\(host).\(cluster.dropLast()).db.default.svc", .a, "NXDOMAIN"),
            (name, .srv, "SRV 0 100 80 \(name) + A 10.1.0.1"), ("\(host).c.db.default.svc", .a, "A 10.1.0.2"),
        ])
        let zone = "\(String(repeating: "z", count: 60)).\(String(repeating: "y", count: 50)).test."
        let long = try Cluster(objects, zones: [zone], multicluster: [zone], zone: Self.options())
        // The longer name does not fit, so nothing may point at it.
        #expect(
            try long.ask("db.default.svc.\(zone)", .srv)
                == "SRV 0 50 80 \(host).c.db.default.svc.\(zone) + \(host).c.db.default.svc.\(zone) A 10.1.0.2")
    }

    @Test("what is not known is not denied: imports for the zone's names, slices for those made of them")
    func gaps() throws {
        let cluster = try Cluster(
            Self.two.with { $0.serviceImports.append(Make.imported("ip", ["10.98.0.9"])) },
            zones: ["cluster.local.", "set.test.", "in-addr.arpa."], multicluster: ["set.test."], zone: Self.options())
        let rows: [(gaps: IndexGaps, name: String, type: RecordType, expected: String)] = [
            ([.imports], "none.default.svc.set.test.", .a, "SERVFAIL"),
            ([.imports], "a.b.none.default.svc.set.test.", .a, "SERVFAIL"),
            ([.imports], "_a._b.none.default.svc.set.test.", .srv, "SERVFAIL"),
            ([.imports], "ip.default.svc.set.test.", .aaaa, "SERVFAIL"),
            ([.imports], "ip.default.svc.set.test.", .a, "A 10.98.0.9"),
            ([.imports], "x.set.test.", .a, "NXDOMAIN"), ([.imports], "default.svc.set.test.", .a, "NODATA"),
            ([.imports], "none.default.svc", .a, "NXDOMAIN"), ([.imports], "1.2.3.4.in-addr.arpa.", .ptr, "NXDOMAIN"),
            ([.services], "none.default.svc.set.test.", .a, "NXDOMAIN"),
            ([.services], "none.default.svc", .a, "SERVFAIL"),
            ([.endpoints], "none.default.svc.set.test.", .a, "NXDOMAIN"),
            ([.endpoints], "ip.default.svc.set.test.", .aaaa, "NODATA"),
            ([.endpoints], "x.east.ip.default.svc.set.test.", .a, "SERVFAIL"),
            ([.endpoints], "x.east.db.default.svc.set.test.", .a, "SERVFAIL"),
            ([.endpoints], "db.default.svc.set.test.", .aaaa, "SERVFAIL"),
            ([.namespaces], "default.svc.set.test.", .a, "NODATA"), ([.namespaces], "x.svc.set.test.", .a, "SERVFAIL"),
        ]
        for row in rows {
            cluster.setGaps(row.gaps)
            #expect(try cluster.ask(row.name, row.type) == row.expected, "\(row)")
        }
    }
}

extension ClusterObjects {
    fileprivate func with(_ change: (inout ClusterObjects) -> Void) -> ClusterObjects {
        var objects = self
        change(&objects)
        return objects
    }
}
