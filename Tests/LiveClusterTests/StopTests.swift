import LinuxIO
import ScriptedAPI
import Server
import ServerHarness
import Testing

/// A server ends at once, whatever the API server is doing to it.
@Suite struct StopTests {
    /// What is far less than anything that is waited for, in nanoseconds.
    private static let longest = 3 * Clock.second

    @Test(.timeLimit(.minutes(2))) func aServerEndsInTheMiddleOfEverything() throws {
        let seed = testSeed()
        print("stopping: APODNS_TEST_SEED=\(seed)")
        var random = SplitMix64(seed: seed)
        for _ in 0..<(20 * testRounds()) {
            let world = ChangingCluster(seed: random.next())
            let clock = FastClock(speed: 1000)
            let live = try LiveServer(world.cluster, "pods verified", clock: clock.clock)
            defer { live.stop() }
            live.api.fail(anyOf: FaultMix.all(&random), probability: 0.7, seed: random.next())
            live.api.disconnectAll()
            var changing = world
            for _ in 0..<Int.random(in: 0...60, using: &random) {
                changing.change()
                _ = try live.answer("web.n0.svc.cluster.local.")
            }
            switch Int.random(in: 0..<3, using: &random) {
            case 0: live.api.pause()
            case 1: try live.api.refuseConnections()
            default: break
            }
            let start = Clock.system.monotonic()
            live.dns.server.stop()
            #expect(Clock.system.monotonic() - start < Self.longest, "seed \(seed)")
        }
    }

    /// Whoever starts a server on one thread may stop it from another.
    @Test(.timeLimit(.minutes(2))) func aStopEndsAStartThatWaits() throws {
        let api = try ScriptedAPIServer(.shop())
        defer { api.stop() }
        api.fail(.stallBeforeHead(milliseconds: nil), times: 100)
        let lines = LogLines()
        let configuration = try RunningServer.configure(
            ". {\n bind 127.0.0.1\n kubernetes cluster.local {\n endpoint \(api.url)\n startup_timeout 1h\n }\n}",
            log: lines.log)
        let server = Server(configuration, workerCount: 1)
        let starting = try Thread.spawn(name: "start") { try? server.start() }
        #expect(holdsInTime { lines.all.contains { $0.contains("waiting for Kubernetes API") } })
        server.stop()
        starting.join()
        server.stop()
        #expect(!lines.all.contains { $0.contains("starting server with unsynced") })
    }
}
