import Corefile
import PluginKit

/// `metadata [ZONES...]`: in CoreDNS, has plugins say more about each query. Here, what plugins know of a query stands in the
/// exchange whether or not anybody asks for it; the directive is read and checked.
package final class MetadataPlugin: Plugin {
    package static let directive = "metadata"

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.only(directives)
        for argument in directive.arguments { _ = try argument.zones() }
        try directive.expectNoBlock()
    }
}
