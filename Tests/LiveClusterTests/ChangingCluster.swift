import DNSWire
import ScriptedAPI

/// A cluster that grows and shrinks at random, and what of it is there all the while.
///
/// In each lasting namespace: `web` with an address, `db` without one and with endpoints that move between slices, `ext`
/// that is another name, two pods. What comes and goes: services, slices, pods, and whole namespaces.
struct ChangingCluster {
    /// Something that can be asked for.
    struct Question: Hashable {
        let name: String
        let type: RecordType

        init(_ name: String, _ type: RecordType = .a) {
            self.name = name
            self.type = type
        }
    }

    let cluster = ScriptedCluster()
    private var random: SplitMix64
    private var databases: [MovingEndpoints]
    private var isThere: [Bool]

    static let lasting = ["n0", "n1", "n2"]
    static let passing = ["t0", "t1"]
    static let namespaces = lasting + passing
    private static let names = (0..<5).map { "s\($0)" }
    private static let podNumbers = 1...5
    private static let lastingPods = 1...2

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        databases = Self.lasting.indices.map { number in
            MovingEndpoints(
                service: "db", kept: (1...5).map { "10.1.\(number).\($0)" },
                guests: (1...4).map { "10.2.\(number).\($0)" })
        }
        isThere = Self.passing.map { _ in false }
        for (number, namespace) in Self.lasting.enumerated() {
            cluster.apply(ScriptedNamespace(namespace))
            cluster.apply(ScriptedService(namespace: namespace, name: "web", clusterIPs: ["10.96.\(number).1"]))
            cluster.apply(ScriptedService(namespace: namespace, name: "db"))
            cluster.apply(ScriptedService(namespace: namespace, name: "ext", externalName: "elsewhere.example"))
            for step in databases[number].all { take(step, in: namespace) }
            for pod in Self.lastingPods { cluster.apply(Self.pod(namespace, number, pod)) }
        }
    }

    // MARK: Changes

    /// Changes something.
    mutating func change() {
        let number = Int.random(in: 0..<Self.namespaces.count, using: &random)
        let namespace = Self.namespaces[number]
        switch Int.random(in: 0..<10, using: &random) {
        case 0...3:
            let number = Int.random(in: 0..<Self.lasting.count, using: &random)
            for step in databases[number].change(using: &random) { take(step, in: Self.lasting[number]) }
        case 4, 5:
            let index = Int.random(in: 0..<Self.names.count, using: &random)
            changeService(namespace, number, index)
        case 6:
            let pod = Int.random(in: (Self.lastingPods.upperBound + 1)...Self.podNumbers.upperBound, using: &random)
            if random.happens(50) {
                cluster.apply(Self.pod(namespace, number, pod))
            } else {
                cluster.delete(.pods, namespace: namespace, name: "pod-\(pod)")
            }
        case 7:
            let passing = Int.random(in: 0..<Self.passing.count, using: &random)
            changeNamespace(passing)
        case 8:
            // What changes nothing of interest.
            let lasting = Self.lasting[number % Self.lasting.count]
            let note = "\(random.next())"
            cluster.modify(.services, namespace: lasting, name: "web") { object in
                if case .service(var service) = object {
                    service.metadata.annotations["note"] = note
                    object = .service(service)
                }
            }
        default:
            let lasting = Self.lasting[number % Self.lasting.count]
            cluster.apply(ScriptedNamespace(lasting, labels: ["turn": "\(random.next() % 10)"]))
        }
    }

    private mutating func changeService(_ namespace: String, _ number: Int, _ index: Int) {
        let name = Self.names[index]
        switch Int.random(in: 0..<5, using: &random) {
        case 0: cluster.delete(.services, namespace: namespace, name: name)
        case 1: cluster.delete(.endpointSlices, namespace: namespace, name: name + "-x")
        case 2: cluster.apply(ScriptedService(namespace: namespace, name: name))
        case 3:
            cluster.apply(
                ScriptedService(namespace: namespace, name: name, clusterIPs: ["10.97.\(number).\(index + 1)"]))
        default:
            let endpoints = (1...3).filter { _ in random.happens(70) }.map { "10.\(3 + index).\(number).\($0)" }
            cluster.apply(Self.slice(namespace, name + "-x", name, endpoints))
        }
    }

    private mutating func changeNamespace(_ passing: Int) {
        let namespace = Self.passing[passing]
        isThere[passing].toggle()
        if isThere[passing] {
            cluster.apply(ScriptedNamespace(namespace))
            cluster.apply(ScriptedService(namespace: namespace, name: "web", clusterIPs: ["10.98.\(passing).1"]))
        } else if random.happens(50) {
            // The objects in it first, as the controller does; or the other way round.
            cluster.delete(.services, namespace: namespace, name: "web")
            cluster.delete(.namespaces, name: namespace)
        } else {
            cluster.delete(.namespaces, name: namespace)
            cluster.delete(.services, namespace: namespace, name: "web")
        }
    }

    private func take(_ step: MovingEndpoints.Step, in namespace: String) {
        switch step {
        case .set(let slice, let addresses): cluster.apply(Self.slice(namespace, slice, "db", addresses))
        case .delete(let slice): cluster.delete(.endpointSlices, namespace: namespace, name: slice)
        }
    }

    private static func slice(
        _ namespace: String, _ name: String, _ service: String, _ addresses: [String]
    ) -> ScriptedEndpointSlice {
        ScriptedEndpointSlice(
            namespace: namespace, name: name, service: service, isHeadless: true,
            endpoints: addresses.map { ScriptedEndpoint([$0], hostname: hostname($0)) })
    }

    private static func pod(_ namespace: String, _ number: Int, _ pod: Int) -> ScriptedPod {
        ScriptedPod(namespace: namespace, name: "pod-\(pod)", podIPs: ["10.20.\(number).\(pod)"])
    }

    // MARK: Answers

    /// What must be answered at any time: the question, what is among the data, and what may be there besides.
    var certain: [(question: Question, among: Set<String>, besides: Set<String>)] {
        var rows: [(Question, Set<String>, Set<String>)] = []
        for (number, namespace) in Self.lasting.enumerated() {
            let zone = "\(namespace).svc.cluster.local."
            rows.append((Question("web." + zone), ["10.96.\(number).1"], []))
            rows.append((Question("ext." + zone, .cname), ["elsewhere.example."], []))
            let database = databases[number]
            rows.append((Question("db." + zone), Set(database.kept), Set(database.guests)))
            rows.append((Question("1.\(number).96.10.in-addr.arpa.", .ptr), ["web." + zone], []))
            for address in database.kept {
                let name = "\(Self.hostname(address)).db." + zone
                rows.append((Question(name), [address], []))
                rows.append((Question(Self.reverse(address), .ptr), [name], []))
            }
            for pod in Self.lastingPods {
                rows.append(
                    (Question("10-20-\(number)-\(pod).\(namespace).pod.cluster.local."), ["10.20.\(number).\(pod)"], [])
                )
            }
        }
        return rows
    }

    /// Everything that there was or may have been.
    static var questions: [Question] {
        var questions: [Question] = []
        for (number, namespace) in namespaces.enumerated() {
            let zone = "\(namespace).svc.cluster.local."
            questions += (["web", "db", "ext"] + names).map { Question("\($0).\(zone)") }
            questions += [Question("_http._tcp.web." + zone, .srv), Question("_http._tcp.db." + zone, .srv)]
            var endpoints: [(String, String)] = []
            if number < lasting.count {
                endpoints +=
                    (1...5).map { ("db", "10.1.\(number).\($0)") } + (1...4).map { ("db", "10.2.\(number).\($0)") }
            }
            for (index, name) in names.enumerated() {
                endpoints += (1...3).map { (name, "10.\(3 + index).\(number).\($0)") }
                questions.append(Question(reverse("10.97.\(number).\(index + 1)"), .ptr))
            }
            for (service, address) in endpoints {
                questions.append(Question("\(hostname(address)).\(service).\(zone)"))
                questions.append(Question(reverse(address), .ptr))
            }
            questions.append(Question(reverse("10.96.\(number).1"), .ptr))
            questions.append(Question(reverse("10.98.\(number).1"), .ptr))
            questions += podNumbers.map { Question("10-20-\(number)-\($0).\(namespace).pod.cluster.local.") }
        }
        return questions
    }

    /// What some of the questions have to answer now, worked out from the objects themselves.
    var expected: [Question: [String]] {
        var expected: [Question: [String]] = [:]
        let there = Set(cluster.objects(.namespaces).map(\.metadata.name))
        var endpoints: [String: Set<String>] = [:]
        for case .endpointSlice(let slice) in cluster.objects(.endpointSlices) {
            let service = slice.metadata.labels[ScriptedEndpointSlice.serviceLabel] ?? ""
            endpoints["\(service).\(slice.metadata.namespace)", default: []].formUnion(
                slice.endpoints.flatMap(\.addresses))
        }
        for namespace in Self.namespaces {
            for name in ["web", "db"] + Self.names {
                expected[Question("\(name).\(namespace).svc.cluster.local.")] = ["NXDOMAIN"]
            }
        }
        for case .service(let service) in cluster.objects(.services) {
            let key = "\(service.metadata.name).\(service.metadata.namespace)"
            guard there.contains(service.metadata.namespace), service.type == "ClusterIP" else { continue }
            let addresses = service.clusterIP == "None" ? endpoints[key, default: []] : [service.clusterIP]
            // A headless service without endpoints does not exist (CoreDNS).
            if !addresses.isEmpty { expected[Question(key + ".svc.cluster.local.")] = addresses.sorted() }
        }
        return expected
    }

    private static func hostname(_ address: String) -> String {
        "h-" + address.split(separator: ".").joined(separator: "-")
    }

    private static func reverse(_ address: String) -> String {
        address.split(separator: ".").reversed().joined(separator: ".") + ".in-addr.arpa."
    }
}
