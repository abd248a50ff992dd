import Glibc
import LinuxIO
import ScriptedAPI
import ServerHarness
import Testing

/// The API server is away for long: everything is answered on, what changed meanwhile is found, and the log says it once.
@Suite struct OutageTests {
    /// How long the API server is away by the server's clock, in nanoseconds.
    private static let outage = 60 * 60 * Clock.second

    @Test(.timeLimit(.minutes(2)), arguments: ["refuses", "stalls", "fails"])
    func answersStayAndTheLogIsQuiet(_ how: String) throws {
        let cluster = ScriptedCluster.shop()
        // Fast only while nothing is to be had: on a busy machine a fast clock makes a working server look slow.
        let clock = FastClock(speed: 50)
        let live = try LiveServer(cluster, "pods verified", clock: clock.clock)
        defer { live.stop() }
        let before = live.dns.lines.all.count
        switch how {
        case "refuses": try live.api.refuseConnections()
        case "stalls": live.api.pause()
        default: live.api.fail(anyOf: [.status(503, retryAfterSeconds: 1)], probability: 1, seed: 1)
        }
        live.api.disconnectAll()
        clock.speed = 1500
        let start = clock.clock.monotonic()
        // Long enough after the watches that are open end by themselves (ten minutes).
        while clock.clock.monotonic() - start < Self.outage {
            #expect(try live.answer("web.shop.svc.cluster.local.") == ["10.96.0.10"])
            #expect(try live.answer("nodes.shop.svc.cluster.local.") == ["10.1.0.1", "10.1.0.2", "10.1.0.3"])
            #expect(try live.answer("none.shop.svc.cluster.local.") == ["NXDOMAIN"])
            usleep(1000)
        }
        cluster.delete(.services, namespace: "shop", name: "web")
        cluster.apply(ScriptedService(namespace: "shop", name: "new", clusterIPs: ["10.96.0.11"]))
        cluster.apply(ScriptedCluster.nodes(["10.1.0.3", "10.1.0.4"]))
        cluster.compact()
        clock.speed = 50
        let tries = live.api.requests.count
        live.api.clearFaults()
        live.api.resume()
        try live.api.acceptConnections()
        #expect(try live.gets("web.shop.svc.cluster.local.", ["NXDOMAIN"]))
        #expect(try live.gets("new.shop.svc.cluster.local.", ["10.96.0.11"]))
        #expect(try live.gets("nodes.shop.svc.cluster.local.", ["10.1.0.3", "10.1.0.4"]))
        let streams = 4
        #expect(
            holdsInTime { live.dns.lines.all.filter { $0.contains("watched again") }.count == streams },
            "\(live.dns.lines.all)")
        // The line of the first sync may come just after the start.
        let lines = live.dns.lines.all.dropFirst(before).filter { !$0.contains("synced with the Kubernetes API") }
        #expect(lines.count == 2 * streams, "\(how), \(tries) tries: \(lines)")
        #expect(lines.filter { $0.contains("tried again") }.count == streams)
    }
}
