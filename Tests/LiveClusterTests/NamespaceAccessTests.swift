import ScriptedAPI
import ServerHarness
import Testing

/// What becomes of a namespace whose object may be read at one time and not at another.
@Suite struct NamespaceAccessTests {
    @Test func whatMayNotBeReadCountsAsExistingUntilItMay() throws {
        let cluster = ScriptedCluster.shop()
        // A service of a namespace that there is not (any more).
        cluster.apply(ScriptedService(namespace: "gone", name: "web", clusterIPs: ["10.96.0.12"]))
        var settings = ScriptedSettings()
        settings.access.grants = [.init(.services), .init(.endpointSlices)]
        let clock = FastClock(speed: 1000)
        let live = try LiveServer(cluster, "namespaces shop gone", settings: settings, clock: clock.clock)
        defer { live.stop() }
        #expect(try live.answer("web.shop.svc.cluster.local.") == ["10.96.0.10"])
        #expect(try live.answer("web.gone.svc.cluster.local.") == ["10.96.0.12"])
        live.api.configure { $0.access.grants = nil }
        #expect(try live.gets("web.gone.svc.cluster.local.", ["NXDOMAIN"]))
        #expect(try live.answer("web.shop.svc.cluster.local.") == ["10.96.0.10"])
        // What is read once and may not be read again is as it was for those that exist.
        live.api.configure { $0.access.grants = settings.access.grants }
        live.api.disconnectAll()
        cluster.apply(ScriptedService(namespace: "shop", name: "new", clusterIPs: ["10.96.0.13"]))
        #expect(try live.gets("new.shop.svc.cluster.local.", ["10.96.0.13"]))
    }
}
