import ClusterZone
import Foundation
import KubernetesAPI
import Testing

@Suite("A saved cluster")
struct SnapshotWorldTests {
    /// The path of a file in Tests/ClusterZoneTests/Fixtures.
    static func fixture(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/\(name)").path
    }

    private static func world(_ file: String = "world.json", keepingLabels: Bool = false) throws -> ClusterObjects {
        try SnapshotReader.read(path: fixture(file), detail: keepingLabels ? .everything : [.targets, .topologyZones])
    }

    @Test("every object of the recorded cluster is there", arguments: ["world.json", "world.yaml"])
    func counts(file: String) throws {
        let world = try Self.world(file)
        #expect(world.namespaces.count == 9)
        #expect(world.namespaces.reduce(0) { $0 + $1.labels.count } == 12)
        #expect(world.endpoints.isEmpty)
        #expect(world.skippedKinds.isEmpty)

        #expect(world.services.count == 45)
        #expect(world.services.filter(\.isHeadless).count == 15)
        #expect(world.services.filter { $0.type == .externalName }.count == 9)
        #expect(world.services.filter(\.hasSelector).count == 12)
        #expect(world.services.filter(\.publishNotReadyAddresses).map(\.name) == ["unready-too"])
        #expect(world.services.reduce(0) { $0 + $1.clusterIPs.count } == 22)
        #expect(world.services.reduce(0) { $0 + $1.ports.count } == 61)
        #expect(world.services.reduce(0) { $0 + $1.externalAddresses.count } == 1)

        let endpoints = world.endpointSlices.flatMap(\.endpoints)
        #expect(world.endpointSlices.count == 35)
        #expect(world.endpointSlices.filter { $0.serviceName == nil }.map(\.name) == ["nolabel-1"])
        #expect(world.endpointSlices.reduce(0) { $0 + $1.ports.count } == 54)
        #expect(endpoints.count == 1170)
        #expect(endpoints.reduce(0) { $0 + $1.addresses.count } == 1170)
        #expect(endpoints.filter { $0.conditions.ready == false }.count == 4)
        #expect(endpoints.filter { $0.conditions.ready == nil }.count == 1)
        #expect(endpoints.filter { $0.hostname != nil }.count == 10)
        #expect(endpoints.filter { $0.zone != nil }.count == 43)
        #expect(endpoints.filter { $0.target?.kind == "Pod" }.count == 1161)
        #expect(endpoints.flatMap(\.addresses).filter { $0.address == nil }.map(\.text) == ["ext.example.com"])

        #expect(world.pods.count == 18)
        #expect(world.pods.reduce(0) { $0 + $1.addresses.count } == 19)
        #expect(world.pods.filter { $0.subdomain == "cluster-demo" || !$0.subdomain.isEmpty }.count == 10)
        #expect(world.pods.allSatisfy { $0.phase == .running && !$0.isTerminating })
        #expect(world.slicesWithEndpoints == world.endpointSlices)
    }

    @Test("JSON and YAML say the same")
    func formats() throws {
        #expect(try Self.world("world.json", keepingLabels: true) == Self.world("world.yaml", keepingLabels: true))
    }

    @Test("labels stay where they are asked for, and always on namespaces")
    func labels() throws {
        let with = try Self.world(keepingLabels: true)
        let without = try Self.world()
        #expect(with.services.reduce(0) { $0 + $1.labels.count } == 4)
        #expect(with.pods.reduce(0) { $0 + $1.labels.count } == 48)
        #expect(without.services.allSatisfy { $0.labels.isEmpty })
        #expect(without.pods.allSatisfy { $0.labels.isEmpty })
        #expect(without.endpointSlices.allSatisfy { $0.labels.isEmpty })
        #expect(with.namespaces == without.namespaces)
    }

    @Test("a dual stack pod has both addresses, a service both cluster IPs")
    func dualStack() throws {
        let world = try Self.world()
        let pod = try #require(world.pods.first { $0.name == "peers-c" })
        #expect(pod.addresses.map(\.description) == ["172.17.7.3", "fd00:17:7::3"])
        let service = try #require(world.services.first { $0.name == "dual" })
        #expect(service.clusterIPs.map(\.description) == ["10.96.1.4", "fd00:10:96::14"])
    }

    @Test("a missing file, a folder")
    func unreadable() throws {
        let missing = try #require(throws: SnapshotError.self) {
            try SnapshotReader.read(path: "/nonexistent/cluster.json", detail: [.targets, .topologyZones])
        }
        #expect(missing.description == "/nonexistent/cluster.json: No such file or directory")
        let folder = try #require(throws: SnapshotError.self) {
            try SnapshotReader.read(path: "/", detail: [.targets, .topologyZones])
        }
        #expect(folder.description == "/: Is a directory")
    }

    @Test("several files: a later object takes the place of the earlier")
    func severalFiles() throws {
        let path = NSTemporaryDirectory() + "snapshot-\(UUID().uuidString).yaml"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let text = """
            {apiVersion: v1, kind: Service, metadata: {namespace: zoo, name: dual}, spec: {clusterIP: 10.9.9.9}}
            """
        try ("---\n" + text).write(toFile: path, atomically: true, encoding: .utf8)
        let both = try SnapshotReader.read(
            paths: [Self.fixture("world.json"), path], detail: [.targets, .topologyZones])
        let world = try Self.world()
        #expect(both.services.count == world.services.count)
        #expect(both.services.map(\.key) == world.services.map(\.key))
        #expect(both.services.first { $0.name == "dual" }?.clusterIPs.map(\.description) == ["10.9.9.9"])
        #expect(both.pods == world.pods)
    }
}
