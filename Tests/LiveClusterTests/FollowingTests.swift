import DNSWire
import ScriptedAPI
import ServerHarness
import Testing

/// What changes in a cluster changes in the answers.
@Suite struct FollowingTests {
    @Test func objectsComeAndGo() throws {
        let live = try LiveServer(.shop(), "endpoint_pod_names", "pods verified")
        defer { live.stop() }
        // The start has waited for the first lists.
        #expect(try live.answer("web.shop.svc.cluster.local.") == ["10.96.0.10"])
        #expect(try live.answer("nodes.shop.svc.cluster.local.") == ["10.1.0.1", "10.1.0.2", "10.1.0.3"])
        #expect(try live.answer("node-10-1-0-2.nodes.shop.svc.cluster.local.") == ["10.1.0.2"])
        #expect(
            try live.answer("2.0.1.10.in-addr.arpa.", .ptr) == ["node-10-1-0-2.nodes.shop.svc.cluster.local."])
        #expect(try live.answer("none.shop.svc.cluster.local.") == ["NXDOMAIN"])

        live.cluster.apply(ScriptedCluster.nodes(["10.1.0.1", "10.1.0.4"]))
        #expect(try live.gets("nodes.shop.svc.cluster.local.", ["10.1.0.1", "10.1.0.4"]))
        live.cluster.apply(ScriptedCluster.nodes(["10.1.0.5"], name: "nodes-2"))
        #expect(try live.gets("nodes.shop.svc.cluster.local.", ["10.1.0.1", "10.1.0.4", "10.1.0.5"]))
        live.cluster.delete(.endpointSlices, namespace: "shop", name: "nodes-1")
        #expect(try live.gets("nodes.shop.svc.cluster.local.", ["10.1.0.5"]))

        live.cluster.apply(ScriptedService(namespace: "play", name: "new", clusterIPs: ["10.96.0.11"]))
        #expect(try live.gets("new.play.svc.cluster.local.", ["10.96.0.11"]))
        live.cluster.delete(.services, namespace: "play", name: "new")
        #expect(try live.gets("new.play.svc.cluster.local.", ["NXDOMAIN"]))
        live.cluster.delete(.namespaces, name: "shop")
        #expect(try live.gets("web.shop.svc.cluster.local.", ["NXDOMAIN"]))
        #expect(live.lines(with: "synced with the Kubernetes API: 2 namespaces, 2 services").count == 1)
    }
}
