import ClusterZone
import KubernetesAPI
import RecordIndex
import Testing

@Suite("Services outside of the cluster, and pods by address")
struct ExternalServicesTests {
    private static func service(_ name: String, in namespace: String, _ addresses: [String]) -> ServiceObject {
        ServiceObject(
            namespace: namespace, name: name, ports: [PortObject(name: "http", port: 80)],
            externalAddresses: addresses.map { HostAddress($0) })
    }

    private static func key(_ name: String, _ namespace: String) -> [UInt8] {
        ServiceRecords.key(namespace: Array(namespace.utf8), service: Array(name.utf8))
    }

    private static func address(_ text: String) throws -> AddressKey { try #require(IPAddress(text)).key }

    @Test("they follow the objects and the namespaces")
    func externalAddresses() throws {
        var state = ClusterState(options: ZoneOptions())
        state.keepsExternal = true
        _ = state.replace(
            with: ClusterObjects(
                services: [
                    Self.service("web", in: "shop", ["192.0.2.1", "lb.example"]), Self.service("bare", in: "shop", []),
                    Self.service("web", in: "gone", ["192.0.2.1"]),
                ], namespaces: Make.namespaces("shop")))
        let taken = state.takeExternal()
        let first = try #require(taken)
        #expect(first.count == 1)
        #expect(first.service(Self.key("web", "shop"))?.addresses.map(\.text) == ["192.0.2.1", "lb.example"])
        #expect(try first.keys(at: Self.address("192.0.2.1")) == [Self.key("web", "shop")])
        let again = state.takeExternal()
        #expect(again == nil)

        // What does not change them is no change.
        state.apply(.modified, .service(Make.service("bare", in: "shop", ["10.0.0.9"])))
        _ = state.takeChange()
        let unchanged = state.takeExternal()
        #expect(unchanged == nil)

        state.apply(.modified, .service(Self.service("web", in: "shop", ["192.0.2.2"])))
        state.apply(.added, .namespace(NamespaceObject(name: "gone", labels: [:])))
        _ = state.takeChange()
        let takenAgain = state.takeExternal()
        let second = try #require(takenAgain)
        #expect(try second.keys(at: Self.address("192.0.2.1")) == [Self.key("web", "gone")])
        #expect(try second.keys(at: Self.address("192.0.2.2")) == [Self.key("web", "shop")])

        state.apply(.deleted, .service(Self.service("web", in: "shop", [])))
        state.apply(.deleted, .service(Self.service("web", in: "gone", [])))
        _ = state.takeChange()
        let last = state.takeExternal()
        #expect(last?.count == 0)
        // What was published before stays as it was.
        #expect(first.count == 1)
    }

    @Test("where nobody wants them, nothing is kept")
    func nobodyWantsThem() throws {
        var state = ClusterState(options: ZoneOptions())
        _ = state.replace(
            with: ClusterObjects(
                services: [Self.service("web", in: "shop", ["192.0.2.1"])], pods: [Make.pod("p", ["10.1.0.1"])]))
        let none = state.takeExternal()
        #expect(none == nil)
        #expect(try state.pod(at: Self.address("10.1.0.1")) == nil)
    }

    @Test("pods are found by the address that they have")
    func pods() throws {
        var options = ZoneOptions()
        options.servesPods = true
        options.keepsPodLabels = true
        var state = ClusterState(options: options)
        state.keepsPodAddresses = true
        func pod(_ text: String) throws -> String? {
            try state.pod(at: Self.address(text)).map { "\($0.namespace)/\($0.name) \($0.labels["app"] ?? "")" }
        }
        state.apply(.added, .pod(Make.pod("one", in: "shop", ["10.1.0.1"], labels: ["app": "till"])))
        state.apply(.added, .pod(Make.pod("two", in: "shop", ["10.1.0.2"])))
        #expect(try pod("10.1.0.1") == "shop/one till")
        #expect(try pod("10.1.0.2") == "shop/two ")
        // An address that goes from one pod to another, in either order of events.
        state.apply(.modified, .pod(Make.pod("two", in: "shop", ["10.1.0.1"])))
        #expect(try pod("10.1.0.1") == "shop/two ")
        #expect(try pod("10.1.0.2") == nil)
        state.apply(.deleted, .pod(Make.pod("one", in: "shop", ["10.1.0.1"])))
        #expect(try pod("10.1.0.1") == "shop/two ")
        state.apply(.modified, .pod(Make.pod("two", in: "shop", ["10.1.0.1"], phase: .succeeded)))
        #expect(try pod("10.1.0.1") == nil)
    }
}
