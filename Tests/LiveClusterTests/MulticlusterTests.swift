import DNSWire
import Foundation
import ScriptedAPI
import Server
import ServerHarness
import Testing

/// `multicluster`: services of other clusters, from ServiceImports and the slices labelled for them.
@Suite struct MulticlusterTests {
    private static let zones = "cluster.local clusterset.local in-addr.arpa"
    private static let option = "multicluster clusterset.local"

    /// `ScriptedCluster.shop`, with the imported service `web`, and `db`, which has endpoints in two clusters.
    private static func cluster() -> ScriptedCluster {
        let cluster = ScriptedCluster.shop()
        cluster.apply(ScriptedServiceImport(namespace: "shop", name: "web", ips: ["10.98.0.1"]))
        cluster.apply(ScriptedServiceImport(namespace: "shop", name: "db"))
        cluster.apply(slice("east", ["10.11.0.1", "10.11.0.2"]))
        cluster.apply(slice("west", ["10.12.0.1"]))
        return cluster
    }

    /// The slice of `db` from a cluster, with the endpoints `db-0` and on.
    private static func slice(_ cluster: String, _ addresses: [String]) -> ScriptedEndpointSlice {
        ScriptedEndpointSlice(
            namespace: "shop", name: "\(cluster)-db", importedService: "db", cluster: cluster,
            endpoints: addresses.enumerated().map { ScriptedEndpoint([$0.element], hostname: "db-\($0.offset)") })
    }

    private static let rows: [(name: String, type: RecordType, answer: [String])] = [
        ("web.shop.svc.clusterset.local.", .a, ["10.98.0.1"]), ("web.shop.svc.cluster.local.", .a, ["10.96.0.10"]),
        ("db.shop.svc.clusterset.local.", .a, ["10.11.0.1", "10.11.0.2", "10.12.0.1"]),
        ("db-0.east.db.shop.svc.clusterset.local.", .a, ["10.11.0.1"]),
        ("db-0.west.db.shop.svc.clusterset.local.", .a, ["10.12.0.1"]),
        ("db-1.west.db.shop.svc.clusterset.local.", .a, ["NXDOMAIN"]),
        ("db-0.db.shop.svc.clusterset.local.", .a, ["NXDOMAIN"]), ("db.shop.svc.cluster.local.", .a, ["NXDOMAIN"]),
        ("nodes.shop.svc.clusterset.local.", .a, ["NXDOMAIN"]), ("play.svc.clusterset.local.", .a, []),
        (
            "_http._tcp.db.shop.svc.clusterset.local.", .srv,
            [
                "0 33 80 db-0.east.db.shop.svc.clusterset.local.", "0 33 80 db-0.west.db.shop.svc.clusterset.local.",
                "0 33 80 db-1.east.db.shop.svc.clusterset.local.",
            ]
        ),
        ("1.0.11.10.in-addr.arpa.", .ptr, ["NXDOMAIN"]), ("1.0.98.10.in-addr.arpa.", .ptr, ["NXDOMAIN"]),
    ]

    private static func check(_ server: RunningServer, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let client = try server.datagramClient()
        for row in rows {
            let got = try LiveServer.answer(client, row.name, row.type)
            #expect(got == row.answer, "\(row.name)", sourceLocation: sourceLocation)
        }
    }

    @Test func importsComeAndGo() throws {
        let live = try LiveServer(Self.cluster(), Self.option, zones: Self.zones)
        defer { live.stop() }
        try Self.check(live.dns)
        #expect(live.lines(with: "synced with the Kubernetes API").allSatisfy { $0.contains("2 serviceimports") })

        live.cluster.apply(Self.slice("east", ["10.11.0.9"]))
        #expect(try live.gets("db.shop.svc.clusterset.local.", ["10.11.0.9", "10.12.0.1"]))
        #expect(try live.answer("db-1.east.db.shop.svc.clusterset.local.") == ["NXDOMAIN"])
        live.cluster.delete(.endpointSlices, namespace: "shop", name: "west-db")
        #expect(try live.gets("db.shop.svc.clusterset.local.", ["10.11.0.9"]))
        live.cluster.apply(ScriptedServiceImport(namespace: "shop", name: "db", ips: ["10.98.0.2"]))
        #expect(try live.gets("db.shop.svc.clusterset.local.", ["10.98.0.2"]))
        #expect(try live.answer("db-0.east.db.shop.svc.clusterset.local.") == ["10.11.0.9"])
        live.cluster.delete(.serviceImports, namespace: "shop", name: "db")
        #expect(try live.gets("db.shop.svc.clusterset.local.", ["NXDOMAIN"]))
        live.cluster.apply(ScriptedServiceImport(namespace: "shop", name: "db"))
        #expect(try live.gets("db.shop.svc.clusterset.local.", ["10.11.0.9"]))
        live.cluster.delete(.services, namespace: "shop", name: "web")
        #expect(try live.gets("web.shop.svc.cluster.local.", ["NXDOMAIN"]))
        #expect(try live.answer("web.shop.svc.clusterset.local.") == ["10.98.0.1"])
        live.cluster.delete(.namespaces, name: "shop")
        #expect(try live.gets("web.shop.svc.clusterset.local.", ["NXDOMAIN"]))
    }

    /// The API server has no such resource: that is said, and nothing is denied for it.
    @Test func withoutTheCustomResource() throws {
        var settings = ScriptedSettings()
        settings.missing = [.serviceImports]
        let live = try LiveServer(
            .shop(), Self.option, zones: Self.zones, blocks: "ready 127.0.0.1:0", settings: settings)
        defer { live.stop() }
        let rows: [(String, RecordType, [String])] = [
            ("web.shop.svc.clusterset.local.", .a, ["SERVFAIL"]),
            ("web.shop.svc.clusterset.local.", .srv, ["SERVFAIL"]),
            ("x.y.web.shop.svc.clusterset.local.", .a, ["SERVFAIL"]), ("shop.svc.clusterset.local.", .a, []),
            ("web.none.svc.clusterset.local.", .a, ["SERVFAIL"]), ("none.svc.clusterset.local.", .a, ["NXDOMAIN"]),
            ("web.shop.svc.cluster.local.", .a, ["10.96.0.10"]), ("none.shop.svc.cluster.local.", .a, ["NXDOMAIN"]),
        ]
        for (name, type, answer) in rows {
            let got = try live.answer(name, type)
            #expect(got == answer, "\(name)")
        }
        let lines = live.lines(with: "404")
        #expect(lines.count == 1)
        #expect(lines.first?.contains("the API server has no serviceimports in multicluster.x-k8s.io") == true)
        #expect(live.dns.pluginsNotReady == ["kubernetes"])
    }

    @Test func withoutSlices() throws {
        var settings = ScriptedSettings()
        settings.access.grants = ScriptedResource.allCases.filter { $0 != .endpointSlices }.map { .init($0) }
        let live = try LiveServer(Self.cluster(), Self.option, zones: Self.zones, settings: settings)
        defer { live.stop() }
        #expect(try live.answer("web.shop.svc.clusterset.local.") == ["10.98.0.1"])
        #expect(try live.answer("db.shop.svc.clusterset.local.") == ["SERVFAIL"])
        #expect(try live.answer("x.east.web.shop.svc.clusterset.local.") == ["SERVFAIL"])
        #expect(try live.answer("none.shop.svc.clusterset.local.") == ["NXDOMAIN"])
    }

    /// What was saved answers the same: at a start without the API server, and as a snapshot.
    @Test func theLastStateHasTheImports() throws {
        let folder = try TemporaryFolder()
        let state = "last_state \(folder.file("state.json"))"
        let live = try LiveServer(Self.cluster(), Self.option, state, zones: Self.zones)
        live.stop()
        // Port 1 answers nobody.
        let restored = try LiveServer.server(
            "http://127.0.0.1:1", [Self.option, state, "startup_timeout 1ms"], zones: Self.zones)
        defer { restored.server.stop() }
        try Self.check(restored)
        // Saved without imports, it would deny all of them.
        let plain = try LiveServer(Self.cluster(), state, zones: Self.zones)
        plain.stop()
        let other = try LiveServer.server(
            "http://127.0.0.1:1", [Self.option, state, "startup_timeout 1ms"], zones: Self.zones)
        defer { other.server.stop() }
        #expect(
            try LiveServer.answer(other.datagramClient(), "web.shop.svc.clusterset.local.") == ["SERVFAIL"])
    }

    @Test func aSnapshotHasImports() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "cluster.yaml",
            """
            apiVersion: v1
            kind: List
            items:
            - {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
            - {apiVersion: v1, kind: Namespace, metadata: {name: play}}
            - apiVersion: v1
              kind: Service
              metadata: {name: web, namespace: shop}
              spec: {clusterIP: 10.96.0.10, clusterIPs: [10.96.0.10], ports: [{port: 80, name: http}]}
            - apiVersion: multicluster.x-k8s.io/v1alpha1
              kind: ServiceImport
              metadata: {name: web, namespace: shop}
              spec: {type: ClusterSetIP, ips: [10.98.0.1], ports: [{port: 80, protocol: TCP, name: http}]}
            - apiVersion: multicluster.x-k8s.io/v1alpha1
              kind: ServiceImport
              metadata: {name: db, namespace: shop}
              spec: {type: Headless}
            \(Self.slice("east", "10.11.0.1", "10.11.0.2"))
            \(Self.slice("west", "10.12.0.1"))
            """)
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                kubernetes \(Self.zones) {
                    snapshot \(folder.file("cluster.yaml"))
                    \(Self.option)
                }
            }
            """)
        defer { server.server.stop() }
        try Self.check(server)
        #expect(!server.lines.all.contains { $0.hasPrefix("[WARNING]") })

        try folder.write("bare.yaml", ClusterFiles.web("10.96.0.10"))
        let bare = try RunningServer(
            """
            . {
                bind 127.0.0.1
                kubernetes \(Self.zones) {
                    snapshot \(folder.file("bare.yaml"))
                    \(Self.option)
                }
            }
            """)
        defer { bare.server.stop() }
        #expect(try LiveServer.answer(bare.datagramClient(), "web.shop.svc.clusterset.local.") == ["NXDOMAIN"])
        #expect(
            bare.lines.all.contains {
                $0.hasPrefix("[WARNING] plugin/kubernetes: no ServiceImport objects in ")
                    && $0.hasSuffix("no service answers in multicluster zones")
            })
    }

    private static func slice(_ cluster: String, _ addresses: String...) -> String {
        let endpoints = addresses.enumerated().map { "{addresses: [\($0.element)], hostname: db-\($0.offset)}" }
        return """
            - apiVersion: discovery.k8s.io/v1
              kind: EndpointSlice
              metadata:
                name: \(cluster)-db
                namespace: shop
                labels: {multicluster.kubernetes.io/service-name: db, multicluster.kubernetes.io/source-cluster: \(cluster)}
              addressType: IPv4
              ports: [{port: 80, protocol: TCP, name: http}]
              endpoints: [\(endpoints.joined(separator: ", "))]
            """
    }
}
