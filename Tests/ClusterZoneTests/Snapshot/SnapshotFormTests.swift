import ClusterZone
import KubernetesAPI
import Testing

@Suite("Forms of a snapshot")
struct SnapshotFormTests {
    private static func read(_ text: String) throws -> ClusterObjects {
        try SnapshotReader.read(bytes: Array(text.utf8), path: "test", detail: .everything)
    }

    private static let a = #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a"}}"#
    private static let b = #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"b"}}"#
    private static let bare = #"{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}"#

    @Test(
        "however a and b are written, they are read",
        arguments: [
            "\(a)\n\(b)\n", "\(a)\(b)", "\(a)\n---\n\(b)", "---\n\(a)\n---\n\(b)\n", "[\(a),\(b)]", "\u{feff}\(a)\(b)",
            #"{"apiVersion":"v1","kind":"List","items":[\#(a),\#(b)]}"#,
            #"{"apiVersion":"v1","items":[\#(a),\#(b)],"kind":"List","metadata":{"resourceVersion":""}}"#,
            #"{"items":[\#(a)],"kind":"List"} {"kind":"List","items":[\#(b)]}"#,
            #"{"apiVersion":"v1","kind":"NamespaceList","items":[\#(bare)]}"#,
            #"{"items":[\#(bare)],"apiVersion":"v1","kind":"NamespaceList"}"#,
            // White space and escapes that libyaml refuses.
            "{\t\"kind\"\t:\t\"Namespace\",\r\n\t\"metadata\": {\"name\":\"a\"}}\t\(b)",
            #"{"kind":"Name\u0073pace","metadata":{"name":"\u0061","annotations":{"x\"}":"\/\ud83d\ude00\\"}}} \#(b)"#,
            "kind: Namespace\nmetadata: {name: a}\n---\nkind: Namespace\nmetadata:\n  name: b\n",
            "---\nkind: Namespace\nmetadata: {name: a}\n...\n---\nkind: Namespace\nmetadata: {name: b}\n---\n",
            "# saved\nkind: List\nitems:\n- kind: Namespace\n  metadata: {name: a}\n- \(b)\n",
            "items:\n- metadata: {name: a}\n- metadata: {name: b}\nkind: NamespaceList\n",
            "- \(a)\n- \(b)\n", "--- \(a)\n--- \(b)\n", "\u{feff}--- \(a)\n--- \(b)\n",
            "kind: Namespace\r\nmetadata:\r\n  name: a\r\n---\r\n\(b)\r\n",
            // Anchors, and aliases where nothing is read.
            "kind: Namespace\nmetadata: &m {name: a, annotations: {k: &x [1]}}\nother: *m\n---\n\(b)",
        ])
    func forms(text: String) throws {
        let objects = try Self.read(text)
        #expect(objects.namespaces.map(\.name) == ["a", "b"])
        #expect(objects.skippedKinds.isEmpty)
    }

    @Test(
        "escapes of JSON text",
        arguments: [
            (#"\" \\ \/ \b \f \n \r \t"#, "\" \\ / \u{8} \u{c} \n \r \t"),
            (#"\u00e9\u20AC"#, "\u{e9}\u{20ac}"), (#"\ud83d\uDE00"#, "\u{1f600}"), ("\u{1f600}", "\u{1f600}"),
            (#"\ud83d"#, "\u{fffd}"), (#"\ude00\ud83d"#, "\u{fffd}\u{fffd}"), (#"\ud83dx"#, "\u{fffd}x"),
            (#"\ud83d\u0041"#, "\u{fffd}A"), (#"\ud83d\n"#, "\u{fffd}\n"), ("", ""),
        ])
    func escapes(text: String, expected: String) throws {
        let object = #"{"kind":"Namespace","metadata":{"name":"a","labels":{"x":"\#(text)"}}}"#
        #expect(try Self.read(object).namespaces.first?.labels == ["x": expected])
    }

    @Test("a later object of the same kind and name takes the place of the earlier")
    func duplicates() throws {
        let text = """
            [{"kind":"Service","metadata":{"namespace":"x","name":"a"},"spec":{"clusterIP":"10.0.0.1"}},
             {"kind":"Service","metadata":{"namespace":"y","name":"a"},"spec":{"clusterIP":"10.0.0.2"}},
             {"kind":"Service","metadata":{"namespace":"x","name":"a"},"spec":{"clusterIP":"10.0.0.3"}}]
            """
        let services = try Self.read(text).services
        #expect(services.map(\.namespace) == ["x", "y"])
        #expect(services.flatMap(\.clusterIPs).map(\.description) == ["10.0.0.3", "10.0.0.2"])
    }

    @Test("other kinds are counted")
    func skippedKinds() throws {
        let text = """
            apiVersion: v1
            kind: List
            items:
            - {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {spec: 1}}
            - {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
            - {apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: c}}
            - {apiVersion: example.com/v1, kind: AllowList, metadata: {name: d}, spec: 5}
            ---
            {apiVersion: example.com/v1, kind: AllowList, metadata: {name: e}}
            """
        let objects = try Self.read(text)
        #expect(objects == ClusterObjects(skippedKinds: ["ConfigMap": 2, "Service": 1, "AllowList": 2]))
    }

    @Test(
        "an empty list is a cluster without objects",
        arguments: [
            #"{"apiVersion":"v1","kind":"List","items":[]}"#, #"{"kind":"PodList","items":null}"#,
            "kind: List\nitems: []\n",
        ])
    func emptyLists(text: String) throws {
        #expect(try Self.read(text) == ClusterObjects())
    }
}
