import Corefile
import LinuxIO
import PluginKit

/// `reload [INTERVAL] [JITTER]`: the Corefile is looked at now and then, and taken where it has changed. `reload off` does not
/// look; SIGUSR1 reloads all the same.
///
/// Here is only what the directive says: the server does the rest.
package final class ReloadPlugin: Plugin {
    package static let directive = "reload"
    package static let seesQueries = false

    /// Nanoseconds, as the four are CoreDNS's.
    static let defaultInterval: Int64 = 30_000_000_000
    static let defaultJitter: Int64 = 15_000_000_000
    static let shortestInterval: Int64 = 2_000_000_000
    static let shortestJitter: Int64 = 1_000_000_000

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.only(directives)
        try directive.expectArguments(0...2)
        try directive.expectNoBlock()
        if directive.arguments.first?.text == "off" {
            try directive.expectArguments(1...1)
            setup.process.reloadInterval = nil
            return
        }
        var (interval, jitter) = (Self.defaultInterval, Self.defaultJitter)
        if let argument = directive.arguments.first {
            interval = try argument.duration()
            guard interval >= Self.shortestInterval else {
                throw argument.error(
                    "plugin/reload: interval '\(argument.text)' is too short, expected "
                        + "\(describeDuration(Self.shortestInterval)) or more, or off")
            }
        }
        if let argument = directive.arguments.dropFirst().first {
            jitter = try argument.duration()
            guard jitter == 0 || jitter >= Self.shortestJitter else {
                throw argument.error(
                    "plugin/reload: jitter '\(argument.text)' is too short, expected 0s, or "
                        + "\(describeDuration(Self.shortestJitter)) or more")
            }
        }
        setup.process.reloadInterval = ReloadInterval(
            interval: UInt64(max(0, interval)), jitter: UInt64(max(0, jitter)))
    }
}
