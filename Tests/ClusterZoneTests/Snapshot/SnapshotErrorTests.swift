import ClusterZone
import Foundation
import KubernetesAPI
import Testing

@Suite("What is wrong with a snapshot, and where")
struct SnapshotErrorTests {
    private static func problem(_ bytes: some Sequence<UInt8>) -> String {
        do throws(SnapshotError) {
            _ = try SnapshotReader.read(bytes: Array(bytes), path: "f", detail: .everything)
            return "no error"
        } catch {
            return error.description
        }
    }

    @Test(
        "fields",
        arguments: [
            (
                "spec:\n  ports:\n  - port: http\n",
                #"f:5:11: Service shop/web: spec.ports[0].port is "http", expected a number from 0 to 65535"#
            ),
            (
                "spec:\n  ports:\n  - port: '80'\n",
                #"f:5:11: Service shop/web: spec.ports[0].port is "80", expected a number from 0 to 65535"#
            ),
            (
                "spec:\n  ports:\n  - port: 80\n  - port: 65536\n",
                "f:6:11: Service shop/web: spec.ports[1].port is 65536, expected a number from 0 to 65535"
            ),
            (
                "spec: {ports: [{port: -1}]}\n",
                "f:3:23: Service shop/web: spec.ports[0].port is -1, expected a number from 0 to 65535"
            ),
            (
                "spec: {ports: [{port: 0x50}]}\n",
                "f:3:23: Service shop/web: spec.ports[0].port is 0x50, expected a number from 0 to 65535"
            ),
            (
                "spec: {ports: [{port: 080}]}\n",
                "f:3:23: Service shop/web: spec.ports[0].port is 080, expected a number from 0 to 65535"
            ),
            (
                "spec: {ports: [{port: 8.5}]}\n",
                "f:3:23: Service shop/web: spec.ports[0].port is 8.5, expected a number from 0 to 65535"
            ),
            (
                "spec: {ports: [{name: http}]}\n",
                "f:3:16: Service shop/web: spec.ports[0].port is missing, expected a number from 0 to 65535"
            ),
            ("spec: {ports: [80]}\n", "f:3:16: Service shop/web: spec.ports[0] is 80, expected a mapping"),
            ("spec: {ports: {port: 80}}\n", "f:3:15: Service shop/web: spec.ports is a mapping, expected a list"),
            (
                "spec: {ports: [{port: 80, name: 8080}]}\n",
                "f:3:33: Service shop/web: spec.ports[0].name is 8080, expected text"
            ),
            (
                "spec: {ports: [{port: 80, name: true}]}\n",
                "f:3:33: Service shop/web: spec.ports[0].name is true, expected text"
            ),
            ("spec: [1]\n", "f:3:7: Service shop/web: spec is a list, expected a mapping"),
            ("spec: null\n", "f:1:1: Service shop/web: spec is missing, expected a mapping"),
            ("", "f:1:1: Service shop/web: spec is missing, expected a mapping"),
            (
                "spec: {type: clusterip}\n",
                #"f:3:14: Service shop/web: spec.type is "clusterip", expected one of ClusterIP, NodePort, LoadBalancer, ExternalName"#
            ),
            (
                "spec: {clusterIP: none}\n",
                #"f:3:19: Service shop/web: spec.clusterIP is "none", expected an IP address or "None""#
            ),
            (
                "spec: {clusterIPs: [10.0.0.1, 10.0.0.256]}\n",
                #"f:3:31: Service shop/web: spec.clusterIPs[1] is "10.0.0.256", expected an IP address or "None""#
            ),
            (
                "spec: {clusterIPs: [null]}\n",
                #"f:3:21: Service shop/web: spec.clusterIPs[0] is null, expected an IP address or "None""#
            ),
            ("spec: {externalName: 5}\n", "f:3:22: Service shop/web: spec.externalName is 5, expected text"),
            (
                "spec: {publishNotReadyAddresses: 'true'}\n",
                #"f:3:34: Service shop/web: spec.publishNotReadyAddresses is "true", expected true or false"#
            ),
            ("spec: {type: a, type: b}\n", "f:3:23: type is there twice in one mapping, expected once"),
            (
                "spec: {}\nstatus: {loadBalancer: {ingress: [{ip: [1]}]}}\n",
                "f:4:40: Service shop/web: status.loadBalancer.ingress[0].ip is a list, expected text"
            ),
        ])
    func service(fields: String, expected: String) {
        let text = "kind: Service\nmetadata: {name: web, namespace: shop}\n\(fields)"
        #expect(Self.problem(text.utf8) == expected)
    }

    @Test(
        "other kinds",
        arguments: [
            ("metadata: {name: a}", "f:2:1: kind is missing, expected text"),
            ("kind: 5, metadata: {name: a}", "f:2:8: kind is 5, expected text"),
            ("kind: '', metadata: {name: a}", #"f:2:8: kind is "", expected text"#),
            ("apiVersion: 1, kind: Pod", "f:2:14: Pod: apiVersion is 1, expected text"),
            ("kind: Pod", "f:2:1: Pod: metadata is missing, expected a mapping"),
            ("kind: Pod, metadata: {namespace: x}", "f:2:23: Pod: metadata.name is missing, expected text"),
            ("kind: Pod, metadata: {name: x}", "f:2:23: Pod x: metadata.namespace is missing, expected text"),
            (
                "kind: Pod, metadata: {name: x, namespace: ''}",
                #"f:2:44: Pod /x: metadata.namespace is "", expected text"#
            ),
            ("kind: Namespace, metadata: {name: 1}", "f:2:36: Namespace: metadata.name is 1, expected text"),
            (
                "kind: Namespace, metadata: {name: x, labels: {a: 1}}",
                "f:2:51: Namespace x: metadata.labels.a is 1, expected text"
            ),
            (
                "kind: Namespace, metadata: {name: x, labels: {a: b, a: c}}",
                "f:2:57: Namespace x: metadata.labels.a is there twice, expected once"
            ),
            (
                "kind: Namespace, metadata: {name: x, labels: [a]}",
                "f:2:47: Namespace x: metadata.labels is a list, expected a mapping"
            ),
            (
                "kind: Pod, metadata: {name: x, namespace: y}, status: {podIP: a}",
                #"f:2:64: Pod y/x: status.podIP is "a", expected an IP address"#
            ),
            (
                "kind: Pod, metadata: {name: x, namespace: y}, status: {podIPs: [{ip: a}]}",
                #"f:2:71: Pod y/x: status.podIPs[0].ip is "a", expected an IP address"#
            ),
            (
                "kind: Pod, metadata: {name: x, namespace: y}, status: {phase: Ready}",
                #"f:2:64: Pod y/x: status.phase is "Ready", expected one of Pending, Running, Succeeded, Failed, Unknown"#
            ),
            (
                "kind: Pod, metadata: {name: x, namespace: y}, spec: {hostNetwork: 1}",
                "f:2:68: Pod y/x: spec.hostNetwork is 1, expected true or false"
            ),
            (
                "kind: EndpointSlice, metadata: {name: x, namespace: y}",
                "f:2:1: EndpointSlice y/x: addressType is missing, expected one of IPv4, IPv6, FQDN"
            ),
            (
                "kind: EndpointSlice, metadata: {name: x, namespace: y}, addressType: IP",
                #"f:2:71: EndpointSlice y/x: addressType is "IP", expected one of IPv4, IPv6, FQDN"#
            ),
            (
                "kind: EndpointSlice, metadata: {name: x, namespace: y}, addressType: IPv4, endpoints: [{addresses: [a]}]",
                #"f:2:102: EndpointSlice y/x: endpoints[0].addresses[0] is "a", expected an IP address"#
            ),
            (
                "kind: EndpointSlice, metadata: {name: x, namespace: y}, addressType: FQDN, endpoints: [{addresses: [3]}]",
                "f:2:102: EndpointSlice y/x: endpoints[0].addresses[0] is 3, expected a host name"
            ),
            (
                "kind: EndpointSlice, metadata: {name: x, namespace: y}, addressType: IPv4, endpoints: [{conditions: {ready: no}}]",
                #"f:2:110: EndpointSlice y/x: endpoints[0].conditions.ready is "no", expected true or false"#
            ),
            (
                "kind: EndpointSlice, metadata: {name: x, namespace: y}, addressType: IPv4, ports: [{port: a}]",
                #"f:2:92: EndpointSlice y/x: ports[0].port is "a", expected a number from 0 to 65535"#
            ),
            (
                "kind: Endpoints, metadata: {name: x, namespace: y}, subsets: [{addresses: [{hostname: a}]}]",
                "f:2:77: Endpoints y/x: subsets[0].addresses[0].ip is missing, expected an IP address"
            ),
            (
                "kind: Endpoints, metadata: {name: x, namespace: y}, subsets: [{notReadyAddresses: [{ip: a}]}]",
                #"f:2:90: Endpoints y/x: subsets[0].notReadyAddresses[0].ip is "a", expected an IP address"#
            ),
            (
                "kind: Status, message: 'services is forbidden'",
                "f:2:1: the API server's answer to a request that failed, expected objects: services is forbidden"
            ),
            ("kind: List, items: [{kind: List, items: []}]", "f:2:22: a List inside a list, expected an object"),
            ("kind: List, items: [{metadata: {name: a}}]", "f:2:22: kind is missing, expected text"),
            (
                "items: [{kind: Namespace, metadata: {name: a}}]",
                "f:2:1: kind is missing, expected List: is the file whole?"
            ),
            ("kind: List, items: {a: b}", "f:2:1: items is a mapping, expected a list"),
            ("kind: List, items: [5]", "f:2:22: an object is 5, expected a mapping"),
            ("kind: List, items: [null]", "f:2:22: an object is null, expected a mapping"),
        ])
    func otherKinds(fields: String, expected: String) {
        // A text that begins with { would be JSON.
        #expect(Self.problem("---\n{\(fields)}\n".utf8) == expected)
    }

    @Test(
        "JSON",
        arguments: [
            (
                "{\n \"kind\": \"Service\",\n \"metadata\": {\"name\": \"a\", \"namespace\": \"b\"},\n \"spec\": {\"ports\": [{\n  \"port\": \"80\"\n }]}\n}",
                "f:5:11: Service b/a: spec.ports[0].port is \"80\", expected a number from 0 to 65535"
            ),
            ("{\n \"kind\": \"Service\"\n \"a\": 1}", "f:3:2: found \", expected a comma or }"),
            ("{\"a\": 1,}", "f:1:9: found }, expected a key in quotes"),
            ("{a: 1}", "f:1:2: found a, expected a key in quotes or }"),
            ("{\"kind\" 1}", "f:1:9: found 1, expected a colon"),
            ("{\"kind\": }", "f:1:10: found }, expected a value"),
            ("{\"kind\": tru}", "f:1:10: found t, expected true"),
            ("{\"kind\": 01}", "f:1:11: found 1, expected a comma or }"),
            ("{\"kind\": 1.}", "f:1:12: found }, expected a digit"),
            ("{\"kind\": -}", "f:1:11: found }, expected a digit"),
            ("{\"kind\": 1e+}", "f:1:13: found }, expected a digit"),
            ("{\"kind\": \"a", "f:1:10: text without a closing quote"),
            ("{\"kind\": \"a\\", "f:1:10: text without a closing quote"),
            (
                "{\"kind\": \"a\nb\"}",
                "f:1:12: a control character (code 10) in text, expected it escaped or the closing quote"
            ),
            ("{\"kind\": \"\\x\"}", #"f:1:10: an unknown escape in text, expected one of \" \\ \/ \b \f \n \r \t \u"#),
            ("{\"kind\": \"\\u12g4\"}", #"f:1:10: \u without four hex digits"#),
            ("{\"kind\": \"\\u12\"}", #"f:1:10: \u without four hex digits"#),
            ("{\"kind\": \"\\u+123\"}", #"f:1:10: \u without four hex digits"#),
            ("{\"skipped\": [1, 2", "f:1:18: the text ends, expected a comma or ]"),
            ("{\"skipped\": [1, }", "f:1:17: found }, expected a value"),
            ("{\"skipped\": {1}}", "f:1:14: found 1, expected a key in quotes"),
            ("{\"kind\":\"Namespace\",\"metadata\":{\"name\":\"a\"}}\n}", "f:2:1: found }, expected a value"),
            ("[1]", "f:1:2: 1 is no object, expected a mapping with kind and metadata"),
            ("[{\"kind\":\"X\"},]", "f:1:15: found ], expected a value"),
            ("{\"kind\":\"X\",\"kind\":\"X\"}", "f:1:20: kind is there twice in one mapping, expected once"),
            ("{", "f:1:2: the text ends, expected a key in quotes or }"),
            ("[", "f:1:2: the text ends, expected a value"),
        ])
    func json(text: String, expected: String) {
        #expect(Self.problem(text.utf8) == expected)
    }

    @Test(
        "YAML",
        arguments: [
            ("a: [1\nb: 2\n", "f:2:2: did not find expected ',' or ']' while parsing a flow sequence"),
            (
                "kind: Pod\n\tx: 1\n",
                "f:2:1: found a tab character that violates indentation while scanning a plain scalar"
            ),
            ("kind: Namespace\nmetadata: &m\n  name: a\nspec: *m\n", "f:4:7: an alias, expected the value itself"),
            ("kind: Namespace\nmetadata:\n  <<: {name: a}\n", "f:3:3: a merge key <<, expected the fields themselves"),
            (
                "kind: !!binary aGk=\n",
                "f:1:7: a value with the tag tag:yaml.org,2002:binary, expected a value without a tag"
            ),
            ("? [a]\n: 1\n", "f:1:3: a key that is not text, expected the name of a field"),
            ("hello\n", #"f:1:1: "hello" is no object, expected a mapping with kind and metadata"#),
            ("- hello\n", #"f:1:3: "hello" is no object, expected a mapping with kind and metadata"#),
            (
                "kind: Namespace\nmetadata:\n  name: \"a\n",
                "f:4:1: found unexpected end of stream while scanning a quoted scalar"
            ),
            ("", "f: no objects, expected what kubectl get -o json or yaml prints"),
            ("\n\n", "f: no objects, expected what kubectl get -o json or yaml prints"),
            ("# nothing\n---\n---\n", "f: no objects, expected what kubectl get -o json or yaml prints"),
        ])
    func yaml(text: String, expected: String) {
        #expect(Self.problem(text.utf8) == expected)
    }

    @Test("encodings")
    func encodings() throws {
        #expect(Self.problem([0xff, 0xfe, 0x7b, 0x00]) == "f: the text is UTF-16, expected UTF-8")
        #expect(
            Self.problem(Array("{\"kind\":\"a".utf8) + [0xff] + Array("\"}".utf8)) == "f:1:9: text that is not UTF-8")
        #expect(Self.problem(Array("kind: a\nb: ".utf8) + [0xff, 0x0a]) == "f:2:4: invalid leading UTF-8 octet")
        #expect(Self.problem(Array("kind: a\nb: ".utf8) + [0x00, 0x0a]) == "f:2:4: control characters are not allowed")
    }

    @Test("nesting is bounded, in what is read and in what is skipped")
    func nesting() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            for key in ["kind", "skipped"] {
                for lead in ["", "--- "] {
                    func nested(_ depth: Int) -> String {
                        let inner = String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
                        return Self.problem("\(lead){\"\(key)\":\(inner),\"metadata\":{\"name\":\"x\"}}".utf8)
                    }
                    #expect(nested(255).contains("kind is"), "\(open) \(key) \(lead)")
                    #expect(nested(256).hasSuffix("nest deeper than 256"), "\(open) \(key) \(lead)")
                    #expect(nested(100_000).hasSuffix("nest deeper than 256"), "\(open) \(key) \(lead)")
                }
            }
        }
    }

    @Test("a long wrong value is shown in part")
    func longValues() {
        let text =
            "kind: Pod\nmetadata: {name: x, namespace: y}\nstatus: {podIP: \(String(repeating: "z", count: 500))}\n"
        let shown = String(repeating: "z", count: 64) + "..."
        #expect(Self.problem(text.utf8) == "f:3:17: Pod y/x: status.podIP is \"\(shown)\", expected an IP address")
    }

    @Test(
        "one broken line in the recorded cluster is found",
        arguments: [
            (
                "10.96.0.10", "10.96.0.999", 7,
                #"Service kube-system/kube-dns: spec.clusterIPs[0] is "10.96.0.999", expected an IP address or "None""#
            ),
            (
                "172.17.1.20", "172.17.1", 7,
                #"EndpointSlice zoo/hand-2: endpoints[0].addresses[0] is "172.17.1", expected an IP address"#
            ),
            ("7777", "sig", 13, #"Service zoo/sctp: spec.ports[0].port is "sig", expected a number from 0 to 65535"#),
        ])
    func brokenWorld(value: String, broken: String, column: Int, expected: String) throws {
        let text = try String(contentsOfFile: SnapshotWorldTests.fixture("world.yaml"), encoding: .utf8)
        // A list's element and a port: the single clusterIP is not looked at where there are clusterIPs.
        let lead = column == 7 ? "    - " : "      port: "
        let place = try #require(text.range(of: "\(lead)\(value)\n"))
        let line = text[..<place.lowerBound].utf8.count { $0 == UInt8(ascii: "\n") } + 1
        let problem = Self.problem(text.replacingCharacters(in: place, with: "\(lead)\(broken)\n").utf8)
        #expect(problem == "f:\(line):\(column): \(expected)")
    }
}
