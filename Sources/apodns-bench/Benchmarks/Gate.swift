import LinuxIO

/// Holds what the smallest parts cost against committed numbers (`GateLimits`): allocations exactly, bytes, instructions where
/// they can be counted, and times by a reference loop that runs beside them.
struct Gate {
    private let plan: BenchPlan

    init(_ plan: BenchPlan) { self.plan = plan }

    func run() throws(BenchFailure) {
        let before = ReferenceLoop.nanoseconds(rounds: plan.rounds)
        let outcome = try MicroBenchmark(plan).measure()
        // The machine may have been slower before or after.
        let reference = max(before, ReferenceLoop.nanoseconds(rounds: plan.rounds))
        var table = Table(
            "gate: a step of the reference loop takes \(Table.text(reference, 0)) ns; times are the least of "
                + "\(plan.rounds) rounds")
        for (name, cost) in outcome.answers { try add(name, cost, reference, &table) }
        for (number, (name, cost)) in outcome.indexes.enumerated() {
            table.add(
                "memory of the index beyond names\(name)", cost.indexBytes - cost.nameBytes, "B an endpoint",
                atMost: GateLimits.bytesBeyondName)
            table.add(
                "memory of the objects\(name)", cost.stateBytes, "B an endpoint",
                atMost: number == 0 ? GateLimits.stateBytes : GateLimits.stateBytesWithPods)
            if let counted = counted(cost.instructions) {
                table.add(
                    "compile and publish\(name)", counted, "instructions an endpoint",
                    atMost: GateLimits.compileInstructions, digits: 0)
            }
        }
        addChanges(outcome.changes, &table)
        table.show()
        if !Self.countsInstructions {
            Output.standard.writeLine("instructions are compared on x86-64 only")
        } else if InstructionCounter() == nil {
            Output.standard.writeLine(InstructionCounter.absence)
        }
        guard table.missed.isEmpty else {
            throw BenchFailure("apodns-bench gate: exceeded: \(table.missed.joined(separator: "; "))")
        }
        Output.standard.writeLine("gate: every number is kept")
    }

    private func add(_ name: String, _ cost: Cost, _ reference: Double, _ table: inout Table) throws(BenchFailure) {
        guard let limit = GateLimits.answers.first(where: { $0.name == name }) else {
            throw BenchFailure("apodns-bench gate: \(name) has no number in GateLimits; measured: \(cost.text)")
        }
        table.add("\(name): allocations", cost.allocations, "each", atMost: GateLimits.allocations, digits: 0)
        if let counted = counted(cost.instructions) {
            table.add("\(name): instructions", counted, "each", atMost: limit.instructions, digits: 0)
        }
        table.add("\(name): time", cost.least / reference, "steps", atMost: limit.steps, digits: 2)
    }

    private func addChanges(_ changes: [(name: String, cost: ChangedSlice.Cost)], _ table: inout Table) {
        for (name, cost) in changes {
            table.add(
                "change: \(name)", cost.publishing.median, "us", atMost: GateLimits.changeMicroseconds, digits: 0)
        }
        // The same change in the small cluster and in the large one.
        let alike = changes.filter { $0.name.hasPrefix("1 of 10 endpoints") }
        if let small = alike.first, let large = alike.last, alike.count > 1 {
            let isCounted = small.cost.instructions.count > 0
            let (one, other) =
                isCounted
                ? (small.cost.instructions.median, large.cost.instructions.median)
                : (small.cost.publishing.percentile(0), large.cost.publishing.percentile(0))
            table.add(
                "change: 110 times the endpoints", other / max(one, 1), "times", atMost: GateLimits.changeGrowth,
                digits: 2)
        }
    }

    /// The numbers were counted there; other processors have other instructions.
    private static var countsInstructions: Bool {
        #if arch(x86_64)
            true
        #else
            false
        #endif
    }

    private func counted(_ instructions: Double?) -> Double? { Self.countsInstructions ? instructions : nil }
}
