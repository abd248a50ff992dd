import ClusterZone
import DNSWire
import KubernetesAPI
import Testing

@Suite("endpoint_aliases: all names of an endpoint")
struct EndpointAliasTests {
    private static func options(podNames: Bool = false, aliases: Bool = true) -> ZoneOptions {
        var options = ZoneOptions()
        options.endpointPodNames = podNames
        options.endpointAliases = aliases
        return options
    }

    @Test("hostname or not, pod or not, endpoint_pod_names or not, endpoint_aliases or not")
    func combinations() throws {
        for hostname in [nil, "host"] {
            for pod in [nil, "pod"] {
                for podNames in [false, true] {
                    for aliases in [false, true] {
                        let cluster = try Cluster(
                            ClusterObjects(
                                services: [Make.headless("db")],
                                endpointSlices: [
                                    Make.slice("db", [Make.endpoint("10.1.0.1", host: hostname, pod: pod)])
                                ]),
                            zone: Self.options(podNames: podNames, aliases: aliases))
                        let canonical = hostname ?? (podNames ? pod : nil) ?? "10-1-0-1"
                        var names: Set = [canonical]
                        if aliases { names.formUnion(["10-1-0-1", hostname ?? canonical, pod ?? canonical]) }
                        let comment: Comment = "\(hostname ?? "-") \(pod ?? "-") \(podNames) \(aliases)"
                        let service = "SRV 0 100 80 \(canonical).db.default.svc"
                        for name in ["host", "pod", "10-1-0-1"] {
                            let full = "\(name).db.default.svc"
                            let isThere = names.contains(name)
                            #expect(try cluster.ask(full, .a) == (isThere ? "A 10.1.0.1" : "NXDOMAIN"), comment)
                            #expect(try cluster.ask(full, .aaaa) == (isThere ? "NODATA" : "NXDOMAIN"), comment)
                            #expect(try cluster.ask(full, .txt) == (isThere ? "NODATA" : "NXDOMAIN"), comment)
                            // The target is the canonical name, whichever was asked for.
                            let owner = name == canonical ? "" : "\(canonical).db.default.svc "
                            #expect(
                                try cluster.ask(full, .srv)
                                    == (isThere ? "\(service) + \(owner)A 10.1.0.1" : "NXDOMAIN"), comment)
                        }
                        #expect(
                            try cluster.ask("db.default.svc", .srv)
                                == "\(service) + \(canonical).db.default.svc A 10.1.0.1",
                            comment)
                        #expect(
                            try cluster.ask("1.0.1.10.in-addr.arpa.", .ptr) == "PTR \(canonical).db.default.svc",
                            comment)
                    }
                }
            }
        }
    }

    @Test("a hostname that several pods have, and a pod whose name is another's hostname")
    func shared() throws {
        let objects = ClusterObjects(
            services: [Make.headless("db"), Make.headless("many")],
            endpointSlices: [
                Make.slice(
                    "db",
                    [
                        Make.endpoint("10.1.0.3", host: "web", pod: "a"),
                        Make.endpoint("10.1.0.1", host: "web", pod: "b"),
                        Make.endpoint("10.1.0.2", host: "other", pod: "web"),
                        Make.endpoint("10.1.0.4", host: "z", pod: "z"),
                    ]),
                // More names than there are places in a table.
                Make.slice(
                    "many",
                    (0..<100).map { Make.endpoint("10.2.0.\($0)", host: $0 % 2 == 0 ? "even" : "odd", pod: "p-\($0)") }
                ),
            ])
        let cluster = try Cluster(objects, zone: Self.options())
        try cluster.check([
            // All addresses: by hostname the first two, by the pod's name the third.
            ("web.db.default.svc", .a, "A 10.1.0.1 | A 10.1.0.2 | A 10.1.0.3"),
            ("a.db.default.svc", .a, "A 10.1.0.3"), ("b.db.default.svc", .a, "A 10.1.0.1"),
            ("other.db.default.svc", .a, "A 10.1.0.2"), ("z.db.default.svc", .a, "A 10.1.0.4"),
            ("10-1-0-1.db.default.svc", .a, "A 10.1.0.1"),
            (
                "web.db.default.svc", .srv,
                "SRV 0 33 80 web.db.default.svc | SRV 0 33 80 other.db.default.svc"
                    + " + A 10.1.0.1 | A 10.1.0.3 | other.db.default.svc A 10.1.0.2"
            ),
            // One record for the label, as far as the name asked for stands for it: one address.
            ("b.db.default.svc", .srv, "SRV 0 100 80 web.db.default.svc + web.db.default.svc A 10.1.0.1"),
            ("db.default.svc", .a, "A 10.1.0.1 | A 10.1.0.2 | A 10.1.0.3 | A 10.1.0.4"),
            ("c.db.default.svc", .a, "NXDOMAIN"),
        ])
        for number in 0..<100 {
            for name in ["p-\(number)", "10-2-0-\(number)"] {
                #expect(try cluster.ask("\(name).many.default.svc", .a) == "A 10.2.0.\(number)")
            }
        }
        #expect(try cluster.reply(DomainName(parsing: "odd.many.default.svc.cluster.local."), .a).answers.count == 50)
        // Each place of rotation has each address once.
        for rotation in 0..<UInt32(6) {
            let found = try cluster.ask("web.db.default.svc", .a, rotation: rotation)
            #expect(
                found.split(separator: " | ").map(String.init).sorted() == ["A 10.1.0.1", "A 10.1.0.2", "A 10.1.0.3"])
        }
        #expect(!cluster.replace(with: objects), "what changes nothing is not published")
    }

    @Test("both families, several services and ports, names that are no labels, endpoints that are not ready")
    func kinds() throws {
        let long = String(repeating: "l", count: 64)
        let longest = String(repeating: "m", count: 63)
        let cluster = try Cluster(
            ClusterObjects(
                services: [Make.headless("db"), Make.headless("peers"), Make.service("front", ["10.96.0.1"])],
                endpointSlices: [
                    Make.slice(
                        "db", [Make.endpoint("10.1.0.1", host: "h", pod: "Pod-A"), Make.endpoint("10.1.0.2", pod: "b")]),
                    Make.slice("db", number: 1, type: .ipv6, [Make.endpoint("fd00::1", host: "h", pod: "Pod-A")]),
                    // The same pod with another port: the name is one.
                    Make.slice(
                        "db", ports: ["admin:81"], number: 2, [Make.endpoint("10.1.0.1", host: "h", pod: "Pod-A")]),
                    Make.slice(
                        "peers",
                        [
                            Make.endpoint("10.1.0.1", pod: "Pod-A"), Make.endpoint("10.1.0.3", pod: long),
                            Make.endpoint("10.1.0.4", host: "x", pod: longest),
                            Make.endpoint("10.1.0.5", pod: "dotted.name"),
                            Make.endpoint("10.1.0.6", host: "down", pod: "gone", ready: false),
                        ]),
                    Make.slice("front", [Make.endpoint("10.1.0.7", pod: "f")]),
                ]), zone: Self.options(podNames: true))
        try cluster.check([
            ("pod-a.db.default.svc", .a, "A 10.1.0.1"), ("pod-a.db.default.svc", .aaaa, "AAAA fd00::1"),
            ("POD-A.db.default.svc", .a, "A 10.1.0.1"), ("h.db.default.svc", .aaaa, "AAAA fd00::1"),
            ("10-1-0-1.db.default.svc", .a, "A 10.1.0.1"), ("10-1-0-1.db.default.svc", .aaaa, "NODATA"),
            ("fd00--1.db.default.svc", .aaaa, "AAAA fd00::1"), ("b.db.default.svc", .a, "A 10.1.0.2"),
            ("10-1-0-2.db.default.svc", .a, "A 10.1.0.2"),
            ("pod-a.peers.default.svc", .a, "A 10.1.0.1"), ("10-1-0-1.peers.default.svc", .a, "A 10.1.0.1"),
            ("10-1-0-3.peers.default.svc", .a, "A 10.1.0.3"), ("\(longest).peers.default.svc", .a, "A 10.1.0.4"),
            ("10-1-0-4.peers.default.svc", .a, "A 10.1.0.4"), ("10-1-0-5.peers.default.svc", .a, "A 10.1.0.5"),
            ("dotted.name.peers.default.svc", .a, "NXDOMAIN"), ("name.peers.default.svc", .a, "NXDOMAIN"),
            ("down.peers.default.svc", .a, "NXDOMAIN"), ("gone.peers.default.svc", .a, "NXDOMAIN"),
            ("10-1-0-6.peers.default.svc", .a, "NXDOMAIN"),
            // Endpoints of a service with a cluster address have names too (CoreDNS).
            ("f.front.default.svc", .a, "A 10.1.0.7"), ("10-1-0-7.front.default.svc", .a, "A 10.1.0.7"),
            ("front.default.svc", .a, "A 10.96.0.1"),
            // One for each service, with the canonical name: the hostname first.
            ("1.0.1.10.in-addr.arpa.", .ptr, "PTR h.db.default.svc | PTR pod-a.peers.default.svc"),
            ("2.0.1.10.in-addr.arpa.", .ptr, "PTR b.db.default.svc"),
        ])
    }

    @Test("a pod that is gone takes its names along; its address is another's then")
    func reuse() throws {
        func objects(_ endpoints: [EndpointObject]) -> ClusterObjects {
            ClusterObjects(services: [Make.headless("db")], endpointSlices: [Make.slice("db", endpoints)])
        }
        let cluster = try Cluster(
            objects([Make.endpoint("10.1.0.1", pod: "old"), Make.endpoint("10.1.0.2", pod: "stays")]),
            zone: Self.options())
        #expect(try cluster.ask("old.db.default.svc", .a) == "A 10.1.0.1")
        #expect(cluster.replace(with: objects([Make.endpoint("10.1.0.2", pod: "stays")])))
        try cluster.check([
            ("old.db.default.svc", .a, "NXDOMAIN"), ("10-1-0-1.db.default.svc", .a, "NXDOMAIN"),
            ("stays.db.default.svc", .a, "A 10.1.0.2"),
        ])
        // The same addresses, other names: an answer has changed.
        #expect(
            cluster.replace(
                with: objects([Make.endpoint("10.1.0.1", pod: "new"), Make.endpoint("10.1.0.2", pod: "stays")])))
        #expect(
            cluster.replace(
                with: objects([Make.endpoint("10.1.0.1", pod: "newer"), Make.endpoint("10.1.0.2", pod: "stays")])))
        try cluster.check([
            ("old.db.default.svc", .a, "NXDOMAIN"), ("new.db.default.svc", .a, "NXDOMAIN"),
            ("newer.db.default.svc", .a, "A 10.1.0.1"), ("10-1-0-1.db.default.svc", .a, "A 10.1.0.1"),
        ])
    }

    @Test("a slice of type FQDN: its hostname and its pod's name are aliases of the same target")
    func names() throws {
        let cluster = try Cluster(
            ClusterObjects(
                services: [Make.headless("db"), Make.service("real", ["10.96.0.9"])],
                endpointSlices: [
                    Make.slice(
                        "db", type: .fqdn, [Make.endpoint("real.default.svc.cluster.local", host: "h", pod: "p")])
                ]), zone: Self.options())
        for name in ["h", "p"] {
            let found = try cluster.ask("\(name).db.default.svc", .cname)
            #expect(found == "CNAME real.default.svc", "\(name)")
        }
    }
}
