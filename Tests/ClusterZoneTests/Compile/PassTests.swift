import KubernetesAPI
import RecordIndex
import Testing

@testable import ClusterZone

@Suite("Lists, namespaces and what is dirty")
struct PassTests {
    private func key(_ service: String, _ namespace: String) -> [UInt8] {
        ServiceRecords.key(namespace: Array(namespace.utf8), service: Array(service.utf8))
    }

    /// The services that a change sets, and those that it removes.
    private func services(_ change: IndexChange?) -> (set: Set<[UInt8]>, removed: Set<[UInt8]>) {
        let all = change?.services ?? [:]
        return (Set(all.filter { $0.value != nil }.keys), Set(all.filter { $0.value == nil }.keys))
    }

    private func filled(_ options: ZoneOptions = ZoneOptions()) -> ClusterState {
        var state = ClusterState(options: options)
        for space in ["a", "b"] {
            state.apply(.added, .namespace(NamespaceObject(name: space)))
            for name in ["one", "two"] { state.apply(.added, .service(Make.service(name, in: space, ["10.96.0.1"]))) }
            state.apply(.added, .endpointSlice(Make.slice("one", in: space, [Make.endpoint("10.1.0.1")])))
        }
        return state
    }

    @Test("what equals what is there, or changes nothing that DNS asks for, is no change")
    func noChange() {
        var state = filled()
        #expect(services(state.takeChange()).set.count == 4)
        #expect(state.takeChange() == nil)
        let same: [(String, WatchedObject)] = [
            ("the same service", .service(Make.service("one", in: "a", ["10.96.0.1"]))),
            ("the same slice", .endpointSlice(Make.slice("one", in: "a", [Make.endpoint("10.1.0.1")]))),
            (
                "what is not ready, pods, zones",
                .endpointSlice(
                    Make.slice(
                        "one", in: "a",
                        [
                            Make.endpoint("10.1.0.1", pod: "p", zone: "z", ready: nil),
                            Make.endpoint("10.1.0.2", ready: false),
                        ]))
            ), ("the same namespace", .namespace(NamespaceObject(name: "a", labels: ["new": "label"]))),
            ("a pod, which nobody asks for", .pod(Make.pod("p", in: "a", ["10.1.0.1"]))),
            (
                "a slice of nobody",
                .endpointSlice(EndpointSliceObject(namespace: "a", name: "stray", serviceName: nil))
            ),
        ]
        for (what, object) in same {
            state.apply(.modified, object)
            #expect(state.takeChange() == nil, "\(what)")
        }
        state.apply(.deleted, .service(Make.service("none", in: "a", [])))
        state.apply(.deleted, .service(Make.service("none", in: "nowhere", [])))
        #expect(state.takeChange() == nil, "what was never there goes")
        state.apply(.modified, .endpointSlice(Make.slice("one", in: "a", [Make.endpoint("10.1.0.3")])))
        #expect(services(state.takeChange()).set == [key("one", "a")])
    }

    @Test("a list sweeps what it did not show, of its own namespace only")
    func sweep() {
        var state = filled()
        _ = state.takeChange()
        // Two namespaces at a time, each in its own pass.
        state.beginReplace(.services, namespace: "a")
        state.apply(.listed, .service(Make.service("one", in: "a", ["10.96.0.1"])))
        state.beginReplace(.services, namespace: "b")
        state.keep(.services, ObjectKey(namespace: "b", name: "two"))
        #expect(state.takeChange() == nil, "nothing goes before the end")
        state.endReplace(.services, namespace: "a")
        #expect(services(state.takeChange()).removed == [key("two", "a")])
        state.endReplace(.services, namespace: "b")
        // The slices of one.b are still there.
        #expect(services(state.takeChange()).set == [key("one", "b")])
        #expect(state.objectCount(.services) == 2 && state.objectCount(.endpointSlices) == 2)
        // A pass that was begun anew starts from nothing; one that was not begun ends nothing.
        state.beginReplace(.endpointSlices, namespace: nil)
        state.keep(.endpointSlices, ObjectKey(namespace: "a", name: "one-0"))
        state.beginReplace(.endpointSlices, namespace: nil)
        state.keep(.endpointSlices, ObjectKey(namespace: "b", name: "one-0"))
        state.endReplace(.endpointSlices, namespace: nil)
        let change = state.takeChange()
        #expect(services(change).set == [key("one", "a")] && services(change).removed.isEmpty)
        state.endReplace(.endpointSlices, namespace: nil)
        state.endReplace(.services, namespace: "nowhere")
        #expect(state.takeChange() == nil)
        #expect(state.objectCount(.endpointSlices) == 1)
    }

    @Test("while slices are listed, an endpoint that moves between them stays")
    func moveWithinList() {
        var state = filled()
        let index = RecordIndex()
        func addresses() -> Set<AddressKey>? { IndexContents(index.snapshot).endpoints["one.a"] }
        func publish() { if let change = state.takeChange() { index.apply(change, serial: 1) } }
        publish()
        let there: Set<AddressKey> = [AddressKey(ipv4: 0x0A01_0001)]
        #expect(addresses() == there)
        state.beginReplace(.endpointSlices, namespace: "a")
        state.apply(.listed, .endpointSlice(Make.slice("one", in: "a", [])))
        state.apply(.listed, .endpointSlice(Make.slice("two", in: "a", [Make.endpoint("10.1.0.9")])))
        publish()
        #expect(addresses() == there, "the list has not told of all slices")
        state.apply(.added, .endpointSlice(Make.slice("one", in: "b", [])))
        publish()
        #expect(IndexContents(index.snapshot).endpoints["one.b"] == [], "another namespace does not wait")
        // What is not there at all does not wait either.
        state.apply(.listed, .endpointSlice(Make.slice("new", in: "a", [Make.endpoint("10.1.0.8")])))
        state.apply(.added, .service(Make.headless("new", in: "a")))
        publish()
        #expect(IndexContents(index.snapshot).endpoints["new.a"]?.count == 1)
        state.apply(.listed, .endpointSlice(Make.slice("one", in: "a", number: 1, [Make.endpoint("10.1.0.1")])))
        state.endReplace(.endpointSlices, namespace: "a")
        publish()
        #expect(addresses() == there)
        #expect(IndexContents(index.snapshot).endpoints["two.a"]?.count == 1)
        state.apply(.deleted, .endpointSlice(Make.slice("one", in: "a", number: 1, [])))
        publish()
        #expect(addresses() == [])
    }

    @Test("while the first list of slices goes on, a headless service is not answered in part", arguments: [nil, "a"])
    func firstListInPart(namespace: String?) {
        var options = ZoneOptions()
        options.servesImports = true
        var state = ClusterState(options: options)
        let index = RecordIndex()
        /// Whether `name` answers.
        func answers(_ name: String, isImported: Bool = false) -> Bool? {
            if let change = state.takeChange() { index.apply(change, serial: 1) }
            let key = ServiceRecords.key(namespace: Array("a".utf8), service: Array(name.utf8), isImported: isImported)
            return key.withUnsafeBytes { bytes in
                bytes.baseAddress.flatMap { index.snapshot.view.service($0, bytes.count)?.answersForward }
            }
        }
        state.beginReplace(.endpointSlices, namespace: namespace)
        // The slice is there first, then the service, which makes its namespace exist; or the other way round.
        state.apply(.listed, .endpointSlice(Make.slice("late", in: "a", [Make.endpoint("10.1.0.1")])))
        #expect(answers("late") == false)
        state.apply(.added, .service(Make.headless("late", in: "a")))
        state.apply(.added, .service(Make.headless("early", in: "a")))
        #expect(answers("late") == false)
        #expect(answers("early") == true)
        state.apply(.listed, .endpointSlice(Make.slice("early", in: "a", [Make.endpoint("10.1.0.2")])))
        // Addresses of its own do not wait for slices.
        state.apply(.added, .service(Make.service("web", in: "a", ["10.96.0.1"])))
        state.apply(.listed, .endpointSlice(Make.slice("web", in: "a", [Make.endpoint("10.1.0.3")])))
        state.apply(.added, .serviceImport(Make.importedHeadless("far", in: "a")))
        state.apply(
            .listed, .endpointSlice(Make.importedSlice("far", in: "a", from: "x", [Make.endpoint("10.1.0.4")])))
        #expect(answers("web") == true)
        #expect(answers("far", isImported: true) == false)
        #expect(IndexContents(index.snapshot).endpoints["early.a"] == [], "as it was before its slices came")
        // Its namespace is listed meanwhile, and does not let it answer either.
        state.beginReplace(.namespaces, namespace: nil)
        state.apply(.listed, .namespace(NamespaceObject(name: "a")))
        state.endReplace(.namespaces, namespace: nil)
        state.apply(.listed, .endpointSlice(Make.slice("late", in: "a", number: 1, [Make.endpoint("10.1.0.5")])))
        #expect(answers("late") == false)
        state.endReplace(.endpointSlices, namespace: namespace)
        #expect(answers("late") == true)
        #expect(answers("early") == true && answers("far", isImported: true) == true)
        #expect(IndexContents(index.snapshot).endpoints["late.a"]?.count == 2)
        // Later lists hold what there is, and show at once what is new.
        state.beginReplace(.endpointSlices, namespace: namespace)
        state.apply(.listed, .endpointSlice(Make.slice("new", in: "a", [Make.endpoint("10.1.0.6")])))
        state.apply(.added, .service(Make.headless("new", in: "a")))
        #expect(answers("new") == true && answers("late") == true)
    }

    @Test("a namespace that comes or goes touches its own services only")
    func namespaces() {
        var state = filled()
        state.beginReplace(.namespaces, namespace: nil)
        for name in ["a", "b"] { state.keep(.namespaces, ObjectKey(namespace: "", name: name)) }
        state.endReplace(.namespaces, namespace: nil)
        #expect(state.takeChange()?.namespaces?.count == 2)
        state.apply(.deleted, .namespace(NamespaceObject(name: "a")))
        let change = state.takeChange()
        #expect(change?.namespaces == [Array("b".utf8)])
        #expect(services(change).set == [key("one", "a"), key("two", "a")])
        state.apply(.added, .namespace(NamespaceObject(name: "c")))
        let other = state.takeChange()
        #expect(other?.namespaces?.count == 2 && other?.services.isEmpty == true)
    }

    @Test("namespaces that cannot be listed: those with services exist; those assumed to exist do")
    func assumed() throws {
        func exposed(_ state: inout ClusterState) -> Set<String>? {
            state.takeChange()?.namespaces.map { Set($0.map { String(decoding: $0, as: UTF8.self) }) }
        }
        var state = ClusterState(options: ZoneOptions())
        state.apply(.added, .service(Make.service("web", in: "a", ["10.96.0.1"])))
        #expect(exposed(&state) == ["a"], "not listed yet")
        state.apply(.added, .namespace(NamespaceObject(name: "b")))
        #expect(exposed(&state) == ["a", "b"], "listing has begun")
        state.apply(.deleted, .service(Make.service("web", in: "a", [])))
        #expect(exposed(&state) == ["b"])
        state.apply(.added, .service(Make.service("web", in: "a", ["10.96.0.1"])))
        state.beginReplace(.namespaces, namespace: nil)
        state.keep(.namespaces, ObjectKey(namespace: "", name: "b"))
        #expect(exposed(&state) == ["a", "b"])
        state.endReplace(.namespaces, namespace: nil)
        #expect(exposed(&state) == ["b"], "listed: a is not there")

        var options = ZoneOptions()
        options.namespaces = ["a", "b", "c"]
        var limited = ClusterState(options: options)
        for name in ["a", "z"] { limited.assumeNamespace(name, exists: true) }
        limited.beginReplace(.namespaces, namespace: "b")
        limited.endReplace(.namespaces, namespace: "b")
        for name in ["b", "c"] { limited.apply(.added, .service(Make.service("web", in: name, ["10.96.0.1"]))) }
        #expect(exposed(&limited) == ["a", "c"], "b is known not to be there")
        limited.assumeNamespace("a", exists: true)
        #expect(limited.takeChange() == nil)
        limited.assumeNamespace("a", exists: false)
        #expect(exposed(&limited) == ["c"])

        options.namespaceLabels = try LabelSelector(parsing: "team=x")
        var labelled = ClusterState(options: options)
        labelled.assumeNamespace("a", exists: true)
        labelled.apply(.added, .service(Make.service("web", in: "a", ["10.96.0.1"])))
        #expect(exposed(&labelled) == nil, "nobody knows its labels")
    }

    @Test("what comes and goes leaves nothing behind")
    func churn() {
        var options = ZoneOptions()
        options.servesPods = true
        var state = ClusterState(options: options)
        let index = RecordIndex()
        for round in 0..<300 {
            let space = "space-\(round)"
            state.apply(.added, .namespace(NamespaceObject(name: space)))
            state.apply(.added, .service(Make.service("web", in: space, ["10.96.0.1"])))
            state.apply(.added, .endpointSlice(Make.slice("web", in: space, [Make.endpoint("10.1.0.1")])))
            state.apply(.added, .pod(Make.pod("p", in: space, ["10.1.0.1"])))
            if let change = state.takeChange() { index.apply(change, serial: 1) }
            #expect(IndexContents(index.snapshot).pods.count == 1)
            state.apply(.deleted, .pod(Make.pod("p", in: space, [])))
            state.apply(.deleted, .endpointSlice(Make.slice("web", in: space, [])))
            state.apply(.deleted, .service(Make.service("web", in: space, [])))
            state.apply(.deleted, .namespace(NamespaceObject(name: space)))
            if let change = state.takeChange() { index.apply(change, serial: 1) }
        }
        #expect(state.namespaces.entries.count <= 2)
        #expect(Array(state.services.objects.places).isEmpty && state.slices.count == 0 && state.pods.count == 0)
        let contents = IndexContents(index.snapshot)
        #expect(contents == IndexContents(RecordIndex().snapshot))

    }

    @Test("imported services are held")
    func imports() {
        var options = ZoneOptions()
        options.servesImports = true
        var state = ClusterState(options: options)
        let object = ServiceImportObject(
            namespace: "a", name: "web", isHeadless: true, addresses: [IPAddress(v4: 1), IPAddress(high: 1, low: 2)],
            ports: [PortObject(name: "http", port: 80)], labels: ["x": "y"])
        state.beginReplace(.serviceImports, namespace: nil)
        state.apply(.listed, .serviceImport(object))
        state.endReplace(.serviceImports, namespace: nil)
        #expect(Array(state.importObjects) == [object] && state.objectCount(.serviceImports) == 1)
        state.apply(.deleted, .serviceImport(object))
        #expect(state.objectCount(.serviceImports) == 0)
    }
}
