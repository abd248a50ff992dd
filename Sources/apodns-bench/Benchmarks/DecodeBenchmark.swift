import KubernetesAPI
import ScriptedAPI

/// How many MB of API responses are read in a second of one core.
struct DecodeBenchmark {
    /// What libcurl hands over at once (CURL_MAX_WRITE_SIZE).
    private static let pieceBytes = 16 << 10
    /// Reads of one round: at least so many, and for at least so long.
    private static let leastReads = 3
    private static let leastSeconds = 0.3

    private let plan: BenchPlan

    init(_ plan: BenchPlan) { self.plan = plan }

    func run() throws(BenchFailure) {
        let cluster = BenchPlan.cluster()
        var table = Table(
            "decode: BodyReader, pieces of 16 KiB, details that DNS needs without options; median of \(plan.rounds) rounds"
        )
        let resources: [(ScriptedResource, WatchedResource)] = [
            (.endpointSlices, .endpointSlices), (.services, .services), (.pods, .pods),
        ]
        for format in [ScriptedFormat.protobuf, .json] {
            for (scripted, watched) in resources {
                let body = cluster.listBody(scripted, format)
                var rates = Samples()
                for _ in 0..<plan.rounds { rates.add(try rate(body, format, watched)) }
                let size = Table.text(Double(body.count) / 1e6, 1)
                table.add(
                    "\(format == .json ? "JSON" : "protobuf"), \(cluster.count(scripted)) \(watched.plural), \(size) MB",
                    rates.median, "MB/s", atLeast: format == .json ? nil : 300)
            }
        }
        table.show()
    }

    /// MB (1,000,000 bytes) in a second of processor time.
    private func rate(
        _ body: [UInt8], _ format: ScriptedFormat, _ resource: WatchedResource
    ) throws(BenchFailure) -> Double {
        var reads = 0
        let start = ProcessorTime.thread
        var seconds = 0.0
        while reads < Self.leastReads || seconds < (plan.isQuick ? 0 : Self.leastSeconds) {
            _ = try ObjectReading.read(body, format, resource, pieceBytes: Self.pieceBytes) { _ in }
            reads += 1
            seconds = ProcessorTime.thread - start
        }
        return Double(body.count) * Double(reads) / 1e6 / seconds
    }
}
