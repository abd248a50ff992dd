import Testing

@testable import ScriptedAPI

/// Lists, pages, versions and what is refused, asked with curl.
struct ListTests {
    private func withServer(
        _ cluster: ScriptedCluster, settings: ScriptedSettings = ScriptedSettings(),
        _ body: (ScriptedAPIServer) throws -> Void
    ) throws {
        let server = try ScriptedAPIServer(cluster, settings: settings)
        defer { server.stop() }
        try body(server)
    }

    private func cluster() -> ScriptedCluster {
        let cluster = ScriptedCluster()
        for (namespace, name) in [("a", "one"), ("a", "two"), ("ab", "three"), ("b", "four"), ("b", "five")] {
            cluster.apply(ScriptedService(namespace: namespace, name: name, clusterIPs: ["10.96.0.7"]))
        }
        cluster.apply(ScriptedNamespace("a"))
        cluster.apply(ScriptedNamespace("b"))
        return cluster
    }

    private func names(_ answer: Curl.Answer) -> [String] {
        (answer.json["items"] as? [[String: Any]] ?? []).compactMap {
            ($0["metadata"] as? [String: Any])?["name"] as? String
        }
    }

    private func metadata(_ answer: Curl.Answer, _ name: String) -> String {
        (answer.json["metadata"] as? [String: Any])?[name] as? String ?? ""
    }

    @Test func listsHaveWhatWasAskedFor() throws {
        try withServer(cluster()) { server in
            for (target, expected) in [
                ("/api/v1/services", ["five", "four", "one", "three", "two"]),
                ("/api/v1/namespaces/a/services", ["one", "two"]),
                ("/api/v1/namespaces/b/services?fieldSelector=metadata.name%3Dfive", ["five"]),
                ("/api/v1/services?labelSelector=app", []),
                ("/api/v1/namespaces?fieldSelector=metadata.name=a", ["a"]),
                ("/api/v1/namespaces?labelSelector=kubernetes.io/metadata.name%20in%20(b,c)", ["b"]),
                ("/api/v1/namespaces?labelSelector=kubernetes.io/metadata.name!%3Db", ["a"]),
                ("/api/v1/pods", []),
            ] {
                let answer = try Curl.get(server.url + target)
                #expect(answer.status == 200, "\(target)")
                #expect(names(answer).sorted() == expected, "\(target)")
            }
        }
    }

    @Test func pagesAreOfOneVersionUntilTheyExpire() throws {
        try withServer(cluster()) { server in
            let first = try Curl.get(server.url + "/api/v1/services?limit=2")
            #expect(names(first) == ["one", "two"])
            #expect((first.json["metadata"] as? [String: Any])?["remainingItemCount"] as? Int == 3)
            server.cluster.delete(.services, namespace: "b", name: "four")
            server.cluster.apply(ScriptedService(namespace: "b", name: "new"))
            let second = try Curl.get(server.url + "/api/v1/services?limit=2&continue=" + metadata(first, "continue"))
            #expect(names(second) == ["three", "five"])
            #expect(metadata(second, "resourceVersion") == metadata(first, "resourceVersion"))
            let third = try Curl.get(server.url + "/api/v1/services?limit=2&continue=" + metadata(second, "continue"))
            #expect(names(third) == ["four"])
            #expect(metadata(third, "continue") == "")
            server.cluster.compact()
            let late = try Curl.get(server.url + "/api/v1/services?limit=2&continue=" + metadata(second, "continue"))
            #expect(late.status == 410)
            #expect(late.json["reason"] as? String == "Expired")
            let rest = try Curl.get(server.url + "/api/v1/services?continue=" + metadata(late, "continue"))
            #expect(names(rest) == ["new"])
        }
    }

    @Test func versionsAreKept() throws {
        try withServer(cluster()) { server in
            let before = server.cluster.version
            server.cluster.apply(ScriptedService(namespace: "c", name: "late"))
            for (query, status, count) in [
                ("resourceVersion=0", 200, 6), ("resourceVersion=0&limit=1", 200, 6),
                ("resourceVersion=\(before)", 200, 6),
                ("resourceVersion=\(before)&resourceVersionMatch=Exact", 200, 5),
                ("resourceVersion=\(before)&resourceVersionMatch=NotOlderThan", 200, 6),
                ("resourceVersion=\(before + 1000)&resourceVersionMatch=NotOlderThan", 504, 0),
                ("resourceVersionMatch=Exact", 400, 0), ("continue=%20", 400, 0), ("resourceVersion=x", 400, 0),
            ] {
                let answer = try Curl.get(server.url + "/api/v1/services?" + query)
                #expect(answer.status == status, "\(query)")
                #expect(names(answer).count == count, "\(query)")
            }
        }
    }

    /// The same bytes as a real server's for the same failures.
    @Test func failuresAreWrittenAsARealServerDoes() throws {
        let cluster = ScriptedCluster(version: 35_620)
        var settings = ScriptedSettings()
        settings.access.tokens = ["good": "system:serviceaccount:kube-system:coredns"]
        settings.access.anonymous = .forbidden
        let protobuf = "Accept: application/vnd.kubernetes.protobuf"
        let services = "/api/v1/namespaces/default/services"
        try withServer(cluster, settings: settings) { server in
            let forbidden = try Curl.get(server.url + services, "-H", protobuf)
            #expect(forbidden.status == 403)
            #expect(try forbidden.body == Recordings.body("forbidden-pb"))
            let bad = try Curl.get(server.url + services, "-H", protobuf, "-H", "Authorization: Bearer bad")
            #expect(bad.status == 401)
            #expect(try bad.body == Recordings.body("unauthorized-pb"))
            let future = try Curl.get(
                server.url + services + "?resourceVersion=999999999&resourceVersionMatch=NotOlderThan", "-H", protobuf,
                "-H", "Authorization: Bearer good")
            #expect(future.status == 504)
            #expect(future.head.lowercased().contains("retry-after: 1"))
            #expect(try future.body == Recordings.body("watch-future-pb"))
        }
        let old = ScriptedCluster(version: 1491)
        old.compact()
        try withServer(old) { server in
            let target = server.url + services + "?watch=1&resourceVersion=1&timeoutSeconds=3"
            let inProtobuf = try Curl.get(target, "-H", protobuf)
            #expect(try inProtobuf.body == Recordings.body("watch-too-old-pb"))
            let inJSON = try Curl.get(target)
            #expect(try inJSON.body == Recordings.body("watch-too-old-json"))
        }
    }

    @Test func grantsDecideWhoMayListWhat() throws {
        var settings = ScriptedSettings()
        settings.access.passwords = ["me:secret": "me"]
        settings.access.grants = [.init(.services, namespace: "a"), .init(.namespaces, names: ["a"])]
        try withServer(cluster(), settings: settings) { server in
            for (target, status) in [
                ("/api/v1/namespaces/a/services", 200), ("/api/v1/namespaces/b/services", 403),
                ("/api/v1/services", 403),
                ("/api/v1/namespaces?fieldSelector=metadata.name=a", 200), ("/api/v1/namespaces", 403),
                ("/api/v1/namespaces/a", 200), ("/api/v1/namespaces/b", 403), ("/api/v1/pods", 403),
            ] {
                #expect(try Curl.get(server.url + target, "--user", "me:secret").status == status, "\(target)")
            }
            let answer = try Curl.get(server.url + "/apis/discovery.k8s.io/v1/endpointslices", "--user", "me:secret")
            #expect(
                answer.json["message"] as? String
                    == "endpointslices.discovery.k8s.io is forbidden: User \"me\" cannot list resource "
                    + "\"endpointslices\" in API group \"discovery.k8s.io\" at the cluster scope")
            #expect(try Curl.get(server.url + "/api/v1/pods", "--user", "me:wrong").status == 401)
        }
    }

    @Test func formsAreNegotiated() throws {
        let cluster = cluster()
        cluster.apply(ScriptedServiceImport(namespace: "a", name: "shared", ips: ["10.1.2.3"]))
        try withServer(cluster) { server in
            let imports = "/apis/multicluster.x-k8s.io/v1alpha1/serviceimports"
            let both = "Accept: application/vnd.kubernetes.protobuf, application/json;q=0.5"
            for (target, accept, status, type) in [
                ("/api/v1/services", both, 200, "application/vnd.kubernetes.protobuf"),
                ("/api/v1/services", "Accept: application/json", 200, "application/json"),
                (imports, both, 200, "application/json"),
                (imports, "Accept: application/vnd.kubernetes.protobuf", 406, "application/json"),
                ("/api/v1/unknown", both, 404, "application/json"),
            ] {
                let answer = try Curl.get(server.url + target, "-H", accept)
                #expect(answer.status == status, "\(target)")
                #expect(answer.head.contains("content-type: \(type)\r\n"), "\(target)")
            }
            server.configure {
                $0.jsonOnly = true
                $0.missing = [.serviceImports]
            }
            #expect(try Curl.get(server.url + "/api/v1/services", "-H", both).body.first == UInt8(ascii: "{"))
            #expect(try Curl.get(server.url + imports).status == 404)
            // The last item of the answer is a page of indented JSON, which reads the same.
            let indented = try Curl.get(server.url + "/api/v1/services?pretty=true")
            #expect(names(indented).count == 5)
            #expect(indented.text.hasPrefix("{\n  \"kind\": \"ServiceList\",\n"))
        }
    }

    @Test func bigListsComeWholeAndFast() throws {
        let cluster = ScriptedCluster.generate(services: 500, endpoints: 5000, pods: 1000, largeService: 1000, seed: 1)
        try withServer(cluster) { server in
            for _ in 0..<2 {
                let answer = try Curl.get(
                    server.url + "/apis/discovery.k8s.io/v1/endpointslices", "-H",
                    "Accept: application/vnd.kubernetes.protobuf")
                let items = try ProtobufWalker.fields(ProtobufWalker.message(answer.body)).filter { $0.number == 2 }
                #expect(items.count == 510)
            }
        }
    }
}
