import Corefile
import DNSWire
import LinuxIO
import PluginKit

/// `local { localhost_prefix on|off }`: answers for `localhost`, names below it, and the reverse zones 0, 127 and 255, so that
/// such queries go nowhere. Names that begin with `localhost.` are answered too unless `localhost_prefix` is off.
package final class LocalPlugin: Plugin {
    package static let directive = "local"

    private let answersPrefix: Bool
    private let log: Log
    private let family: CounterFamily
    private let names = LocalNames()

    /// The process's only counter of such queries.
    private final class Metrics: Sendable {
        let family: CounterFamily

        init(_ metrics: MetricsRegistry) {
            family = CounterFamily(
                metrics, "coredns_local_localhost_requests_total",
                help: "Counter of special localhost subdomain requests.", labels: [])
        }
    }

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.last(directives, setup)
        try directive.expectArguments(0)
        var answersPrefix = true
        for property in try directive.properties() {
            guard property.name.text == "localhost_prefix" else {
                throw directive.unknownProperty(property, known: ["localhost_prefix"])
            }
            try property.expectNoBlock()
            let argument = try property.onlyArgument()
            switch argument.text {
            case "on": answersPrefix = true
            case "off": answersPrefix = false
            default: throw argument.error("plugin/local: '\(argument.text)' found, expected on or off")
            }
        }
        self.answersPrefix = answersPrefix
        log = setup.process.log
        let metrics = setup.process.metrics
        family = setup.process.shared { Metrics(metrics) }.family
    }

    /// The memory of a step.
    private struct Context {
        let names: LocalNamesView
        let answersPrefix: Bool
        let view: WorkerCountersView
        let counters: Unmanaged<WorkerCounters>
        let plugin: Unmanaged<LocalPlugin>
    }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        let counters = WorkerCounters([(family, [])])
        let context = UnsafeMutablePointer<Context>.allocate(capacity: 1)
        context.initialize(
            to: Context(
                names: names.view, answersPrefix: answersPrefix, view: counters.view, counters: .passRetained(counters),
                plugin: .passRetained(self)))
        return Step(
            context: UnsafeMutableRawPointer(context),
            down: { context, exchange in
                // SAFETY: the context is the one allocated above, which `release` frees.
                let context = context.assumingMemoryBound(to: Context.self)
                let exchange = Step.exchange(exchange)
                let kind = context.pointee.names.kind(exchange, answersPrefix: context.pointee.answersPrefix)
                if kind == .elsewhere { return Verdict.next.rawValue }
                if kind == .below {
                    context.pointee.view.count(0)
                    context.pointee.plugin._withUnsafeGuaranteedRef { $0.report(exchange) }
                }
                LocalAnswer.write(kind, exchange)
                return Verdict.answered.rawValue
            },
            release: { context in
                // SAFETY: the context made above; this is its last use.
                let context = context.assumingMemoryBound(to: Context.self)
                context.pointee.counters.takeUnretainedValue().giveBack()
                context.pointee.counters.release()
                context.pointee.plugin.release()
                context.deallocate()
            })
    }

    @inline(never)
    private func report(_ exchange: UnsafeMutablePointer<Exchange>) {
        log.debug(
            "plugin/local: Intercepting localhost query for \"\(exchange.pointee.questionName)\" "
                + "\(exchange.pointee.request.type), from \(exchange.pointee.client.host)")
    }
}
