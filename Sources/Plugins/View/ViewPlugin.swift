import Corefile
import PluginKit

/// `view NAME { expr EXPRESSION }`: the block takes only the queries for which all of its expressions are true.
package final class ViewPlugin: Plugin, View {
    package static let directive = "view"

    package let name: String
    private let expressions: [Expression]
    private let metadata: BlockMetadata

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.only(directives)
        name = try directive.onlyArgument().text
        var expressions: [Expression] = []
        for property in try directive.properties() {
            guard property.name.text == "expr" else { throw directive.unknownProperty(property, known: ["expr"]) }
            try property.expectArguments(1...)
            try property.expectNoBlock()
            do throws(ExpressionFailure) {
                expressions.append(
                    try Expression.parse(property.arguments.map(\.text).joined(separator: " ")))
            } catch {
                throw property.arguments[0].error(
                    "plugin/view: character \(error.place) of the expression: \(error.reason)")
            }
        }
        self.expressions = expressions
        metadata = BlockMetadata(setup)
        setup.view = self
    }

    package func takes(_ exchange: UnsafeMutablePointer<Exchange>) -> Bool {
        // CoreDNS: what is not true, because it is something else or cannot be worked out, is false.
        let context = ExpressionContext(exchange, metadata: metadata)
        return expressions.allSatisfy { expression in
            guard case .boolean(true)? = try? expression.value(context) else { return false }
            return true
        }
    }
}

extension ViewPlugin: MetadataProvider {
    /// `view/name`: the view that the query has been taken by.
    package func metadata(_ label: String, _ exchange: UnsafeMutablePointer<Exchange>) -> String? {
        label == "view/name" ? name : nil
    }
}
