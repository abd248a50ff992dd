import Corefile
import LinuxIO
import PluginKit

/// `cancel [TIMEOUT]`: after that time nobody waits for an answer any more, and plugins that do stop.
package final class CancelPlugin: Plugin {
    package static let directive = "cancel"

    /// CoreDNS's: a millisecond more than clients commonly wait.
    static let defaultTimeout = 5001 * Clock.millisecond

    /// In nanoseconds.
    let timeout: UInt64

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.last(directives, setup)
        try directive.expectArguments(0...1)
        try directive.expectNoBlock()
        guard let argument = directive.arguments.first else {
            timeout = Self.defaultTimeout
            return
        }
        let duration = try argument.duration()
        guard duration > 0 else {
            throw argument.error("plugin/cancel: invalid duration '\(argument.text)', expected more than 0s")
        }
        timeout = UInt64(duration)
    }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        let context = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
        context.initialize(to: timeout)
        return Step(
            context: UnsafeMutableRawPointer(context),
            down: { context, exchange in
                // SAFETY: the context is the one allocated above, which `release` frees.
                let timeout = context.assumingMemoryBound(to: UInt64.self).pointee
                let exchange = Step.exchange(exchange)
                exchange.pointee.deadline = exchange.pointee.startedAt &+ timeout
                return Verdict.next.rawValue
            },
            release: { $0.deallocate() })
    }
}
