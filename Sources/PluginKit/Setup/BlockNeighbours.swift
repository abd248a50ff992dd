import Synchronization

/// The plugins of one server block as the others find them once all are set up. It keeps none of them.
package final class BlockNeighbours: Sendable {
    private struct Neighbour: Sendable {
        weak let plugin: (any Plugin)?
    }

    private let plugins = Mutex<[Neighbour]>([])

    package init() {}

    /// Adds a plugin of the block.
    package func add(_ plugin: any Plugin) {
        plugins.withLock { $0.append(Neighbour(plugin: plugin)) }
    }

    /// The block's plugin of a type; nil where it has none.
    package func first<P: Plugin>(_ type: P.Type) -> P? {
        plugins.withLock { plugins in
            for neighbour in plugins {
                if let found = neighbour.plugin as? P { return found }
            }
            return nil
        }
    }

    /// All plugins of the block, in the order of plugins.
    package var all: [any Plugin] { plugins.withLock { $0.compactMap(\.plugin) } }
}
