import Corefile
import DNSWire
import PluginKit

/// `metadata [ZONES...]`: lets plugins of the block ask what others know of a query in these zones.
package final class MetadataPlugin: Plugin {
    package static let directive = "metadata"

    private let zones: ZoneArguments

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.only(directives)
        try directive.expectNoBlock()
        zones = try ZoneArguments(directive.arguments, otherwise: setup.zones, at: directive.name)
    }

    /// Whether something may be known of the query.
    func collects(_ exchange: UnsafeMutablePointer<Exchange>) -> Bool {
        let request = exchange.pointee.request
        return zones.matcher.view.longestMatch(
            exchange.pointee.name, length: request.nameLength, labelCount: request.labelCount
        ).index >= 0
    }
}
