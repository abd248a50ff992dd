import Corefile
import LinuxIO
import PluginKit

/// `prometheus [ADDRESS] { runtime_metrics }`: counts the block's queries, and exports all metrics of the process.
package final class PrometheusPlugin: Plugin {
    package static let directive = "prometheus"

    /// The port without an address.
    static let defaultPort: UInt16 = 9153

    /// Where the metrics are exported.
    let address: SocketAddress
    private let metrics: QueryMetrics

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.only(directives)
        address = try directive.adminAddress(.loopback(port: Self.defaultPort))
        for property in try directive.properties() {
            switch property.name.text {
            case "runtime_metrics":
                try property.expectArguments(0)
                try property.expectNoBlock()
                setup.warn(
                    property.name.location,
                    "plugin/prometheus: runtime_metrics has no effect: there is no Go runtime here")
            case "tls":
                throw property.error("plugin/prometheus: 'tls' is an option of CoreDNS that apodns does not have yet")
            default: throw directive.unknownProperty(property, known: ["runtime_metrics"])
            }
        }
        metrics = QueryMetrics.of(setup.process)
        // The responder belongs to the process, which must not be kept by a part of itself.
        let registry = setup.process.metrics
        setup.process.admin.add(address, path: "/metrics", at: directive.name.location) {
            HTTPResponse(status: 200, contentType: MetricsText.contentType, text: MetricsText.write(registry.all))
        }
    }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        let counters = metrics.makeCounters(
            QueryCounters.Labels(
                server: worker.server, zone: worker.zone, transport: worker.transport, view: worker.view))
        // The metrics and their counters keep each other until the step is released.
        return Step(
            context: counters.context,
            up: { context, exchange in QueryCounters.count(context, Step.exchange(exchange)) },
            endBatch: { context, now in QueryCounters.endBatch(context, now) },
            release: { context in QueryCounters.owner(context).giveBack() })
    }
}
