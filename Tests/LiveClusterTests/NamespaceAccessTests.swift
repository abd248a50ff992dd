import ScriptedAPI
import Server
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

    @Test func whatCountsAsExistingIsSaved() throws {
        let folder = try TemporaryFolder()
        let cluster = ScriptedCluster.shop()
        cluster.apply(ScriptedService(namespace: "play", name: "web", clusterIPs: ["10.96.0.14"]))
        var settings = ScriptedSettings()
        // One Role lets its Namespace be read, the other does not.
        settings.access.grants = [
            .init(.services), .init(.endpointSlices), .init(.namespaces, names: ["shop"]),
        ]
        let api = try ScriptedAPIServer(cluster, settings: settings)
        defer { api.stop() }
        let options = ["namespaces shop play", "last_state \(folder.file("state.json"))", "startup_timeout 20s"]
        let first = try LiveServer.server(api.url, options)
        let names = ["web.shop.svc.cluster.local.", "web.play.svc.cluster.local.", "play.svc.cluster.local."]
        let expected = try names.map { try LiveServer.answer(first.datagramClient(), $0) }
        #expect(expected == [["10.96.0.10"], ["10.96.0.14"], []])
        first.server.stop()
        try api.refuseConnections()
        let second = try LiveServer.server(api.url, options)
        defer { second.server.stop() }
        #expect(try names.map { try LiveServer.answer(second.datagramClient(), $0) } == expected)
    }
}
