import ClusterZone
import KubernetesAPI

extension KubernetesOptions {
    /// What has to be listed and watched for the zone: as few streams, and as little of each, as the options leave.
    var streams: [WatchStream] {
        var resources: [WatchedResource] = [.services]
        if zone.servesEndpoints { resources.append(.endpointSlices) }
        if zone.servesPods { resources.append(.pods) }
        if !multiclusterZones.isEmpty { resources.append(.serviceImports) }
        guard !zone.namespaces.isEmpty else {
            return [WatchStream(resource: .namespaces)] + resources.map { WatchStream(resource: $0) }
        }
        // A Role in each of these namespaces is enough. CoreDNS watches the whole cluster all the same.
        return zone.namespaces.sorted().flatMap { namespace in
            [WatchStream(resource: .namespaces, namespace: namespace)]
                + resources.map { WatchStream(resource: $0, namespace: namespace) }
        }
    }

    /// What of the objects is kept.
    var detail: ObjectDetail {
        var detail: ObjectDetail = []
        if zone.labels != nil { detail.insert(.labels) }
        if zone.endpointPodNames { detail.insert(.targets) }
        if zone.zonal { detail.insert(.topologyZones) }
        return detail
    }
}
