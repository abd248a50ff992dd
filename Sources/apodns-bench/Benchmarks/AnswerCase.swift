import DNSWire
import RecordIndex
import ScriptedAPI

/// A kind of query whose way is measured, and what its answer has to be.
struct AnswerCase {
    /// How far it goes.
    enum Way {
        /// The request is read.
        case read
        /// Its service is found.
        case find
        /// The answer is written.
        case answer
    }

    let name: String
    var way = Way.answer
    let queries: [[UInt8]]
    /// Bytes of an answer at most.
    var limit = AnswerBench.mostBytes
    let expected: AnswerBench.Answer

    /// More than the processor's first caches hold, as in a cluster.
    private static let mostQueries = 2000
    /// What a client over UDP gets, which is less than 1,000 addresses take.
    static let datagram = 1232

    init(
        _ name: String, _ names: [String], _ type: RecordType, way: Way = .answer, limit: Int = AnswerBench.mostBytes,
        _ expected: AnswerBench.Answer
    ) throws(BenchFailure) {
        self.name = name
        self.way = way
        self.limit = limit
        self.expected = expected
        var queries: [[UInt8]] = []
        for name in names.prefix(Self.mostQueries) { queries.append(try Query.bytes(name, type)) }
        self.queries = queries
    }

    /// Those of the big cluster.
    static func ofCluster(_ cluster: ScriptedCluster) throws(BenchFailure) -> [AnswerCase] {
        var plain: [String] = []
        var headless: [String] = []
        for case .service(let service) in cluster.objects(.services) {
            let name = "\(service.metadata.name).\(service.metadata.namespace).svc.cluster.local."
            if service.clusterIP == "None" { headless.append(name) } else { plain.append(name) }
        }
        var pointers: [String] = []
        for case .endpointSlice(let slice) in cluster.objects(.endpointSlices) {
            guard let endpoint = slice.endpoints.first(where: { $0.ready == true }),
                let address = endpoint.addresses.first
            else { continue }
            pointers.append(address.split(separator: ".").reversed().joined(separator: ".") + ".in-addr.arpa.")
        }
        let one = AnswerBench.Answer(answers: 1)
        return [
            try AnswerCase("read a request", plain, .a, way: .read, one),
            try AnswerCase("read a request, find its service", plain, .a, way: .find, one),
            try AnswerCase("A of a service", plain, .a, one),
            try AnswerCase("A of a headless service, 10 endpoints", headless, .a, AnswerBench.Answer()),
            try AnswerCase(
                "SRV of a headless service, 10 records, 10 additional", headless.map { "_http._tcp." + $0 }, .srv,
                AnswerBench.Answer()),
            try AnswerCase("PTR of an endpoint", pointers, .ptr, one),
            try AnswerCase("AAAA of a service: NODATA", plain, .aaaa, AnswerBench.Answer(answers: 0)),
            try AnswerCase(
                "A of no service: NXDOMAIN", plain.map { "no-" + $0 }, .a, AnswerBench.Answer(code: 3, answers: 0)),
        ]
    }

    /// Those of a cluster with one large headless service.
    static func ofLargeService(endpoints: Int) throws(BenchFailure) -> [AnswerCase] {
        let name = ["large.team-00.svc.cluster.local."]
        let count = endpoints == 1000 ? "1,000" : "10,000"
        // Sixteen bytes for each; no message has room for 10,000.
        let fits = endpoints * 16 + 64 < AnswerBench.mostBytes
        return [
            try AnswerCase("A, \(count) endpoints, TCP", name, .a, AnswerBench.Answer(isTruncated: !fits)),
            try AnswerCase(
                "A, \(count) endpoints, UDP: TC", name, .a, limit: datagram, AnswerBench.Answer(isTruncated: true)),
            try AnswerCase(
                "SRV, \(count) endpoints, UDP: TC", ["_http._tcp." + name[0]], .srv, limit: datagram,
                AnswerBench.Answer(isTruncated: true)),
        ]
    }

    /// Looks whether each query is answered as it should be, and measures them.
    func measure(_ bench: AnswerBench, _ plan: BenchPlan, _ counter: InstructionCounter?) throws(BenchFailure) -> Cost {
        for query in queries where way == .answer {
            let answer = bench.answer(query, limit: limit)
            guard answer.matches(expected) else { throw BenchFailure("\(name): the answer is \(answer)") }
        }
        // As long for each of them: those of one query are slow ones.
        let passes = (plan.isQuick ? 10_000 : 100_000) / max(queries.count, queries.count == 1 ? 500 : 1)
        return Cost.measure(count: queries.count, passes: max(1, passes), rounds: plan.rounds, counter) { number in
            switch way {
            case .read: bench.read(queries[number])
            case .find: bench.find(queries[number])
            case .answer: _ = bench.answer(queries[number], limit: limit)
            }
        }
    }
}
