import PluginKit

/// The directives in CoreDNS's order.
package enum PluginTable {
    package struct Entry: Sendable {
        package let place: UInt8
        package let name: String
        package let type: (any Plugin.Type)?
    }

    package static let entries: [Entry] = [Entry(place: 0, name: "kubernetes", type: KubernetesPlugin.self)]
}
package final class DroppedQueries: Sendable {
    package struct Counter { package func count(_ exchange: UnsafeMutablePointer<Exchange>) {} }
    package init() {}
    package func makeCounter(_ server: String, _ transport: Transport) -> Counter { Counter() }
}
extension PluginTable {
    package static let known: Set<String> = ["kubernetes"]
    package static let knownElsewhere: Set<String> = []
}
