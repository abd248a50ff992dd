import DNSWire
import Glibc
import KubernetesAPI
import LinuxIO
import ScriptedAPI
import Server
import ServerHarness
import Testing

/// Whoever makes a cluster of what DNS says (libcluster does) disconnects every node that an answer leaves out. Whatever
/// happens to the server, the API server, and the slices of a service: no answer leaves one out.
@Suite(.serialized) struct WholeSetTests {
    /// A headless service whose endpoints are pods, in slices that are written anew all the time.
    private final class World {
        static let kept = (1...12).map { "10.1.0.\($0)" }
        static let guests = (1...6).map { "10.2.0.\($0)" }

        let cluster = ScriptedCluster()
        private var slices = MovingEndpoints(service: "nodes", kept: kept, guests: guests)
        private var random: SplitMix64
        private(set) var changes = 0

        init(seed: UInt64) {
            random = SplitMix64(seed: seed)
            cluster.apply(ScriptedNamespace("shop"))
            cluster.apply(ScriptedService(namespace: "shop", name: "nodes"))
            for step in slices.all { take(step) }
            for address in Self.kept {
                cluster.apply(ScriptedPod(namespace: "shop", name: Self.pod(address), podIPs: [address]))
            }
        }

        /// A slice is split, merged with another or renamed, or an endpoint moves, comes or goes: in one step or two, each of
        /// which is an event.
        func change(_ count: Int = 1) {
            for _ in 0..<count {
                for step in slices.change(using: &random) {
                    take(step)
                    changes += 1
                }
            }
        }

        private func take(_ step: MovingEndpoints.Step) {
            switch step {
            case .set(let slice, let addresses): cluster.apply(ScriptedCluster.nodes(addresses, name: slice))
            case .delete(let slice): cluster.delete(.endpointSlices, namespace: "shop", name: slice)
            }
        }

        static func pod(_ address: String) -> String {
            "node-" + address.split(separator: ".").joined(separator: "-")
        }

        static func target(_ address: String) -> String { "\(pod(address)).nodes.shop.svc.cluster.local." }

        /// What is asked for: the addresses, the SRV records, a pod by its name as an endpoint, and with no service at all.
        static var rows: [SetAsker.Row] {
            [
                SetAsker.Row(name: "nodes.shop.svc.cluster.local.", kept: Set(kept), guests: Set(guests)),
                SetAsker.Row(
                    name: "_http._tcp.nodes.shop.svc.cluster.local.", type: .srv, isStream: true,
                    kept: Set(kept.map(target)), guests: Set(guests.map(target))),
                SetAsker.Row(name: target(kept[0]), kept: [kept[0]]),
                SetAsker.Row(name: "\(pod(kept[1])).shop.pod.cluster.local.", kept: [kept[1]]),
            ]
        }
    }

    private static let options = ["endpoint_pod_names", "endpoint_aliases", "pod_names", "startup_timeout 20s"]
    /// Fewer questions than this while something happens would prove nothing.
    private static let leastAnswers = 200

    /// Asks all the while `body` runs.
    ///
    /// - Parameters:
    ///   - isAlwaysThere: whether every question has to be answered.
    ///   - streamsStay: the same for questions over TCP: connections go that are idle by a clock which is too fast.
    private static func asking(
        _ address: SocketAddress, _ what: String, isAlwaysThere: Bool = true, streamsStay: Bool = true,
        _ body: () throws -> Void
    ) throws {
        let askers = try World.rows.map { try SetAsker(address, $0) }
        var outcomes: [SetAsker.Outcome] = []
        do {
            #expect(holdsInTime { askers.allSatisfy { $0.answered > 0 } })
            try body()
            let seen = askers.map(\.answered)
            // What has just been published is asked for, too.
            #expect(holdsInTime { zip(askers, seen).allSatisfy { $0.answered > $1 + leastAnswers } })
            outcomes = askers.map { $0.finish() }
        } catch {
            for asker in askers { _ = asker.finish() }
            throw error
        }
        print(
            "\(what): \(outcomes.map(\.answered)) answers, \(outcomes.map(\.withGuests)) with guests,",
            "\(outcomes.map(\.unanswered)) without an answer")
        for (row, outcome) in zip(World.rows, outcomes) {
            #expect(outcome.wrong == [], "\(what)")
            if isAlwaysThere, streamsStay || !row.isStream { #expect(outcome.unanswered == 0, "\(what)") }
        }
    }

    private static func corefile(_ port: UInt16?, _ url: String, _ options: [String]) -> String {
        """
        .\(port.map { ":\($0)" } ?? "") {
            bind 127.0.0.1
            kubernetes cluster.local in-addr.arpa {
                endpoint \(url)
                \(options.joined(separator: "\n"))
            }
        }
        """
    }

    @Test(.timeLimit(.minutes(5))) func slicesAreWrittenAnew() throws {
        let seed = testSeed()
        print("slices written anew: APODNS_TEST_SEED=\(seed)")
        let world = World(seed: seed)
        let api = try ScriptedAPIServer(world.cluster)
        defer { api.stop() }
        let dns = try LiveServer.server(api.url, Self.options)
        try Self.asking(dns.loopback, "slices") {
            let until = Clock.system.monotonic() + Clock.second
            while Clock.system.monotonic() < until {
                world.change()
                usleep(300)
            }
            #expect(world.changes > Self.leastAnswers)
        }
    }

    @Test(.timeLimit(.minutes(5))) func reloads() throws {
        let seed = testSeed()
        let world = World(seed: seed)
        print("reloads: APODNS_TEST_SEED=\(seed)")
        let api = try ScriptedAPIServer(world.cluster)
        defer { api.stop() }
        let dns = try LiveServer.server(api.url, Self.options)
        let port = dns.port
        try Self.asking(dns.loopback, "reloads") {
            for number in 0..<12 {
                world.change(5)
                // The cluster is carried over at times, and at times listed anew.
                let more = [
                    ["ttl 7"], ["pods insecure"], ["apiserver_qps 50"], ["namespaces shop"], ["labels !none"],
                    ["ignore empty_service"],
                ][number % 6]
                try dns.reload(Self.corefile(nil, api.url, Self.options + more))
            }
        }
        #expect(dns.port == port)
    }

    @Test(.timeLimit(.minutes(5)), arguments: ["refuses", "stalls", "fails"])
    func theAPIServerIsAway(_ how: String) throws {
        let seed = testSeed()
        print("outage, \(how): APODNS_TEST_SEED=\(seed)")
        let world = World(seed: seed)
        let api = try ScriptedAPIServer(world.cluster)
        defer { api.stop() }
        let clock = FastClock(speed: 50)
        let dns = try LiveServer.server(api.url, Self.options, clock: clock.clock)
        try Self.asking(dns.loopback, "outage, \(how)", streamsStay: false) {
            switch how {
            case "refuses": try api.refuseConnections()
            case "stalls": api.pause()
            default: api.fail(anyOf: [.status(503, retryAfterSeconds: 1)], probability: 1, seed: 1)
            }
            api.disconnectAll()
            clock.speed = 1500
            let start = clock.clock.monotonic()
            while clock.clock.monotonic() - start < 15 * 60 * Clock.second {
                world.change()
                usleep(2000)
            }
            // Requests have half a minute each by this clock: on a busy machine they need some of it.
            clock.speed = 10
            // What has changed is listed: the watches' versions are too old.
            world.cluster.apply(ScriptedService(namespace: "shop", name: "new", clusterIPs: ["10.96.0.11"]))
            world.cluster.compact()
            api.clearFaults()
            api.resume()
            try api.acceptConnections()
            let client = try dns.datagramClient()
            // Requests that stalled and the pauses after them may take minutes by it.
            #expect(
                try (0..<3).contains { _ in
                    try holdsInTime { try LiveServer.answer(client, "new.shop.svc.cluster.local.") == ["10.96.0.11"] }
                })
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: [true, false]) func everythingIsListedAnew(_ streams: Bool) throws {
        let seed = testSeed()
        print("relists: APODNS_TEST_SEED=\(seed)")
        let world = World(seed: seed)
        var settings = ScriptedSettings()
        settings.pagesAtVersionZero = true
        let api = try ScriptedAPIServer(world.cluster, settings: settings)
        defer { api.stop() }
        var watching = WatchOptions()
        // Slices of one service on several pages.
        watching.pageSize = 2
        watching.usesStreamingLists = streams
        let clock = FastClock(speed: 100)
        let dns = try LiveServer.server(api.url, Self.options, clock: clock.clock, watching: watching)
        try Self.asking(dns.loopback, "relists, \(streams ? "streams" : "pages")", streamsStay: false) {
            let client = try dns.datagramClient()
            for number in 0..<6 {
                world.change(10)
                // Some lists break off.
                if number % 3 == 1 {
                    api.fail(anyOf: [.hangUp(at: .frame(1)), .hangUpBeforeEnd], probability: 0.5, seed: seed)
                }
                world.cluster.compact()
                api.disconnectAll()
                world.change(10)
                let name = "new-\(number)"
                world.cluster.apply(
                    ScriptedService(namespace: "shop", name: name, clusterIPs: ["10.96.1.\(number)"]))
                usleep(20_000)
                api.clearFaults()
                #expect(
                    try holdsInTime {
                        try LiveServer.answer(client, "\(name).shop.svc.cluster.local.") == ["10.96.1.\(number)"]
                    })
            }
            // How many it takes is chance: a stream that had seen everything goes on where it was.
            #expect(
                try holdsInTime {
                    let lists = try metric("apodns_kubernetes_relists_total", dns, ["resource": "endpointslices"])
                    return Int(lists.first ?? "") ?? 0 >= 1
                })
        }
    }

    /// While it starts nobody is answered. From the first answer on, sets are whole: with the API server away, slow, and well.
    @Test(.timeLimit(.minutes(5)), arguments: ["away", "slow", "well"]) func restarts(_ how: String) throws {
        let seed = testSeed()
        print("restarts, \(how): APODNS_TEST_SEED=\(seed)")
        let folder = try TemporaryFolder()
        let world = World(seed: seed)
        let api = try ScriptedAPIServer(world.cluster)
        defer { api.stop() }
        let options = Self.options + ["last_state \(folder.file("state.json"))"]
        let first = try LiveServer.server(api.url, options)
        let port = first.port
        var last: RunningServer?
        try Self.asking(first.loopback, "restarts, \(how)", isAlwaysThere: false) {
            first.server.stop()
            for _ in 0..<2 {
                world.change(5)
                switch how {
                case "away": try api.refuseConnections()
                case "slow":
                    api.fail(
                        anyOf: [.stallBeforeHead(milliseconds: 50), .slowBytes(count: 300, microseconds: 50)],
                        probability: 1, seed: seed)
                default: break
                }
                let next = try RunningServer(Self.corefile(port, api.url, options))
                #expect(next.port == port)
                let client = try next.datagramClient()
                #expect(
                    try holdsInTime {
                        Set(try LiveServer.answer(client, "nodes.shop.svc.cluster.local.")).isSuperset(of: World.kept)
                    })
                usleep(50_000)
                api.clearFaults()
                try api.acceptConnections()
                #expect(
                    try holdsInTime { try metric("apodns_kubernetes_serves_last_state", next) == ["0"] })
                next.server.stop()
            }
            // It is asked until the end.
            last = try RunningServer(Self.corefile(port, api.url, options))
        }
        last?.server.stop()
    }
}
