import Corefile
import DNSWire
import PluginKit

/// `bufsize [SIZE]`: no UDP response is larger, and no client is taken to ask for more.
package final class BufferSizePlugin: Plugin {
    package static let directive = "bufsize"

    /// Without SIZE: what avoids fragments on any path (DNS flag day 2020).
    private static let defaultSize = 1232
    /// CoreDNS's bounds.
    private static let sizes = 512...4096

    private let size: Int

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.first(directives, setup)
        try directive.expectArguments(0...1)
        try directive.expectNoBlock()
        size = try directive.arguments.first?.integer(in: Self.sizes) ?? Self.defaultSize
        // The server limits responses itself, before the chain, so that every plugin keeps to it.
        setup.udpSize = size
    }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        let context = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        context.initialize(to: size)
        return Step(
            context: UnsafeMutableRawPointer(context),
            down: { context, exchange in
                // SAFETY: the context is the one allocated above, which `release` frees.
                let size = context.assumingMemoryBound(to: Int.self).pointee
                let exchange = Step.exchange(exchange)
                // What is asked of others, too: they are told this size.
                if exchange.pointee.request.hasEDNS, exchange.pointee.request.udpSize > size {
                    exchange.pointee.request.udpSize = size
                }
                return Verdict.next.rawValue
            },
            release: { $0.deallocate() })
    }
}
