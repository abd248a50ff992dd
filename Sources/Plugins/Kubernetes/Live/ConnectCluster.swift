import Corefile
import KubernetesAPI
import LinuxIO
import PluginKit

extension KubernetesOptions {
    /// A watcher of `streams`, not started yet.
    ///
    /// - Parameters:
    ///   - detail: what is kept of objects beyond what every zone needs; nil for what the options need.
    ///   - noticed: is told what goes to the log.
    /// - Throws: why there is no way to the API server: credentials or files that are missing or wrong.
    func makeWatcher(
        _ streams: [WatchStream], _ sink: any WatchSink, _ process: ProcessContext, detail: ObjectDetail? = nil,
        noticed: (@Sendable (WatchNotice) -> Void)? = nil
    ) throws(StartError) -> ClusterWatcher {
        var generator = SystemRandomNumberGenerator()
        let log = process.log
        do {
            return try ClusterWatcher(
                WatchSettings(
                    streams: streams, detail: detail ?? liveDetail, options: process.shared { WatchTuning() }.options),
                server: try server(),
                limits: RequestLimits(queriesPerSecond: apiRate, burst: apiBurst, maximumInFlight: apiMaxInflight),
                observer: RequestCounter(KubernetesMetrics.of(process)), sink: sink, clock: process.clock,
                seed: generator.next()
            ) { notice in
                noticed?(notice)
                let line = "plugin/kubernetes: \(notice)"
                switch notice.level {
                case .debug: log.debug(line)
                case .info: log.info(line)
                case .warning: log.warning(line)
                }
            }
        } catch {
            throw StartError("plugin/kubernetes: \(error)")
        }
    }

    /// Finds out whether the kubeconfig or `endpoint` says how the API server is reached. What a pod finds out from its
    /// service account is not looked at: elsewhere it is not there.
    func checkServer() throws(StartError) {
        guard kubeconfig != nil || endpoint != nil else { return }
        do {
            _ = try server()
        } catch {
            throw StartError("plugin/kubernetes: \(error)")
        }
    }

    /// The API server that the options name: `kubeconfig`, else `endpoint`, else that of the cluster which this is a pod of.
    private func server() throws(APIServerProblem) -> APIServer {
        if let kubeconfig {
            return try Kubeconfig(path: kubeconfig).server(context: kubeconfigContext, environment: processEnvironment)
        }
        if let endpoint {
            let tls =
                tlsFiles.count == 3
                ? APIServer.CertificateFiles(certificate: tlsFiles[0], key: tlsFiles[1], authorities: tlsFiles[2]) : nil
            return try .endpoint(endpoint, tls: tls, environment: processEnvironment)
        }
        return try .inCluster(environment: processEnvironment)
    }
}

/// Counts requests to the API server for the metrics.
private final class RequestCounter: HTTPClientObserver {
    private let metrics: KubernetesMetrics

    init(_ metrics: KubernetesMetrics) { self.metrics = metrics }

    func requestEnded(verb: String, host: String, status: Int?, seconds: Double) {
        // client-go's word for a request without a response.
        metrics.countRequest(code: status.map { "\($0)" } ?? "<error>", method: verb, host: host, seconds: seconds)
    }

    func rateLimiterPassed(verb: String, host: String, seconds: Double) {
        metrics.countWait(verb: verb, host: host, seconds: seconds)
    }
}
