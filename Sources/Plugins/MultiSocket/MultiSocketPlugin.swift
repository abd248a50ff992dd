import Corefile
import LinuxIO
import PluginKit

/// `multisocket [NUM_SOCKETS]`: how many UDP sockets, each with a worker of its own, an address has. The first block at an
/// address counts. Without it there is one for each processor.
package final class MultiSocketPlugin: Plugin {
    package static let directive = "multisocket"
    package static let seesQueries = false

    /// CoreDNS's bound.
    private static let counts = 1...1024

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.only(directives)
        try directive.expectArguments(0...1)
        try directive.expectNoBlock()
        setup.socketCount = try directive.arguments.first?.integer(in: Self.counts) ?? ProcessorCount.available()
    }
}
