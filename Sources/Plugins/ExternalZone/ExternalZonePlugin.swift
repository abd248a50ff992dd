import ClusterZone
import Corefile
import DNSWire
import PluginKit
import RecordIndex

/// `k8s_external [ZONE...] { apex APEX; ttl TTL; headless; fallthrough [ZONE...] }`: names of the cluster's services for those
/// who are outside, at their external addresses.
package final class ExternalZonePlugin: Plugin {
    package static let directive = "k8s_external"

    private static let properties = ["apex", "ttl", "headless", "fallthrough"]
    /// The longest TTL in seconds (CoreDNS).
    private static let longestTTL = 3600

    let zones: ZoneArguments
    /// The label of the zone's own names: `ns1.APEX.ZONE`.
    let apex: [UInt8]
    let ttl: UInt32
    /// Whether endpoints of headless services are answered too.
    let servesHeadless: Bool
    let fallthroughZones: ZoneArguments
    private let neighbours: BlockNeighbours

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.last(directives, setup)
        zones = try ZoneArguments(directive.arguments, otherwise: setup.zones, at: directive.name)
        var apex = "dns"
        var ttl = 5
        var servesHeadless = false
        var fallthroughZones = ZoneArguments.none
        for property in try directive.properties() {
            switch property.name.text {
            case "apex":
                let label = try property.onlyArgument()
                guard let name = try? DomainName(parsing: label.text), name.labelCount == 1 else {
                    throw label.error("plugin/k8s_external: '\(label.text)' is not a label, expected one such as dns")
                }
                apex = label.text.lowercased()
            case "ttl": ttl = try property.onlyArgument().integer(in: 0...Self.longestTTL)
            case "headless":
                try property.expectArguments(0...0)
                servesHeadless = true
            case "fallthrough": fallthroughZones = try ZoneArguments(fallthrough: property)
            default: throw directive.unknownProperty(property, known: Self.properties)
            }
        }
        self.apex = Array(apex.utf8)
        self.ttl = UInt32(truncatingIfNeeded: ttl)
        self.servesHeadless = servesHeadless
        self.fallthroughZones = fallthroughZones
        neighbours = setup.neighbours
        guard setup.block.directives.contains(where: { $0.name.text == KubernetesPlugin.directive }) else {
            throw directive.error(
                "plugin/k8s_external: kubernetes plugin not loaded, expected a kubernetes directive in the same block")
        }
        setup.wantsExternalServices = true
    }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        guard let kubernetes = neighbours.first(KubernetesPlugin.self) else { return nil }
        let context = UnsafeMutablePointer<Context>.allocate(capacity: 1)
        context.initialize(
            to: Context(
                zones: zones.matcher.view, through: fallthroughZones.matcher.view,
                reader: .passRetained(ExternalZoneReader(self, kubernetes))))
        // SAFETY of all three: the context is the one initialised above.
        return Step(
            context: UnsafeMutableRawPointer(context),
            down: { context, exchange in
                ExternalZonePlugin.answer(context.assumingMemoryBound(to: Context.self), Step.exchange(exchange))
                    .rawValue
            },
            beginBatch: { context, _ in
                let context = context.assumingMemoryBound(to: Context.self)
                context.pointee.reader._withUnsafeGuaranteedRef { $0.beginBatch() }
            },
            release: { context in
                let context = context.assumingMemoryBound(to: Context.self)
                context.pointee.reader.release()
                context.deallocate()
            })
    }

    /// The memory of a step.
    private struct Context {
        let zones: ZoneMatcherView
        let through: ZoneMatcherView
        let reader: Unmanaged<ExternalZoneReader>
    }

    private static func answer(
        _ context: UnsafeMutablePointer<Context>, _ exchange: UnsafeMutablePointer<Exchange>
    ) -> Verdict {
        let name = exchange.pointee.name
        let request = exchange.pointee.request
        let match = context.pointee.zones.longestMatch(
            name, length: request.nameLength, labelCount: request.labelCount)
        guard match.index >= 0 else { return .next }
        let through = context.pointee.through.longestMatch(
            name, length: request.nameLength, labelCount: request.labelCount)
        return context.pointee.reader._withUnsafeGuaranteedRef {
            $0.answer(exchange, labelsLeft: match.labelsLeft, fallsThrough: through.index >= 0)
        }
    }
}
