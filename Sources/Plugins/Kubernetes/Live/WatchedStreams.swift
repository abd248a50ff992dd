import ClusterZone
import KubernetesAPI

extension KubernetesOptions {
    /// What has to be listed and watched for the zone: as few streams, and as little of each, as the options leave.
    var streams: [WatchStream] {
        var resources: [WatchedResource] = [.services]
        if zone.servesEndpoints { resources.append(.endpointSlices) }
        if zone.servesPods { resources.append(.pods) }
        if zone.servesImports { resources.append(.serviceImports) }
        // The API server selects by label, as it does for CoreDNS: what is not wanted never comes.
        let selector = zone.labels?.description ?? ""
        guard !zone.namespaces.isEmpty else {
            return [WatchStream(.namespaces, labelSelector: zone.namespaceLabels?.description ?? "")]
                + resources.map { WatchStream($0, labelSelector: selector) }
        }
        // A Role in each of these namespaces is enough. CoreDNS watches the whole cluster all the same.
        return zone.namespaces.sorted().flatMap { namespace in
            [WatchStream(.namespaces, namespace: namespace)]
                + resources.map { WatchStream($0, namespace: namespace, labelSelector: selector) }
        }
    }

    /// What of the objects is kept. The streams' selectors have seen to the labels.
    var liveDetail: ObjectDetail { zone.objectDetail.subtracting(.labels) }
}
