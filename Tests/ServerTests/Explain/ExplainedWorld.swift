/// A saved cluster with one of each thing that makes a name, or keeps one from being there.
enum ExplainedWorld {
    static let yaml = """
        apiVersion: v1
        kind: List
        items:
        - {apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: a}}}
        - {apiVersion: v1, kind: Namespace, metadata: {name: play}}
        - \(service("web", "{clusterIP: 10.96.0.10, clusterIPs: [10.96.0.10], ports: [{name: http, port: 80}, {name: dns, port: 53, protocol: UDP}], selector: {app: web}}", labels: "{app: web}"))
        - \(slice("web-1", "web", "[{addresses: [10.1.0.1], conditions: {ready: true}}]", labels: ", app: web"))
        - \(service("idle", "{clusterIP: 10.96.0.11, clusterIPs: [10.96.0.11, 'fd00::11'], selector: {app: idle}}"))
        - \(slice("idle-1", "idle", "[{addresses: [10.1.0.9], conditions: {ready: false}, targetRef: {kind: Pod, name: idle-0}}]"))
        - \(service("nodes", "{clusterIP: None, clusterIPs: [None], selector: {app: nodes}}"))
        - \(slice("nodes-1", "nodes", """
            [{addresses: [10.1.0.2], hostname: first, conditions: {ready: true}, targetRef: {kind: Pod, name: nodes-0}}, \
            {addresses: [10.1.0.3], conditions: {ready: true}, targetRef: {kind: Pod, name: nodes-1}}, \
            {addresses: [10.1.0.4], conditions: {ready: false}, targetRef: {kind: Pod, name: nodes-2}}, \
            {addresses: [10.1.0.5], conditions: {ready: false, terminating: true}, targetRef: {kind: Pod, name: nodes-3}}]
            """, ports: "[{name: epmd, port: 4369, protocol: TCP}]"))
        - \(service("none", "{clusterIP: None, clusterIPs: [None], selector: {app: none}}"))
        - \(service("hand", "{clusterIP: None, clusterIPs: [None]}"))
        - \(service("alias", "{type: ExternalName, externalName: web.shop.svc.cluster.local}"))
        - \(service("away", "{type: ExternalName, externalName: www.example.org}"))
        - \(service("around", "{type: ExternalName, externalName: there.shop.svc.cluster.local}"))
        - \(service("there", "{type: ExternalName, externalName: around.shop.svc.cluster.local}"))
        - \(service("number", "{type: ExternalName, externalName: 192.0.2.1}"))
        - \(slice("orphan-1", "orphan", "[{addresses: [10.1.0.8], conditions: {ready: true}}]"))
        - \(service("only", "{clusterIP: 10.96.0.12, clusterIPs: [10.96.0.12], ports: [{port: 80}]}", namespace: "play"))
        - {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: only-1, namespace: play, labels: {kubernetes.io/service-name: only}}, addressType: IPv4, ports: [], endpoints: [{addresses: [10.1.0.3], conditions: {ready: true}}]}
        - {apiVersion: multicluster.x-k8s.io/v1alpha1, kind: ServiceImport, metadata: {name: web, namespace: shop}, spec: {type: ClusterSetIP, ips: [10.97.0.1], ports: [{name: http, port: 80, protocol: TCP}]}}
        - {apiVersion: multicluster.x-k8s.io/v1alpha1, kind: ServiceImport, metadata: {name: mesh, namespace: shop}, spec: {type: Headless, ports: [{name: http, port: 80, protocol: TCP}]}}
        - {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: mesh-1, namespace: shop, labels: {multicluster.kubernetes.io/service-name: mesh, multicluster.kubernetes.io/source-cluster: west}}, addressType: IPv4, ports: [{name: http, port: 80, protocol: TCP}], endpoints: [{addresses: [10.2.0.1], hostname: one, conditions: {ready: true}}, {addresses: [10.2.0.2], hostname: two, conditions: {ready: false}}]}
        - \(pod("nodes-0", "10.1.0.2"))
        - \(pod("nodes-2", "10.1.0.4"))
        - \(pod("loner", "10.1.0.20"))
        - \(pod("done", "10.1.0.21", phase: "Succeeded"))
        - \(pod("before", "10.1.0.23", phase: "Failed"))
        - {apiVersion: v1, kind: Pod, metadata: {name: heir, namespace: shop}, status: {phase: Running, podIP: 10.1.0.23, podIPs: [{ip: 10.1.0.23}, {ip: 'fd00::23'}]}}
        - \(pod("other", "10.1.0.22", namespace: "play"))

        """

    private static func service(
        _ name: String, _ spec: String, labels: String = "{}", namespace: String = "shop"
    ) -> String {
        "{apiVersion: v1, kind: Service, metadata: {name: \(name), namespace: \(namespace), labels: \(labels)}, spec: \(spec)}"
    }

    private static func slice(
        _ name: String, _ service: String, _ endpoints: String, labels: String = "", ports: String = "[]"
    ) -> String {
        "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: \(name), namespace: shop, "
            + "labels: {kubernetes.io/service-name: \(service)\(labels)}}, addressType: IPv4, ports: \(ports), "
            + "endpoints: \(endpoints)}"
    }

    private static func pod(
        _ name: String, _ address: String, namespace: String = "shop", phase: String = "Running"
    ) -> String {
        "{apiVersion: v1, kind: Pod, metadata: {name: \(name), namespace: \(namespace)}, "
            + "status: {phase: \(phase), podIP: \(address), podIPs: [{ip: \(address)}]}}"
    }
}
