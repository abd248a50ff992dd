import ClusterZone
import KubernetesAPI
import RecordIndex
import Testing

@Suite("Objects to index, one at a time")
struct IncrementalTests {
    /// What the server has.
    private struct Model {
        var namespaces: [ObjectKey: NamespaceObject] = [:]
        var services: [ObjectKey: ServiceObject] = [:]
        var slices: [ObjectKey: EndpointSliceObject] = [:]
        var pods: [ObjectKey: PodObject] = [:]
        var imports: [ObjectKey: ServiceImportObject] = [:]

        var objects: ClusterObjects {
            ClusterObjects(
                services: Array(services.values), endpointSlices: Array(slices.values), pods: Array(pods.values),
                namespaces: Array(namespaces.values), serviceImports: Array(imports.values))
        }

        func objects(_ resource: WatchedResource) -> [WatchedObject] {
            switch resource {
            case .namespaces: namespaces.values.map { .namespace($0) }
            case .services: services.values.map { .service($0) }
            case .endpointSlices: slices.values.map { .endpointSlice($0) }
            case .pods: pods.values.map { .pod($0) }
            case .serviceImports: imports.values.map { .serviceImport($0) }
            }
        }

        /// The names of pods that have not finished and have an address.
        func podNames(_ selector: LabelSelector?) -> Set<String> {
            Set(
                pods.values.filter { pod in
                    pod.phase == .running && !pod.addresses.isEmpty && !pod.name.contains(".")
                        && selector?.matches(pod.labels) ?? true
                }.map { "\($0.name).\($0.namespace)\u{3}pod" })
        }

        /// By service: the addresses that slices have for it. Imported services are those with a ServiceImport.
        var endpoints: [String: Set<AddressKey>] {
            var result: [String: Set<AddressKey>] = [:]
            for slice in slices.values {
                var owners: [String] = []
                if let service = slice.serviceName { owners.append("\(service).\(slice.namespace)") }
                if let name = slice.importName, imports[ObjectKey(namespace: slice.namespace, name: name)] != nil {
                    owners.append("\(name).\(slice.namespace)\u{3}svc")
                }
                for endpoint in slice.endpoints where endpoint.conditions.ready ?? true {
                    for address in endpoint.addresses.compactMap(\.address) {
                        for owner in owners { result[owner, default: []].insert(address.key) }
                    }
                }
            }
            return result
        }
    }

    /// A state and its index, beside what the server has.
    private struct Run {
        var random: SplitMix64
        var model = Model()
        var state: ClusterState
        let index = RecordIndex(hash: SeededHash(seed: (1, 2)))
        let options: ZoneOptions
        let comment: Comment
        var published = 0

        let spaces = ["n", "m", "o"]
        let names = ["a", "b", "c", "d"]

        init(seed: UInt64, options: ZoneOptions) {
            random = SplitMix64(state: seed)
            self.options = options
            state = ClusterState(options: options, hash: SeededHash(seed: (random.next(), random.next())))
            comment = "seed \(seed)"
        }

        mutating func number(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }
        mutating func one<Element>(of all: [Element]) -> Element? { all.randomElement(using: &random) }
        mutating func space() -> String { spaces[number(spaces.count)] }
        mutating func name() -> String { names[number(names.count)] }

        mutating func address() -> String {
            number(4) == 0 ? "fd00::\(number(9) + 1)" : "10.0.\(number(2)).\(number(12) + 1)"
        }

        mutating func endpoint() -> EndpointObject {
            let address = address()
            let hostname = number(3) == 0 ? "h\(number(3))" : nil
            let ready: Bool? = [nil, true, true, false][number(4)]
            return Make.endpoint(address, host: hostname, pod: "p\(number(3))", zone: "z\(number(3))", ready: ready)
        }

        mutating func labels() -> [String: String] { ["app": number(6) == 0 ? "out" : "in"] }

        /// What the server says next: one event, or the few of a slice that is split, merged or emptied into another.
        mutating func events() -> [(BodyEvent.Change, WatchedObject)] {
            switch number(13) {
            case 0: return [namespaceEvent()]
            case 12: return [importEvent()]
            case 1, 2: return [serviceEvent()]
            case 3, 4: return [podEvent()]
            case 5, 6, 7, 8: return [sliceEvent()]
            default: return moves()
            }
        }

        private mutating func namespaceEvent() -> (BodyEvent.Change, WatchedObject) {
            let object = NamespaceObject(name: space(), labels: labels())
            let isGone = number(3) == 0
            model.namespaces[object.key] = isGone ? nil : object
            return (isGone ? .deleted : .modified, .namespace(object))
        }

        private mutating func serviceEvent() -> (BodyEvent.Change, WatchedObject) {
            let (space, name) = (space(), name())
            let object: ServiceObject
            switch number(4) {
            case 0: object = Make.headless(name, in: space, ["p:\(number(2) + 1)"], labels: labels())
            case 1: object = Make.alias(name, in: space, to: "x\(number(2)).example")
            default:
                object = Make.service(
                    name, in: space, ["10.96.0.\(number(5))"], ["p:\(number(2) + 1)"], labels: labels())
            }
            let isGone = number(3) == 0
            model.services[object.key] = isGone ? nil : object
            return (isGone ? .deleted : .added, .service(object))
        }

        private mutating func importEvent() -> (BodyEvent.Change, WatchedObject) {
            let (space, name) = (space(), name())
            let object =
                number(2) == 0
                ? Make.importedHeadless(name, in: space, labels: labels())
                : Make.imported(
                    name, in: space, ["10.98.0.\(number(5))"], ["p:\(number(2) + 1)"], labels: labels())
            let isGone = number(3) == 0
            model.imports[object.key] = isGone || !options.servesImports ? nil : object
            return (isGone ? .deleted : .added, .serviceImport(object))
        }

        private mutating func podEvent() -> (BodyEvent.Change, WatchedObject) {
            let addresses = number(6) == 0 ? [] : (0..<number(3) + 1).map { _ in address() }
            let object = Make.pod(
                number(20) == 0 ? "p.\(number(2))" : "p\(number(6))", in: space(), addresses,
                phase: number(5) == 0 ? .succeeded : .running,
                isTerminating: number(6) == 0, labels: labels())
            let isGone = number(4) == 0
            model.pods[object.key] = isGone ? nil : object
            return (isGone ? .deleted : .modified, .pod(object))
        }

        private mutating func sliceEvent() -> (BodyEvent.Change, WatchedObject) {
            let object = slice(in: space(), name: "s\(number(8))", service: number(9) == 0 ? nil : name())
            guard number(4) > 0 else {
                model.slices[object.key] = nil
                return (.deleted, .endpointSlice(object))
            }
            return set(object)
        }

        private mutating func slice(in space: String, name: String, service: String?) -> EndpointSliceObject {
            let endpoints = (0..<number(5)).map { _ in endpoint() }
            let imported = number(3) == 0 ? self.name() : nil
            return EndpointSliceObject(
                namespace: space, name: name, serviceName: service, importName: imported,
                sourceCluster: imported == nil ? nil : [nil, "c1", "c2", "not.a.label"][number(4)],
                ports: Make.slicePorts(["p:\(number(3) + 1)"]), endpoints: EndpointList(endpoints), labels: labels())
        }

        private mutating func set(_ slice: EndpointSliceObject) -> (BodyEvent.Change, WatchedObject) {
            model.slices[slice.key] = slice
            return (.modified, .endpointSlice(slice))
        }

        private func with(
            _ slice: EndpointSliceObject, _ endpoints: [EndpointObject], name: String? = nil, service: String? = nil,
            imported: String? = nil
        ) -> EndpointSliceObject {
            EndpointSliceObject(
                namespace: slice.namespace, name: name ?? slice.name, serviceName: service ?? slice.serviceName,
                importName: imported ?? slice.importName, sourceCluster: slice.sourceCluster, ports: slice.ports,
                endpoints: EndpointList(endpoints), labels: slice.labels)
        }

        /// A slice is split in two, merged with another of its service, or names another service from now on. The server
        /// adds where it is moved to before it takes away.
        private mutating func moves() -> [(BodyEvent.Change, WatchedObject)] {
            guard let first = one(of: Array(model.slices.values)) else { return [] }
            let endpoints = Array(first.endpoints)
            switch number(4) {
            case 0:
                let half = endpoints.count / 2
                let other = with(first, Array(endpoints[half...]), name: "s\(number(8))")
                guard other.name != first.name else { return [] }
                return [set(other), set(with(first, Array(endpoints[..<half])))]
            case 1:
                let others = model.slices.values.filter {
                    $0.serviceName == first.serviceName && $0.importName == first.importName && $0.key != first.key
                }
                guard let other = others.first, other.namespace == first.namespace else { return [] }
                let events = [set(with(other, Array(other.endpoints) + endpoints))]
                model.slices[first.key] = nil
                return events + [(.deleted, .endpointSlice(first))]
            case 2:
                return [set(with(first, endpoints, imported: name()))]
            default:
                return [set(with(first, endpoints, service: name()))]
            }
        }

        /// Publishes what is dirty.
        mutating func publish() {
            guard let change = state.takeChange() else { return }
            if index.apply(change, serial: 1).isPublished { published += 1 }
        }

        private func isSelected(_ imported: ServiceImportObject) -> Bool {
            options.labels?.matches(imported.labels) ?? true
        }

        /// The index says what one says that was made of the server's objects at once.
        mutating func check() {
            let expected = RecordIndex(hash: SeededHash(seed: (5, 6)))
            var state = ClusterState(options: options)
            expected.apply(state.replace(with: model.objects), serial: 1)
            #expect(IndexContents(index.snapshot) == IndexContents(expected.snapshot), comment)
            // And, by itself: all addresses that slices have, and no others.
            if options.labels == nil, options.servesEndpoints {
                let contents = IndexContents(index.snapshot)
                #expect(contents.endpoints.filter { !$0.value.isEmpty } == model.endpoints, comment)
                // Reverse names are those of services alone.
                #expect(!contents.reverse.values.joined().contains { $0.contains("\u{3}svc") }, comment)
            }
            // By itself as well: the pods that have names.
            let named = IndexContents(index.snapshot).names.filter { $0.hasSuffix("\u{3}pod") }
            #expect(named == (options.podNames ? model.podNames(options.labels) : []), comment)
            #expect(self.state.objectCount(.serviceImports) == model.imports.values.count(where: isSelected), comment)
            #expect(self.state.objectCount(.namespaces) == model.namespaces.count, comment)
            // What the state gives back makes the same index.
            let kept = ClusterObjects(
                services: Array(self.state.serviceObjects), endpointSlices: Array(self.state.sliceObjects),
                pods: Array(self.state.podObjects), namespaces: Array(self.state.namespaceObjects),
                serviceImports: Array(self.state.importObjects))
            let restored = RecordIndex(hash: SeededHash(seed: (7, 8)))
            var again = ClusterState(options: options)
            // The rule for clusters saved without namespaces looks at all services, also those left out.
            guard !kept.namespaces.isEmpty else { return }
            restored.apply(again.replace(with: kept), serial: 1)
            #expect(IndexContents(restored.snapshot) == IndexContents(expected.snapshot), comment)
        }

        /// Lists a resource of one namespace or all anew, with changes that were missed, in pieces, begun anew at times.
        ///
        /// - Parameter before: what the index said when all was known last.
        mutating func relist(
            _ resource: WatchedResource, namespace: String?, before: IndexContents, _ final: IndexContents
        ) {
            func isListed(_ object: WatchedObject) -> Bool {
                guard let namespace else { return true }
                return resource == .namespaces ? object.key.name == namespace : object.key.namespace == namespace
            }
            for attempt in 0..<number(3) + 1 {
                state.beginReplace(resource, namespace: namespace)
                let all = model.objects(resource).filter(isListed).shuffled(using: &random)
                // All attempts but the last end early.
                let isLast = attempt == 2 || number(2) == 0
                for object in isLast ? all : Array(all.prefix(number(all.count + 1))) {
                    state.apply(.listed, object)
                    guard number(2) == 0 else { continue }
                    publish()
                    let now = IndexContents(index.snapshot)
                    for (service, addresses) in before.endpoints {
                        let stays = addresses.intersection(final.endpoints[service] ?? [])
                        #expect(stays.isSubset(of: now.endpoints[service] ?? []), comment)
                    }
                    #expect(now.names.isSuperset(of: before.names.intersection(final.names)), comment)
                    #expect(now.namespaces.isSuperset(of: before.namespaces.intersection(final.namespaces)), comment)
                }
                if isLast { break }
            }
            state.beginReplace(resource, namespace: namespace)
            for object in model.objects(resource).filter(isListed).shuffled(using: &random) {
                state.apply(.listed, object)
            }
            state.endReplace(resource, namespace: namespace)
            publish()
        }
    }

    private static func options(_ number: Int) throws -> ZoneOptions {
        var options = ZoneOptions()
        options.servesPods = true
        options.servesImports = number != 2
        options.podNames = number % 2 == 0
        switch number {
        case 1:
            options.labels = try LabelSelector(parsing: "app=in")
            options.endpointAliases = true
        case 2: options.namespaces = ["n", "m", "o"]
        case 3:
            options.namespaceLabels = try LabelSelector(parsing: "app=in")
            options.zonal = true
            options.endpointPodNames = true
            options.endpointAliases = true
        case 4:
            options.ignoresEmptyServices = true
            options.servesEndpoints = false
            options.namespaces = ["n"]
        default: break
        }
        return options
    }

    @Test("thousands of random events and relists say what one replacement says", arguments: 0..<5)
    func random(number: Int) throws {
        let seed = UInt64.random(in: .min ... .max)
        print("IncrementalTests.random \(number) seed \(seed)")
        let options = try Self.options(number)
        var run = Run(seed: seed, options: options)
        // Namespaces are there throughout: without any, the rule for clusters without them applies.
        run.model.namespaces[ObjectKey(namespace: "", name: "always")] = NamespaceObject(name: "always")
        for resource in WatchedResource.allCases {
            run.state.beginReplace(resource, namespace: nil)
            for object in run.model.objects(resource) { run.state.apply(.listed, object) }
            run.state.endReplace(resource, namespace: nil)
        }
        for step in 0..<300 {
            if step % 25 == 24 {
                // Events are missed, and everything is listed again.
                let before = IndexContents(run.index.snapshot)
                for _ in 0..<run.number(30) { _ = run.events() }
                let final = RecordIndex(hash: SeededHash(seed: (5, 6)))
                var state = ClusterState(options: options)
                final.apply(state.replace(with: run.model.objects), serial: 1)
                let byNamespace = options.namespaces.count > 1
                let spaces: [String?] = byNamespace ? run.spaces : [nil]
                for resource in WatchedResource.allCases.shuffled(using: &run.random) {
                    for space in spaces {
                        run.relist(resource, namespace: space, before: before, IndexContents(final.snapshot))
                    }
                }
                run.check()
                continue
            }
            let before = run.model.endpoints
            let events = run.events()
            let after = run.model.endpoints
            for (change, object) in events {
                run.state.apply(change, object)
                // Every event alone, and at times several together.
                guard run.number(3) > 0 else { continue }
                run.publish()
                guard options.labels == nil, options.servesEndpoints else { continue }
                // What slices had before and have behind the events is there between them.
                let now = IndexContents(run.index.snapshot)
                for (service, addresses) in before {
                    let stays = addresses.intersection(after[service] ?? [])
                    #expect(stays.isSubset(of: now.endpoints[service] ?? []), run.comment)
                }
            }
            run.publish()
            run.check()
        }
        #expect(run.published > 60, run.comment)
    }
}
