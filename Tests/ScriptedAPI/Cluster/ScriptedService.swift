/// A v1 Service.
package struct ScriptedService: Sendable, Hashable {
    /// One port of a service.
    package struct Port: Sendable, Hashable {
        package var name: String
        package var `protocol`: String
        package var port: Int64
        package var targetPort: Int64
        package var nodePort: Int64 = 0
        package var appProtocol: String?

        package init(_ name: String, _ port: Int64, protocol: String = "TCP", targetPort: Int64? = nil) {
            self.name = name
            self.protocol = `protocol`
            self.port = port
            self.targetPort = targetPort ?? port
        }
    }

    package var metadata: ScriptedMetadata
    package var ports: [Port]
    package var selector: [String: String]
    /// `clusterIP`; "None" for a headless service, empty for an ExternalName.
    package var clusterIP: String
    package var clusterIPs: [String]
    package var type: String = "ClusterIP"
    package var externalIPs: [String] = []
    package var externalName: String = ""
    package var publishNotReadyAddresses = false
    package var ipFamilies: [String]
    package var ipFamilyPolicy: String?
    package var trafficDistribution: String?
    /// Addresses in `status.loadBalancer.ingress`.
    package var ingressIPs: [String] = []

    /// A service with cluster addresses; "None" alone makes it headless.
    package init(
        namespace: String, name: String, clusterIPs: [String] = ["None"], ports: [Port] = [Port("http", 80)],
        creation: Int64 = ScriptedMetadata.defaultCreation
    ) {
        metadata = ScriptedMetadata(namespace: namespace, name: name, salt: "service", creation: creation)
        self.clusterIPs = clusterIPs
        self.clusterIP = clusterIPs.first ?? ""
        self.ports = ports
        selector = ["app": name]
        var families: [String] = []
        for address in clusterIPs {
            families.append(address.utf8.contains(UInt8(ascii: ":")) ? "IPv6" : "IPv4")
        }
        ipFamilies = families
        ipFamilyPolicy = clusterIPs.isEmpty ? nil : clusterIPs.count > 1 ? "RequireDualStack" : "SingleStack"
        metadata.managedFields = [.ofService(ports: ports, time: creation)]
    }

    /// An ExternalName service.
    package init(namespace: String, name: String, externalName: String) {
        self.init(namespace: namespace, name: name, clusterIPs: [], ports: [])
        type = "ExternalName"
        selector = [:]
        self.externalName = externalName
    }
}
