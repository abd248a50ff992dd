import ClusterZone
import RecordIndex
import ScriptedAPI

/// What it costs to build the big cluster's index: for each endpoint.
struct IndexCost {
    /// Nanoseconds of processor time: to read the lists and keep the objects, and to compile and publish.
    var apply = Samples()
    var compile = Samples()
    /// Instructions to compile and publish; nil where nobody counts them.
    var instructions: Double?
    /// Bytes of the objects, and of the index, as malloc hands them out.
    var stateBytes = 0.0
    var indexBytes = 0.0
    /// Of the index: bytes of blocks and tables, and among them those of the endpoints' names.
    var blockBytes = 0.0
    var nameBytes = 0.0

    init(
        _ cluster: ScriptedCluster, _ options: ZoneOptions, _ plan: BenchPlan, _ counter: InstructionCounter?
    ) throws(BenchFailure) {
        let endpoints = Double(BenchPlan.endpoints)
        for _ in 0..<plan.rounds {
            let built = try BuiltIndex(cluster, options: options, counter)
            apply.add(built.applySeconds * 1e9 / endpoints)
            compile.add(built.compileSeconds * 1e9 / endpoints)
            instructions = built.compileInstructions.map { Double($0) / endpoints }
            stateBytes = Double(built.stateBytes) / endpoints
            indexBytes = Double(built.indexBytes) / endpoints
            blockBytes = Double(built.index.snapshot.size) / endpoints
            nameBytes = Double(built.index.snapshot.labelBytes) / endpoints
        }
    }
}
