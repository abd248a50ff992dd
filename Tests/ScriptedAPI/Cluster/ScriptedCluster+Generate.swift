extension ScriptedCluster {
    /// Endpoints of a slice at most, as the controller makes them (--max-endpoints-per-slice).
    package static let endpointsPerSlice = 100
    /// Namespaces of a generated cluster.
    private static let generatedNamespaces = 50
    private static let nodes = 500

    /// A big cluster, the same one for the same seed.
    ///
    /// - Parameters:
    ///   - services: how many services; two of three have a cluster address, the others are headless.
    ///   - endpoints: how many endpoints, the same number for each service.
    ///   - pods: how many of the endpoints' pods there are as objects.
    ///   - largeService: endpoints of one more service, `team-00/large`, in slices of 100; 0: no such service.
    package static func generate(
        services: Int = 5000, endpoints: Int = 50_000, pods: Int = 10_000, largeService: Int = 0, seed: UInt64
    ) -> ScriptedCluster {
        let cluster = ScriptedCluster()
        var random = SplitMix64(seed: seed)
        var builder = Builder(cluster: cluster, podsLeft: pods)
        for number in 0..<min(generatedNamespaces, max(1, services)) {
            cluster.apply(ScriptedNamespace(namespaceName(number), labels: ["team": "t\(number)"]))
        }
        let words = ["web", "api", "cart", "checkout", "search", "billing", "auth", "catalog", "worker", "gateway"]
        for number in 0..<services {
            let namespace = namespaceName(number % generatedNamespaces)
            let name = words[number % words.count] + "-" + String(number)
            let share = endpoints * (number + 1) / services - endpoints * number / services
            builder.add(
                namespace: namespace, name: name, isHeadless: number % 3 == 2, number: number, endpoints: share, &random
            )
        }
        if largeService > 0 {
            builder.add(
                namespace: namespaceName(0), name: "large", isHeadless: true, number: services,
                endpoints: largeService, &random)
        }
        return cluster
    }

    private static func namespaceName(_ number: Int) -> String {
        number < 10 ? "team-0\(number)" : "team-\(number)"
    }

    private struct Builder {
        let cluster: ScriptedCluster
        var podsLeft: Int
        var addresses = 0

        mutating func add(
            namespace: String, name: String, isHeadless: Bool, number: Int, endpoints: Int, _ random: inout SplitMix64
        ) {
            let address = isHeadless ? "None" : "10.\(96 + (number >> 16)).\(number >> 8 & 255).\(number & 255)"
            let ports = [ScriptedService.Port("http", 80, targetPort: 8080), ScriptedService.Port("metrics", 9090)]
            cluster.apply(ScriptedService(namespace: namespace, name: name, clusterIPs: [address], ports: ports))
            let replicaSet = name + "-" + ScriptedIdentifier.suffix(10, &random)
            var left = endpoints
            repeat {
                let count = min(left, ScriptedCluster.endpointsPerSlice)
                var slice: [ScriptedEndpoint] = []
                slice.reserveCapacity(count)
                for _ in 0..<count { slice.append(endpoint(namespace, replicaSet, &random)) }
                cluster.apply(
                    ScriptedEndpointSlice(
                        namespace: namespace, name: name + "-" + ScriptedIdentifier.suffix(5, &random), service: name,
                        isHeadless: isHeadless, endpoints: slice, ports: [.init("http", 8080), .init("metrics", 9090)]))
                left -= count
            } while left > 0
        }

        private mutating func endpoint(
            _ namespace: String, _ replicaSet: String, _ random: inout SplitMix64
        ) -> ScriptedEndpoint {
            let podName = replicaSet + "-" + ScriptedIdentifier.suffix(5, &random)
            // 10.128.0.0/9: room for eight million, away from the cluster addresses.
            addresses += 1
            let address = "10.\(128 + (addresses >> 16) % 128).\(addresses >> 8 & 255).\(addresses & 255)"
            let node = Int(random.next() % UInt64(ScriptedCluster.nodes))
            let nodeName = "ip-192-0-2-\(node).us-west-2.compute.internal"
            let isReady = random.next() % 50 != 0
            if podsLeft > 0 {
                podsLeft -= 1
                cluster.apply(
                    ScriptedPod(
                        namespace: namespace, name: podName, podIPs: [address], nodeName: nodeName, isReady: isReady))
            }
            let zone = "us-west-2" + ["a", "b", "c"][node % 3]
            return ScriptedEndpoint(
                [address], ready: isReady, serving: isReady,
                pod: ScriptedEndpoint.Pod(namespace: namespace, name: podName), nodeName: nodeName, zone: zone)
        }
    }
}
