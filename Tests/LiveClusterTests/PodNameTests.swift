import DNSWire
import Glibc
import LinuxIO
import ScriptedAPI
import Server
import ServerHarness
import Testing

/// `pod_names` in a cluster that is watched.
@Suite struct PodNameTests {
    private static func pod(_ name: String, _ addresses: String..., phase: String = "Running", isReady: Bool = true)
        -> ScriptedPod
    {
        ScriptedPod(namespace: "shop", name: name, podIPs: addresses, phase: phase, isReady: isReady)
    }

    @Test func podsComeAndGo() throws {
        let cluster = ScriptedCluster.shop()
        cluster.apply(Self.pod("web-1", "10.1.0.1", "fd00::1"))
        cluster.apply(Self.pod("slow", "10.1.0.2", isReady: false))
        var host = Self.pod("host", "192.0.2.10")
        host.hostNetwork = true
        cluster.apply(host)
        let live = try LiveServer(cluster, "pod_names")
        defer { live.stop() }
        #expect(try live.answer("web-1.shop.pod.cluster.local.") == ["10.1.0.1"])
        #expect(try live.answer("web-1.shop.pod.cluster.local.", .aaaa) == ["fd00::1"])
        #expect(try live.answer("slow.shop.pod.cluster.local.") == ["10.1.0.2"])
        #expect(try live.answer("host.shop.pod.cluster.local.") == ["192.0.2.10"])
        #expect(try live.answer("10-1-0-1.shop.pod.cluster.local.") == ["NXDOMAIN"])
        #expect(try live.answer("web-1.play.pod.cluster.local.") == ["NXDOMAIN"])
        #expect(try live.answer("play.pod.cluster.local.") == [])
        // It finishes, and another has its address.
        cluster.apply(Self.pod("web-1", "10.1.0.1", "fd00::1", phase: "Succeeded"))
        cluster.apply(Self.pod("web-2", "10.1.0.1", "fd00::1"))
        #expect(try live.gets("web-2.shop.pod.cluster.local.", ["fd00::1"], .aaaa))
        #expect(try live.answer("web-1.shop.pod.cluster.local.") == ["NXDOMAIN"])
        // Deleted, and made anew under its name.
        cluster.delete(.pods, namespace: "shop", name: "web-1")
        cluster.apply(Self.pod("web-1", "10.1.0.7"))
        #expect(try live.gets("web-1.shop.pod.cluster.local.", ["10.1.0.7"]))
        #expect(try live.answer("web-1.shop.pod.cluster.local.", .aaaa) == [])
        cluster.delete(.pods, namespace: "shop", name: "web-1")
        #expect(try live.gets("web-1.shop.pod.cluster.local.", ["NXDOMAIN"]))
        #expect(try live.answer("web-2.shop.pod.cluster.local.") == ["10.1.0.1"])
    }

    /// Pods are asked for with the option alone, and a Role of one namespace is enough.
    @Test func theRoleOfOneNamespaceIsEnough() throws {
        let cluster = ScriptedCluster.shop()
        cluster.apply(Self.pod("web-1", "10.1.0.1"))
        var settings = ScriptedSettings()
        settings.access.grants = [
            .init(.services, namespace: "shop"), .init(.endpointSlices, namespace: "shop"),
            .init(.pods, namespace: "shop"),
        ]
        let live = try LiveServer(
            cluster, "namespaces shop", "pod_names", blocks: "ready 127.0.0.1:0", settings: settings)
        defer { live.stop() }
        #expect(try live.answer("web-1.shop.pod.cluster.local.") == ["10.1.0.1"])
        #expect(try live.answer("nosuch.shop.pod.cluster.local.") == ["NXDOMAIN"])
        #expect(live.dns.pluginsNotReady.isEmpty)
        #expect(live.api.requests.contains { $0.target.hasPrefix("/api/v1/namespaces/shop/pods") })
        let without = try LiveServer(cluster, "namespaces shop", "pods insecure", settings: settings)
        defer { without.stop() }
        #expect(try without.answer("web.shop.svc.cluster.local.") == ["10.96.0.10"])
        #expect(!without.api.requests.contains { $0.target.contains("/pods") })
    }

    /// A Role without pods: these names alone are not known.
    @Test func withoutTheRightNothingIsDenied() throws {
        var settings = ScriptedSettings()
        settings.access.grants = ScriptedResource.allCases.filter { $0 != .pods }.map { .init($0) }
        let live = try LiveServer(.shop(), "pod_names", blocks: "ready 127.0.0.1:0", settings: settings)
        defer { live.stop() }
        #expect(try live.answer("web-1.shop.pod.cluster.local.") == ["SERVFAIL"])
        #expect(try live.answer("shop.pod.cluster.local.") == [])
        #expect(try live.answer("web.shop.svc.cluster.local.") == ["10.96.0.10"])
        #expect(live.dns.pluginsNotReady == ["kubernetes"])
        #expect(live.lines(with: "resources: [\"pods\"], verbs: [\"list\", \"watch\"]").count == 1)
    }

    @Test func aRestartWithoutTheAPIKnowsThem() throws {
        let folder = try TemporaryFolder()
        let cluster = ScriptedCluster.shop()
        cluster.apply(Self.pod("web-1", "10.1.0.1", "fd00::1"))
        let api = try ScriptedAPIServer(cluster)
        defer { api.stop() }
        let options = ["pod_names", "last_state \(folder.file("state.json"))", "startup_timeout 20s"]
        let first = try LiveServer.server(api.url, options)
        #expect(try LiveServer.answer(first.datagramClient(), "web-1.shop.pod.cluster.local.") == ["10.1.0.1"])
        first.server.stop()
        try api.refuseConnections()
        let second = try LiveServer.server(api.url, options)
        defer { second.server.stop() }
        let client = try second.datagramClient()
        #expect(try LiveServer.answer(client, "web-1.shop.pod.cluster.local.") == ["10.1.0.1"])
        #expect(try LiveServer.answer(client, "web-1.shop.pod.cluster.local.", .aaaa) == ["fd00::1"])
        #expect(try LiveServer.answer(client, "nosuch.shop.pod.cluster.local.") == ["NXDOMAIN"])
    }
}
