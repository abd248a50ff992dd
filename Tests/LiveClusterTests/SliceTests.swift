import ClusterZone
import KubernetesAPI
import LinuxIO
import PluginKit
import RecordIndex
import ServerHarness
import Testing

@testable import Plugins

/// Slices that split, merge and hand endpoints to each other never lose an address that some slice has, whether they are
/// watched, listed anew, or listed in vain.
@Suite struct SliceTests {
    private static let services = ["one", "two", "three"]
    private static let namespace = "shop"

    /// A cluster without an API server, and what it would say.
    private struct World {
        let live: LiveCluster
        let streams: [WatchStream]
        var random: SplitMix64
        var services: [MovingEndpoints]
        /// Addresses that were gone after some publication.
        var lost: Set<String> = []
        /// Steps that were made and not told of.
        var untold: [(service: Int, step: MovingEndpoints.Step)] = []

        var slices: WatchStream { streams.first { $0.resource == .endpointSlices } ?? streams[0] }

        init(seed: UInt64, namespaces: Set<String>) {
            var options = KubernetesOptions()
            options.zones = ["cluster.local."]
            options.primaryZone = "cluster.local."
            options.zone.namespaces = namespaces
            // Of those of another namespace there is nothing to tell but that it is empty.
            let others = options.streams.filter { $0.namespace != nil && $0.namespace != SliceTests.namespace }
            streams = options.streams.filter { !others.contains($0) }
            live = LiveCluster(options, ProcessContext(log: LogLines().log))
            random = SplitMix64(seed: seed)
            services = SliceTests.services.enumerated().map { number, name in
                MovingEndpoints(
                    service: name, kept: (1...4).map { "10.1.\(number).\($0)" },
                    guests: (1...4).map { "10.2.\(number).\($0)" })
            }
            for stream in others {
                live.beginReplace(stream)
                live.endReplace(stream)
                live.changed(stream, .synced)
            }
            for stream in streams {
                live.beginReplace(stream)
                switch stream.resource {
                case .namespaces: namespace(.listed)
                case .services: for name in SliceTests.services { service(name, .listed) }
                default:
                    for (number, service) in services.enumerated() {
                        for step in service.all { tell(number, step, .listed) }
                    }
                }
                live.endReplace(stream)
                live.changed(stream, .synced)
            }
        }

        func namespace(_ change: BodyEvent.Change) {
            live.apply(
                change, .namespace(NamespaceObject(name: SliceTests.namespace)), version: "1", triggerTime: nil)
        }

        func service(_ name: String, _ change: BodyEvent.Change) {
            live.apply(
                change,
                .service(
                    ServiceObject(
                        namespace: SliceTests.namespace, name: name, isHeadless: true,
                        ports: [PortObject(name: "http", transport: "TCP", port: 80)])),
                version: "1", triggerTime: nil)
        }

        func tell(_ number: Int, _ step: MovingEndpoints.Step, _ change: BodyEvent.Change) {
            let (name, addresses) =
                switch step {
                case .set(let slice, let addresses): (slice, addresses)
                case .delete(let slice): (slice, [String]())
                }
            let slice = EndpointSliceObject(
                namespace: SliceTests.namespace, name: name, serviceName: SliceTests.services[number],
                ports: [EndpointPortObject(name: "http", transport: "TCP", port: 80)],
                endpoints: EndpointList(addresses.map { EndpointObject(addresses: [HostAddress($0)]) }))
            let isGone = if case .delete = step { true } else { false }
            live.apply(isGone ? .deleted : change, .endpointSlice(slice), version: "1", triggerTime: nil)
        }

        /// Something happens that may be told of at once, or later.
        mutating func happen() {
            let number = Int.random(in: 0..<services.count, using: &random)
            for step in services[number].change(using: &random) { untold.append((number, step)) }
        }

        /// A watch goes on for some events.
        mutating func watch() {
            for (number, step) in untold.prefix(Int.random(in: 0...4, using: &random)) {
                tell(number, step, .modified)
                untold.removeFirst()
                flush()
            }
        }

        /// The slices are listed, at the state of now; what happens during that is told of afterwards, or (`isWhole` is
        /// false) the list breaks off and the next one begins.
        mutating func list(isWhole: Bool) {
            untold.removeAll()
            live.beginReplace(slices)
            var all = services.enumerated().flatMap { number, service in service.all.map { (number, $0) } }
            // By name, as API servers do, or as a hash has it.
            if random.happens(50) { all.shuffle(using: &random) }
            for (number, step) in isWhole ? all[...] : all.prefix(Int.random(in: 0...all.count, using: &random)) {
                tell(number, step, .listed)
                if random.happens(20) { happen() }
                if random.happens(10) { relistOther() }
                flush()
            }
            guard isWhole else { return }
            live.endReplace(slices)
            live.flush()
        }

        /// Another resource is listed meanwhile.
        mutating func relistOther() {
            guard let stream = streams.filter({ $0.resource != .endpointSlices }).randomElement(using: &random) else {
                return
            }
            live.beginReplace(stream)
            if stream.resource == .namespaces {
                namespace(.listed)
            } else {
                for name in SliceTests.services { service(name, .listed) }
            }
            live.endReplace(stream)
        }

        mutating func flush() {
            guard random.happens(50) else { return }
            live.flush()
            for (number, service) in services.enumerated() {
                lost.formUnion(Set(service.kept).subtracting(addresses(of: number)))
            }
        }

        /// Which of the addresses the index has.
        func addresses(of number: Int) -> Set<String> {
            let snapshot = live.index.snapshot
            let key = ServiceRecords.key(
                namespace: Array(SliceTests.namespace.utf8), service: Array(SliceTests.services[number].utf8))
            guard let block = snapshot.view.service(key) else { return [] }
            return withExtendedLifetime(snapshot) {
                Set(
                    (services[number].kept + services[number].guests).filter { text in
                        IPAddress(text).map { block.firstPlace(of: $0.key) >= 0 } ?? false
                    })
            }
        }
    }

    @Test(arguments: [[], ["shop", "other"]]) func noAddressIsLost(_ namespaces: Set<String>) throws {
        let seed = testSeed()
        print("slices alone: APODNS_TEST_SEED=\(seed)")
        var world = World(seed: seed, namespaces: namespaces)
        for round in 0..<(3000 * testRounds()) {
            switch world.random.happens(70) {
            case true:
                world.happen()
                world.watch()
            case false:
                let isWhole = world.random.happens(60)
                world.list(isWhole: isWhole)
                // A list that breaks off is begun again: until then there is no watch.
                if !isWhole {
                    for _ in 0..<3 { world.happen() }
                    world.list(isWhole: true)
                }
            }
            try #require(world.lost.isEmpty, "lost \(world.lost.sorted()), round \(round), seed \(seed)")
            guard round % 10 == 0 else { continue }
            while !world.untold.isEmpty { world.watch() }
            world.live.flush()
            for number in world.services.indices {
                #expect(
                    world.addresses(of: number) == world.services[number].addresses, "round \(round), seed \(seed)")
            }
        }
    }
}

extension IndexView {
    /// The block of a service with this key.
    fileprivate func service(_ key: [UInt8]) -> ServiceBlock? {
        // SAFETY: the bytes are read while the closure runs.
        key.withUnsafeBytes { bytes in bytes.baseAddress.flatMap { service($0, bytes.count) } }
    }
}
