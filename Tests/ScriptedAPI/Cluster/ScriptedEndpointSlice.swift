/// One endpoint of an EndpointSlice.
package struct ScriptedEndpoint: Sendable, Hashable {
    package var addresses: [String]
    /// Conditions; nil is not written.
    package var ready: Bool?
    package var serving: Bool?
    package var terminating: Bool?
    package var hostname: String?
    /// Name, namespace and uid of the pod it is; nil for one made by hand.
    package var pod: Pod?
    package var nodeName: String?
    package var zone: String?
    /// The field that came before nodeName and zone; no longer written by the controller.
    package var deprecatedTopology: [String: String] = [:]
    /// `hints.forZones`.
    package var zoneHints: [String] = []

    /// `targetRef`.
    package struct Pod: Sendable, Hashable {
        package var namespace: String
        package var name: String
        package var uid: String

        package init(namespace: String, name: String) {
            self.namespace = namespace
            self.name = name
            uid = ScriptedIdentifier.uid(of: "pod/\(namespace)/\(name)")
        }
    }

    package init(
        _ addresses: [String], ready: Bool? = true, serving: Bool? = true, terminating: Bool? = false,
        hostname: String? = nil, pod: Pod? = nil, nodeName: String? = nil, zone: String? = nil
    ) {
        self.addresses = addresses
        self.ready = ready
        self.serving = serving
        self.terminating = terminating
        self.hostname = hostname
        self.pod = pod
        self.nodeName = nodeName
        self.zone = zone
    }
}

/// A discovery.k8s.io/v1 EndpointSlice.
package struct ScriptedEndpointSlice: Sendable, Hashable {
    /// One port; nil where it is not written ("all ports").
    package struct Port: Sendable, Hashable {
        package var name: String?
        package var `protocol`: String?
        package var port: Int64?
        package var appProtocol: String?

        package init(_ name: String?, _ port: Int64?, protocol: String? = "TCP") {
            self.name = name
            self.port = port
            self.protocol = `protocol`
        }
    }

    /// The annotation that says when the change happened that a slice shows.
    package static let triggerTimeAnnotation = "endpoints.kubernetes.io/last-change-trigger-time"
    /// The label that names its service.
    package static let serviceLabel = "kubernetes.io/service-name"
    /// The label that names the imported service (mcs-api).
    package static let importedServiceLabel = "multicluster.kubernetes.io/service-name"
    /// The label that names the cluster it comes from (mcs-api).
    package static let sourceClusterLabel = "multicluster.kubernetes.io/source-cluster"

    package var metadata: ScriptedMetadata
    package var addressType: String
    package var endpoints: [ScriptedEndpoint]
    package var ports: [Port]

    /// A slice as the EndpointSlice controller makes it.
    ///
    /// - Parameter triggerTime: nanoseconds since 1970, for the annotation; nil: none.
    package init(
        namespace: String, name: String, service: String, isHeadless: Bool = false, addressType: String = "IPv4",
        endpoints: [ScriptedEndpoint], ports: [Port] = [Port("http", 80)],
        triggerTime: Int64? = ScriptedMetadata.defaultCreation &* 1_000_000_000,
        creation: Int64 = ScriptedMetadata.defaultCreation
    ) {
        metadata = ScriptedMetadata(namespace: namespace, name: name, salt: "slice", creation: creation)
        metadata.generation = 1
        metadata.generateName = service + "-"
        metadata.labels = [
            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io", Self.serviceLabel: service,
        ]
        if isHeadless { metadata.labels["service.kubernetes.io/headless"] = "" }
        let owner = ScriptedOwner(
            apiVersion: "v1", kind: "Service", name: service,
            uid: ScriptedIdentifier.uid(of: "service/\(namespace)/\(service)"))
        metadata.owners = [owner]
        metadata.managedFields = [
            .ofEndpointSlice(ownerUID: owner.uid, labels: metadata.labels, time: creation)
        ]
        self.addressType = addressType
        self.endpoints = endpoints
        self.ports = ports
        setTriggerTime(triggerTime)
    }

    /// A slice of an imported service, as implementations of the Multi-Cluster Services API make them.
    package init(
        namespace: String, name: String, importedService: String, cluster: String, endpoints: [ScriptedEndpoint],
        ports: [Port] = [Port("http", 80)]
    ) {
        self.init(namespace: namespace, name: name, service: importedService, endpoints: endpoints, ports: ports)
        metadata.labels = [
            "endpointslice.kubernetes.io/managed-by": "endpointslice-importer",
            Self.importedServiceLabel: importedService,
            Self.sourceClusterLabel: cluster,
        ]
        metadata.owners = []
    }

    /// Says when the change happened that the slice shows: nanoseconds since 1970.
    package mutating func setTriggerTime(_ nanoseconds: Int64?) {
        metadata.annotations[Self.triggerTimeAnnotation] = nanoseconds.map(ScriptedTimestamp.text(nanoseconds:))
    }
}
