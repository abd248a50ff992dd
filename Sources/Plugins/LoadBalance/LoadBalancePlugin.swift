import Corefile
import DNSWire
import LinuxIO
import PluginKit

/// `loadbalance [round_robin | weighted WEIGHTFILE] { reload DURATION; prefer CIDR... }`: changes the order of addresses and
/// mail exchangers in answers.
package final class LoadBalancePlugin: Plugin {
    package static let directive = "loadbalance"

    /// nil for round_robin.
    private let weights: WeightFile?
    private let preferred: [AddressPrefix]

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.last(directives, setup)
        let path = try Self.weightFile(directive)
        var interval = WeightFile.defaultInterval
        var preferred: [AddressPrefix] = []
        for property in try directive.properties() {
            switch property.name.text {
            case "prefer":
                try property.expectArguments(1...)
                for argument in property.arguments {
                    guard let block = AddressPrefix(argument.text) else {
                        throw argument.error(
                            "plugin/loadbalance: invalid CIDR \"\(argument.text)\", expected one such as 10.9.20.0/24")
                    }
                    preferred.append(block)
                }
            case "reload" where path != nil:
                let argument = try property.onlyArgument()
                let duration = try argument.duration()
                guard duration >= 0 else {
                    throw argument.error(
                        "plugin/loadbalance: invalid reload duration '\(argument.text)', expected 0s or more")
                }
                interval = UInt64(duration)
            default:
                throw directive.unknownProperty(property, known: path == nil ? ["prefer"] : ["prefer", "reload"])
            }
            try property.expectNoBlock()
        }
        self.preferred = preferred
        weights = path.map {
            WeightFile(path: setup.resolve($0), interval: interval, process: setup.process)
        }
    }

    /// The weight file's path; nil for the policy that needs none.
    private static func weightFile(_ directive: Directive) throws(CorefileError) -> String? {
        guard let policy = directive.arguments.first else { return nil }
        switch policy.text {
        case "round_robin":
            try directive.expectArguments(1)
            return nil
        case "weighted":
            guard directive.arguments.count > 1 else {
                throw policy.error("plugin/loadbalance: missing weight file argument")
            }
            try directive.expectArguments(2)
            return directive.arguments[1].text
        default:
            throw policy.error(
                "plugin/loadbalance: unknown policy: \(policy.text), expected round_robin or weighted")
        }
    }

    package func checkStart() throws(StartError) { try weights?.read() }

    package func start() throws(StartError) {
        try weights?.start()
    }

    package func stop() {
        weights?.stop()
    }

    /// The memory of a step.
    private struct Context {
        let plugin: Unmanaged<LoadBalancePlugin>
        /// The number of the plugin that turns its answers by `rotation` itself, which are not to be touched; no plugin's
        /// where all are to be arranged.
        let turned: Int
        let sets: Bool
        /// Whether addresses are in any order, so that most answers can be dealt with where they stand.
        let shuffles: Bool
    }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        let isRoundRobin = weights == nil
        let context = UnsafeMutablePointer<Context>.allocate(capacity: 1)
        context.initialize(
            to: Context(
                plugin: .passRetained(self),
                turned: isRoundRobin && preferred.isEmpty
                    ? PluginTable.number(of: "kubernetes").map(Int.init) ?? -1 : -1,
                sets: isRoundRobin, shuffles: isRoundRobin && preferred.isEmpty))
        return Step(
            context: UnsafeMutableRawPointer(context),
            down: { context, exchange in
                // SAFETY: the context is the one allocated above, which `release` frees.
                guard context.assumingMemoryBound(to: Context.self).pointee.sets else { return Verdict.next.rawValue }
                let exchange = Step.exchange(exchange)
                let number = UInt32(truncatingIfNeeded: exchange.pointee.random.next() >> 32)
                // 0 would leave the order.
                exchange.pointee.rotation = number == 0 ? 1 : number
                return Verdict.next.rawValue
            },
            up: { context, exchange in
                let exchange = Step.exchange(exchange)
                let context = context.assumingMemoryBound(to: Context.self)
                guard
                    Int(exchange.pointee.answeredBy) != context.pointee.turned,
                    exchange.pointee.code.rawValue == 0, LoadBalancePlugin.hasOrder(exchange)
                else { return }
                if context.pointee.shuffles, AddressShuffle.shuffle(exchange) { return }
                context.pointee.plugin._withUnsafeGuaranteedRef { $0.arrange(exchange) }
            },
            release: { context in
                // SAFETY: the context made above; this is its last use.
                let context = context.assumingMemoryBound(to: Context.self)
                context.pointee.plugin.release()
                context.deallocate()
            })
    }

    /// Whether there can be anything to arrange: two records at least, and no zone transfer, whose order has a meaning.
    private static func hasOrder(_ exchange: UnsafeMutablePointer<Exchange>) -> Bool {
        switch exchange.pointee.request.type.rawValue {
        // IXFR and AXFR.
        case 251, 252: return false
        default: break
        }
        let writer = exchange.pointee.writer
        return Int(writer.answerCount) &+ Int(writer.authorityCount) &+ Int(writer.additionalCount) > 1
    }

    @inline(never)
    private func arrange(_ exchange: UnsafeMutablePointer<Exchange>) {
        guard let weights else {
            return RecordArrangement(policy: .shuffled, preferred: preferred).arrange(exchange)
        }
        // CoreDNS: the weighted policy is for questions about addresses and services.
        switch exchange.pointee.request.type {
        case .a, .aaaa, .srv:
            RecordArrangement(policy: .weighted(weights.table), preferred: preferred).arrange(exchange)
        default:
            if preferred.isEmpty { return }
            RecordArrangement(policy: .kept, preferred: preferred).arrange(exchange)
        }
    }
}
