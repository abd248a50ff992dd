import ClusterZone
import DNSWire
import Glibc
import KubernetesAPI
import RecordIndex
import ScriptedAPI

/// What one changed endpoint costs in a cluster of 50,000: in process, and from the API server's write to the new answer.
struct ChangeBenchmark {
    /// The service that changes, and its slice.
    private struct Target {
        let name: String
        let slice: ScriptedEndpointSlice
        let service: String

        /// The address of change `number`, and its dashed form.
        static func address(_ number: Int) -> (address: String, label: String) {
            let (high, low) = (number >> 8 & 255, number & 255)
            return ("172.16.\(high).\(low)", "172-16-\(high)-\(low)")
        }

        /// The slice with one endpoint's address changed.
        func changed(_ number: Int) -> ScriptedEndpointSlice {
            var slice = slice
            slice.endpoints[slice.endpoints.count / 2].addresses = [Self.address(number).address]
            slice.endpoints[slice.endpoints.count / 2].ready = true
            return slice
        }
    }

    private static let microseconds = 1e6
    private static let changesOfRound = 100
    /// Pause between two changes, in microseconds: nothing is left of the one before.
    private static let pause: UInt32 = 1000
    /// The rest after a start, likewise.
    private static let rest: UInt32 = 500_000
    /// How long an answer may take, in seconds.
    private static let patience = 10.0
    /// Goals: a change is published in well under a millisecond; p99 from outside 3 ms.
    private static let goalInside = 1000.0
    private static let goalOutside = 3.0

    private let plan: BenchPlan

    init(_ plan: BenchPlan) { self.plan = plan }

    func run() throws(BenchFailure) {
        let cluster = BenchPlan.cluster(hasLargeService: true)
        let (name, namespace) = try ServiceSlices.headlessService(cluster)
        let small = try ServiceSlices.slices(cluster, namespace: namespace, service: name)
        let large = try ServiceSlices.slices(cluster, namespace: "team-00", service: "large")
        let targets = [
            Target(name: "1 of 10 endpoints", slice: small[0], service: "\(name).\(namespace)"),
            Target(name: "1 of 5,000 endpoints", slice: large[large.count / 2], service: "large.team-00"),
        ]
        let wanted = targets.filter { target in plan.only.map { target.name.contains($0) } ?? true }
        try inside(cluster, wanted)
        try outside(cluster, wanted)
    }

    // MARK: In process

    private func inside(_ cluster: ScriptedCluster, _ targets: [Target]) throws(BenchFailure) {
        let count = plan.isQuick ? 50 : Self.changesOfRound * plan.rounds
        var table = Table(
            "change in process, of 5,001 services and 55,000 endpoints: ClusterState.apply, takeChange, RecordIndex.apply; "
                + "\(count) changes")
        var built = try BuiltIndex(cluster)
        for target in targets {
            var reading = Samples()
            var publishing = Samples()
            for number in 0..<count {
                let frame = cluster.modifiedFrame(.endpointSlice(target.changed(number)), .protobuf)
                var object: WatchedObject?
                let start = ProcessorTime.wall
                try ObjectReading.read(frame, .protobuf, .endpointSlices, isWatch: true) { object = $0 }
                let middle = ProcessorTime.wall
                guard let object else { throw BenchFailure("a made-up event has no object") }
                built.state.apply(.modified, object)
                let change = built.state.takeChange()
                guard let change, built.index.apply(change, serial: UInt32(number)).isPublished else {
                    throw BenchFailure("\(target.service): a change was not published")
                }
                publishing.add((ProcessorTime.wall - middle) * Self.microseconds)
                reading.add((middle - start) * Self.microseconds)
            }
            table.add("\(target.name): event read, median", "\(Table.text(reading.median, 1)) us")
            table.add("\(target.name): published, median", publishing.median, "us", atMost: Self.goalInside)
            table.add("\(target.name): published, p99", publishing.percentile(99), "us", atMost: Self.goalInside)
        }
        table.show()
    }

    // MARK: From outside

    private func outside(_ cluster: ScriptedCluster, _ targets: [Target]) throws(BenchFailure) {
        let count = plan.isQuick ? 50 : Self.changesOfRound * plan.rounds
        let program = try plan.programPath()
        let api: ScriptedAPIServer
        do throws(ScriptedAPIError) { api = try ScriptedAPIServer(cluster) } catch { throw BenchFailure("\(error)") }
        defer { api.stop() }
        let apodns = try RunningProgram(program, kubernetes: ["endpoint \(api.url)", "pods insecure"])
        let asker = try Asker(port: apodns.port)
        guard api.waitForWatches(3, milliseconds: 60_000) else {
            throw BenchFailure("apodns does not watch; it says:\n\(apodns.messages)")
        }
        var table = Table(
            "change from outside: from the moment the API server has it to write until UDP has the answer, \(count) changes"
        )
        for target in targets {
            var times = Samples()
            var before: ProcessMemory?
            let processor = ProcessorTime.process(apodns.process)
            var asked = 0
            for number in 0..<count {
                let slice = target.changed(number)
                let name = "\(Target.address(number).label).\(target.service).svc.cluster.local."
                let query = try Query.bytes(name, .a)
                if number == 0 {
                    // Asked too early, nobody listens yet.
                    while asker.ask(query) == nil {
                        guard ProcessorTime.wall - apodns.startedAt < Self.patience else {
                            throw BenchFailure("no answer; apodns says:\n\(apodns.messages)")
                        }
                        usleep(1000)
                    }
                    // The end of the start, when memory is given back, is not what is measured here.
                    usleep(Self.rest)
                }
                if before == nil { before = try ProcessMemory(of: apodns.process) }
                usleep(Self.pause)
                let start = ProcessorTime.wall
                cluster.apply(slice)
                while asker.ask(query) != Reply(code: 0, answers: 1) {
                    asked += 1
                    guard ProcessorTime.wall - start < Self.patience else {
                        throw BenchFailure("\(name) is not there; apodns says:\n\(apodns.messages)")
                    }
                }
                times.add((ProcessorTime.wall - start) * 1000)
            }
            let after = try ProcessMemory(of: apodns.process)
            let spent = (ProcessorTime.process(apodns.process) - processor) / Double(count) * 1000
            table.add("\(target.name): median", "\(Table.text(times.median, 2)) ms")
            table.add("\(target.name): p99", times.percentile(99), "ms", atMost: Self.goalOutside, digits: 2)
            table.add(
                "\(target.name): processor time of apodns, with \(asked / count) answers on the way",
                "\(Table.text(spent, 2)) ms")
            table.add(
                "\(target.name): anonymous memory after them, of that before",
                after.anonymous / (before ?? after).anonymous,
                "times", atMost: 1.1, digits: 2)
        }
        table.show()
    }
}
