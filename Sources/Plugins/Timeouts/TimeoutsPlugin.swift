import Corefile
import LinuxIO
import PluginKit

/// `timeouts { read|write|idle DURATION; maxtcpqueries MAXIMUM }`: how long TCP connections may take, and what they may ask.
package final class TimeoutsPlugin: Plugin {
    package static let directive = "timeouts"
    package static let seesQueries = false

    /// CoreDNS's bounds, in nanoseconds.
    private static let durations = Int64(Clock.second)...Int64(86_400 * Clock.second)

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        for directive in directives {
            try directive.expectArguments(0)
            let properties = try directive.properties()
            if properties.isEmpty {
                throw directive.error(
                    "plugin/timeouts: timeouts block with no timeouts specified, expected read, write, idle or maxtcpqueries"
                )
            }
            for property in properties { setup.streamTimeouts.take(try Self.timeouts(property, of: directive)) }
        }
    }

    private static func timeouts(
        _ property: Property, of directive: Directive
    ) throws(CorefileError) -> StreamTimeouts {
        var timeouts = StreamTimeouts()
        try property.expectNoBlock()
        switch property.name.text {
        case "read": timeouts.read = try duration(property)
        case "write": timeouts.write = try duration(property)
        case "idle": timeouts.idle = try duration(property)
        case "maxtcpqueries":
            let argument = try property.onlyArgument()
            guard let count = Int(argument.text), count > 0 || count == -1 else {
                throw argument.error(
                    "plugin/timeouts: maxtcpqueries '\(argument.text)' found, expected -1 (any number) or at least 1")
            }
            timeouts.queries = count == -1 ? .max : count
        default:
            throw directive.unknownProperty(property, known: ["read", "write", "idle", "maxtcpqueries"])
        }
        return timeouts
    }

    /// A duration; as in CoreDNS, a number alone is one of seconds.
    private static func duration(_ property: Property) throws(CorefileError) -> UInt64 {
        let argument = try property.onlyArgument()
        let found: Int64
        if let seconds = Int64(argument.text) {
            let (product, overflow) = seconds.multipliedReportingOverflow(by: Int64(Clock.second))
            found = overflow ? .max : product
        } else {
            found = try argument.duration()
        }
        guard durations.contains(found) else {
            throw argument.error(
                "plugin/timeouts: timeout '\(argument.text)' found, expected between 1 second and 24 hours")
        }
        return UInt64(found)
    }
}
