import Testing

@testable import KubernetesAPI

/// The machine against a server that fails in every way, at random.
@Suite("watch machine: against a model of a server")
struct WatchModelTests {
    private static let rounds = 1000
    private static let permanent = 0..<6

    /// What a sink makes of the actions: mark and sweep.
    private struct Known {
        var versions: [Int: Int] = [:]
        var marked: Set<Int>?

        mutating func take(_ object: (key: Int, version: Int, isDeleted: Bool)) {
            versions[object.key] = object.isDeleted ? nil : object.version
            if object.isDeleted { marked?.remove(object.key) } else { marked?.insert(object.key) }
        }
    }

    private struct Run {
        var rig: MachineRig
        var server: ServerModel
        var known = Known()
        var requestTimes: [Int64] = []
        var problems: [String] = []

        init(seed: UInt64) {
            server = ServerModel(seed: seed)
            rig = MachineRig(streaming: true, seed: seed) {
                $0.pageSize = 4
                $0.consistencyInterval = 10 * 60 * MachineRig.second
            }
            for key in WatchModelTests.permanent { server.put(key) }
            server.compact()  // No cache is older than these.
        }

        mutating func deliver(_ piece: ServerModel.Piece) {
            let requests = rig.requests.count
            let wasSynced = rig.machine.hasSynced
            let before = known.versions
            let actions = rig.send(piece.input)
            for action in actions {
                switch action {
                case .beginReplace: known.marked = []
                case .endReplace: replaced(piece)
                case .cancel: server.cancel()
                default: break
                }
            }
            if piece.completes != nil, !actions.contains(.endReplace) { problems.append("a complete list is not one") }
            if let object = piece.object { known.take(object) }
            if wasSynced, !rig.machine.hasSynced || rig.machine.state == .waiting { problems.append("unsynced") }
            asked(since: requests)
            if wasSynced { check(before) }
        }

        mutating func tick() {
            let requests = rig.requests.count
            for action in rig.send(.tick) where action == .cancel { server.cancel() }
            asked(since: requests)
        }

        private mutating func replaced(_ piece: ServerModel.Piece) {
            guard let complete = piece.completes else {
                problems.append("swept without a complete list")
                return
            }
            if known.marked != Set(complete.keys) {
                problems.append("marked what is not in the list, or not all of it")
            }
            let marked = known.marked ?? []
            known.versions = known.versions.filter { marked.contains($0.key) }
            known.marked = nil
        }

        private mutating func asked(since count: Int) {
            guard rig.requests.count > count else { return }
            if rig.requests.count > count + 1 || server.isOpen { problems.append("two requests at once") }
            let request = rig.requests[count]
            if case .list(_, let token) = request.kind, !token.isEmpty {} else { requestTimes.append(rig.now) }
            server.open(request)
        }

        /// What was known as it is now, or as it was since it came, does not disappear. It may lag.
        private mutating func check(_ before: [Int: Int]) {
            for (key, version) in before where known.versions[key] == nil {
                if let since = server.since[key], version >= since { problems.append("object \(key) disappeared") }
            }
        }

        mutating func advance(_ seconds: Double) { rig.now += Int64(seconds * Double(MachineRig.second)) }
    }

    @Test("at quiescence the sets are equal; no sweep without a complete list; few requests")
    func random() {
        let start = UInt64.random(in: 0 ... .max)
        print("WatchModelTests seed \(start)")
        for round in 0..<UInt64(Self.rounds) {
            let seed = start &+ round
            var run = Run(seed: seed)
            var random = SplitMix64(state: ~seed)
            run.tick()
            let began = run.rig.now
            for _ in 0..<400 {
                switch Int.random(in: 0..<10, using: &random) {
                case 0: run.server.put(Int.random(in: 0..<20, using: &random))
                case 1: run.server.remove(Int.random(in: Self.permanent.upperBound..<20, using: &random))
                case 2: run.advance(Double.random(in: 0..<3, using: &random))
                case 3 where Int.random(in: 0..<10, using: &random) == 0:
                    run.advance(Double.random(in: 0..<700, using: &random))
                case 4 where Int.random(in: 0..<8, using: &random) == 0: run.server.compact()
                case 5, 6: run.tick()
                default: if let piece = run.server.next() { run.deliver(piece) }
                }
                guard run.problems.isEmpty else { break }
            }
            // Faults end; within an hour of quiet everything is right.
            run.server.faults = false
            let quietAt = run.rig.now
            for _ in 0..<20_000 where run.rig.now - quietAt < 3600 * MachineRig.second && run.problems.isEmpty {
                if let piece = run.server.next() {
                    run.deliver(piece)
                } else {
                    run.advance(10)
                    run.tick()
                }
            }
            #expect(run.problems == [], "seed \(seed), server \(run.server.streaming)")
            #expect(run.rig.now - quietAt >= 3600 * MachineRig.second, "seed \(seed)")
            #expect(run.known.versions == run.server.set, "seed \(seed)")
            #expect(run.rig.machine.hasSynced && run.rig.machine.state == .synced, "seed \(seed)")
            #expect(Self.most(run.requestTimes, within: 10 * MachineRig.second) <= 14, "seed \(seed)")
            let minutes = (run.rig.now - began) / (60 * MachineRig.second)
            #expect(run.requestTimes.count < 10 + 10 * Int(minutes), "seed \(seed)")
            guard run.problems.isEmpty else { return }
        }
    }

    /// The most requests in any span of this length.
    private static func most(_ times: [Int64], within span: Int64) -> Int {
        var most = 0
        var first = 0
        for (index, time) in times.enumerated() {
            while time - times[first] >= span { first += 1 }
            most = max(most, index - first + 1)
        }
        return most
    }
}
