import PluginKit

/// A plugin that knows something about queries that others may ask it for, by labels of the form PLUGIN/NAME.
protocol MetadataProvider: Plugin {
    /// What the plugin knows of a query; nil where the label is none of its own, or it knows nothing. Called by the thread that
    /// the exchange belongs to, only where somebody wants to know; may allocate.
    func metadata(_ label: String, _ exchange: UnsafeMutablePointer<Exchange>) -> String?
}

/// What the plugins of a block know of queries, where the block has `metadata`. Nothing is collected: plugins are asked when
/// somebody names a label.
struct BlockMetadata: Sendable {
    private let neighbours: BlockNeighbours

    init(_ setup: BlockSetup) { neighbours = setup.neighbours }

    /// The value of a label for a query; nil for none.
    func value(_ label: String, _ exchange: UnsafeMutablePointer<Exchange>) -> String? {
        guard let collector = neighbours.first(MetadataPlugin.self), collector.collects(exchange) else { return nil }
        for plugin in neighbours.all {
            if let provider = plugin as? any MetadataProvider, let value = provider.metadata(label, exchange) {
                return value
            }
        }
        return nil
    }
}
