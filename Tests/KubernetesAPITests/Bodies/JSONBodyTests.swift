import KubernetesAPI
import Testing

@Suite("JSON bodies")
struct JSONBodyTests {
    private static func read(
        _ text: String, _ resource: WatchedResource, isWatch: Bool, cutAt cuts: [Int] = []
    ) throws(BodyFault) -> [BodyEvent] {
        try BodyBench.read(Array(text.utf8), resource, BodyBench.json, isWatch: isWatch, cutAt: cuts)
    }

    @Test("ServiceImports, whose list says its kind behind the items")
    func serviceImports() throws {
        let text = """
            {"apiVersion":"multicluster.x-k8s.io/v1alpha1","items":[
             {"apiVersion":"multicluster.x-k8s.io/v1alpha1","kind":"ServiceImport","metadata":{"name":"web",
              "namespace":"shop","resourceVersion":"3","labels":{"a":"b"}},"spec":{"type":"ClusterSetIP",
              "ips":["10.1.2.3","2001:db8::1"],"ports":[{"name":"http","protocol":"TCP","port":80}]}},
             {"apiVersion":"multicluster.x-k8s.io/v1alpha1","kind":"ServiceImport","metadata":{"name":"db",
              "namespace":"shop","resourceVersion":"4"},"spec":{"type":"Headless","ports":[{"port":5432}]}},
             {"apiVersion":"multicluster.x-k8s.io/v1alpha1","kind":"ServiceImport","metadata":{"name":"odd",
              "namespace":"shop","resourceVersion":"5"},"spec":{"type":"ClusterSetIP","ips":["x"]}}],
             "kind":"ServiceImportList","metadata":{"continue":"more","resourceVersion":"9"}}

            """
        let addresses = ["10.1.2.3", "2001:db8::1"].compactMap { IPAddress($0) }
        let web = ServiceImportObject(
            namespace: "shop", name: "web", addresses: addresses, ports: [PortObject(name: "http", port: 80)],
            labels: ["a": "b"])
        let database = ServiceImportObject(
            namespace: "shop", name: "db", isHeadless: true, ports: [PortObject(port: 5432)])
        #expect(
            try Self.read(text, .serviceImports, isWatch: false) == [
                .object(.listed, .serviceImport(web), version: "3", triggerTime: nil),
                .object(.listed, .serviceImport(database), version: "4", triggerTime: nil),
                .unusable(
                    .listed, ObjectKey(namespace: "shop", name: "odd"), version: "5",
                    problem: "spec.ips[0] is \"x\", expected an IP address"),
                .listEnd(version: "9", continueToken: "more"),
            ])
    }

    private static let events = #"""
        {"type":"ADDED","object":{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"a","resourceVersion":"1"}}}

        {"object":{"kind":"Namespace","metadata":{"name":"\u0061","resourceVersion":"2"}},"type":"DELETED"}
        {"type":"MODIFIED","object":{"kind":"Namespace","metadata":{"name":7,"resourceVersion":"3"}}}
        {"type":"BOOKMARK","object":{"kind":"Namespace","metadata":{"resourceVersion":"4","annotations":{"k8s.io/initial-events-end":"true"}}}}
        {"type":"ERROR","object":{"kind":"Status","code":429,"reason":"TooManyRequests","message":"m","details":{"retryAfterSeconds":2}}}

        """#

    @Test("a watch, whose lines come in any pieces")
    func watch() throws {
        let space = WatchedObject.namespace(NamespaceObject(name: "a"))
        let expected: [BodyEvent] = [
            .object(.added, space, version: "1", triggerTime: nil),
            .object(.deleted, space, version: "2", triggerTime: nil),
            .unusable(
                .modified, ObjectKey(namespace: "", name: ""), version: "3",
                problem: "metadata.name is 7, expected text"),
            .bookmark(version: "4", endsInitialEvents: true),
            .status(APIStatus(code: 429, reason: "TooManyRequests", message: "m", retryAfterSeconds: 2)),
        ]
        for cut in 0...Self.events.utf8.count {
            #expect(try Self.read(Self.events, .namespaces, isWatch: true, cutAt: [cut]) == expected)
        }
    }

    @Test("a deleted object that cannot be used is still deleted")
    func deleted() throws {
        let line = """
            {"type":"DELETED","object":{"kind":"Service","metadata":{"name":"web","namespace":"shop",\
            "resourceVersion":"2"},"spec":{"clusterIP":"x"}}}

            """
        #expect(
            try Self.read(line, .services, isWatch: true) == [
                .object(
                    .deleted, .service(ServiceObject(namespace: "shop", name: "web")), version: "2", triggerTime: nil)
            ])
    }

    @Test("faults say what was found, and where")
    func faults() throws {
        let rows: [(String, Bool, String)] = [
            ("", false, "an answer that is no mapping, expected a list"),
            ("[]", false, "an answer that is no mapping, expected a list"),
            ("{}", false, "an object without a kind, expected NamespaceList"),
            (#"{"kind":"PodList"}"#, false, #"an object of the kind "PodList", expected NamespaceList"#),
            (#"{"kind":"NamespaceList"} x"#, false, "text behind the answer's object"),
            (
                #"{"kind":"NamespaceList","items":[{"kind":"Pod","metadata":{"name":"a","namespace":"b"}}]}"#, false,
                #"an object of the kind "Pod", expected Namespace"#
            ),
            (#"{"type":"ADDED"}"# + "\n", true, "an event of a watch without a type and an object"),
            (
                #"{"type":"ODD","object":{}}"# + "\n", true,
                #"an event of type "ODD", expected one of ADDED, MODIFIED, DELETED, BOOKMARK, ERROR"#
            ),
            (
                #"{"type":"ERROR","object":{"kind":"Namespace"}}"# + "\n", true,
                #"an object of the kind "Namespace", expected Status"#
            ),
            (
                #"{"type":"BOOKMARK","object":{"kind":"Pod"}}"# + "\n", true,
                #"an object of the kind "Pod", expected Namespace"#
            ),
            ("7\n", true, "an event that is no mapping"),
            (#"{"type":"ADDED"} {}"# + "\n", true, "text behind the event on its line"),
            (
                #"{"type":"ADDED","object":{"kind":"Namespace","metadata":{"name":"a"}}}"#, true,
                "the answer ends inside an event"
            ),
        ]
        for (text, isWatch, expected) in rows {
            let fault = #expect(throws: BodyFault.self) { try Self.read(text, .namespaces, isWatch: isWatch) }
            #expect(fault?.description.hasSuffix(expected) == true, "\(String(describing: fault))")
        }
    }

    @Test("a line without an end is a fault, not memory")
    func limit() throws {
        var reader = try BodyReader(resource: .pods, contentType: BodyBench.json, isWatch: true, detail: [])
        var events: [BodyEvent] = []
        let piece = [UInt8](repeating: UInt8(ascii: " "), count: 1 << 20)
        for _ in 0..<32 { try BodyBench.feed(piece, to: &reader, &events) }
        let fault = #expect(throws: BodyFault.self) { try BodyBench.feed([0x20], to: &reader, &events) }
        #expect(fault?.description == "byte 33554432 of the answer: an event of more than 33554432 bytes")
    }
}

@Suite("Trigger times")
struct TriggerTimeTests {
    @Test(
        "RFC 3339, and what is not",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.000000001Z", 1),
            ("2026-11-20T23:22:18Z", 1_795_216_938_000_000_000), ("2026-11-20T23:22:18.25Z", 1_795_216_938_250_000_000),
            ("2026-11-21T01:22:18+02:00", 1_795_216_938_000_000_000),
            ("2024-02-29T12:00:00Z", 1_709_208_000_000_000_000),
            ("1969-12-31T23:59:59Z", -1_000_000_000), ("2026-11-20T23:22:18.1234567899Z", 1_795_216_938_123_456_789),
            ("2026-11-20", nil), ("", nil), ("2026-11-20T23:22:18", nil), ("2026-13-20T23:22:18Z", nil),
            ("9999-12-31T23:59:59Z", nil), ("2026-11-20T23:22:18.Z", nil), ("2026-11-20T23:22:18ZZ", nil),
            ("+026-11-20T23:22:18Z", nil), ("2026-11-20T24:00:00Z", nil),
        ] as [(String, Int64?)])
    func times(_ text: String, expected: Int64?) throws {
        let item = ProtobufWriter.message {
            $0.bytes(
                1,
                ProtobufWriter.metadata(
                    annotations: [("endpoints.kubernetes.io/last-change-trigger-time", text)]))
            $0.text(4, "IPv4")
        }
        let events = try BodyBench.read(
            ProtobufWriter.frame("ADDED", kind: "EndpointSlice", item), .endpointSlices, BodyBench.protobuf,
            isWatch: true)
        guard case .object(.added, _, _, let time)? = events.first else {
            Issue.record("\(events)")
            return
        }
        #expect(time == expected)
    }
}
