import CAllocationCount
import ClusterZone
import KubernetesAPI
import RecordIndex
import ScriptedAPI

/// A cluster's state and index, built from the bodies of its lists as a start builds them, and what that cost.
struct BuiltIndex {
    var state: ClusterState
    let index = RecordIndex()
    /// Processor time in seconds: to read the bodies and keep the objects, and to compile and publish.
    let applySeconds: Double
    let compileSeconds: Double
    /// Bytes that were allocated and not freed: for the objects, and for the index.
    let stateBytes: Int64
    let indexBytes: Int64
    /// Instructions to compile and publish; nil where nobody counts them.
    let compileInstructions: UInt64?

    init(_ cluster: ScriptedCluster, options: ZoneOptions = ZoneOptions(), _ counter: InstructionCounter? = nil)
        throws(BenchFailure)
    {
        var resources: [(ScriptedResource, WatchedResource)] = [
            (.namespaces, .namespaces), (.services, .services), (.endpointSlices, .endpointSlices),
        ]
        if options.servesPods { resources.append((.pods, .pods)) }
        let bodies = resources.map { (cluster.listBody($0.0, .protobuf), $0.1) }
        var state = ClusterState(options: options)
        let before = callocationcount_bytes()
        let start = ProcessorTime.thread
        for (body, resource) in bodies {
            state.beginReplace(resource, namespace: nil)
            try ObjectReading.read(body, .protobuf, resource, detail: options.objectDetail) { state.apply(.listed, $0) }
            state.endReplace(resource, namespace: nil)
        }
        let applied = ProcessorTime.thread
        let between = callocationcount_bytes()
        let instructions = counter?.count ?? 0
        if let change = state.takeChange() { index.apply(change, serial: 1) }
        compileInstructions = counter.map { $0.count - instructions }
        compileSeconds = ProcessorTime.thread - applied
        applySeconds = applied - start
        stateBytes = between - before
        indexBytes = callocationcount_bytes() - between
        self.state = state
        // Not to be let go between the counts.
        withExtendedLifetime(bodies) {}
    }
}
