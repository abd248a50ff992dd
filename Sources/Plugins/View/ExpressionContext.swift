import PluginKit

/// What an expression is worked out with.
struct ExpressionContext {
    /// The query.
    let exchange: UnsafeMutablePointer<Exchange>
    /// What the plugins of the block know of it.
    var metadata: BlockMetadata?
    /// What a regular expression has matched, by number and by name.
    var groups: [String: String] = [:]
    /// What the expressions before it came to, by name.
    var variables: [String: ExpressionValue] = [:]

    /// The element of a list that a predicate is worked out for.
    var element = ExpressionValue.null

    init(_ exchange: UnsafeMutablePointer<Exchange>, metadata: BlockMetadata? = nil) {
        self.exchange = exchange
        self.metadata = metadata
    }
}
