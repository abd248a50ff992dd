import Testing

@testable import ScriptedAPI

/// Watches, asked with curl; each ends after so many events, so that nothing waits for time.
struct WatchTests {
    private func withServer(_ cluster: ScriptedCluster, _ body: (ScriptedAPIServer) throws -> Void) throws {
        let server = try ScriptedAPIServer(cluster)
        defer { server.stop() }
        try body(server)
    }

    private func service(_ name: String, _ address: String = "10.96.0.1") -> ScriptedService {
        ScriptedService(namespace: "a", name: name, clusterIPs: [address])
    }

    private func summary(_ answer: Curl.Answer) -> [String] {
        answer.events.map { event in
            let metadata = (event["object"] as? [String: Any])?["metadata"] as? [String: Any]
            let isEnd = (metadata?["annotations"] as? [String: String])?["k8s.io/initial-events-end"] == "true"
            return "\(event["type"] ?? "") \(metadata?["name"] as? String ?? "")" + (isEnd ? "end" : "")
        }
    }

    @Test func changesComeAsEvents() throws {
        let cluster = ScriptedCluster()
        cluster.apply(service("old"))
        try withServer(cluster) { server in
            server.fail(.shortWatch(afterEvents: 4))
            let curl = try Curl(
                server.url + "/api/v1/services?watch=1&allowWatchBookmarks=true&resourceVersion=\(cluster.version)")
            #expect(server.waitForWatches(1))
            cluster.apply(service("new"))
            cluster.apply(service("new", "10.96.0.2"))
            cluster.apply(ScriptedPod(namespace: "a", name: "web-7bd795854f-298qd", podIPs: ["10.1.1.1"]))
            cluster.delete(.services, namespace: "a", name: "old")
            cluster.bookmark(.services)
            let answer = curl.answer()
            #expect(answer.exit == 0)
            #expect(summary(answer) == ["ADDED new", "MODIFIED new", "DELETED old", "BOOKMARK "])
            #expect(server.waitForWatches(0))
        }
    }

    @Test func theLogIsReadFromAVersion() throws {
        let cluster = ScriptedCluster()
        cluster.apply(service("one"))
        let version = cluster.version
        cluster.apply(service("two"))
        cluster.delete(.services, namespace: "a", name: "one")
        try withServer(cluster) { server in
            for (query, expected) in [
                ("resourceVersion=\(version)&timeoutSeconds=1", ["ADDED two", "DELETED one"]),
                ("timeoutSeconds=1", ["ADDED two"]), ("resourceVersion=0&timeoutSeconds=1", ["ADDED two"]),
                (
                    "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=1&timeoutSeconds=1",
                    ["ADDED two", "BOOKMARK end"]
                ),
            ] {
                let answer = try Curl.get(server.url + "/api/v1/namespaces/a/services?watch=true&" + query)
                #expect(summary(answer) == expected, "\(query)")
                #expect(answer.exit == 0)
            }
            server.fail(.dropInitialEventsEnd, .shortWatch(afterEvents: 1))
            let streaming = "/api/v1/services?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
            #expect(summary(try Curl.get(server.url + streaming + "&allowWatchBookmarks=1")) == ["ADDED two"])
            server.configure { $0.streamingLists = .refused(400) }
            #expect(try Curl.get(server.url + streaming).status == 400)
            cluster.compact()
            let old = try Curl.get(server.url + "/api/v1/services?watch=1&resourceVersion=\(version)")
            #expect(summary(old) == ["ERROR "])
            #expect((old.events.first?["object"] as? [String: Any])?["code"] as? Int == 410)
        }
    }

    /// What comes to match is added, and what no longer does is deleted.
    @Test func selectorsSeeChangesOfMatching() throws {
        let cluster = ScriptedCluster()
        var pod = ScriptedPod(namespace: "a", name: "web-7bd795854f-298qd", podIPs: ["10.1.1.1"])
        try withServer(cluster) { server in
            server.fail(.shortWatch(afterEvents: 4))
            let curl = try Curl(
                server.url + "/api/v1/pods?watch=1&fieldSelector=status.phase!=Succeeded&labelSelector=app%3Dweb")
            #expect(server.waitForWatches(1))
            cluster.apply(ScriptedPod(namespace: "a", name: "db-7bd795854f-298qd", podIPs: ["10.1.1.2"]))
            cluster.apply(pod)
            pod.phase = "Succeeded"
            cluster.apply(pod)
            cluster.delete(.pods, namespace: "a", name: pod.metadata.name)
            pod.phase = "Running"
            cluster.apply(pod)
            pod.nodeName = "node-9"
            cluster.apply(pod)
            let kinds = summary(curl.answer()).map { $0.split(separator: " ")[0] }
            #expect(kinds == ["ADDED", "DELETED", "ADDED", "MODIFIED"])
        }
    }

    @Test func framesAreTheSameObjects() throws {
        let cluster = ScriptedCluster.generate(services: 6, endpoints: 60, pods: 0, seed: 2)
        try withServer(cluster) { server in
            server.fail(.shortWatch(afterEvents: 7))
            let answer = try Curl.get(
                server.url + "/apis/discovery.k8s.io/v1/endpointslices?watch=1&sendInitialEvents=true"
                    + "&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
                "-H", "Accept: application/vnd.kubernetes.protobuf")
            #expect(answer.head.contains("content-type: application/vnd.kubernetes.protobuf;stream=watch\r\n"))
            let events = try ProtobufWalker.events(answer.body)
            #expect(events.map(\.type) == Array(repeating: "ADDED", count: 6) + ["BOOKMARK"])
            for (event, object) in zip(events, cluster.objects(.endpointSlices)) {
                let stored = StoredObject(object, version: object.metadata.resourceVersion)
                #expect(Array(event.object) == stored.protobuf)
            }
        }
    }

    @Test func manyWatchesSeeOneChange() throws {
        let cluster = ScriptedCluster()
        try withServer(cluster) { server in
            var clients: [RawClient] = []
            for _ in 0..<150 {
                let client = try RawClient(port: server.port)
                client.get("/api/v1/services?watch=1&resourceVersion=\(cluster.version)")
                clients.append(client)
            }
            #expect(server.waitForWatches(150))
            cluster.apply(service("seen-by-all"))
            for client in clients { #expect(client.read(until: "seen-by-all")) }
            clients.removeAll()
            // A client that is gone is noticed without an event.
            #expect(server.waitForWatches(0))
        }
    }

    @Test func bookmarksComeAtTheirInterval() throws {
        try withServer(ScriptedCluster()) { server in
            server.configure { $0.bookmarkMilliseconds = 5 }
            server.fail(.shortWatch(afterEvents: 2))
            let answer = try Curl.get(server.url + "/api/v1/pods?watch=1&resourceVersion=1000&allowWatchBookmarks=true")
            #expect(summary(answer) == ["BOOKMARK ", "BOOKMARK "])
        }
    }
}
