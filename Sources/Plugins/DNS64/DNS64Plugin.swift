import Corefile
import DNSWire
import LinuxIO
import PluginKit

/// `dns64 [PREFIX] { prefix PREFIX; translate_all; allow_ipv4 }`: answers AAAA questions for names that have A records only
/// with addresses behind a NAT64 prefix (RFC 6147).
package final class DNS64Plugin: Plugin {
    package static let directive = "dns64"

    private static let properties = ["prefix", "translate_all", "allow_ipv4"]

    let prefix: NAT64Prefix
    /// Whether responses that have AAAA records are translated too.
    let translatesAll: Bool
    /// Whether clients that ask over IPv4 get such addresses too.
    let allowsIPv4: Bool
    private let translated: CounterFamily

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.last(directives, setup)
        try directive.expectArguments(0...1)
        var prefix = NAT64Prefix.wellKnown
        var translatesAll = false
        var allowsIPv4 = false
        if let argument = directive.arguments.first { prefix = try Self.prefix(argument) }
        for property in try directive.properties() {
            switch property.name.text {
            case "prefix": prefix = try Self.prefix(property.onlyArgument())
            case "translate_all":
                try property.expectArguments(0...0)
                translatesAll = true
            case "allow_ipv4":
                try property.expectArguments(0...0)
                allowsIPv4 = true
            default: throw directive.unknownProperty(property, known: Self.properties)
            }
        }
        self.prefix = prefix
        self.translatesAll = translatesAll
        self.allowsIPv4 = allowsIPv4
        translated = DNS64Metrics.of(setup.process).translated
    }

    private static func prefix(_ token: Token) throws(CorefileError) -> NAT64Prefix {
        guard let prefix = NAT64Prefix(token.text) else {
            throw token.error(
                "plugin/dns64: '\(token.text)' is not an IPv6 prefix of 32, 40, 48, 56, 64, 72, 80, 88 or 96 bits, "
                    + "expected one such as 64:ff9b::/96")
        }
        return prefix
    }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        let counters = WorkerCounters([(translated, [worker.server])])
        let context = Unmanaged.passRetained(DNS64Chain(plugin: self, ask: worker.ask, counters: counters))
        return Step(
            context: context.toOpaque(),
            up: { context, exchange in
                let exchange = Step.exchange(exchange)
                let request = exchange.pointee.request
                // RFC 6147, section 5.1: only AAAA of class IN; and what the plugin itself asks, of type A.
                guard
                    request.type == .aaaa && request.recordClass == .internet || exchange.pointee.ownQuery != nil
                else { return }
                // SAFETY: the context is the reference taken above, which `release` gives back.
                Unmanaged<DNS64Chain>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.look(exchange) }
            },
            mayWait: true,
            release: { context in
                let chain = Unmanaged<DNS64Chain>.fromOpaque(context)
                chain.takeUnretainedValue().counters.giveBack()
                chain.release()
            })
    }
}

/// CoreDNS's counter of `dns64`.
private final class DNS64Metrics: Sendable {
    let translated: CounterFamily

    static func of(_ process: ProcessContext) -> DNS64Metrics { process.shared { DNS64Metrics(process.metrics) } }

    private init(_ metrics: MetricsRegistry) {
        translated = CounterFamily(
            metrics, "coredns_dns64_requests_translated_total", help: "Counter of DNS requests translated by dns64.",
            labels: ["server"])
    }
}
