import Corefile
import DNSWire
import LinuxIO
import PluginKit

/// `acl [ZONES...] { allow|block|filter|drop [type QTYPE...] [net SOURCE...] }`: decides by the client's address and the type
/// whether a query goes on. May stand several times in a block.
package final class AccessControlPlugin: Plugin {
    package static let directive = "acl"

    /// The extended errors "Blocked" and "Filtered" (RFC 8914, sections 4.16 and 4.18).
    private static var blocked: UInt16 { 15 }
    private static var filtered: UInt16 { 17 }

    private let rules: AccessRules
    private let metrics: AccessControlMetrics

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        var rules: [AccessRules.Rule] = []
        for directive in directives { rules.append(try Self.rule(directive, setup)) }
        do throws(NameError) {
            self.rules = try AccessRules(rules)
        } catch {
            let place = try Self.only(Array(directives.prefix(1)))
            throw place.error("plugin/acl: a zone is no name: \(error)")
        }
        metrics = AccessControlMetrics.of(setup.process)
    }

    /// The memory of a step.
    private struct Context {
        /// The plugin's own.
        let number: UInt8
        let entries: UnsafeMutableBufferPointer<AccessRules.Entry>
        let view: WorkerCountersView
        let counters: Unmanaged<WorkerCounters>
        let plugin: Unmanaged<AccessControlPlugin>
    }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        let counters = metrics.makeCounters(worker, zones: rules.zoneNames)
        let context = UnsafeMutablePointer<Context>.allocate(capacity: 1)
        context.initialize(
            to: Context(
                number: PluginTable.number(of: Self.directive) ?? Exchange.nobody, entries: rules.entries,
                view: counters.view, counters: .passRetained(counters),
                plugin: .passRetained(self)))
        return Step(
            context: UnsafeMutableRawPointer(context),
            down: { context, exchange in
                // SAFETY: the context is the one allocated above, which `release` frees.
                let context = context.assumingMemoryBound(to: Context.self)
                return AccessControlPlugin.judge(context, Step.exchange(exchange))
            },
            up: { context, exchange in
                // SAFETY: as above. What is allowed is counted here, as a query that waits comes down twice.
                let context = context.assumingMemoryBound(to: Context.self)
                AccessControlPlugin.count(0, context, Step.exchange(exchange))
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

    @inline(__always)
    private static func count(
        _ place: Int, _ context: UnsafeMutablePointer<Context>, _ exchange: UnsafeMutablePointer<Exchange>
    ) {
        if !exchange.pointee.isCounted(by: context.pointee.number) { context.pointee.view.count(place) }
    }

    private static func judge(
        _ context: UnsafeMutablePointer<Context>, _ exchange: UnsafeMutablePointer<Exchange>
    ) -> UInt8 {
        let decision = AccessRules.decide(context.pointee.entries, exchange)
        let first = 1 &+ decision.zone &* AccessControlMetrics.perZone
        switch decision.action {
        case .allow: return Verdict.next.rawValue
        case .block:
            count(first, context, exchange)
            exchange.pointee.fail(.refused)
            exchange.pointee.extendedError = blocked
            return Verdict.answered.rawValue
        case .filter:
            count(first &+ 1, context, exchange)
            exchange.pointee.fail(.noError)
            exchange.pointee.extendedError = filtered
            return Verdict.answered.rawValue
        case .drop:
            count(first &+ 2, context, exchange)
            return Verdict.drop.rawValue
        }
    }
}
