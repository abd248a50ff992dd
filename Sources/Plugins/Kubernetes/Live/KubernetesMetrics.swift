import KubernetesAPI
import PluginKit
import Synchronization

/// The metrics of watched clusters, one set for the process: those of CoreDNS by their names, and apodns's own.
final class KubernetesMetrics: Sendable {
    /// What kind of service a change was about (CoreDNS: the label `service_kind`).
    enum ServiceKind: String, CaseIterable {
        case clusterIP = "cluster_ip"
        case headlessWithSelector = "headless_with_selector"
        /// Endpoints that somebody else than the cluster's own controller writes.
        case headlessWithoutSelector = "headless_without_selector"
    }

    /// How a resource of one cluster stands, for the gauges.
    struct ResourceState {
        var resource: WatchedResource
        var objects: Int
        /// Seconds since something was last heard of it; nil before the first time.
        var idleSeconds: Double?
        var relists: UInt64
        var isSynced: Bool
    }

    /// 1 ms to about 9 minutes (CoreDNS's buckets: twenty of them, each twice the one before).
    private static let programmingBounds = Histogram.exponentialBounds(start: 0.001, factor: 2, count: 20)
    /// Most hosts and codes that are told apart: a host comes from the configuration, so there are few.
    private static let mostSeries = 256

    private struct RequestKey: Hashable {
        var code: String
        var method: String
        var host: String
    }

    private struct VerbKey: Hashable {
        var verb: String
        var host: String
    }

    private struct State {
        var requests: [RequestKey: UInt64] = [:]
        var durations: [VerbKey: Histogram] = [:]
        var waits: [VerbKey: Histogram] = [:]
        var clusters: [ObjectIdentifier: Cluster] = [:]
    }

    /// What is asked of one cluster when somebody scrapes.
    private struct Cluster {
        let resources: @Sendable () -> [ResourceState]
        let servesLastState: @Sendable () -> Double
    }

    private let programming: [ServiceKind: Histogram]
    private let state = Mutex(State())

    private init(_ registry: MetricsRegistry) {
        programming = Dictionary(
            uniqueKeysWithValues: ServiceKind.allCases.map { ($0, Histogram(bounds: Self.programmingBounds)) })
        register(registry)
    }

    /// The metrics of the process that `process` stands for.
    static func of(_ process: ProcessContext) -> KubernetesMetrics {
        process.shared { KubernetesMetrics(process.metrics) }
    }

    /// Counts how long a change took from the moment it was made until it was published.
    func observeProgramming(_ kind: ServiceKind, seconds: Double) {
        programming[kind]?.observe(seconds)
    }

    /// Adds a cluster whose resources the gauges are to show, until `removeCluster`.
    func addCluster(
        _ cluster: AnyObject, resources: @escaping @Sendable () -> [ResourceState],
        servesLastState: @escaping @Sendable () -> Double
    ) {
        let made = Cluster(resources: resources, servesLastState: servesLastState)
        state.withLock { $0.clusters[ObjectIdentifier(cluster)] = made }
    }

    /// Forgets a cluster that is not watched any more.
    func removeCluster(_ cluster: AnyObject) {
        _ = state.withLock { $0.clusters.removeValue(forKey: ObjectIdentifier(cluster)) }
    }

    /// Counts a request to an API server; `code` is the HTTP status, or `<error>` as in client-go.
    func countRequest(code: String, method: String, host: String, seconds: Double) {
        let histogram = state.withLock { state -> Histogram? in
            let key = RequestKey(code: code, method: method, host: host)
            if state.requests[key] != nil || state.requests.count < Self.mostSeries {
                state.requests[key, default: 0] &+= 1
            }
            return Self.histogram(&state.durations, VerbKey(verb: method, host: host))
        }
        histogram?.observe(seconds)
    }

    /// Counts how long a request waited for the limits on requests.
    func countWait(verb: String, host: String, seconds: Double) {
        let histogram = state.withLock { Self.histogram(&$0.waits, VerbKey(verb: verb, host: host)) }
        histogram?.observe(seconds)
    }

    private static func histogram(_ histograms: inout [VerbKey: Histogram], _ key: VerbKey) -> Histogram? {
        if let found = histograms[key] { return found }
        guard histograms.count < mostSeries else { return nil }
        let made = Histogram()
        histograms[key] = made
        return made
    }

    // MARK: Families

    private func register(_ registry: MetricsRegistry) {
        registry.register(
            "coredns_kubernetes_dns_programming_duration_seconds",
            help: "Histogram of the time (in seconds) it took to program a dns instance.", kind: .histogram
        ) { [programming] in
            ServiceKind.allCases.flatMap { kind -> [MetricsRegistry.Sample] in
                guard let histogram = programming[kind], histogram.count > 0 else { return [] }
                return histogram.samples(labels: [("service_kind", kind.rawValue)])
            }
        }
        registerRequests(registry)
        registerResources(registry)
    }

    private func registerRequests(_ registry: MetricsRegistry) {
        registry.register(
            "coredns_kubernetes_rest_client_requests_total",
            help: "Number of HTTP requests, partitioned by status code, method, and host.", kind: .counter
        ) { [weak self] in
            let requests = self?.state.withLock { $0.requests } ?? [:]
            return requests.sorted { ($0.key.host, $0.key.code) < ($1.key.host, $1.key.code) }.map { key, count in
                .init(
                    labels: [("code", key.code), ("host", key.host), ("method", key.method)], value: Double(count))
            }
        }
        registry.register(
            "coredns_kubernetes_rest_client_request_duration_seconds",
            help: "Request latency in seconds. Broken down by verb and host.", kind: .histogram
        ) { [weak self] in Self.samples(self?.state.withLock { $0.durations } ?? [:]) }
        registry.register(
            "coredns_kubernetes_rest_client_rate_limiter_duration_seconds",
            help: "Client side rate limiter latency in seconds. Broken down by verb and host.", kind: .histogram
        ) { [weak self] in Self.samples(self?.state.withLock { $0.waits } ?? [:]) }
    }

    private static func samples(_ histograms: [VerbKey: Histogram]) -> [MetricsRegistry.Sample] {
        histograms.sorted { ($0.key.host, $0.key.verb) < ($1.key.host, $1.key.verb) }.flatMap { key, histogram in
            histogram.samples(labels: [("host", key.host), ("verb", key.verb)])
        }
    }

    private func registerResources(_ registry: MetricsRegistry) {
        func gauge(
            _ name: String, _ help: String, _ kind: MetricsRegistry.Kind = .gauge,
            _ value: @escaping @Sendable (ResourceState) -> Double?
        ) {
            registry.register(name, help: help, kind: kind) { [weak self] in
                guard let self else { return [] }
                return resources.compactMap { resource in
                    value(resource).map { .init(labels: [("resource", resource.resource.plural)], value: $0) }
                }
            }
        }
        gauge("apodns_kubernetes_objects", "Objects that are known, by resource.") { Double($0.objects) }
        gauge(
            "apodns_kubernetes_seconds_since_last_event",
            "Seconds since the last event or bookmark of the watch, by resource; the longest of its watches."
        ) { $0.idleSeconds }
        gauge(
            "apodns_kubernetes_relists_total", "Lists that replaced one that was there before, by resource.", .counter
        ) { Double($0.relists) }
        gauge("apodns_kubernetes_synced", "Whether the resource was ever known whole, by resource.") {
            $0.isSynced ? 1 : 0
        }
        registry.register(
            "apodns_kubernetes_serves_last_state",
            help: "Whether answers still come from the state that an earlier run saved (last_state).", kind: .gauge
        ) { [weak self] in
            let all = self?.state.withLock { Array($0.clusters.values) } ?? []
            return all.isEmpty ? [] : [.init(value: all.map { $0.servesLastState() }.max() ?? 0)]
        }
    }

    /// The resources of all clusters, those of one kind together.
    private var resources: [ResourceState] {
        var byResource: [WatchedResource: ResourceState] = [:]
        for cluster in state.withLock({ Array($0.clusters.values) }) {
            for resource in cluster.resources() {
                guard var sum = byResource[resource.resource] else {
                    byResource[resource.resource] = resource
                    continue
                }
                sum.objects += resource.objects
                sum.relists &+= resource.relists
                sum.isSynced = sum.isSynced && resource.isSynced
                if let idle = resource.idleSeconds { sum.idleSeconds = max(sum.idleSeconds ?? 0, idle) }
                byResource[resource.resource] = sum
            }
        }
        return byResource.values.sorted { $0.resource.rawValue < $1.resource.rawValue }
    }
}
