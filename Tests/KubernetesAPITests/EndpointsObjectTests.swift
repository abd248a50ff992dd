import KubernetesAPI
import Testing

@Suite("v1 Endpoints as slices")
struct EndpointsObjectTests {
    private func address(_ text: String, hostname: String? = nil) throws -> EndpointsObject.Address {
        EndpointsObject.Address(
            address: try #require(IPAddress(text)), hostname: hostname,
            target: hostname.map { TargetReference(kind: "Pod", name: $0) })
    }

    @Test("one slice per subset and family, ready and not ready in one")
    func slices() throws {
        let http = EndpointPortObject(name: "http", transport: "TCP", port: 80)
        let object = EndpointsObject(
            namespace: "shop", name: "web",
            subsets: [
                EndpointsObject.Subset(
                    ready: [try address("10.0.0.1", hostname: "a"), try address("fd00::1")],
                    notReady: [try address("10.0.0.2")], ports: [http]),
                EndpointsObject.Subset(ready: []),
                EndpointsObject.Subset(ready: [], notReady: [try address("fd00::2")]),
            ], labels: ["team": "x"])
        let slices = object.slices
        #expect(slices.map(\.name) == ["web-0", "web-1", "web-2"])
        #expect(slices.allSatisfy { $0.serviceName == "web" && $0.namespace == "shop" && $0.labels == ["team": "x"] })
        #expect(slices.map(\.addressType) == [.ipv4, .ipv6, .ipv6])
        #expect(slices.map(\.ports) == [[http], [http], []])
        #expect(
            slices.map { $0.endpoints.map { $0.addresses.map(\.text) } } == [
                [["10.0.0.1"], ["10.0.0.2"]], [["fd00::1"]], [["fd00::2"]],
            ])
        #expect(slices.map { $0.endpoints.map(\.conditions.ready) } == [[true, false], [true], [false]])
        #expect(slices[0].endpoints.first?.hostname == "a")
        #expect(slices[0].endpoints.first?.target == TargetReference(kind: "Pod", name: "a"))
    }

    @Test("no subsets, no slices")
    func empty() {
        #expect(EndpointsObject(namespace: "shop", name: "lease").slices.isEmpty)
    }
}
