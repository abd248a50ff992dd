import ClusterZone
import LinuxIO
import RecordIndex
import ScriptedAPI

/// What the smallest parts cost: nanoseconds of processor time, allocations and instructions of each, and bytes.
struct MicroBenchmark {
    private let plan: BenchPlan
    private let counter = InstructionCounter()

    init(_ plan: BenchPlan) { self.plan = plan }

    /// Everything that is measured, by name.
    struct Outcome {
        var answers: [(name: String, cost: Cost)] = []
        var indexes: [(name: String, cost: IndexCost)] = []
        var changes: [(name: String, cost: ChangedSlice.Cost)] = []
    }

    func run() throws(BenchFailure) {
        let outcome = try measure()
        var table = Table("micro: in 5,000 services and 50,000 endpoints; median of \(plan.rounds) rounds")
        for (name, cost) in outcome.indexes {
            table.add("read and keep objects\(name)", "\(Table.text(cost.apply.median, 0)) ns an endpoint")
            let instructions = cost.instructions.map { ", \(Table.text($0, 0)) instructions" } ?? ""
            table.add(
                "compile and publish\(name)", "\(Table.text(cost.compile.median, 0)) ns an endpoint\(instructions)")
            table.add("memory of the objects\(name)", "\(Table.text(cost.stateBytes, 1)) B an endpoint")
            table.add("memory of the index\(name)", "\(Table.text(cost.indexBytes, 1)) B an endpoint")
            table.add("of it blocks and tables\(name)", "\(Table.text(cost.blockBytes, 1)) B an endpoint")
            table.add("of it the endpoints' names\(name)", "\(Table.text(cost.nameBytes, 1)) B an endpoint")
        }
        for (name, cost) in outcome.answers { table.add(name, cost.text) }
        for (name, cost) in outcome.changes {
            let instructions = cost.instructions
            let counted = instructions.count == 0 ? "" : ", \(Table.text(instructions.median, 0)) instructions"
            table.add("change: \(name)", "\(Table.text(cost.publishing.median, 1)) us\(counted)")
        }
        table.show()
        if counter == nil { Output.standard.writeLine(InstructionCounter.absence) }
    }

    private func isWanted(_ name: String) -> Bool { plan.only.map { name.contains($0) } ?? true }

    func measure() throws(BenchFailure) -> Outcome {
        var outcome = Outcome()
        let cluster = BenchPlan.cluster(hasLargeService: false)
        if plan.only == nil {
            var options = ZoneOptions()
            outcome.indexes.append(("", try IndexCost(cluster, options, plan, counter)))
            options.servesPods = true
            options.endpointPodNames = true
            outcome.indexes.append((", pods and pod names", try IndexCost(cluster, options, plan, counter)))
        }
        try answers(AnswerCase.ofCluster(cluster), cluster, &outcome)
        for endpoints in [1000, 10_000] {
            let cluster = ScriptedCluster.generate(
                services: 10, endpoints: 100, pods: 0, largeService: endpoints, seed: 1)
            try answers(AnswerCase.ofLargeService(endpoints: endpoints), cluster, &outcome)
        }
        try changes(&outcome)
        return outcome
    }

    private func answers(
        _ cases: [AnswerCase], _ cluster: ScriptedCluster, _ outcome: inout Outcome
    ) throws(BenchFailure) {
        let wanted = cases.filter { isWanted($0.name) }
        guard !wanted.isEmpty else { return }
        let built = try BuiltIndex(cluster)
        let bench = try AnswerBench(built.index.snapshot)
        defer { bench.deallocate() }
        for row in wanted { outcome.answers.append((row.name, try row.measure(bench, plan, counter))) }
    }

    /// The same change in clusters of different sizes: the cost must not grow with them.
    private func changes(_ outcome: inout Outcome) throws(BenchFailure) {
        let sizes = [
            (", of 500 endpoints", ScriptedCluster.generate(services: 50, endpoints: 500, pods: 0, seed: 1), false),
            (", of 55,000 endpoints", BenchPlan.cluster(hasLargeService: true), true),
        ]
        for (name, cluster, isLarge) in sizes {
            let slices = try ChangedSlice.some(of: cluster, large: isLarge).filter { isWanted($0.name + name) }
            guard !slices.isEmpty else { continue }
            var built = try BuiltIndex(cluster)
            for slice in slices {
                let cost = try slice.publish(plan.isQuick ? 50 : 200, cluster, &built, counter)
                outcome.changes.append((slice.name + name, cost))
            }
        }
    }
}
