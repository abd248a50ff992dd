import ClusterZone
import KubernetesAPI
import Testing

@Suite("Objects of a snapshot, field by field")
struct SnapshotObjectTests {
    private static func read(_ text: String, keepingLabels: Bool = false) throws -> ClusterObjects {
        try SnapshotReader.read(
            bytes: Array(text.utf8), path: "test", detail: keepingLabels ? .everything : [.targets, .topologyZones])
    }

    private static func address(_ text: String) -> IPAddress {
        IPAddress(text) ?? IPAddress(v4: 0)
    }

    @Test(
        "the spec of a Service",
        arguments: [
            ("{}", ServiceObject(namespace: "shop", name: "web")),
            (
                "{type: ClusterIP, clusterIP: 10.0.0.1}",
                .init(namespace: "shop", name: "web", clusterIPs: [address("10.0.0.1")])
            ),
            (
                "{clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1, 'fd00::1']}",
                .init(namespace: "shop", name: "web", clusterIPs: [address("10.0.0.1"), address("fd00::1")])
            ),
            ("{clusterIP: None}", .init(namespace: "shop", name: "web", isHeadless: true)),
            ("{clusterIPs: [None]}", .init(namespace: "shop", name: "web", isHeadless: true)),
            (
                "{clusterIP: 10.0.0.1, clusterIPs: []}",
                .init(namespace: "shop", name: "web", clusterIPs: [address("10.0.0.1")])
            ),
            (
                "{clusterIP: 10.0.0.1, clusterIPs: null}",
                .init(namespace: "shop", name: "web", clusterIPs: [address("10.0.0.1")])
            ),
            ("{clusterIP: ''}", .init(namespace: "shop", name: "web")),
            (
                "{type: ExternalName, externalName: www.example.net.}",
                .init(namespace: "shop", name: "web", type: .externalName, externalName: "www.example.net.")
            ),
            ("{type: NodePort}", .init(namespace: "shop", name: "web", type: .nodePort)),
            ("{type: LoadBalancer}", .init(namespace: "shop", name: "web", type: .loadBalancer)),
            (
                "{ports: [{port: 80}, {name: dns, protocol: UDP, port: 53}, {name: sig, protocol: SCTP, port: 65535}]}",
                .init(
                    namespace: "shop", name: "web",
                    ports: [
                        PortObject(port: 80), PortObject(name: "dns", transport: "UDP", port: 53),
                        PortObject(name: "sig", transport: "SCTP", port: 65535),
                    ])
            ),
            ("{ports: null, selector: null}", .init(namespace: "shop", name: "web")),
            ("{selector: {app: web}}", .init(namespace: "shop", name: "web", hasSelector: true)),
            ("{selector: {}}", .init(namespace: "shop", name: "web")),
            ("{publishNotReadyAddresses: true}", .init(namespace: "shop", name: "web", publishNotReadyAddresses: true)),
            ("{publishNotReadyAddresses: false}", .init(namespace: "shop", name: "web")),
            (
                "{externalIPs: [192.0.2.1]}, status: {loadBalancer: {ingress: [{ip: 192.0.2.2}, {hostname: lb.example}, {}]}}",
                .init(
                    namespace: "shop", name: "web",
                    externalAddresses: [HostAddress("192.0.2.1"), HostAddress("192.0.2.2"), HostAddress("lb.example")])
            ),
        ])
    func service(spec: String, expected: ServiceObject) throws {
        let text = "--- {apiVersion: v1, kind: Service, metadata: {namespace: shop, name: web}, spec: \(spec)}"
        #expect(try Self.read(text).services == [expected])
    }

    @Test(
        "the fields of an EndpointSlice",
        arguments: [
            ("addressType: IPv4", EndpointSliceObject(namespace: "shop", name: "web-1", serviceName: "web")),
            (
                "addressType: IPv6, ports: null, endpoints: null",
                .init(namespace: "shop", name: "web-1", serviceName: "web", addressType: .ipv6)
            ),
            (
                "addressType: IPv4, ports: [{}, {name: '', port: null}, {name: http, protocol: TCP, port: 0}]",
                .init(
                    namespace: "shop", name: "web-1", serviceName: "web",
                    ports: [
                        EndpointPortObject(), EndpointPortObject(name: ""),
                        EndpointPortObject(name: "http", transport: "TCP", port: 0),
                    ])
            ),
            (
                "addressType: IPv4, endpoints: [{addresses: [10.0.0.1, 10.0.0.2]}, {addresses: []}]",
                .init(
                    namespace: "shop", name: "web-1", serviceName: "web",
                    endpoints: [
                        EndpointObject(addresses: [HostAddress("10.0.0.1"), HostAddress("10.0.0.2")]),
                        EndpointObject(addresses: []),
                    ])
            ),
            (
                "addressType: FQDN, endpoints: [{addresses: [a.example, 10.0.0.1]}]",
                .init(
                    namespace: "shop", name: "web-1", serviceName: "web", addressType: .fqdn,
                    endpoints: [EndpointObject(addresses: [HostAddress("a.example"), HostAddress("10.0.0.1")])])
            ),
            (
                "addressType: IPv6, endpoints: [{addresses: ['fd00:0::1'], hostname: a, zone: z1, nodeName: n, "
                    + "targetRef: {kind: Pod, name: web-0, uid: x}, conditions: {ready: true, serving: false}}]",
                .init(
                    namespace: "shop", name: "web-1", serviceName: "web", addressType: .ipv6,
                    endpoints: [
                        EndpointObject(
                            addresses: [HostAddress("fd00:0::1")], hostname: "a",
                            target: TargetReference(kind: "Pod", name: "web-0"), zone: "z1",
                            conditions: EndpointConditions(ready: true, serving: false))
                    ])
            ),
            (
                "addressType: IPv4, endpoints: [{addresses: [10.0.0.1], conditions: {ready: false, terminating: true}}, "
                    + "{addresses: [10.0.0.2], conditions: {}, targetRef: {}}]",
                .init(
                    namespace: "shop", name: "web-1", serviceName: "web",
                    endpoints: [
                        EndpointObject(
                            addresses: [HostAddress("10.0.0.1")],
                            conditions: EndpointConditions(ready: false, terminating: true)),
                        EndpointObject(
                            addresses: [HostAddress("10.0.0.2")], target: TargetReference(kind: "", name: "")),
                    ])
            ),
        ])
    func endpointSlice(fields: String, expected: EndpointSliceObject) throws {
        let text = """
            --- {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {namespace: shop, name: web-1,
              labels: {kubernetes.io/service-name: web}}, \(fields)}
            """
        #expect(try Self.read(text).endpointSlices == [expected])
    }

    @Test(
        "the fields of a Pod",
        arguments: [
            ("spec: {}", PodObject(namespace: "shop", name: "web-0", phase: .unknown)),
            (
                "status: {phase: Running, podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}, {ip: 'fd00::1'}]}",
                .init(namespace: "shop", name: "web-0", addresses: [address("10.0.0.1"), address("fd00::1")])
            ),
            (
                "status: {phase: Running, podIPs: [{ip: 'fd00::1'}, {ip: 10.0.0.1}], podIP: 10.0.0.1}",
                .init(namespace: "shop", name: "web-0", addresses: [address("10.0.0.1"), address("fd00::1")])
            ),
            ("status: {phase: Pending, podIP: ''}", .init(namespace: "shop", name: "web-0", phase: .pending)),
            ("status: {phase: Succeeded}", .init(namespace: "shop", name: "web-0", phase: .succeeded)),
            ("status: {phase: Failed}", .init(namespace: "shop", name: "web-0", phase: .failed)),
            (
                "spec: {hostNetwork: true, hostname: a, subdomain: web, containers: [{name: x}]}, status: {phase: Running}",
                .init(namespace: "shop", name: "web-0", usesHostNetwork: true, hostname: "a", subdomain: "web")
            ),
        ])
    func pod(fields: String, expected: PodObject) throws {
        #expect(
            try Self.read("--- {apiVersion: v1, kind: Pod, metadata: {namespace: shop, name: web-0}, \(fields)}").pods
                == [expected])
    }

    @Test(
        "a pod that is being deleted",
        arguments: [
            ("'2026-11-20T22:55:09Z'", true), ("2026-11-20T22:55:09Z", true), ("null", false), ("", false),
        ])
    func terminatingPod(timestamp: String, isTerminating: Bool) throws {
        let text = """
            kind: Pod
            metadata:
              namespace: shop
              name: web-0
              deletionTimestamp: \(timestamp)
            """
        #expect(try Self.read(text).pods.map(\.isTerminating) == [isTerminating])
    }

    @Test("a Namespace keeps its labels, text that looks like something else too")
    func namespace() throws {
        let text = """
            apiVersion: v1
            kind: Namespace
            metadata:
              name: "123"
              labels: {a: "true", b: 'null', c: "1.5", d: yes, e: 1e3, f: !!str 12, g: ""}
            """
        let labels = ["a": "true", "b": "null", "c": "1.5", "d": "yes", "e": "1e3", "f": "12", "g": ""]
        #expect(try Self.read(text).namespaces == [NamespaceObject(name: "123", labels: labels)])
    }

    @Test("v1 Endpoints, and where they count")
    func endpoints() throws {
        let text = """
            {"kind":"Endpoints","apiVersion":"v1","metadata":{"name":"web","namespace":"shop"},"subsets":[
              {"addresses":[{"ip":"10.0.0.1","hostname":"a","targetRef":{"kind":"Pod","name":"web-0"}}],
               "notReadyAddresses":[{"ip":"10.0.0.2"}],"ports":[{"name":"http","port":80,"protocol":"TCP"}]}]}
            {"kind":"Endpoints","apiVersion":"v1","metadata":{"name":"lock","namespace":"shop"}}
            """
        var objects = try Self.read(text)
        let http = EndpointPortObject(name: "http", transport: "TCP", port: 80)
        #expect(
            objects.endpoints == [
                EndpointsObject(
                    namespace: "shop", name: "web",
                    subsets: [
                        EndpointsObject.Subset(
                            ready: [
                                EndpointsObject.Address(
                                    address: Self.address("10.0.0.1"), hostname: "a",
                                    target: TargetReference(kind: "Pod", name: "web-0"))
                            ], notReady: [EndpointsObject.Address(address: Self.address("10.0.0.2"))], ports: [http])
                    ]),
                EndpointsObject(namespace: "shop", name: "lock"),
            ])
        #expect(objects.slicesWithEndpoints.map(\.name) == ["web-0"])
        let slice = EndpointSliceObject(namespace: "shop", name: "web-x", serviceName: "web")
        objects.endpointSlices = [slice]
        #expect(objects.slicesWithEndpoints == [slice])
        objects.endpointSlices = [EndpointSliceObject(namespace: "other", name: "web-x", serviceName: "web")]
        #expect(objects.slicesWithEndpoints.map(\.name) == ["web-x", "web-0"])
    }
}
