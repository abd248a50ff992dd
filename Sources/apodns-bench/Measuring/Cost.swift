import CAllocationCount

/// What one step of something costs.
struct Cost {
    /// Processor time in nanoseconds: the median of the rounds, and the least.
    var nanoseconds = 0.0
    var least = 0.0
    /// Calls of malloc.
    var allocations = 0.0
    /// Instructions outside of the kernel; nil where nobody counts them.
    var instructions: Double?

    /// Measures `step`, which takes the numbers 0 to below `count` in turn.
    ///
    /// - Parameters:
    ///   - rounds: how often all of it is timed, `passes` times over; once more before, for the counters.
    ///   - counter: counts instructions, where there is one.
    static func measure(
        count: Int, passes: Int, rounds: Int, _ counter: InstructionCounter?, _ step: (Int) -> Void
    ) -> Cost {
        var cost = Cost()
        guard count > 0 else { return cost }
        for number in 0..<count { step(number) }
        let allocations = callocationcount_calls()
        let instructions = counter?.count ?? 0
        for number in 0..<count { step(number) }
        if let counter { cost.instructions = Double(counter.count - instructions) / Double(count) }
        cost.allocations = Double(callocationcount_calls() - allocations) / Double(count)
        var times = Samples()
        for _ in 0..<rounds {
            let start = ProcessorTime.thread
            for _ in 0..<passes {
                for number in 0..<count { step(number) }
            }
            times.add((ProcessorTime.thread - start) * 1e9 / Double(passes * count))
        }
        cost.nanoseconds = times.median
        cost.least = times.percentile(0)
        return cost
    }

    /// All of it in words.
    var text: String {
        var text = "\(Table.text(nanoseconds, nanoseconds < 10 ? 1 : 0)) ns, \(Table.text(allocations, 0)) allocations"
        if let instructions { text += ", \(Table.text(instructions, 0)) instructions" }
        return text
    }
}
