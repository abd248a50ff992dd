import DNSWire
import PluginKit

extension FilePlugin: MetadataProvider {
    /// `zone/wildcard`: the wildcard that the answer was made of (CoreDNS). Found anew when somebody asks, so that ordinary
    /// queries remember nothing, and it is there for answers that come out of `cache` too.
    package func metadata(_ label: String, _ exchange: UnsafeMutablePointer<Exchange>) -> String? {
        guard label == "zone/wildcard" else { return nil }
        // What another plugin has answered was made of no wildcard.
        let isKept = exchange.pointee.answeredBy == PluginTable.number(of: CachePlugin.directive)
        let answeredBy = isKept ? exchange.pointee.keptOf : exchange.pointee.answeredBy
        guard answeredBy == PluginTable.number(of: Self.directive) else { return nil }
        let request = exchange.pointee.request
        let place = zones.view.longestMatch(
            exchange.pointee.name, length: request.nameLength, labelCount: request.labelCount
        ).index
        guard place >= 0, let zone = files.published.current.zones[place] else { return nil }
        let name = exchange.pointee.questionName
        return ZoneAnswer(zone, name: name, type: request.type, withSignatures: false).wildcard?.description
    }
}
