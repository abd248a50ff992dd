import Corefile
import DNSWire
import PluginKit

/// `rewrite [continue|stop] FIELD ...`: changes the question or the options of a query for the plugins after it, and the
/// response for the client.
package final class RewritePlugin: Plugin {
    package static let directive = "rewrite"

    let rules: [RewriteRule]
    private let texts: GateTexts

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        var rules: [RewriteRule] = []
        for directive in directives { rules.append(try RewriteRule(directive, setup)) }
        self.rules = rules
        texts = GateTexts(rules)
    }

    /// The memory of a step.
    private struct Worker {
        let plugin: Unmanaged<RewritePlugin>
        let gates: UnsafePointer<RewriteGate>
        let count: Int
        let text: UnsafeMutablePointer<UInt8>
        let matchMemory: OpaquePointer?
        let number: UInt8
    }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        guard let number = PluginTable.number(of: Self.directive) else { return nil }
        let context = UnsafeMutablePointer<Worker>.allocate(capacity: 1)
        // SAFETY: `release` frees the context and its text; the gates are the plugin's, which is retained.
        let text = UnsafeMutablePointer<UInt8>.allocate(capacity: QuestionName.longestText)
        text.initialize(repeating: 0, count: QuestionName.longestText)
        context.initialize(
            to: Worker(
                plugin: .passRetained(self), gates: texts.gates, count: texts.count, text: text,
                matchMemory: RegularExpressionView.makeMemory(), number: number))
        return Step(
            context: UnsafeMutableRawPointer(context),
            down: { context, exchange in
                // SAFETY: the context is the worker initialised above; the exchange is the calling worker's own.
                RewritePlugin.down(context.assumingMemoryBound(to: Worker.self), Step.exchange(exchange)).rawValue
            },
            up: { context, exchange in
                // SAFETY: as above.
                let worker = context.assumingMemoryBound(to: Worker.self)
                guard Step.exchange(exchange).pointee.replacedBy == worker.pointee.number else { return }
                RewritePlugin.restore(Step.exchange(exchange))
            },
            release: { context in
                // SAFETY: as above; this is the context's last use.
                let worker = context.assumingMemoryBound(to: Worker.self)
                worker.pointee.text.deallocate()
                RegularExpressionView.freeMemory(worker.pointee.matchMemory)
                worker.pointee.plugin.release()
                worker.deallocate()
            })
    }

    /// Looks for the first rule that is for the query; nothing is allocated before one is found.
    private static func down(
        _ worker: UnsafeMutablePointer<Worker>, _ exchange: UnsafeMutablePointer<Exchange>
    ) -> Verdict {
        let request = exchange.pointee.request
        let length = exchange.pointee.name.writeText(length: request.nameLength, into: worker.pointee.text)
        var place = 0
        while place < worker.pointee.count {
            if worker.pointee.gates[place].isOpen(
                request, worker.pointee.text, length, worker.pointee.matchMemory)
            {
                return rewrite(from: place, length, worker, exchange)
            }
            place &+= 1
        }
        return .next
    }

    /// Carries out the rules from the one at `first` on, which is the first that is for the query.
    @inline(never)
    private static func rewrite(
        from first: Int, _ length: Int, _ worker: UnsafeMutablePointer<Worker>,
        _ exchange: UnsafeMutablePointer<Exchange>
    ) -> Verdict {
        let number = worker.pointee.number
        // SAFETY: the text has been written up to this length.
        let name = String(
            decoding: UnsafeBufferPointer(start: worker.pointee.text, count: length), as: UTF8.self)
        guard var work = RewriteWork(exchange, name: name) else {
            return fail(exchange, number, "the query's records cannot be read")
        }
        do throws(RewriteWork.InvalidName) {
            let rules = worker.pointee.plugin.takeUnretainedValue().rules
            for rule in rules.dropFirst(first) where try work.apply(rule, exchange) && rule.stops { break }
        } catch {
            return fail(exchange, number, "invalid name after rewrite")
        }
        guard work.changesRequest || !work.responseRules.isEmpty else { return .next }
        guard let message = work.message(),
            exchange.pointee.replaceRequest(with: message, by: number, memo: RewriteMemo(work))
        else { return fail(exchange, number, "the rewritten query does not fit into a message") }
        return .next
    }

    private static func fail(
        _ exchange: UnsafeMutablePointer<Exchange>, _ number: UInt8, _ message: StaticString
    ) -> Verdict {
        exchange.pointee.fail(.serverFailure)
        exchange.pointee.failure = Exchange.Failure(plugin: number, message: message)
        return .answered
    }

    /// Takes back what `rewrite` has done.
    @inline(never)
    private static func restore(_ exchange: UnsafeMutablePointer<Exchange>) {
        guard let memo = exchange.pointee.replacedMemo as? RewriteMemo else { return }
        memo.restore(exchange)
    }
}
