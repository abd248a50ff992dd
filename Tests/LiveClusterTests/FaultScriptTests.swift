import DNSWire
import Glibc
import KubernetesAPI
import LinuxIO
import ScriptedAPI
import Server
import ServerHarness
import Testing

/// Thousands of faults of every kind, against a cluster that changes all the while: what is there before and after never
/// disappears, and when the faults are over everything is as it should be.
@Suite(.serialized) struct FaultScriptTests {
    /// One way for an API server to be.
    struct Round: Sendable, CustomTestStringConvertible {
        let name: String
        var tls = false
        var pageSize = 500
        var streams = true
        /// Whether listing everything again now and then may put things right.
        var relists = false
        /// Percent of requests that fail.
        var percent = 50
        var settings = ScriptedSettings()

        init(_ name: String, _ change: (inout Self) -> Void = { _ in }) {
            self.name = name
            change(&self)
        }

        var testDescription: String { name }

        static let all = [
            Round("streaming lists"),
            Round("plain lists") { $0.streams = false },
            Round("pages") {
                $0.streams = false
                $0.pageSize = 2
                $0.settings.pagesAtVersionZero = true
            },
            Round("JSON alone") { $0.settings.jsonOnly = true },
            Round("streaming lists refused") { $0.settings.streamingLists = .refused(400) },
            Round("streaming lists ignored") { $0.settings.streamingLists = .ignored },
            Round("TLS, and certificates that run out") { $0.tls = true },
            Round("small chunks and relists") {
                $0.settings.chunkBytes = 7
                $0.settings.bookmarkMilliseconds = 20
                $0.relists = true
            },
        ]
    }

    /// How many faults there are in one round, unless the machine is too slow for that.
    private static let wantedFaults = 500
    /// How long the faults of one round go on at most, in nanoseconds.
    private static let longestSpan = 5 * Clock.second
    /// So few would prove nothing.
    private static let leastFaults = 20
    /// How fast the clock runs in that time: a back-off of half a minute takes 30 ms.
    private static let speed: UInt64 = 1000
    /// How fast it runs when all has to come to rest: nothing may time out just because the machine is busy.
    private static let calmSpeed: UInt64 = 100

    @Test(.timeLimit(.minutes(5)), arguments: Round.all) func nothingIsLost(_ round: Round) throws {
        for turn in 0..<testRounds() {
            let seed = testSeed() &+ UInt64(turn)
            print("\(round.name): APODNS_TEST_SEED=\(seed)")
            try play(round, seed)
        }
    }

    private func play(_ round: Round, _ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var world = ChangingCluster(seed: seed)
        for _ in 0..<50 { world.change() }
        let api = try ScriptedAPIServer(world.cluster, tls: round.tls, settings: round.settings)
        defer { api.stop() }
        var options = ["pods verified"]
        if round.tls {
            let made = try ScriptedCertificates.shared()
            options.append("tls \(made.clientCertificate) \(made.clientKey) \(made.authority)")
        }
        let clock = FastClock(speed: Self.calmSpeed)
        var watching = WatchOptions()
        watching.pageSize = round.pageSize
        watching.usesStreamingLists = round.streams
        if !round.relists {
            watching.consistencyInterval = nil
            watching.silenceLimit = nil
        }
        let kinds = [options, options + ["namespaces n0 n1 n2 t0"]]
        let servers = try kinds.map {
            try LiveServer.server(api.url, $0, clock: clock.clock, watching: watching)
        }
        defer { for dns in servers { dns.server.stop() } }
        let clients = try servers.map { try $0.datagramClient() }
        // What is not to be lost has to be there first, however slow the machine is.
        let certain = try #require(world.certain.first).question
        let isSynced = try holdsInTime {
            try clients.allSatisfy { try LiveServer.answer($0, certain.name, certain.type) != ["SERVFAIL"] }
        }
        try #require(isSynced)
        clock.speed = Self.speed

        for _ in 0..<4 {
            api.fail(
                anyOf: FaultMix.all(&random), probability: Double(round.percent) / 100 / 4 * 1.2, seed: random.next())
        }
        let end = Clock.system.monotonic() + Self.longestSpan
        var mishaps = 0
        var asked = 0
        while api.faultCount < Self.wantedFaults, Clock.system.monotonic() < end {
            // Whoever asks and changes without a pause takes the processor from those who are to be tested.
            usleep(500)
            for _ in 0..<Int.random(in: 0...2, using: &random) { world.change() }
            if random.happens(8) {
                try happen(api, world.cluster, round, &random)
                mishaps += 1
            }
            let certain = world.certain
            for client in clients {
                for _ in 0..<2 {
                    guard let row = certain.randomElement(using: &random) else { continue }
                    let answer = Set(try LiveServer.answer(client, row.question.name, row.question.type))
                    asked += 1
                    #expect(
                        answer.isSuperset(of: row.among) && answer.isSubset(of: row.among.union(row.besides)),
                        "\(row.question.name) answers \(answer.sorted()), seed \(seed)")
                }
            }
        }

        clock.speed = Self.calmSpeed
        api.clearFaults()
        api.configure { $0.certificate = .valid }
        try api.acceptConnections()
        let faults = api.faultCount
        let requests = api.requests.count
        let start = Clock.system.monotonic()
        try rest(api, world, round, options: kinds, clients, seed)
        print(
            "\(round.name): \(faults) faults in \(requests) requests, \(mishaps) mishaps, \(asked) questions,",
            "\(api.cluster.version) versions, at rest after \((Clock.system.monotonic() - start) / Clock.millisecond) ms"
        )
        #expect(faults >= Self.leastFaults)
    }

    /// Something that befalls the API server as a whole.
    private func happen(
        _ api: ScriptedAPIServer, _ cluster: ScriptedCluster, _ round: Round, _ random: inout SplitMix64
    ) throws {
        switch Int.random(in: 0..<16, using: &random) {
        case 0...4: api.disconnectAll()
        case 5: try api.refuseConnections()
        case 6...9: try api.acceptConnections()
        case 10: cluster.compact()
        case 11: api.resume()
        case 12, 13:
            for resource in [ScriptedResource.services, .endpointSlices, .pods, .namespaces] {
                cluster.bookmark(resource)
            }
        default:
            guard round.tls else { return }
            let isExpired = random.happens(25)
            api.configure { $0.certificate = isExpired ? .expired : .valid }
            api.disconnectAll()
        }
    }

    /// Everything is answered in the end as by servers that have just started, and as the objects say.
    private func rest(
        _ api: ScriptedAPIServer, _ world: ChangingCluster, _ round: Round, options: [[String]],
        _ clients: [DatagramClient], _ seed: UInt64
    ) throws {
        let fresh = try ScriptedAPIServer(world.cluster)
        defer { fresh.stop() }
        for (number, client) in clients.enumerated() {
            let dns = try LiveServer.server(
                fresh.url, options[number].filter { !$0.hasPrefix("tls") }, clock: Clock.system)
            defer { dns.server.stop() }
            let freshClient = try dns.datagramClient()
            let answers = try ChangingCluster.questions.map {
                ($0, try LiveServer.answer(freshClient, $0.name, $0.type))
            }
            if number == 0 {
                for (question, expected) in world.expected {
                    #expect(answers.first { $0.0 == question }?.1 == expected, "\(question.name)")
                }
            }
            var wrong: [(ChangingCluster.Question, [String])] = answers
            let isRight = try holdsInTime {
                api.resume()
                wrong = try wrong.filter { try LiveServer.answer(client, $0.0.name, $0.0.type) != $0.1 }
                guard wrong.isEmpty else { return false }
                // What was right a moment ago may have been so by chance.
                wrong = try answers.filter { try LiveServer.answer(client, $0.0.name, $0.0.type) != $0.1 }
                return wrong.isEmpty
            }
            let rows = try wrong.prefix(5).map {
                "\($0.0.name) \(try LiveServer.answer(client, $0.0.name, $0.0.type)), not \($0.1)"
            }
            #expect(isRight, "\(wrong.count) wrong after all: \(rows), seed \(seed)")
        }
    }
}
