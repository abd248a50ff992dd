/// Small saved clusters.
package enum ClusterFiles {
    /// A namespace `shop` with the service `web` at an address.
    package static func web(_ address: String) -> String {
        """
        apiVersion: v1
        kind: List
        items:
        - {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
        - apiVersion: v1
          kind: Service
          metadata: {name: web, namespace: shop}
          spec: {type: ClusterIP, clusterIP: \(address), clusterIPs: [\(address)], ports: [{port: 80, protocol: TCP, name: http}]}

        """
    }

    /// A namespace `links` with services of type ExternalName, by their targets.
    package static func links(_ targets: [String: String]) -> String {
        var text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: links}}\n"
        for (name, target) in targets.sorted(by: { $0.key < $1.key }) {
            text += "- {apiVersion: v1, kind: Service, metadata: {name: \(name), namespace: links},"
            text += " spec: {type: ExternalName, externalName: \(target)}}\n"
        }
        return text
    }

    /// A namespace `shop` with a headless service of so many endpoints (at most 65,536): `h0`, `h1` and so on.
    package static func headless(_ service: String, endpoints: Int) -> String {
        let rows = (0..<endpoints).map {
            "- {addresses: [10.1.\($0 / 256).\($0 % 256)], hostname: h\($0), conditions: {ready: true}}"
        }
        return """
            apiVersion: v1
            kind: List
            items:
            - {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
            - apiVersion: v1
              kind: Service
              metadata: {name: \(service), namespace: shop}
              spec: {clusterIP: None, clusterIPs: [None]}
            - apiVersion: discovery.k8s.io/v1
              kind: EndpointSlice
              metadata: {name: \(service)-1, namespace: shop, labels: {kubernetes.io/service-name: \(service)}}
              addressType: IPv4
              ports: [{name: http, port: 80, protocol: TCP}]
              endpoints:
              \(rows.joined(separator: "\n  "))
            """
    }

    /// A Corefile for the cluster of `web`, which is written into the folder.
    package static func corefile(_ folder: TemporaryFolder) throws -> String {
        """
        . {
            bind 127.0.0.1
            kubernetes cluster.local {
                snapshot \(try folder.write("cluster.yaml", web("10.0.0.1")))
            }
        }
        """
    }
}
