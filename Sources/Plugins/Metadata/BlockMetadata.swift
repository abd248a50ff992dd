import PluginKit

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
