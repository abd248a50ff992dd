import ClusterZone
import DNSWire
import KubernetesAPI
import Testing

@Suite("Headless services and endpoints")
struct HeadlessTests {
    private static let long = String(repeating: "p", count: 64)

    private static let labelObjects = ClusterObjects(
        services: [Make.headless("db")],
        endpointSlices: [
            Make.slice(
                "db",
                [
                    Make.endpoint("10.1.0.1", host: "db-0", pod: "pod-a"),
                    Make.endpoint("10.1.0.2", pod: "pod-b"),
                    Make.endpoint("10.1.0.3", pod: "pod.c"),
                    Make.endpoint("10.1.0.4", pod: long),
                    Make.endpoint("10.1.0.5"),
                    Make.endpoint("10.1.0.6", host: ""),
                ]),
            Make.slice(
                "db", number: 1, type: .ipv6,
                [
                    Make.endpoint("2001:db8::1"), Make.endpoint("2001:db8::"), Make.endpoint("::7"),
                    Make.endpoint("2001:db8::8", pod: String(repeating: "q", count: 63)),
                ]),
        ])

    @Test("hostname, then (with endpoint_pod_names) the pod's name, then the address with dashes")
    func labels() throws {
        let addresses =
            "A 10.1.0.1 | A 10.1.0.2 | A 10.1.0.3 | A 10.1.0.4 | A 10.1.0.5 | A 10.1.0.6"
        try Cluster(Self.labelObjects).check([
            ("db.default.svc", .a, addresses),
            ("db.default.svc", .aaaa, "AAAA ::7 | AAAA 2001:db8:: | AAAA 2001:db8::1 | AAAA 2001:db8::8"),
            ("db-0.db.default.svc", .a, "A 10.1.0.1"),
            ("10-1-0-1.db.default.svc", .a, "NXDOMAIN"),
            ("pod-a.db.default.svc", .a, "NXDOMAIN"),
            ("pod-b.db.default.svc", .a, "NXDOMAIN"),
            ("10-1-0-2.db.default.svc", .a, "A 10.1.0.2"),
            ("10-1-0-3.db.default.svc", .a, "A 10.1.0.3"),
            ("10-1-0-6.db.default.svc", .a, "A 10.1.0.6"),
            ("10-1-0-2.db.default.svc", .aaaa, "NODATA"),
            ("2001-db8--1.db.default.svc", .aaaa, "AAAA 2001:db8::1"),
            // A label must not end in a dash.
            ("2001-db8--0.db.default.svc", .aaaa, "AAAA 2001:db8::"),
            ("2001-db8--.db.default.svc", .aaaa, "NXDOMAIN"),
            ("--7.db.default.svc", .aaaa, "AAAA ::7"),
            ("2001-db8--1.db.default.svc", .a, "NODATA"),
        ])
        var options = ZoneOptions()
        options.endpointPodNames = true
        try Cluster(Self.labelObjects, zone: options).check([
            ("db-0.db.default.svc", .a, "A 10.1.0.1"),
            ("pod-a.db.default.svc", .a, "NXDOMAIN"),
            ("pod-b.db.default.svc", .a, "A 10.1.0.2"),
            ("10-1-0-2.db.default.svc", .a, "NXDOMAIN"),
            ("10-1-0-3.db.default.svc", .a, "A 10.1.0.3"),
            ("10-1-0-4.db.default.svc", .a, "A 10.1.0.4"),
            ("10-1-0-5.db.default.svc", .a, "A 10.1.0.5"),
            ("\(String(repeating: "q", count: 63)).db.default.svc", .aaaa, "AAAA 2001:db8::8"),
        ])
    }

    @Test("ready: true and unknown count, false does not, whatever terminating says")
    func readiness() throws {
        let cluster = try Cluster(
            ClusterObjects(
                services: [Make.headless("db"), Make.headless("down"), Make.headless("bare")],
                endpointSlices: [
                    Make.slice(
                        "db",
                        [
                            Make.endpoint("10.1.0.1", ready: true), Make.endpoint("10.1.0.2", ready: nil),
                            Make.endpoint("10.1.0.3", ready: false),
                            Make.endpoint("10.1.0.4", ready: true, terminating: true),
                            Make.endpoint("10.1.0.5", ready: false, terminating: true),
                            Make.endpoint("10.1.0.6", ready: nil, terminating: true),
                        ]), Make.slice("down", [Make.endpoint("10.1.0.9", ready: false)]),
                ]))
        try cluster.check([
            ("db.default.svc", .a, "A 10.1.0.1 | A 10.1.0.2 | A 10.1.0.4 | A 10.1.0.6"),
            ("10-1-0-3.db.default.svc", .a, "NXDOMAIN"),
            // Without an endpoint a headless service has no name at all (CoreDNS).
            ("down.default.svc", .a, "NXDOMAIN"), ("down.default.svc", .srv, "NXDOMAIN"),
            ("down.default.svc", .txt, "NXDOMAIN"), ("bare.default.svc", .a, "NXDOMAIN"),
            ("9.0.1.10.in-addr.arpa.", .ptr, "NXDOMAIN"),
        ])
    }

    @Test("SRV: weights, ports, targets and their addresses")
    func services() throws {
        let cluster = try Cluster(
            ClusterObjects(
                services: [
                    Make.headless("db"), Make.headless("three"), Make.headless("dual"), Make.headless("twice"),
                    Make.headless("portless"), Make.headless("mixed"), Make.headless("any"),
                ],
                endpointSlices: [
                    Make.slice(
                        "db", ports: ["http:80", "admin:8080"],
                        [Make.endpoint("10.1.0.1", host: "db-0"), Make.endpoint("10.1.0.2", host: "db-1")]),
                    Make.slice(
                        "three", [Make.endpoint("10.2.0.1"), Make.endpoint("10.2.0.2"), Make.endpoint("10.2.0.3")]),
                    Make.slice("dual", [Make.endpoint("10.3.0.1", host: "d")]),
                    Make.slice("dual", number: 1, type: .ipv6, [Make.endpoint("fd00::3", host: "d")]),
                    Make.slice("twice", ports: ["dns:53/UDP", "dns-tcp:53"], [Make.endpoint("10.4.0.1", host: "t")]),
                    Make.slice("portless", ports: [], [Make.endpoint("10.5.0.1", host: "p")]),
                    Make.slice("mixed", ports: ["a:1"], [Make.endpoint("10.6.0.1", host: "m")]),
                    Make.slice("mixed", ports: ["b:2"], number: 1, [Make.endpoint("10.6.0.2", host: "m")]),
                    Make.slice("mixed", ports: [], number: 2, [Make.endpoint("10.6.0.3", host: "m")]),
                    Make.slice("any", ports: ["all:every"], [Make.endpoint("10.7.0.1", host: "x")]),
                ]))
        try cluster.check([
            (
                "db.default.svc", .srv,
                "SRV 0 25 80 db-0.db.default.svc | SRV 0 25 8080 db-0.db.default.svc | SRV 0 25 80 db-1.db.default.svc"
                    + " | SRV 0 25 8080 db-1.db.default.svc + db-0.db.default.svc A 10.1.0.1 | db-1.db.default.svc A 10.1.0.2"
            ),
            (
                "_http._tcp.db.default.svc", .srv,
                "SRV 0 50 80 db-0.db.default.svc | SRV 0 50 80 db-1.db.default.svc"
                    + " + db-0.db.default.svc A 10.1.0.1 | db-1.db.default.svc A 10.1.0.2"
            ),
            ("_http._tcp.db.default.svc", .a, "A 10.1.0.1 | A 10.1.0.2"),
            ("_http._udp.db.default.svc", .a, "NXDOMAIN"),
            ("_http._udp.db.default.svc", .srv, "NXDOMAIN"),
            (
                "db-1.db.default.svc", .srv,
                "SRV 0 50 80 db-1.db.default.svc | SRV 0 50 8080 db-1.db.default.svc + A 10.1.0.2"
            ),
            // 100 / 3, rounded down.
            (
                "three.default.svc", .srv,
                "SRV 0 33 80 10-2-0-1.three.default.svc | SRV 0 33 80 10-2-0-2.three.default.svc"
                    + " | SRV 0 33 80 10-2-0-3.three.default.svc + 10-2-0-1.three.default.svc A 10.2.0.1"
                    + " | 10-2-0-2.three.default.svc A 10.2.0.2 | 10-2-0-3.three.default.svc A 10.2.0.3"
            ),
            // One record for a target with two addresses; the weight counts both.
            (
                "dual.default.svc", .srv,
                "SRV 0 50 80 d.dual.default.svc + d.dual.default.svc A 10.3.0.1 | d.dual.default.svc AAAA fd00::3"
            ),
            ("twice.default.svc", .srv, "SRV 0 50 53 t.twice.default.svc + t.twice.default.svc A 10.4.0.1"),
            ("_dns._udp.twice.default.svc", .srv, "SRV 0 100 53 t.twice.default.svc + t.twice.default.svc A 10.4.0.1"),
            // A slice without ports has addresses, and no SRV records.
            ("portless.default.svc", .a, "A 10.5.0.1"),
            ("portless.default.svc", .srv, "NODATA"),
            ("_http._tcp.portless.default.svc", .srv, "NXDOMAIN"),
            ("p.portless.default.svc", .srv, "NODATA"),
            // Slices with ports of their own; the one without ports gives no additional address either.
            (
                "mixed.default.svc", .srv,
                "SRV 0 33 1 m.mixed.default.svc | SRV 0 33 2 m.mixed.default.svc"
                    + " + m.mixed.default.svc A 10.6.0.1 | m.mixed.default.svc A 10.6.0.2"
            ),
            ("_b._tcp.mixed.default.svc", .a, "A 10.6.0.2"),
            (
                "_b._tcp.mixed.default.svc", .srv, "SRV 0 100 2 m.mixed.default.svc + m.mixed.default.svc A 10.6.0.2"
            ),
            // A port without a number stands for all of them: there is nothing to point at.
            ("any.default.svc", .srv, "NODATA"), ("_all._tcp.any.default.svc", .srv, "NODATA"),
            ("_all._tcp.any.default.svc", .a, "A 10.7.0.1"),
        ])
    }

    @Test("slices that repeat an endpoint: one record, the weight counts each")
    func overlap() throws {
        let cluster = try Cluster(
            ClusterObjects(
                services: [Make.headless("db")],
                endpointSlices: (0..<3).map { number in
                    Make.slice("db", number: number, [Make.endpoint("10.1.0.1", host: "db-0")])
                } + [Make.slice("db", number: 3, [Make.endpoint("10.1.0.2", host: "db-1")])]))
        try cluster.check([
            ("db.default.svc", .a, "A 10.1.0.1 | A 10.1.0.2"),
            (
                "db.default.svc", .srv,
                "SRV 0 25 80 db-0.db.default.svc | SRV 0 25 80 db-1.db.default.svc"
                    + " + db-0.db.default.svc A 10.1.0.1 | db-1.db.default.svc A 10.1.0.2"
            ),
            ("db-0.db.default.svc", .srv, "SRV 0 33 80 db-0.db.default.svc + A 10.1.0.1"),
            ("1.0.1.10.in-addr.arpa.", .ptr, "PTR db-0.db.default.svc"),
        ])
    }

    @Test("slices of address type FQDN: each name is an alias, and has no SRV record")
    func names() throws {
        let cluster = try Cluster(
            ClusterObjects(
                services: [Make.headless("db"), Make.headless("mix"), Make.service("web", ["10.96.0.1"])],
                endpointSlices: [
                    Make.slice("db", type: .fqdn, [Make.endpoint("web.default.svc.cluster.local")]),
                    Make.slice("mix", type: .fqdn, [Make.endpoint("db.example.com")]),
                    Make.slice("mix", number: 1, [Make.endpoint("10.1.0.1", host: "m")]),
                ]))
        try cluster.check([
            ("db.default.svc", .a, "CNAME web.default.svc | web.default.svc A 10.96.0.1"),
            ("db.default.svc", .cname, "CNAME web.default.svc"),
            ("db.default.svc", .srv, "NODATA"),
            ("db.default.svc", .aaaa, "NODATA"),
            ("mix.default.svc", .a, "A 10.1.0.1 | CNAME db.example.com. -> db.example.com."),
            ("mix.default.svc", .aaaa, "CNAME db.example.com. -> db.example.com."),
            ("mix.default.svc", .srv, "SRV 0 100 80 m.mix.default.svc + m.mix.default.svc A 10.1.0.1"),
            ("db-example-com.mix.default.svc", .a, "CNAME db.example.com. -> db.example.com."),
            ("_http._tcp.mix.default.svc", .a, "A 10.1.0.1 | CNAME db.example.com. -> db.example.com."),
        ])
    }

    @Test("noendpoints: headless services have no names, services with addresses keep theirs")
    func withoutEndpoints() throws {
        var options = ZoneOptions()
        options.servesEndpoints = false
        let cluster = try Cluster(
            ClusterObjects(
                services: [Make.headless("db"), Make.service("web", ["10.96.0.1"])],
                endpointSlices: [
                    Make.slice("db", [Make.endpoint("10.1.0.1", host: "db-0")]),
                    Make.slice("web", [Make.endpoint("10.1.0.2", host: "web-0")]),
                ]), zone: options)
        try cluster.check([
            ("db.default.svc", .a, "NXDOMAIN"), ("db-0.db.default.svc", .a, "NXDOMAIN"),
            ("web.default.svc", .a, "A 10.96.0.1"), ("web-0.web.default.svc", .a, "NXDOMAIN"),
            ("1.0.1.10.in-addr.arpa.", .ptr, "NXDOMAIN"), ("1.0.96.10.in-addr.arpa.", .ptr, "PTR web.default.svc"),
        ])
    }

    @Test("rotation: every address once, whatever the number; only the order turns")
    func rotation() throws {
        let endpoints = (1...5).map { Make.endpoint("10.1.0.\($0)", host: "db-\($0 % 2)", zone: "z\($0 % 2)") }
        var zone = ZoneOptions()
        zone.zonal = true
        var answers = ClusterOptions()
        answers.zonal = true
        let cluster = try Cluster(
            ClusterObjects(
                services: [Make.headless("db"), Make.service("web", ["10.96.0.1", "10.96.0.2", "10.96.0.3"])],
                endpointSlices: [
                    Make.slice("db", endpoints), Make.slice("db", ports: ["http:80", "b:2"], number: 1, endpoints),
                    Make.slice("db", ports: ["c:3"], number: 2, [Make.endpoint("10.1.0.9", host: "db-9")]),
                ]), zone: zone, answers: answers)
        for name in [
            "db.default.svc", "_http._tcp.db.default.svc", "db-0.db.default.svc", "db-1.db.default.svc",
            "z1.pin._zone.db.default.svc", "z9.prefer._zone.db.default.svc", "web.default.svc",
        ] {
            let plain = try cluster.ask(name, .a).split(separator: "|").map { $0.filter { $0 != " " } }
            #expect(Set(plain).count == plain.count)
            var firsts: Set<String> = []
            for rotation in [UInt32](0...40) + [.max, .max - 1, 1 << 31] {
                let turned = try cluster.ask(name, .a, rotation: rotation).split(separator: "|").map {
                    $0.filter { $0 != " " }
                }
                #expect(turned.sorted() == plain.sorted(), "\(name) \(rotation)")
                if let first = turned.first {
                    firsts.insert(first)
                    let cut = plain.firstIndex(of: first) ?? 0
                    #expect(turned == Array(plain[cut...] + plain[..<cut]), "\(name) \(rotation): not a rotation")
                }
            }
            #expect(firsts == Set(plain), "\(name): every address comes first at some time")
        }
    }
}
