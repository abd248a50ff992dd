import ClusterZone
import Foundation
import KubernetesAPI
import Testing

@Suite("A state that was saved")
struct SavedStateTests {
    private static func written(_ objects: ClusterObjects, _ annotations: [(String, String)] = []) -> [UInt8] {
        var writer = SnapshotWriter(annotations: annotations)
        for namespace in objects.namespaces { writer.add(namespace) }
        for service in objects.services { writer.add(service) }
        for slice in objects.endpointSlices { writer.add(slice) }
        for pod in objects.pods { writer.add(pod) }
        for imported in objects.serviceImports { writer.add(imported) }
        return writer.finish()
    }

    private static func saved<Result>(_ bytes: [UInt8], _ read: (SavedState) throws -> Result) throws -> Result {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try read(SavedState.read(path: path))
    }

    @Test("says what the recorded cluster says")
    func world() throws {
        let world = try SnapshotReader.read(path: SnapshotWorldTests.fixture("world.json"), detail: .everything)
        try Self.saved(Self.written(world)) { #expect($0.objects == world) }
    }

    @Test("keeps every field of every kind")
    func fields() throws {
        let text = "quotes \" and \\ and \u{1} and \u{e9}\u{1f426}"
        let objects = ClusterObjects(
            services: [
                ServiceObject(
                    namespace: "a", name: "all", type: .loadBalancer,
                    clusterIPs: ["10.0.0.1", "fd00::1"].compactMap { IPAddress($0) },
                    ports: [PortObject(name: "http", transport: "UDP", port: 53), PortObject(port: 80)],
                    hasSelector: true, publishNotReadyAddresses: true,
                    externalAddresses: [HostAddress("192.0.2.1"), HostAddress("lb.example")], labels: ["l": text]),
                ServiceObject(namespace: "a", name: "none"),
                ServiceObject(namespace: "a", name: "headless", isHeadless: true),
                ServiceObject(namespace: "b", name: "alias", type: .externalName, externalName: "www.example."),
            ],
            endpointSlices: [
                EndpointSliceObject(
                    namespace: "a", name: "all-1", serviceName: "all", importName: "far", sourceCluster: "c1",
                    ports: [EndpointPortObject(), EndpointPortObject(name: "http", transport: "TCP", port: 8080)],
                    endpoints: [
                        EndpointObject(addresses: [HostAddress("10.1.0.1")]),
                        EndpointObject(
                            addresses: [HostAddress("10.1.0.2"), HostAddress("10.1.0.3")], hostname: "h",
                            target: TargetReference(kind: "Pod", name: "p"), zone: "z",
                            conditions: EndpointConditions(ready: false, serving: true, terminating: true)),
                    ],
                    // The labels that make the fields above are among the labels, where labels are kept.
                    labels: [
                        "x": "y", EndpointSliceObject.serviceNameLabel: "all",
                        EndpointSliceObject.importNameLabel: "far",
                        EndpointSliceObject.sourceClusterLabel: "c1",
                    ]),
                EndpointSliceObject(namespace: "a", name: "orphan", serviceName: nil, addressType: .fqdn),
            ],
            pods: [
                PodObject(namespace: "a", name: "bare"),
                PodObject(
                    namespace: "a", name: "full", addresses: ["10.1.0.1", "fd00::2"].compactMap { IPAddress($0) },
                    phase: .failed, isTerminating: true, usesHostNetwork: true, hostname: "h", subdomain: "s",
                    labels: ["l": "v"]),
            ],
            namespaces: [NamespaceObject(name: "a", labels: ["l": text]), NamespaceObject(name: "b")],
            serviceImports: [
                ServiceImportObject(namespace: "a", name: "far", isHeadless: true),
                ServiceImportObject(
                    namespace: "a", name: "near", addresses: ["10.2.0.1"].compactMap { IPAddress($0) },
                    ports: [PortObject(name: "dns", transport: "UDP", port: 53)], labels: ["l": "v"]),
            ])
        try Self.saved(Self.written(objects)) { #expect($0.objects == objects) }
    }

    @Test("has the annotations it was given")
    func annotations() throws {
        let given = [("options", "labels=a=\"b\""), ("saved", "17")]
        try Self.saved(Self.written(ClusterObjects(namespaces: [NamespaceObject(name: "a")]), given)) { saved in
            #expect(saved.annotations == ["options": "labels=a=\"b\"", "saved": "17"])
        }
        try Self.saved(Array("{\"items\": [], \"kind\": \"List\"}".utf8)) { #expect($0.annotations.isEmpty) }
    }

    @Test("is refused where it is cut")
    func cut() throws {
        let whole = Self.written(ClusterObjects(namespaces: [NamespaceObject(name: "a")]))
        for end in 0..<whole.count - 2 {
            #expect(throws: SnapshotError.self) { try Self.saved(Array(whole[..<end])) { _ in } }
        }
    }
}
