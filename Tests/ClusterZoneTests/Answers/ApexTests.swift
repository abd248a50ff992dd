import ClusterZone
import DNSWire
import KubernetesAPI
import Testing

@Suite("SOA, NS, TXT and other types")
struct ApexTests {
    private static let soa = "SOA ns.dns hostmaster \(Cluster.serial) 7200 1800 86400 5"

    private static let objects = ClusterObjects(
        services: [
            Make.service("web", ["10.96.0.1"]), Make.headless("db"), Make.alias("alias", to: "example.com"),
            Make.service("kube-dns", in: "kube-system", ["10.96.0.10", "fd00::a"]),
            Make.headless("peers", in: "kube-system"),
        ],
        endpointSlices: [
            Make.slice("db", [Make.endpoint("10.1.0.1", host: "db-0")]),
            Make.slice("kube-dns", in: "kube-system", [Make.endpoint("10.2.0.1"), Make.endpoint("10.2.0.2")]),
            Make.slice(
                "peers", in: "kube-system", [Make.endpoint("10.3.0.1", host: "p-0"), Make.endpoint("10.3.0.2")]),
            Make.slice("ghost", in: "kube-system", [Make.endpoint("10.4.0.1")]),
        ], namespaces: Make.namespaces("default", "kube-system"))

    @Test("SOA at the zone's name, NODATA elsewhere; transfers are refused")
    func authority() throws {
        try Cluster(Self.objects).check([
            ("cluster.local.", .soa, Self.soa),
            (
                "CLUSTER.Local.", .soa,
                "SOA ns.dns.CLUSTER.Local. hostmaster.CLUSTER.Local. \(Cluster.serial) 7200 1800 86400 5"
            ),
            ("web.default.svc", .soa, "NODATA"), ("nothing.at.all", .soa, "NODATA"), ("default.svc", .soa, "NODATA"),
            ("cluster.local.", .axfr, "REFUSED"), ("cluster.local.", .ixfr, "REFUSED"),
            ("web.default.svc", .axfr, "REFUSED"),
        ])
    }

    @Test("negative answers carry the SOA of the zone, in the letters of the question")
    func negative() throws {
        let cluster = try Cluster(Self.objects)
        let reply = try cluster.reply(DomainName(parsing: "nothing.Default.svc.Cluster.Local."), .a)
        #expect(reply.outcome == .nameError)
        #expect(
            reply.authorities.map(\.description) == [
                "Cluster.Local.\t5\tIN\tSOA\tns.dns.Cluster.Local. hostmaster.Cluster.Local. \(Cluster.serial) 7200 1800 86400 5"
            ])
    }

    @Test("dns-version, and TXT for all else: whether there is something at the name")
    func text() throws {
        var answers = ClusterOptions()
        answers.podMode = .insecure
        try Cluster(Self.objects, answers: answers).check([
            ("dns-version", .txt, "TXT/28800 \"1.1.0\""), ("DNS-Version.cluster.local.", .txt, "TXT/28800 \"1.1.0\""),
            ("dns-version", .a, "NXDOMAIN"), ("x.dns-version", .txt, "NXDOMAIN"), ("web.default.svc", .txt, "NODATA"),
            ("db.default.svc", .txt, "NODATA"), ("db-0.db.default.svc", .txt, "NODATA"),
            ("alias.default.svc", .txt, "NODATA"),
            ("10-1-0-1.default.pod", .txt, "NODATA"), ("x.default.pod", .txt, "NXDOMAIN"),
            // Names that hold only other names do not count (CoreDNS).
            ("default.svc", .txt, "NXDOMAIN"), ("svc", .txt, "NXDOMAIN"), ("cluster.local.", .txt, "NXDOMAIN"),
            ("default.pod", .txt, "NXDOMAIN"), ("nothing.default.svc", .txt, "NXDOMAIN"), ("ns.dns", .txt, "NXDOMAIN"),
        ])
    }

    @Test(
        "types without records: whether the name is there",
        arguments: [RecordType.mx, .any, .https, .svcb, .caa, .ds, .naptr, RecordType(rawValue: 65_280)])
    func others(type: RecordType) throws {
        try Cluster(Self.objects, local: ["10.5.5.5"]).check([
            ("web.default.svc", type, "NODATA"), ("db.default.svc", type, "NODATA"),
            ("db-0.db.default.svc", type, "NODATA"),
            ("_http._tcp.db.default.svc", type, "NODATA"), ("_x._tcp.db.default.svc", type, "NXDOMAIN"),
            ("nothing.default.svc", type, "NXDOMAIN"), ("default.svc", type, "NODATA"),
            ("nowhere.svc", type, "NXDOMAIN"),
            ("cluster.local.", type, "NODATA"), ("ns.dns", type, "NODATA"), ("x.dns", type, "NXDOMAIN"),
            ("alias.default.svc", type, "NODATA"),
        ])
    }

    @Test("name server: the addresses of this server where no endpoint has one of them")
    func localAddresses() throws {
        try Cluster(Self.objects, local: ["10.5.5.5", "fd00::5", "10.5.5.6"]).check([
            ("cluster.local.", .ns, "NS ns.dns + ns.dns A 10.5.5.5 | ns.dns AAAA fd00::5 | ns.dns A 10.5.5.6"),
            (
                "Cluster.LOCAL.", .ns,
                "NS ns.dns.Cluster.LOCAL. + ns.dns.Cluster.LOCAL. A 10.5.5.5 | ns.dns.Cluster.LOCAL. AAAA fd00::5 | ns.dns.Cluster.LOCAL. A 10.5.5.6"
            ),
            ("ns.dns", .a, "A 10.5.5.5 | A 10.5.5.6"), ("ns.dns", .aaaa, "AAAA fd00::5"), ("ns.dns", .srv, "NODATA"),
            ("ns.dns", .ns, "NODATA"), ("x.ns.dns", .a, "NXDOMAIN"), ("dns", .a, "NXDOMAIN"),
            ("web.default.svc", .ns, "NODATA"), ("nothing.default.svc", .ns, "NXDOMAIN"),
            ("ns.dns.in-addr.arpa.", .a, "A 10.5.5.5 | A 10.5.5.6"),
        ])
        try Cluster(Self.objects, local: ["10.5.5.5"], answersLocal: false).check([
            ("cluster.local.", .ns, "NODATA"), ("ns.dns", .a, "NODATA"),
        ])
        try Cluster(Self.objects).check([("cluster.local.", .ns, "NODATA"), ("ns.dns", .aaaa, "NODATA")])
    }

    @Test("name server: the services whose endpoints have an address of this server")
    func services() throws {
        try Cluster(Self.objects, local: ["10.2.0.1", "10.2.0.2"]).check([
            (
                "cluster.local.", .ns,
                "NS kube-dns.kube-system.svc + kube-dns.kube-system.svc A 10.96.0.10 | kube-dns.kube-system.svc AAAA fd00::a"
            ),
            ("ns.dns", .a, "A 10.96.0.10"), ("ns.dns", .aaaa, "AAAA fd00::a"),
        ])
        try Cluster(Self.objects, local: ["10.3.0.1"]).check([
            (
                "cluster.local.", .ns,
                "NS p-0.peers.kube-system.svc | NS 10-3-0-2.peers.kube-system.svc"
                    + " + p-0.peers.kube-system.svc A 10.3.0.1 | 10-3-0-2.peers.kube-system.svc A 10.3.0.2"
            ),
            ("ns.dns", .a, "A 10.3.0.1 | A 10.3.0.2"), ("ns.dns", .aaaa, "NODATA"),
        ])
        // Endpoints without a service: found, so the local addresses do not count, and nothing to name.
        try Cluster(Self.objects, local: ["10.4.0.1"]).check([
            ("cluster.local.", .ns, "NODATA"), ("ns.dns", .a, "NODATA"),
        ])
        // One with, one without.
        try Cluster(Self.objects, local: ["10.9.9.9", "10.2.0.1"]).check([("ns.dns", .a, "A 10.96.0.10")])
        // The option does not hide the server's own service (CoreDNS looks at no namespace here).
        var options = ZoneOptions()
        options.namespaces = ["default"]
        try Cluster(Self.objects, zone: options, local: ["10.2.0.1"]).check([
            ("ns.dns", .a, "A 10.96.0.10"), ("1.0.2.10.in-addr.arpa.", .ptr, "NXDOMAIN"),
            ("10.0.96.10.in-addr.arpa.", .ptr, "NXDOMAIN"), ("1.0.1.10.in-addr.arpa.", .ptr, "PTR db-0.db.default.svc"),
        ])
    }

    @Test("the root as the plugin's zone")
    func root() throws {
        let cluster = try Cluster(Self.objects, zones: ["."], local: ["10.5.5.5"])
        try cluster.check([
            ("web.default.svc.", .a, "A 10.96.0.1"), ("db-0.db.default.svc.", .a, "A 10.1.0.1"),
            ("web.default.svc.", .srv, "SRV 0 100 80 web.default.svc. + A 10.96.0.1"),
            (".", .soa, "SOA ns.dns. hostmaster. \(Cluster.serial) 7200 1800 86400 5"),
            (".", .ns, "NS ns.dns. + ns.dns. A 10.5.5.5"), ("ns.dns.", .a, "A 10.5.5.5"), (".", .a, "NODATA"),
            ("default.svc.", .a, "NODATA"), ("svc.", .a, "NODATA"), ("com.", .a, "NXDOMAIN"),
            ("example.com.", .a, "NXDOMAIN"),
            ("dns-version.", .txt, "TXT/28800 \"1.1.0\""), ("alias.default.svc.", .cname, "CNAME example.com."),
            ("1.0.96.10.in-addr.arpa.", .ptr, "PTR web.default.svc."),
        ])
        let negative = try cluster.reply(DomainName(parsing: "example.com."), .a)
        #expect(negative.authorities.map(\.owner) == [.root])
    }
}
