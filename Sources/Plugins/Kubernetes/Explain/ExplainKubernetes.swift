import ClusterZone
import Corefile
import DNSWire
import PluginKit
import RecordIndex

extension KubernetesPlugin {
    private var explained: ExplainedCluster? { (source as? SharedSource)?.source as? ExplainedCluster }

    /// The zone that names of services are below.
    package var primaryZoneName: String { options.primaryZone }

    /// The longest of the plugin's zones that a name lies in; nil where there is none.
    package func zone(of name: DomainName) -> String? {
        zoneNumber(of: name).map { options.zones[$0] }
    }

    /// Where the objects come from.
    package var sourceName: String {
        switch options.source {
        case .snapshot(let paths): "snapshot \(paths.joined(separator: " "))"
        case .cluster: "the Kubernetes API"
        }
    }

    /// The namespaces that there are, or that anything is in: only of a process that explains.
    package var namespaceNames: [String] { explained?.objects.namespaceNames ?? [] }

    /// Why the plugin says what it does, a line each. Only of a process that explains (`ExplainedClusters`), once started.
    ///
    /// - Parameters:
    ///   - name: the question's name, as it came to the plugin.
    ///   - answer: the records that the plugin wrote.
    ///   - isKnown: whether the plugin could say: false where it answered SERVFAIL.
    package func explain(
        _ name: DomainName, _ type: RecordType, answer: [ResourceRecord], isKnown: Bool
    ) -> [String] {
        guard let explained, let number = zoneNumber(of: name) else { return [] }
        if !isKnown {
            return explained.refusals + ["what depends on it is answered SERVFAIL, as it may well be there"]
        }
        var zones: [DomainName] = []
        for zone in options.zones {
            // Set-up has parsed them.
            guard let name = try? DomainName(parsing: zone) else { return [] }
            zones.append(name.lowercased())
        }
        let snapshot = index.snapshot
        return withExtendedLifetime(snapshot) {
            let explanation = ClusterExplanation(
                objects: explained.objects, zoneOptions: options.zone, options: options.answers, zones: zones,
                multiclusterZones: multiclusterZones, index: snapshot.view
            ) { nearestName(to: $0, in: $1) }
            let question = ClusterExplanation.Question(
                name: name, zone: zones[number], type: type, isMulticluster: multiclusterZones.contains(number))
            return explanation.lines(question, answer: answer)
        }
    }

    private func zoneNumber(of name: DomainName) -> Int? {
        var best: (number: Int, length: Int)?
        for (number, zone) in options.zones.enumerated() {
            guard let zone = try? DomainName(parsing: zone), name.isSubdomain(of: zone),
                zone.wire.count > best?.length ?? 0
            else { continue }
            best = (number, zone.wire.count)
        }
        return best?.number
    }
}
