import Corefile
import PluginKit

/// `debug`: debug lines are written, by every block of the process.
package final class DebugPlugin: Plugin {
    package static let directive = "debug"
    package static let seesQueries = false

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.last(directives, setup)
        try directive.expectArguments(0)
        try directive.expectNoBlock()
        setup.process.log.isDebugging = true
    }
}
