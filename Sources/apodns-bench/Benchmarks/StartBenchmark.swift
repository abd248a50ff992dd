import DNSWire
import Glibc
import ScriptedAPI

/// What a start costs until the first right answer, and what memory apodns has then, after a rest, and during a relist.
struct StartBenchmark {
    /// One kind of start.
    private struct Scene {
        let name: String
        let cluster: ScriptedCluster
        var options: [String] = ["pods insecure"]
        var isTLS = false
        /// A name that only a right start answers, and what it answers.
        let question: String
        let reply: Reply
        /// Streams it watches.
        var watches = 3
        var resident: Double?
        var anonymous: Double?
        var processorSeconds: Double?
    }

    /// How long a start, or a relist, may take.
    private static let patience = 60.0
    /// A rest in microseconds, in which memory is given back.
    private static let rest: UInt32 = 500_000
    /// How long a relist is looked at once it has begun.
    private static let relistSeconds = 1.0
    /// Questions before memory is read: every worker has answered then.
    private static let questions = 2000

    private let plan: BenchPlan

    init(_ plan: BenchPlan) { self.plan = plan }

    func run() throws(BenchFailure) {
        let big = BenchPlan.cluster()
        let empty = ScriptedCluster.generate(services: 0, endpoints: 0, pods: 0, seed: 1)
        // An endpoint of the last service: services and slices are both there.
        let (name, namespace) = try ServiceSlices.lastService(big)
        let question = "\(name).\(namespace).svc.cluster.local."
        let right = Reply(code: 0, answers: 1)
        var scenes = [
            Scene(
                name: "empty cluster", cluster: empty, question: "no.team-00.svc.cluster.local.",
                reply: Reply(code: 3, answers: 0), resident: 18, anonymous: 8),
            Scene(
                name: "empty cluster, TLS", cluster: empty, isTLS: true, question: "no.team-00.svc.cluster.local.",
                reply: Reply(code: 3, answers: 0), resident: 18, anonymous: 8),
        ]
        let bigScenes: [(String, [String], Bool, Int, Double)] = [
            ("5,000 / 50,000", ["pods insecure"], false, 3, 28),
            ("5,000 / 50,000, endpoint_pod_names", ["pods insecure", "endpoint_pod_names"], false, 3, 28),
            ("5,000 / 50,000, pods verified", ["pods verified"], false, 4, 32),
            ("5,000 / 50,000, pods verified, TLS", ["pods verified"], true, 4, 32),
        ]
        for (name, options, isTLS, watches, resident) in bigScenes {
            scenes.append(
                Scene(
                    name: name, cluster: big, options: options, isTLS: isTLS, question: question, reply: right,
                    watches: watches, resident: resident, processorSeconds: 0.3))
        }
        var table = Table("start: memory in MiB, from /proc; median of \(plan.rounds) rounds")
        for scene in scenes where plan.only.map({ scene.name.contains($0) }) ?? true { try measure(scene, &table) }
        table.show()
    }

    private func measure(_ scene: Scene, _ table: inout Table) throws(BenchFailure) {
        let program = try plan.programPath()
        let api: ScriptedAPIServer
        var options = scene.options
        do throws(ScriptedAPIError) {
            api = try ScriptedAPIServer(scene.cluster, tls: scene.isTLS)
            options.append("endpoint \(api.url)")
            if scene.isTLS {
                let made = try ScriptedCertificates.shared()
                options.append("tls \(made.clientCertificate) \(made.clientKey) \(made.authority)")
            }
        } catch {
            throw BenchFailure("\(error)")
        }
        defer { api.stop() }
        var figures = Figures()
        // The first one makes the scripted server encode its objects.
        for round in 0...plan.rounds {
            var one = try start(program, options, scene, api, relists: round > 0)
            if round > 0 { figures.add(&one) }
        }
        table.add(
            "\(scene.name): first answer, processor time", figures.processor.median, "s",
            atMost: scene.processorSeconds, digits: 3)
        table.add("\(scene.name): first answer, time", "\(Table.text(figures.wall.median, 3)) s")
        table.add("\(scene.name): resident", figures.resident.median, "MiB", atMost: scene.resident)
        table.add("\(scene.name): of it anonymous", figures.anonymous.median, "MiB", atMost: scene.anonymous)
        table.add("\(scene.name): most resident so far", "\(Table.text(figures.peak.median, 1)) MiB")
        table.add(
            "\(scene.name): most anonymous during a relist", figures.relistPeak.median, "times", atMost: 1.1, digits: 2)
        table.add(
            "\(scene.name): anonymous after it", figures.afterRelist.median, "times", atMost: 1.1, digits: 2)
        table.add(
            "\(scene.name): most resident during a relist", figures.relistResident.median, "MiB", atMost: scene.resident
        )
    }

    private struct Round {
        var processor = 0.0
        var wall = 0.0
        var memory: ProcessMemory
        var relistPeak = 0.0
        var afterRelist = 0.0
        var relistResident = 0.0
    }

    private struct Figures {
        var processor = Samples()
        var wall = Samples()
        var resident = Samples()
        var anonymous = Samples()
        var peak = Samples()
        var relistPeak = Samples()
        var afterRelist = Samples()
        var relistResident = Samples()

        mutating func add(_ round: inout Round) {
            processor.add(round.processor)
            wall.add(round.wall)
            resident.add(round.memory.resident)
            anonymous.add(round.memory.anonymous)
            peak.add(round.memory.peak)
            relistPeak.add(round.relistPeak)
            afterRelist.add(round.afterRelist)
            relistResident.add(round.relistResident)
        }
    }

    private func start(
        _ program: String, _ options: [String], _ scene: Scene, _ api: ScriptedAPIServer, relists: Bool
    ) throws(BenchFailure) -> Round {
        let query = try Query.bytes(scene.question, .a)
        let apodns = try RunningProgram(program, kubernetes: options)
        let asker = try Asker(port: apodns.port)
        var found: Reply?
        while found != scene.reply {
            found = asker.ask(query)
            guard ProcessorTime.wall - apodns.startedAt < Self.patience else {
                throw BenchFailure(
                    "\(scene.name): \(scene.question) answers \(found.map { "\($0)" } ?? "nothing"), expected "
                        + "\(scene.reply); apodns says:\n\(apodns.messages)")
            }
            if found == nil { usleep(500) }
        }
        let processor = ProcessorTime.process(apodns.process)
        let wall = ProcessorTime.wall - apodns.startedAt
        for _ in 0..<Self.questions { _ = asker.ask(query) }
        guard api.waitForWatches(scene.watches) else {
            throw BenchFailure("\(scene.name): not \(scene.watches) watches; apodns says:\n\(apodns.messages)")
        }
        usleep(Self.rest)
        var round = Round(processor: processor, wall: wall, memory: try ProcessMemory(of: apodns.process))
        guard relists else { return round }
        let most = try relist(scene, api, apodns)
        usleep(Self.rest)
        let after = try ProcessMemory(of: apodns.process)
        round.relistPeak = most / round.memory.anonymous
        round.afterRelist = after.anonymous / round.memory.anonymous
        round.relistResident = after.peak
        return round
    }

    /// Makes apodns list everything again: the server has forgotten the versions that it watches from.
    ///
    /// - Returns: the most anonymous memory that was seen meanwhile, looking every few milliseconds. (Resident memory is
    ///   not compared with what it was before: code that lists is read in again, whatever the cluster's size.)
    private func relist(
        _ scene: Scene, _ api: ScriptedAPIServer, _ apodns: RunningProgram
    ) throws(BenchFailure) -> Double {
        var most = 0.0
        api.clearRequests()
        ProcessMemory.forgetPeak(of: apodns.process)
        scene.cluster.compact()
        api.disconnectAll()
        let deadline = ProcessorTime.wall + Self.patience
        // Each stream tries to watch from where it was (410), and lists.
        while lists(api) < scene.watches || api.watchCount != scene.watches {
            guard ProcessorTime.wall < deadline else {
                throw BenchFailure("\(scene.name): no relist; apodns says:\n\(apodns.messages)")
            }
            most = max(most, try ProcessMemory(of: apodns.process).anonymous)
            usleep(2000)
        }
        // The lists are being sent for some time yet.
        let end = ProcessorTime.wall + Self.relistSeconds
        while ProcessorTime.wall < end {
            most = max(most, try ProcessMemory(of: apodns.process).anonymous)
            usleep(2000)
        }
        guard api.watchCount == scene.watches else { throw BenchFailure("\(scene.name): the relist does not end") }
        return most
    }

    /// Lists that were asked for, as a list or as a watch that begins with one.
    private func lists(_ api: ScriptedAPIServer) -> Int {
        api.requests.count { !$0.isWatch || !$0.parameter("sendInitialEvents").isEmpty }
    }
}
