import ClusterZone
import DNSWire
import KubernetesAPI
import Testing

@Suite("Reverse names")
struct PointerTests {
    private static let six = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa."

    private static let objects = ClusterObjects(
        services: [
            Make.service("web", ["10.96.0.1", "2001:db8::1"]), Make.headless("db"), Make.headless("peers"),
            Make.service("front", ["10.96.0.2"]), Make.service("hidden", in: "private", ["10.96.0.3"]),
        ],
        endpointSlices: [
            Make.slice(
                "db",
                [
                    Make.endpoint("10.1.0.1", host: "db-0"), Make.endpoint("10.1.0.2"),
                    Make.endpoint("10.1.0.4", host: "x"),
                    Make.endpoint("10.1.0.4", host: "y"),
                ]), Make.slice("peers", [Make.endpoint("10.1.0.1")]),
            Make.slice("front", [Make.endpoint("10.1.0.1", host: "db-0"), Make.endpoint("10.96.0.1")]),
            Make.slice("ghost", [Make.endpoint("10.1.0.3", host: "g")]),
            Make.slice("db", number: 1, type: .ipv6, [Make.endpoint("2001:db8::2", host: "db-0")]),
            Make.slice("hidden", in: "private", [Make.endpoint("10.1.0.5", host: "h")]),
        ], namespaces: Make.namespaces("default", "private"))

    @Test("cluster addresses, endpoints, and what is neither")
    func pointers() throws {
        let cluster = try Cluster(Self.objects)
        try cluster.check([
            ("1.0.96.10.in-addr.arpa.", .ptr, "PTR web.default.svc"),
            (Self.six, .ptr, "PTR web.default.svc"),
            (Self.six.uppercased(), .ptr, "PTR web.default.svc"),
            ("2" + Self.six.dropFirst(), .ptr, "PTR db-0.db.default.svc"),
            ("3" + Self.six.dropFirst(), .ptr, "NXDOMAIN"),
            ("2.0.1.10.in-addr.arpa.", .ptr, "PTR 10-1-0-2.db.default.svc"),
            ("4.0.1.10.in-addr.arpa.", .ptr, "PTR x.db.default.svc | PTR y.db.default.svc"),
            // Slices without a Service object answer too (CoreDNS).
            ("3.0.1.10.in-addr.arpa.", .ptr, "PTR g.ghost.default.svc"),
            ("5.0.1.10.in-addr.arpa.", .ptr, "PTR h.hidden.private.svc"),
            ("9.9.9.10.in-addr.arpa.", .ptr, "NXDOMAIN"),
            // Only PTR, whatever is there.
            ("1.0.96.10.in-addr.arpa.", .a, "NXDOMAIN"), ("1.0.96.10.in-addr.arpa.", .srv, "NXDOMAIN"),
            ("1.0.96.10.in-addr.arpa.", .txt, "NXDOMAIN"), ("1.0.96.10.in-addr.arpa.", .https, "NXDOMAIN"),
            ("in-addr.arpa.", .ptr, "NODATA"), ("ip6.arpa.", .ptr, "NODATA"), ("in-addr.arpa.", .a, "NODATA"),
            // PTR for names of the cluster itself: whether they exist.
            ("web.default.svc", .ptr, "NODATA"), ("nothing.default.svc", .ptr, "NXDOMAIN"),
            ("cluster.local.", .ptr, "NODATA"),
            ("default.svc", .ptr, "NODATA"), ("ns.dns", .ptr, "NXDOMAIN"),
        ])
    }

    @Test("an endpoint of several services: one record each, the hostname of a headless service first")
    func order() throws {
        let reply = try Cluster(Self.objects).ask("1.0.1.10.in-addr.arpa.", .ptr)
        #expect(reply.hasPrefix("PTR db-0.db.default.svc | "))
        #expect(
            Set(reply.components(of: " | ")) == [
                "PTR db-0.db.default.svc", "PTR 10-1-0-1.peers.default.svc", "PTR db-0.front.default.svc",
            ])
    }

    @Test(
        "names that spell no address",
        arguments: [
            "10.in-addr.arpa.", "0.96.10.in-addr.arpa.", "0.1.0.96.10.in-addr.arpa.", "01.0.96.10.in-addr.arpa.",
            "256.0.96.10.in-addr.arpa.", "x.0.96.10.in-addr.arpa.", "1.0.96.1000.in-addr.arpa.",
            "-1.0.96.10.in-addr.arpa.",
            "1.0.0.0.ip6.arpa.", "0.\(six)", "g\(six.dropFirst())", "10\(six.dropFirst())",
            "web.default.svc.in-addr.arpa.",
            "1.0.96.10.ip6.arpa.", "00.0.96.10.in-addr.arpa.",
        ])
    func noAddress(name: String) throws {
        #expect(try Cluster(Self.objects).ask(name, .ptr) == "NXDOMAIN")
    }

    @Test("a mapped address in ip6.arpa is the IPv4 address (Go's net.IP)")
    func mapped() throws {
        let name = "1.0.0.0.0.6.a.0.f.f.f.f" + String(repeating: ".0", count: 20) + ".ip6.arpa."
        #expect(try Cluster(Self.objects).ask(name, .ptr) == "PTR web.default.svc")
    }

    @Test("`namespaces` hides reverse names, `namespace_labels` does not")
    func exposure() throws {
        var options = ZoneOptions()
        options.namespaces = ["default"]
        try Cluster(Self.objects, zone: options).check([
            ("1.0.96.10.in-addr.arpa.", .ptr, "PTR web.default.svc"), ("3.0.96.10.in-addr.arpa.", .ptr, "NXDOMAIN"),
            ("5.0.1.10.in-addr.arpa.", .ptr, "NXDOMAIN"), ("hidden.private.svc", .a, "NXDOMAIN"),
            ("private.svc", .a, "NXDOMAIN"), ("web.default.svc", .a, "A 10.96.0.1"),
        ])
        options = ZoneOptions()
        options.namespaceLabels = try LabelSelector(parsing: "team=a")
        var objects = Self.objects
        objects.namespaces = [
            NamespaceObject(name: "default", labels: ["team": "a"]), NamespaceObject(name: "private"),
        ]
        try Cluster(objects, zone: options).check([
            ("1.0.96.10.in-addr.arpa.", .ptr, "PTR web.default.svc"),
            ("3.0.96.10.in-addr.arpa.", .ptr, "PTR hidden.private.svc"),
            ("5.0.1.10.in-addr.arpa.", .ptr, "PTR h.hidden.private.svc"), ("hidden.private.svc", .a, "NXDOMAIN"),
            ("h.hidden.private.svc", .a, "NXDOMAIN"), ("private.svc", .a, "NXDOMAIN"),
            ("web.default.svc", .a, "A 10.96.0.1"),
        ])
    }

    @Test("several zones: pointers lead to the first, the others answer alike in their own name")
    func zones() throws {
        let cluster = try Cluster(
            Self.objects, zones: ["cluster.local.", "second.example.", "deep.cluster.local.", "10.in-addr.arpa."])
        try cluster.check([
            ("1.0.96.10.in-addr.arpa.", .ptr, "PTR web.default.svc"),
            ("web.default.svc.second.example.", .a, "A 10.96.0.1"),
            (
                "web.default.svc.second.example.", .srv,
                "SRV 0 50 80 web.default.svc.second.example. + A 10.96.0.1 | AAAA 2001:db8::1"
            ),
            ("web.default.svc.deep.cluster.local.", .a, "A 10.96.0.1"), ("deep.cluster.local.", .a, "NODATA"),
            ("10.in-addr.arpa.", .ptr, "NODATA"), ("1.10.in-addr.arpa.", .ptr, "NXDOMAIN"),
        ])
    }
}

extension String {
    /// The parts between `separator`.
    func components(of separator: String) -> [String] {
        split(separator: separator).map { String($0) }
    }
}
