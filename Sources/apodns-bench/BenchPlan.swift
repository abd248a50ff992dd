import ScriptedAPI

/// What is measured, and how often.
struct BenchPlan {
    /// Services of the big cluster (issue: 5,000), each with ten endpoints.
    static let services = 5000
    static let endpoints = 50_000
    static let pods = 10_000
    /// Endpoints of the one large service.
    static let largeService = 5000
    private static let seed: UInt64 = 2026

    var rounds = 5
    var isQuick = false
    /// The apodns to measure; nil: the one beside this program.
    var program: String?
    /// Only rows with this in their name; nil: all.
    var only: String?

    /// Where the apodns to measure is.
    func programPath() throws(BenchFailure) -> String {
        if let program { return program }
        return try RunningProgram.besideThis()
    }

    /// The big cluster, the same one each time.
    ///
    /// - Parameter hasLargeService: whether `team-00/large` is in it.
    static func cluster(hasLargeService: Bool = false) -> ScriptedCluster {
        .generate(
            services: services, endpoints: endpoints, pods: pods, largeService: hasLargeService ? largeService : 0,
            seed: seed)
    }
}
