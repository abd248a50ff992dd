import ClusterZone
import DNSWire
import KubernetesAPI
import Testing

@Suite("Services with cluster addresses")
struct ClusterAddressTests {
    @Test("addresses, ports and endpoints of a service")
    func names() throws {
        let cluster = try Cluster(
            ClusterObjects(
                services: [
                    Make.service("web", ["10.96.0.1", "fd00::1"], ["http:80", "https:443"]),
                    Make.service("one", ["10.96.0.2"], [":8080"]),
                    Make.service("dns", ["10.96.0.10"], ["dns:53/UDP", "dns-tcp:53", "metrics:9153"]),
                    Make.service("portless", ["10.96.0.3"], []),
                    Make.service("pending", []),
                    Make.service("six", ["fd00::6"]),
                ],
                endpointSlices: [
                    Make.slice("web", [Make.endpoint("10.1.0.1", host: "web-0"), Make.endpoint("10.1.0.2")]),
                    Make.slice("web", number: 1, type: .ipv6, [Make.endpoint("fd01::1", host: "web-0")]),
                ],
                namespaces: Make.namespaces("default", "empty")))
        try cluster.check([
            ("web.default.svc", .a, "A 10.96.0.1"),
            ("web.default.svc", .aaaa, "AAAA fd00::1"),
            ("one.default.svc", .aaaa, "NODATA"),
            ("six.default.svc", .a, "NODATA"),
            ("six.default.svc", .aaaa, "AAAA fd00::6"),
            ("portless.default.svc", .a, "A 10.96.0.3"),
            ("pending.default.svc", .a, "NODATA"),
            ("nothing.default.svc", .a, "NXDOMAIN"),
            ("web.elsewhere.svc", .a, "NXDOMAIN"),
            ("web.empty.svc", .a, "NXDOMAIN"),
            // SRV: 100 shared by ports times addresses; the target is the service, its addresses are additional.
            (
                "web.default.svc", .srv,
                "SRV 0 25 80 web.default.svc | SRV 0 25 443 web.default.svc + A 10.96.0.1 | AAAA fd00::1"
            ),
            (
                "_http._tcp.web.default.svc", .srv,
                "SRV 0 50 80 web.default.svc + web.default.svc A 10.96.0.1 | web.default.svc AAAA fd00::1"
            ),
            // An underscore may be left out, and an empty one matches all.
            (
                "https.tcp.web.default.svc", .srv,
                "SRV 0 50 443 web.default.svc + web.default.svc A 10.96.0.1 | web.default.svc AAAA fd00::1"
            ),
            (
                "_._.one.default.svc", .srv, "SRV 0 100 8080 one.default.svc + one.default.svc A 10.96.0.2"
            ),
            ("_http._udp.web.default.svc", .srv, "NXDOMAIN"),
            ("_ftp._tcp.web.default.svc", .srv, "NXDOMAIN"),
            ("_http._tcp.web.default.svc", .a, "A 10.96.0.1"),
            ("_ftp._tcp.web.default.svc", .a, "NXDOMAIN"),
            ("_http._tcp.one.default.svc", .srv, "NXDOMAIN"),
            // The same number twice is one record, though the weight counts both.
            (
                "dns.default.svc", .srv, "SRV 0 33 53 dns.default.svc | SRV 0 33 9153 dns.default.svc + A 10.96.0.10"
            ),
            (
                "_dns._udp.dns.default.svc", .srv, "SRV 0 100 53 dns.default.svc + dns.default.svc A 10.96.0.10"
            ),
            // A service without ports has no SRV records.
            ("portless.default.svc", .srv, "NODATA"),
            ("_http._tcp.portless.default.svc", .srv, "NXDOMAIN"),
            ("pending.default.svc", .srv, "NODATA"),
            // The endpoints have names of their own.
            ("web-0.web.default.svc", .a, "A 10.1.0.1"),
            ("web-0.web.default.svc", .aaaa, "AAAA fd01::1"),
            ("10-1-0-2.web.default.svc", .a, "A 10.1.0.2"),
            ("10-1-0-1.web.default.svc", .a, "NXDOMAIN"),
            (
                "web-0.web.default.svc", .srv,
                "SRV 0 50 80 web-0.web.default.svc + A 10.1.0.1 | AAAA fd01::1"
            ),
            ("web-1.web.default.svc", .a, "NXDOMAIN"),
            ("web-0.one.default.svc", .a, "NXDOMAIN"),
            // Too long, or not of the grammar.
            ("a._http._tcp.web.default.svc", .a, "NXDOMAIN"),
            ("web.default", .a, "NXDOMAIN"),
            ("default.svc", .a, "NODATA"),
            ("empty.svc", .a, "NODATA"),
            ("elsewhere.svc", .a, "NXDOMAIN"),
            ("svc", .a, "NODATA"),
            ("pod", .a, "NODATA"),
            ("nonsense", .a, "NXDOMAIN"),
            ("cluster.local.", .a, "NODATA"),
            ("cluster.local.", .srv, "NODATA"),
        ])
    }

    @Test("the letters of the question come back in owners and in the zone, those of objects in lower case")
    func letters() throws {
        let cluster = try Cluster(
            ClusterObjects(
                services: [Make.service("web", ["10.96.0.1"]), Make.headless("db")],
                endpointSlices: [Make.slice("db", [Make.endpoint("10.1.0.1", host: "DB-0")])]))
        try cluster.check([
            ("WEB.Default.SVC.Cluster.LOCAL.", .a, "A 10.96.0.1"),
            (
                "WEB.Default.SVC.Cluster.LOCAL.", .srv,
                "SRV 0 100 80 web.default.svc.Cluster.LOCAL. + web.default.svc.Cluster.LOCAL. A 10.96.0.1"
            ),
            ("Db-0.DB.default.svc.CLUSTER.local.", .a, "A 10.1.0.1"),
            (
                "_HTTP._Tcp.db.default.svc.CLUSTER.local.", .srv,
                "SRV 0 100 80 db-0.db.default.svc.CLUSTER.local. + db-0.db.default.svc.CLUSTER.local. A 10.1.0.1"
            ),
            ("1.0.96.10.In-Addr.ARPA.", .ptr, "PTR web.default.svc"),
        ])
    }

    @Test("ignore empty_service: without a ready endpoint a service with cluster addresses does not exist")
    func ignoreEmpty() throws {
        var options = ZoneOptions()
        options.ignoresEmptyServices = true
        let objects = ClusterObjects(
            services: [
                Make.service("none", ["10.96.0.1"]), Make.service("notready", ["10.96.0.2"]),
                Make.service("ready", ["10.96.0.3"]), Make.headless("headless"), Make.alias("alias", to: "example.com"),
            ],
            endpointSlices: [
                Make.slice("notready", [Make.endpoint("10.1.0.1", ready: false)]),
                Make.slice("ready", [Make.endpoint("10.1.0.2")]),
            ])
        try Cluster(objects, zone: options).check([
            ("none.default.svc", .a, "NXDOMAIN"),
            ("none.default.svc", .srv, "NXDOMAIN"),
            ("notready.default.svc", .a, "NXDOMAIN"),
            ("ready.default.svc", .a, "A 10.96.0.3"),
            ("headless.default.svc", .a, "NXDOMAIN"),
            ("alias.default.svc", .cname, "CNAME example.com."),
            // Reverse names are not affected.
            ("1.0.96.10.in-addr.arpa.", .ptr, "PTR none.default.svc"),
        ])
        try Cluster(objects).check([
            ("none.default.svc", .a, "A 10.96.0.1"), ("notready.default.svc", .a, "A 10.96.0.2"),
        ])
        options.servesEndpoints = false
        try Cluster(objects, zone: options).check([("ready.default.svc", .a, "NXDOMAIN")])
    }

    @Test(
        "ttl of all records, and no more than 300 seconds for the SOA's own",
        arguments: [0, 5, 30, 300, 3600] as [UInt32])
    func timeToLive(ttl: UInt32) throws {
        var answers = ClusterOptions()
        answers.ttl = ttl
        let cluster = try Cluster(
            ClusterObjects(services: [Make.service("web", ["10.96.0.1"])]), answers: answers, local: ["10.5.5.5"])
        let mark = ttl == 5 ? "" : "/\(ttl)"
        try cluster.check([
            ("web.default.svc", .a, "A\(mark) 10.96.0.1"),
            ("web.default.svc", .srv, "SRV\(mark) 0 100 80 web.default.svc + A\(mark) 10.96.0.1"),
            ("1.0.96.10.in-addr.arpa.", .ptr, "PTR\(mark) web.default.svc"),
            ("cluster.local.", .ns, "NS\(mark) ns.dns + ns.dns A\(mark) 10.5.5.5"),
            ("dns-version", .txt, "TXT/28800 \"1.1.0\""),
            (
                "cluster.local.", .soa,
                "SOA\(ttl == 5 ? "" : "/\(min(ttl, 300))") ns.dns hostmaster \(Cluster.serial) 7200 1800 86400 \(ttl)"
            ),
        ])
    }
}
