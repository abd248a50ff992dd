import Foundation
import RecordIndex
import Synchronization
import Testing

@Suite("The index")
struct IndexTests {
    private static let one = AddressKey(ipv4: 0x0A00_0001)
    private static let two = AddressKey(high: 1, low: 2)

    private static func web(_ addresses: [AddressKey], name: String = "web") -> ServiceRecords {
        records("ns", name) { $0.clusterAddresses = addresses }
    }

    @Test("a change is published where an answer changes, and only there")
    func publishing() {
        let index = RecordIndex(hash: SeededHash(seed: (1, 2)))
        let key = ServiceKey("ns", "web")
        var namespaces = IndexChange()
        namespaces.namespaces = [Array("ns".utf8)]
        var gaps = IndexChange()
        gaps.gaps = [.pods, .services]
        var noGaps = IndexChange()
        noGaps.gaps = []
        let rows: [(String, IndexChange, Bool)] = [
            ("nothing", IndexChange(), false), ("nothing removed", .services([key: nil]), false),
            ("added", .services([key: Self.web([Self.one])]), true),
            ("the same", .services([key: Self.web([Self.one])]), false),
            ("twice", .services([key: Self.web([Self.one, Self.one])]), false),
            ("an address", .services([key: Self.web([Self.one, Self.two])]), true),
            (
                "no name",
                .services([
                    key: records("ns", "web") {
                        $0.clusterAddresses = [Self.one, Self.two]; $0.answersForward = false
                    }
                ]), true
            ),
            ("removed", .services([key: nil]), true), ("removed again", .services([key: nil]), false),
            ("namespaces", namespaces, true), ("the same namespaces", namespaces, false),
            ("pods", .pods([(Self.one, "a", 1), (Self.one, "b", 2)]), true),
            ("as many pods", .pods([(Self.one, "a", 0), (Self.two, "b", 0)]), false),
            ("fewer pods", .pods([(Self.one, "b", -1)]), true), ("no gaps", noGaps, false), ("gaps", gaps, true),
            ("the same gaps", gaps, false), ("no gaps again", noGaps, true),
        ]
        for (serial, (what, change, isPublished)) in rows.enumerated() {
            let before = (index.version, index.snapshot)
            #expect(index.apply(change, serial: UInt32(serial)).isPublished == isPublished, "\(what)")
            #expect((index.version != before.0) == isPublished, "\(what)")
            #expect((index.snapshot !== before.1) == isPublished, "\(what)")
            #expect(index.version >= before.0)
            #expect(index.snapshot.serial == (isPublished ? UInt32(serial) : before.1.serial), "\(what)")
        }
    }

    @Test("an address stays while another service has it; places are used again; old snapshots stay as they were")
    func sharing() {
        let index = RecordIndex(hash: SeededHash(seed: (1, 2)))
        let base = index.snapshot.size
        index.apply(
            .services([
                ServiceKey("ns", "a"): Self.web([Self.one], name: "a"),
                ServiceKey("ns", "b"): Self.web([Self.one], name: "b"),
            ]), serial: 1)
        let headless = records("ns", "c", .headless) {
            $0.portGroups = [[port("p", 1)]]
            $0.add([endpoint(Self.one, "x"), endpoint(Self.one, "y"), endpoint(Self.two, "z")])
        }
        index.apply(.services([ServiceKey("ns", "c"): headless]), serial: 2)
        let old = index.snapshot
        #expect(old.view.owners(of: Self.one) == ["a.ns own", "b.ns own", "c.ns endpoint"])
        index.apply(.services([ServiceKey("ns", "a"): nil]), serial: 3)
        #expect(index.snapshot.view.owners(of: Self.one) == ["b.ns own", "c.ns endpoint"])
        index.apply(.services([ServiceKey("ns", "d"): Self.web([Self.two], name: "d")]), serial: 4)
        #expect(index.snapshot.view.owners(of: Self.two) == ["c.ns endpoint", "d.ns own"])
        #expect(index.snapshot.view.find("ns", "a") == nil && index.snapshot.view.find("ns", "d")?.text == "d.ns")
        index.apply(.services(["b", "c", "d"].reduce(into: [:]) { $0[ServiceKey("ns", $1)] = .some(nil) }), serial: 5)
        #expect(index.snapshot.view.owners(of: Self.one).isEmpty && index.snapshot.view.owners(of: Self.two).isEmpty)
        // What is left are tables without entries and one chunk of places.
        #expect(index.snapshot.size <= base + 8 * 256)
        let (unknown, none): (IndexGaps, IndexGaps) = ([.endpoints], [])
        var change = IndexChange()
        change.gaps = unknown
        #expect(index.apply(change, serial: 6) == IndexUpdate(isPublished: true))
        #expect(index.snapshot.view.gaps == unknown && index.snapshot.gaps == unknown && old.view.gaps == none)
        #expect(old.serial == 2 && old.view.owners(of: Self.one) == ["a.ns own", "b.ns own", "c.ns endpoint"])
        #expect(old.view.find("ns", "a")?.text == "a.ns" && old.view.find("ns", "d") == nil)
        #expect(old.view.find("ns", "c")?.rowCount == 3)
    }

    @Test("an address that thousands of services have, endpoints' and their own, costs each of them once")
    func sharedAddress() {
        let index = RecordIndex(hash: SeededHash(seed: (1, 2)))
        let count = 3000
        let keys = (0..<count).map { ServiceKey("ns", "s\($0)") }
        var change = IndexChange()
        for (number, key) in keys.enumerated() {
            change.set(
                key,
                records("ns", key.name) {
                    $0.portGroups = [[port("p", 1)]]
                    if number % 10 == 0 { $0.clusterAddresses = [Self.one] }
                    $0.add([endpoint(Self.one, "a"), endpoint(Self.two, "b")])
                })
        }
        index.apply(change, serial: 1)
        for address in [Self.one, Self.two] {
            let owners = keys.map { "\($0.name).ns endpoint" }
            let own = address == Self.one ? keys.indices.filter { $0 % 10 == 0 }.map { "s\($0).ns own" } : []
            #expect(index.snapshot.view.owners(of: address) == (owners + own).sorted())
        }
        // A service's own address stands before all endpoints'.
        var matches = index.snapshot.view.reverse(Self.one)
        let values = (0..<count + count / 10).map { _ in ReverseMatch(matches.next()).isClusterAddress }
        #expect(matches.next() == -1 && values == values.sorted { $0 && !$1 })
        var removal = IndexChange()
        for key in keys.dropFirst(2) { removal.set(key, nil) }
        index.apply(removal, serial: 2)
        #expect(
            index.snapshot.view.owners(of: Self.one) == ["s0.ns endpoint", "s0.ns own", "s1.ns endpoint"]
                && index.snapshot.view.owners(of: Self.two) == ["s0.ns endpoint", "s1.ns endpoint"])
    }

    /// What the index should say, kept in dictionaries.
    private struct Model {
        var services: [ServiceKey: Service] = [:]
        var namespaces: Set<[UInt8]> = []
        var pods: [AddressKey: [String]] = [:]

        struct Service {
            var records: ServiceRecords
            var endpoints: [AddressKey]
        }

        func owners(of address: AddressKey) -> [String] {
            services.flatMap { key, service in
                (service.records.clusterAddresses.contains(address) ? ["\(key.name).\(key.namespace) own"] : [])
                    + (service.endpoints.contains(address) ? ["\(key.name).\(key.namespace) endpoint"] : [])
            }.sorted()
        }
    }

    @Test("thousands of random changes against dictionaries")
    func random() {
        let seed = UInt64.random(in: .min ... .max)
        print("IndexTests seed \(seed)")
        var random = SplitMix64(state: seed)
        let index = RecordIndex(hash: SeededHash(seed: (random.next(), random.next())))
        var model = Model()
        var kept: [(IndexSnapshot, Model)] = []
        let names = ["a", "b", "c", "d", "e", "f", "g"]
        let spaces = ["n", "m", "o"]
        let addresses = (1...12).map { AddressKey(ipv4: UInt32($0)) } + (1...4).map { AddressKey(high: 1, low: $0) }
        func some<Element>(_ all: [Element], _ most: Int) -> [Element] {
            Array(all.shuffled(using: &random).prefix(Int.random(in: 0...most, using: &random)))
        }
        func check(_ view: IndexView, _ model: Model, _ step: Int) {
            let comment: Comment = "seed \(seed), step \(step)"
            for space in spaces + ["x"] {
                let number = view.findNamespace(space)
                #expect((number >= 0) == model.namespaces.contains(Array(space.utf8)), comment)
                for name in names {
                    let expected = model.services[ServiceKey(space, name)]
                    let found = view.find(space, name)
                    #expect((found == nil) == (expected == nil), comment)
                    guard let found, let expected else { continue }
                    let memory = ServiceBlockMemory(compiling: expected.records)
                    withExtendedLifetime(memory) {
                        #expect(found.text == "\(name).\(space)" && found.rowTexts == memory.block.rowTexts, comment)
                        #expect(found.clusterIPv4Count == memory.block.clusterIPv4Count, comment)
                    }
                }
                guard number >= 0 else { continue }
                for address in addresses {
                    let expected = model.pods[address, default: []].filter { $0 == space }.count
                    #expect(view.podCount(address, namespace: number) == expected, comment)
                }
            }
            for address in addresses { #expect(view.owners(of: address) == model.owners(of: address), comment) }
        }
        for step in 0..<2000 {
            var change = IndexChange()
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let (space, name) = (
                    spaces.randomElement(using: &random) ?? "n", names.randomElement(using: &random) ?? "a"
                )
                let isGone = Int.random(in: 0..<3, using: &random) == 0
                let endpoints = some(addresses, 4)
                let value = records(space, name, Bool.random(using: &random) ? .headless : .clusterAddress) {
                    $0.clusterAddresses = some(addresses, 2)
                    $0.portGroups = [[port("p", 1)], [port("q", 2), port("r", 3)]]
                    $0.add(
                        endpoints.map { address in
                            endpoint(
                                address, ["h", "i", "j"].randomElement(using: &random) ?? "h",
                                group: Int.random(in: 0...1, using: &random))
                        })
                }
                change.set(ServiceKey(space, name), isGone ? nil : value)
                model.services[ServiceKey(space, name)] =
                    isGone ? nil : Model.Service(records: value, endpoints: endpoints)
            }
            if Int.random(in: 0..<5, using: &random) == 0 {
                model.namespaces = Set(some(spaces, 3).map { Array($0.utf8) })
                change.namespaces = model.namespaces
            }
            for address in some(addresses, 2) {
                let owners = some(spaces + spaces, 4)
                for (count, names) in [(1, owners), (-1, model.pods[address, default: []])] {
                    for name in names {
                        change.pods[PodPlace(address: address, namespace: Array(name.utf8)), default: 0] += count
                    }
                }
                model.pods[address] = owners
            }
            let before = index.version
            #expect(index.apply(change, serial: UInt32(step)).isPublished == (index.version == before + 1))
            let snapshot = index.snapshot
            withExtendedLifetime(snapshot) { check(snapshot.view, model, step) }
            if step % 200 == 0 { kept.append((snapshot, model)) }
        }
        // Old snapshots say what they said.
        for (snapshot, model) in kept { withExtendedLifetime(snapshot) { check(snapshot.view, model, -1) } }
    }

    /// Whether the writer has finished.
    private final class Writer: Sendable {
        let isDone = Atomic(false)
    }

    @Test("readers see whole states only while a writer goes on")
    func concurrency() async {
        let index = RecordIndex()
        let rounds: UInt32 = 1500
        // Each state has services 0..<8 that all have the one address of the round.
        @Sendable func change(_ round: UInt32) -> IndexChange {
            .services(
                (0..<8).reduce(into: [:]) { services, number in
                    services[ServiceKey("ns", "s\(number)")] = Self.web([AddressKey(ipv4: round)], name: "s\(number)")
                })
        }
        index.apply(change(0), serial: 0)
        let writer = Writer()
        // A thread of its own: the readers keep the threads of tasks busy.
        Thread.detachNewThread {
            for round in 1...rounds { index.apply(change(round), serial: round) }
            writer.isDone.store(true, ordering: .releasing)
        }
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    var version = index.version
                    var snapshot = index.snapshot
                    var reads = 0
                    var last: UInt32 = 0
                    while true {
                        let wasDone = writer.isDone.load(ordering: .acquiring)
                        if index.version != version {
                            let newer = index.version
                            #expect(newer >= version)
                            version = newer
                            snapshot = index.snapshot
                        }
                        let serial = snapshot.serial
                        #expect(serial >= last)
                        last = serial
                        withExtendedLifetime(snapshot) {
                            let view = snapshot.view
                            if view.owners(of: AddressKey(ipv4: serial)).count != 8 { Issue.record("a state in parts") }
                            if serial > 0, !view.owners(of: AddressKey(ipv4: serial - 1)).isEmpty {
                                Issue.record("two states in one")
                            }
                        }
                        reads += 1
                        if wasDone {
                            #expect(last == rounds)
                            return reads
                        }
                    }
                }
            }
            for await reads in group { #expect(reads > 0) }
        }
        #expect(index.version == UInt64(rounds) + 2)
    }
}
