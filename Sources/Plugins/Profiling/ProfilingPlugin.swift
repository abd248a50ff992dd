import Corefile
import LinuxIO
import PluginKit

/// `pprof [ADDRESS] { block [RATE] }`: read and checked, and without effect: these are the profiles of Go's runtime.
package final class ProfilingPlugin: Plugin {
    package static let directive = "pprof"
    package static let seesQueries = false

    private static let defaultPort: UInt16 = 6053

    /// HOST:PORT, where the host is no address in brackets.
    private static func isHostAndPort(_ text: String) -> Bool {
        text.count { $0 == ":" } == 1 && !text.contains { "[]/".contains($0) }
    }

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.only(directives)
        try directive.expectArguments(0...1)
        // Nothing listens there, so that a host's name, which CoreDNS looks up, is as good as an address.
        if directive.arguments.first.map({ Self.isHostAndPort($0.text) }) != true {
            _ = try directive.adminAddress(.loopback(port: Self.defaultPort))
        }
        for property in try directive.properties() {
            guard property.name.text == "block" else { throw directive.unknownProperty(property, known: ["block"]) }
            try property.expectArguments(0...1)
            try property.expectNoBlock()
            _ = try property.arguments.first?.integer(in: 1...Int.max)
        }
        setup.warn(
            directive.name.location,
            "plugin/pprof: has no effect, there is no Go runtime to profile: use perf record -g -p PID for processor time, "
                + "and the process_ metrics of prometheus for memory")
    }
}
