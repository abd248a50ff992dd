import CAllocationCount
import ClusterZone
import DNSWire
import RecordIndex
import ScriptedAPI

/// What the smallest parts cost: nanoseconds of processor time and allocations of each.
struct MicroBenchmark {
    private let plan: BenchPlan

    init(_ plan: BenchPlan) { self.plan = plan }

    func run() throws(BenchFailure) {
        var table = Table("micro: in 5,000 services and 50,000 endpoints; median of \(plan.rounds) rounds")
        let cluster = BenchPlan.cluster()
        if plan.only == nil {
            var options = ZoneOptions()
            try build(cluster, options, "", &table)
            options.servesPods = true
            options.endpointPodNames = true
            try build(cluster, options, ", pods and pod names", &table)
        }
        try answers(cluster, &table)
        table.show()
    }

    private func build(
        _ cluster: ScriptedCluster, _ options: ZoneOptions, _ kind: String, _ table: inout Table
    ) throws(BenchFailure) {
        var apply = Samples()
        var compile = Samples()
        var bytes = (state: Int64(0), index: Int64(0), size: 0)
        for _ in 0..<plan.rounds {
            let built = try BuiltIndex(cluster, options: options)
            apply.add(built.applySeconds * 1e9 / Double(BenchPlan.endpoints))
            compile.add(built.compileSeconds * 1e9 / Double(BenchPlan.endpoints))
            bytes = (built.stateBytes, built.indexBytes, built.index.snapshot.size)
        }
        table.add("read and keep objects\(kind)", "\(Table.text(apply.median, 0)) ns an endpoint")
        table.add("compile and publish\(kind)", "\(Table.text(compile.median, 0)) ns an endpoint")
        func each(_ bytes: Int) -> String {
            "\(Table.text(Double(bytes) / Double(BenchPlan.endpoints), 0)) B an endpoint"
        }
        table.add("memory of the objects\(kind)", each(Int(bytes.state)))
        table.add("memory of the index\(kind)", each(Int(bytes.index)))
        table.add("of it blocks and tables\(kind)", each(bytes.size))
    }

    // MARK: Answers

    private func answers(_ cluster: ScriptedCluster, _ table: inout Table) throws(BenchFailure) {
        let built = try BuiltIndex(cluster)
        let bench = try AnswerBench(built.index.snapshot)
        defer { bench.deallocate() }
        var plain: [String] = []
        var headless: [String] = []
        for case .service(let service) in cluster.objects(.services) {
            let name = "\(service.metadata.name).\(service.metadata.namespace).svc.cluster.local."
            if service.clusterIP == "None" { headless.append(name) } else { plain.append(name) }
        }
        var pointers: [String] = []
        for case .endpointSlice(let slice) in cluster.objects(.endpointSlices) {
            guard let address = slice.endpoints.first?.addresses.first else { continue }
            pointers.append(address.split(separator: ".").reversed().joined(separator: ".") + ".in-addr.arpa.")
        }
        try add("read a request", plain, .a, &table) { bench.read($0) }
        try add("read a request, find its service", plain, .a, &table) { bench.find($0) }
        try add("A of a service", plain, .a, &table) { bench.answer($0) }
        try add("A of a headless service, 10 endpoints", headless, .a, &table) { bench.answer($0) }
        try add("SRV of a headless service, 20 records", headless.map { "_http._tcp." + $0 }, .srv, &table) {
            bench.answer($0)
        }
        try add("PTR of an endpoint", pointers, .ptr, &table) { bench.answer($0) }
        try add("NXDOMAIN", plain.map { "no-" + $0 }, .a, &table) { bench.answer($0) }
    }

    /// Nanoseconds of `body` for each of the names, one after the other.
    private func add(
        _ what: String, _ names: [String], _ type: RecordType, _ table: inout Table, _ body: ([UInt8]) -> Void
    ) throws(BenchFailure) {
        guard plan.only.map({ what.contains($0) }) ?? true else { return }
        // More than the processor's first caches hold, as in a cluster.
        var queries: [[UInt8]] = []
        for name in names.prefix(2000) { queries.append(try Query.bytes(name, type)) }
        let passes = plan.isQuick ? 5 : 50
        var times = Samples()
        for query in queries { body(query) }
        let before = callocationcount_calls()
        for query in queries { body(query) }
        let allocations = callocationcount_calls() - before
        for _ in 0..<plan.rounds {
            let start = ProcessorTime.thread
            for _ in 0..<passes {
                for query in queries { body(query) }
            }
            times.add((ProcessorTime.thread - start) * 1e9 / Double(passes * queries.count))
        }
        table.add(what, "\(Table.text(times.median, 0)) ns")
        table.add(
            "\(what): allocations", Double(allocations) / Double(max(1, queries.count)), "each", atMost: 0, digits: 0)
    }
}
