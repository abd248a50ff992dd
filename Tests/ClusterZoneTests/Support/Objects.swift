import ClusterZone
import KubernetesAPI

/// Objects in one line each. Ports are `NAME:NUMBER` or `NAME:NUMBER/TRANSPORT`, the name may be empty.
enum Make {
    private static func port(_ text: String) -> (name: String, number: Int32?, transport: String) {
        let halves = text.split(separator: "/", maxSplits: 1)
        let parts = halves[0].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), Int32(parts[1]), halves.count > 1 ? String(halves[1]) : "TCP")
    }

    /// A service with cluster addresses.
    static func service(
        _ name: String, in namespace: String = "default", _ addresses: [String], _ ports: [String] = ["http:80"],
        labels: [String: String] = [:]
    ) -> ServiceObject {
        ServiceObject(
            namespace: namespace, name: name, clusterIPs: addresses.compactMap { IPAddress($0) },
            ports: servicePorts(ports), labels: labels)
    }

    static func headless(
        _ name: String, in namespace: String = "default", _ ports: [String] = ["http:80"],
        labels: [String: String] = [:]
    ) -> ServiceObject {
        ServiceObject(
            namespace: namespace, name: name, isHeadless: true, ports: servicePorts(ports), labels: labels)
    }

    static func alias(_ name: String, in namespace: String = "default", to target: String) -> ServiceObject {
        ServiceObject(namespace: namespace, name: name, type: .externalName, externalName: target)
    }

    /// An imported service with cluster set addresses.
    static func imported(
        _ name: String, in namespace: String = "default", _ addresses: [String], _ ports: [String] = ["http:80"],
        labels: [String: String] = [:]
    ) -> ServiceImportObject {
        ServiceImportObject(
            namespace: namespace, name: name, addresses: addresses.compactMap { IPAddress($0) },
            ports: servicePorts(ports), labels: labels)
    }

    static func importedHeadless(
        _ name: String, in namespace: String = "default", labels: [String: String] = [:]
    ) -> ServiceImportObject {
        ServiceImportObject(namespace: namespace, name: name, isHeadless: true, labels: labels)
    }

    /// A slice of the imported service `name` from `cluster`; of the service `service` too, if there is one.
    static func importedSlice(
        _ name: String, in namespace: String = "default", from cluster: String?, service: String? = nil,
        ports: [String] = ["http:80"], number: Int = 0, type: AddressType = .ipv4, _ endpoints: [EndpointObject]
    ) -> EndpointSliceObject {
        EndpointSliceObject(
            namespace: namespace, name: "\(cluster ?? "here")-\(name)-\(number)", serviceName: service,
            importName: name,
            sourceCluster: cluster, addressType: type, ports: slicePorts(ports), endpoints: EndpointList(endpoints))
    }

    private static func servicePorts(_ ports: [String]) -> [PortObject] {
        ports.map(port).map { PortObject(name: $0.name, transport: $0.transport, port: $0.number ?? 0) }
    }

    /// A slice of the service `name`; `number` tells several slices of one service apart.
    static func slice(
        _ name: String, in namespace: String = "default", ports: [String] = ["http:80"], number: Int = 0,
        type: AddressType = .ipv4, labels: [String: String] = [:], _ endpoints: [EndpointObject]
    ) -> EndpointSliceObject {
        EndpointSliceObject(
            namespace: namespace, name: "\(name)-\(number)", serviceName: name, addressType: type,
            ports: slicePorts(ports), endpoints: EndpointList(endpoints), labels: labels)
    }

    static func slicePorts(_ ports: [String]) -> [EndpointPortObject] {
        ports.map(port).map { EndpointPortObject(name: $0.name, transport: $0.transport, port: $0.number) }
    }

    static func endpoint(
        _ addresses: String..., host: String? = nil, pod: String? = nil, zone: String? = nil, ready: Bool? = true,
        terminating: Bool? = nil
    ) -> EndpointObject {
        EndpointObject(
            addresses: addresses.map { HostAddress($0) }, hostname: host,
            target: pod.map { TargetReference(kind: "Pod", name: $0) }, zone: zone,
            conditions: EndpointConditions(ready: ready, serving: ready, terminating: terminating))
    }

    static func pod(
        _ name: String, in namespace: String = "default", _ addresses: [String], phase: PodPhase = .running,
        isTerminating: Bool = false, labels: [String: String] = [:]
    ) -> PodObject {
        PodObject(
            namespace: namespace, name: name, addresses: addresses.compactMap { IPAddress($0) }, phase: phase,
            isTerminating: isTerminating, labels: labels)
    }

    static func namespaces(_ names: String...) -> [NamespaceObject] { names.map { NamespaceObject(name: $0) } }
}
