import ClusterZone
import DNSWire
import Glibc
import KubernetesAPI
import RecordIndex
import ScriptedAPI

/// What one changed endpoint costs in a cluster of 50,000: in process, and from the API server's write to the new answer.
struct ChangeBenchmark {
    /// Pause between two changes, in microseconds: nothing is left of the one before.
    private static let pause: UInt32 = 1000
    /// The rest after a start, likewise.
    private static let rest: UInt32 = 500_000
    /// How long an answer may take, in seconds.
    private static let patience = 10.0
    /// Goals: a change is published in well under a millisecond; p99 from outside 3 ms.
    private static let goalInside = 1000.0
    private static let goalOutside = 3.0

    private let plan: BenchPlan

    init(_ plan: BenchPlan) { self.plan = plan }

    private var changesOfRound: Int { plan.isQuick ? 50 : 200 }

    func run() throws(BenchFailure) {
        let cluster = BenchPlan.cluster(hasLargeService: true)
        let targets = try ChangedSlice.some(of: cluster, large: true)
        let wanted = targets.filter { target in plan.only.map { target.name.contains($0) } ?? true }
        try inside(cluster, wanted)
        try outside(cluster, wanted)
    }

    // MARK: In process

    private func inside(_ cluster: ScriptedCluster, _ targets: [ChangedSlice]) throws(BenchFailure) {
        let count = changesOfRound * plan.rounds
        var table = Table(
            "change in process, of 5,001 services and 55,000 endpoints: ClusterState.apply, takeChange, RecordIndex.apply; "
                + "processor time of \(count) changes")
        var built = try BuiltIndex(cluster)
        for target in targets {
            let cost = try target.publish(count, cluster, &built, nil)
            table.add("\(target.name): event read, median", "\(Table.text(cost.reading.median, 1)) us")
            table.add("\(target.name): published, median", cost.publishing.median, "us", atMost: Self.goalInside)
            table.add("\(target.name): published, p99", cost.publishing.percentile(99), "us", atMost: Self.goalInside)
        }
        table.show()
    }

    // MARK: From outside

    private func outside(_ cluster: ScriptedCluster, _ targets: [ChangedSlice]) throws(BenchFailure) {
        let program = try plan.programPath()
        let api: ScriptedAPIServer
        do throws(ScriptedAPIError) { api = try ScriptedAPIServer(cluster) } catch { throw BenchFailure("\(error)") }
        defer { api.stop() }
        let apodns = try RunningProgram(program, kubernetes: ["endpoint \(api.url)", "pods insecure"])
        guard api.waitForWatches(3, milliseconds: 60_000) else {
            throw BenchFailure("apodns does not watch; it says:\n\(apodns.messages)")
        }
        let asker = try Asker(port: apodns.port)
        let first = try Query.bytes("team-00.svc.cluster.local.", .a)
        while asker.ask(first) == nil {
            guard ProcessorTime.wall - apodns.startedAt < Self.patience else {
                throw BenchFailure("no answer; apodns says:\n\(apodns.messages)")
            }
            usleep(Self.pause)
        }
        // The end of the start, when memory is given back, is not what is measured here.
        usleep(Self.rest)
        var table = Table(
            "change from outside: from the moment the API server has it to write until UDP has the answer; "
                + "\(plan.rounds) rounds of \(changesOfRound) changes, the median of the rounds' medians and p99s")
        for target in targets {
            var medians = Samples()
            var lasts = Samples()
            let before = try ProcessMemory(of: apodns.process)
            let processor = ProcessorTime.process(apodns.process)
            var asked = 0
            for round in 0..<plan.rounds {
                var times = Samples()
                for step in 0..<changesOfRound {
                    let number = round * changesOfRound + step
                    let query = try Query.bytes(
                        "\(ChangedSlice.address(number).label).\(target.service).svc.cluster.local.", .a)
                    let slice = target.changed(number)
                    usleep(Self.pause)
                    let start = ProcessorTime.wall
                    cluster.apply(slice)
                    while asker.ask(query) != Reply(code: 0, answers: 1) {
                        asked += 1
                        guard ProcessorTime.wall - start < Self.patience else {
                            throw BenchFailure("a change is not seen; apodns says:\n\(apodns.messages)")
                        }
                    }
                    times.add((ProcessorTime.wall - start) * 1000)
                }
                medians.add(times.median)
                lasts.add(times.percentile(99))
            }
            let count = plan.rounds * changesOfRound
            let spent = (ProcessorTime.process(apodns.process) - processor) / Double(count) * 1000
            let after = try ProcessMemory(of: apodns.process)
            table.add("\(target.name): median", "\(Table.text(medians.median, 2)) ms")
            table.add("\(target.name): p99", lasts.median, "ms", atMost: Self.goalOutside, digits: 2)
            table.add(
                "\(target.name): processor time of apodns, with \(asked / count) answers on the way",
                "\(Table.text(spent, 2)) ms")
            table.add(
                "\(target.name): anonymous memory after them",
                "\(Table.text(after.anonymous / before.anonymous, 2)) times")
        }
        table.show()
    }
}
