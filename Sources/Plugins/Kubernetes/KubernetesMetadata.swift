import ClusterZone
import DNSWire
import KubernetesAPI
import LinuxIO
import PluginKit
import RecordIndex

extension KubernetesPlugin: MetadataProvider {
    private static let prefix = "kubernetes/"
    private static let clientLabel = "client-label/"

    /// Whether a word of a Corefile asks for labels of pods.
    static func asksForClientLabels(_ text: String) -> Bool { text.contains(prefix + clientLabel) }

    /// What CoreDNS's README of the plugin has under "Metadata": of the pod that asks, and of the name that it asks for.
    package func metadata(_ label: String, _ exchange: UnsafeMutablePointer<Exchange>) -> String? {
        guard label.hasPrefix(Self.prefix) else { return nil }
        let name = String(label.dropFirst(Self.prefix.count))
        if name.hasPrefix("client-") { return clientMetadata(name, exchange) }
        let request = exchange.pointee.request
        let match = zones.view.longestMatch(
            exchange.pointee.name, length: request.nameLength, labelCount: request.labelCount)
        guard match.index >= 0 else { return nil }
        let labels = exchange.pointee.questionName.labels.prefix(match.labelsLeft).map {
            String(decoding: $0, as: UTF8.self)
        }
        let isMulticluster = multiclusterZones.contains(match.index)
        guard let parts = NameParts(labels, isMulticluster: isMulticluster, zonal: options.zone.zonal) else {
            return name == "parse-error" ? "invalid query name" : nil
        }
        switch name {
        case "port-name": return parts.port
        case "protocol": return parts.transport
        case "endpoint": return parts.endpoint
        case "service": return parts.service
        case "namespace": return parts.namespace
        case "kind": return parts.kind
        case "cluster": return isMulticluster ? parts.cluster : nil
        case "zone": return options.zone.zonal ? parts.zone : nil
        default: return nil
        }
    }

    private func clientMetadata(_ name: String, _ exchange: UnsafeMutablePointer<Exchange>) -> String? {
        let client = exchange.pointee.client
        guard options.answers.podMode == .verified,
            let pod = source.pod(at: AddressKey(high: client.high, low: client.low))
        else { return nil }
        switch name {
        case "client-namespace": return pod.namespace
        case "client-pod-name": return pod.name
        default:
            guard name.hasPrefix(Self.clientLabel) else { return nil }
            return pod.labels[String(name.dropFirst(Self.clientLabel.count))]
        }
    }

    /// The parts of a name below a cluster zone, as CoreDNS's metadata has them.
    private struct NameParts {
        var kind = ""
        var namespace = ""
        var service = ""
        var endpoint = ""
        var cluster = ""
        var port = ""
        var transport = ""
        var zone = ""

        /// Takes the labels to the left of the zone apart; nil where they are not what a cluster's name may be.
        init?(_ labels: [String], isMulticluster: Bool, zonal: Bool) {
            var rest = labels[...]
            guard let kind = rest.popLast() else { return }
            guard kind == "svc" || kind == "pod" else { return nil }
            if rest.isEmpty { return }
            self.kind = kind
            namespace = rest.popLast() ?? ""
            service = rest.popLast() ?? ""
            switch rest.count {
            case 0: return
            case 1: endpoint = rest.first ?? ""
            case 2:
                let (first, second) = (rest[rest.startIndex], rest[rest.startIndex + 1])
                if !isMulticluster || first.hasPrefix("_") || second.hasPrefix("_") {
                    port = Self.withoutUnderscore(first)
                    transport = Self.withoutUnderscore(second)
                } else {
                    (endpoint, cluster) = (first, second)
                }
            default:
                guard zonal, !isMulticluster, kind == "svc", rest.popLast() == "_zone" else { return nil }
                guard let directive = rest.popLast(), directive == "pin" || directive == "prefer" else { return nil }
                zone = rest.joined(separator: ".")
            }
        }

        private static func withoutUnderscore(_ label: String) -> String {
            label.hasPrefix("_") ? String(label.dropFirst()) : label
        }
    }
}
