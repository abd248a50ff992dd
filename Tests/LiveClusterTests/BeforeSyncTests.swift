import DNSWire
import Foundation
import ScriptedAPI
import Server
import ServerHarness
import Testing

/// Before everything is known, and where something may not be known at all.
@Suite struct BeforeSyncTests {
    private static let names: [(name: String, type: RecordType)] = [
        ("web.shop.svc.cluster.local.", .a), ("web.shop.svc.cluster.local.", .aaaa),
        ("none.shop.svc.cluster.local.", .a), ("_http._tcp.web.shop.svc.cluster.local.", .srv),
        ("x.nodes.shop.svc.cluster.local.", .a), ("shop.svc.cluster.local.", .a),
        ("10-1-0-1.shop.pod.cluster.local.", .a), ("1.0.1.10.in-addr.arpa.", .ptr),
    ]

    @Test func whatIsNotKnownIsNeverDenied() throws {
        let cluster = ScriptedCluster.shop()
        cluster.apply(
            ScriptedPod(namespace: "shop", name: "node-1", podIPs: ["10.1.0.1"]))
        let api = try ScriptedAPIServer(cluster)
        defer { api.stop() }
        api.fail(.stallBeforeHead(milliseconds: nil), times: 100)
        let dns = try LiveServer.server(
            api.url, ["startup_timeout 1ms", "pods verified", "fallthrough"], blocks: "ready 127.0.0.1:0")
        defer { dns.server.stop() }
        let client = try dns.datagramClient()
        for (name, type) in Self.names {
            #expect(try LiveServer.answer(client, name, type) == ["SERVFAIL"], "\(name)")
        }
        // The zone itself is known.
        #expect(try client.ask(DNSQuestion("cluster.local.", .soa)).code == .noError)
        #expect(dns.pluginsNotReady == ["kubernetes"])
        #expect(dns.lines.all.filter { $0.contains("starting server with unsynced Kubernetes API") }.count == 1)

        api.clearFaults()
        api.resume()
        #expect(
            try holdsInTime {
                try LiveServer.answer(client, "web.shop.svc.cluster.local.") == ["10.96.0.10"]
            })
        #expect(holdsInTime { dns.pluginsNotReady.isEmpty })
        #expect(try LiveServer.answer(client, "10-1-0-1.shop.pod.cluster.local.") == ["10.1.0.1"])
        #expect(try LiveServer.answer(client, "web.shop.svc.cluster.local.", .aaaa) == [])
    }

    /// What a forbidden resource leaves: names and what they answer.
    @Test(arguments: [
        (
            ScriptedResource.endpointSlices,
            [
                ("web.shop.svc.cluster.local.", RecordType.a, ["10.96.0.10"]),
                // A getaddrinfo that asks for both families needs this to be no error.
                ("web.shop.svc.cluster.local.", .aaaa, []),
                ("_http._tcp.web.shop.svc.cluster.local.", .srv, ["0 100 80 web.shop.svc.cluster.local."]),
                // Search lists need these to be denied: no slice could make them.
                ("none.shop.svc.cluster.local.", .a, ["NXDOMAIN"]),
                ("x.none.shop.svc.cluster.local.", .a, ["NXDOMAIN"]),
                ("web.none.svc.cluster.local.", .a, ["NXDOMAIN"]), ("a.b.c.cluster.local.", .a, ["NXDOMAIN"]),
                ("nodes.shop.svc.cluster.local.", .a, ["SERVFAIL"]),
                ("x.nodes.shop.svc.cluster.local.", .a, ["SERVFAIL"]),
                ("x.web.shop.svc.cluster.local.", .a, ["SERVFAIL"]), ("1.0.1.10.in-addr.arpa.", .ptr, ["SERVFAIL"]),
                ("10.0.96.10.in-addr.arpa.", .ptr, ["web.shop.svc.cluster.local."]),
                ("1-2-3-4.shop.pod.cluster.local.", .a, ["1.2.3.4"]),
            ]
        ),
        (
            .services,
            [
                ("web.shop.svc.cluster.local.", .a, ["SERVFAIL"]), ("none.shop.svc.cluster.local.", .a, ["SERVFAIL"]),
                ("shop.svc.cluster.local.", .a, []), ("none.svc.cluster.local.", .a, ["NXDOMAIN"]),
                ("1-2-3-4.shop.pod.cluster.local.", .a, ["1.2.3.4"]),
                ("1-2-3-4.none.pod.cluster.local.", .a, ["NXDOMAIN"]),
                // Reverse names of endpoints are made of slices alone.
                ("1.0.1.10.in-addr.arpa.", .ptr, ["10-1-0-1.nodes.shop.svc.cluster.local."]),
                ("10.0.96.10.in-addr.arpa.", .ptr, ["SERVFAIL"]),
            ]
        ),
        (
            .namespaces,
            [
                // The namespaces of the services count.
                ("web.shop.svc.cluster.local.", .a, ["10.96.0.10"]), ("none.shop.svc.cluster.local.", .a, ["NXDOMAIN"]),
                ("shop.svc.cluster.local.", .a, []), ("play.svc.cluster.local.", .a, ["SERVFAIL"]),
                ("1-2-3-4.play.pod.cluster.local.", .a, ["SERVFAIL"]),
            ]
        ),
    ])
    func aForbiddenResourceLeavesTheOthers(
        resource: ScriptedResource, rows: [(name: String, type: RecordType, answer: [String])]
    ) throws {
        var settings = ScriptedSettings()
        settings.access.grants = ScriptedResource.allCases.filter { $0 != resource }.map { .init($0) }
        let live = try LiveServer(
            .shop(), "pods insecure", blocks: "ready 127.0.0.1:0", settings: settings)
        defer { live.stop() }
        for row in rows {
            let got = try live.answer(row.name, row.type)
            #expect(got == row.answer.sorted(), "\(row.name) \(row.type)")
        }
        // One clear line with the rule to add, and no promise of readiness.
        let lines = live.lines(with: "not allowed")
        #expect(lines.count == 1)
        #expect(lines.first?.contains("resources: [\"\(resource.rawValue)\"], verbs: [\"list\", \"watch\"]") == true)
        #expect(live.dns.pluginsNotReady == ["kubernetes"])
    }

    @Test func withTheRoleOfOneNamespace() throws {
        var settings = ScriptedSettings()
        settings.access.grants = [
            .init(.services, namespace: "shop"), .init(.endpointSlices, namespace: "shop"),
        ]
        let cluster = ScriptedCluster.shop()
        cluster.apply(ScriptedService(namespace: "play", name: "game", clusterIPs: ["10.96.0.20"]))
        let live = try LiveServer(
            cluster, "namespaces shop", "pods insecure", blocks: "ready 127.0.0.1:0", settings: settings)
        defer { live.stop() }
        let rows: [(String, RecordType, [String])] = [
            ("web.shop.svc.cluster.local.", .a, ["10.96.0.10"]),
            ("nodes.shop.svc.cluster.local.", .a, ["10.1.0.1", "10.1.0.2", "10.1.0.3"]),
            ("none.shop.svc.cluster.local.", .a, ["NXDOMAIN"]), ("shop.svc.cluster.local.", .a, []),
            ("1-2-3-4.shop.pod.cluster.local.", .a, ["1.2.3.4"]),
            ("game.play.svc.cluster.local.", .a, ["NXDOMAIN"]), ("play.svc.cluster.local.", .a, ["NXDOMAIN"]),
            ("9.9.9.9.in-addr.arpa.", .ptr, ["NXDOMAIN"]),
        ]
        for (name, type, answer) in rows {
            let got = try live.answer(name, type)
            #expect(got == answer, "\(name)")
        }
        #expect(live.dns.pluginsNotReady.isEmpty)
        // Nothing outside of the namespace was asked for but its own object.
        let paths = Set(live.api.requests.map { String($0.target.prefix { $0 != "?" }) })
        #expect(
            paths == [
                "/api/v1/namespaces", "/api/v1/namespaces/shop/services",
                "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices",
            ])
        #expect(!live.dns.lines.all.contains { $0.hasPrefix("[WARNING]") })
    }

    @Test func aNamespaceThatMayBeReadIsFollowed() throws {
        let live = try LiveServer(.shop(), "namespaces shop late")
        defer { live.stop() }
        #expect(try live.answer("web.shop.svc.cluster.local.") == ["10.96.0.10"])
        #expect(try live.answer("late.svc.cluster.local.") == ["NXDOMAIN"])
        live.cluster.apply(ScriptedNamespace("late"))
        #expect(try live.gets("late.svc.cluster.local.", []))
        live.cluster.delete(.namespaces, name: "shop")
        #expect(try live.gets("web.shop.svc.cluster.local.", ["NXDOMAIN"]))
    }
}
