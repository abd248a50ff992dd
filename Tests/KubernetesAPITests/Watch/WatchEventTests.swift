import Testing

@testable import KubernetesAPI

/// Watches that go well, or end.
@Suite("watch machine: watches")
struct WatchEventTests {
    @Test("rules 2 and 11: a watch is asked for 5 to 10 minutes at random, and waited for a little longer")
    func timeouts() throws {
        var seen = Set<Int>()
        for seed in 0..<40 as Range<UInt64> {
            var rig = MachineRig(seed: seed)
            rig.sync()
            let request = try #require(rig.lastRequest)
            guard case .watch(let seconds, false) = request.kind else {
                Issue.record("\(request)")
                continue
            }
            #expect((300...600).contains(seconds))
            #expect(request.idleTimeout == Int64(seconds) * MachineRig.second + WatchMachine.idleMargin)
            seen.insert(seconds)
        }
        #expect(seen.count > 20)
    }

    @Test("rule 8: an end is followed at once by a watch from the last version, without a list")
    func normalEnd() {
        var rig = MachineRig()
        rig.watch()
        for event in [
            (WatchInput.object(.added, version: "12"), "12"), (.object(.modified, version: "13"), "13"),
            (.object(.deleted, version: "14"), "14"), (.bookmark(version: "15", endsInitialEvents: false), "15"),
        ] {
            rig.send(event.0)
            let actions = rig.send(.finished, after: 300)
            #expect(actions.map(\.request?.summary) == ["watch rv=\(event.1)"])
            rig.send(.ok)
        }
        #expect(rig.machine.state == .synced)
    }

    @Test("rule 8: a quiet watch may end without an event, if it was not short")
    func quietEnd() {
        var rig = MachineRig()
        rig.sync()
        rig.send(.ok)
        #expect(rig.send(.finished, after: 300).map(\.request?.summary) == ["watch rv=10"])
    }

    @Test("rule 4: a bookmark moves the version and nothing else")
    func bookmark() {
        var rig = MachineRig()
        rig.sync()
        rig.send(.ok)
        #expect(rig.send(.bookmark(version: "99", endsInitialEvents: false)) == [])
        #expect(rig.machine.version == "99")
        #expect(rig.send(.bookmark(version: "", endsInitialEvents: false)) == [])
        #expect(rig.machine.version == "99")
    }

    @Test("versions are opaque: one that looks smaller is the newer")
    func opaque() {
        var rig = MachineRig()
        rig.sync(version: "1000")
        rig.send(.ok, .object(.modified, version: "b-7"), .object(.modified, version: "3"))
        #expect(rig.send(.finished, after: 2).request?.summary == "watch rv=3")
    }

    @Test("rule 6: a watch that ends within a second without an event is a failure")
    func shortWatch() throws {
        var rig = MachineRig()
        rig.sync()
        var waits: [Double] = []
        for _ in 0..<8 {
            #expect(rig.send(.ok, .finished, after: 0.5).request == nil)
            let (actions, seconds) = try rig.wait()
            #expect(actions.request?.summary == "watch rv=10")
            waits.append(seconds)
        }
        #expect(waits.last ?? 0 >= 30 && waits[0] >= 0.8)
        #expect(rig.machine.state == .failing)
        #expect(rig.notices.map(\.kind) == [.failing])
    }

    @Test("a watch that ends within a second with an event goes on once a second")
    func shortWithEvent() throws {
        var rig = MachineRig()
        rig.sync()
        for round in 0..<20 {
            #expect(rig.send(.ok, .object(.modified, version: "\(round + 20)"), .finished, after: 0.25).request == nil)
            let (actions, seconds) = try rig.wait()
            #expect(actions.request?.summary == "watch rv=\(round + 20)")
            #expect(seconds == 0.75)
        }
        #expect(rig.machine.state == .synced && rig.notices.isEmpty)
    }

    @Test("rule 5: 410 in an event, as in watch-too-old, lists anew with a consistent read")
    func expiredEvent() throws {
        var rig = MachineRig()
        rig.watch()
        #expect(rig.send(.tooOld) == [.cancel])
        // What still comes of the cancelled response counts for nothing.
        #expect(rig.send(.object(.modified, version: "77"), .finished, .disconnected(reason: "x")) == [])
        let (actions, seconds) = try rig.wait()
        #expect(actions.request?.summary == "list limit=500")
        #expect(seconds < 1.6)
        // Nothing is unsynced by it, and nothing gone before the list is complete.
        #expect(rig.machine.state == .synced && rig.machine.hasSynced)
        #expect(rig.send(.ok, .object(.listed, version: "80")) == [.beginReplace])
        #expect(rig.send(.listEnd(version: "80", continueToken: ""), .finished).steps == [.endReplace])
        #expect(rig.lastRequest?.summary == "watch rv=80")
    }

    @Test("rule 5: 410 as the status of a watch, and only a reason in a Status without a code")
    func expiredStatus() throws {
        for input in [
            [WatchInput.head(status: 410, retryAfterSeconds: nil), .finished],
            [.ok, .status(APIStatus(code: 0, reason: "Expired"))], [.ok, .status(APIStatus(code: 0, reason: "Gone"))],
        ] {
            var rig = MachineRig()
            rig.sync()
            for one in input { rig.send(one) }
            #expect(try rig.wait().actions.request?.summary == "list limit=500")
        }
    }

    @Test("a server that answers every watch with 410 is not listed in a loop")
    func expiredLoop() throws {
        var rig = MachineRig()
        let start = rig.now
        rig.sync()
        for _ in 0..<20 {
            rig.send(.ok, .tooOld)
            try rig.wait()
            rig.send(.ok, .listEnd(version: "10", continueToken: ""), .finished)
        }
        #expect(rig.now - start > 400 * MachineRig.second)
        #expect(rig.notices.map(\.kind) == [.failing])
    }

    @Test("rule 5: InternalError watches again for a minute, then lists anew")
    func internalError() throws {
        var rig = MachineRig()
        rig.watch()
        let start = rig.now
        var lists: [Int64] = []
        for _ in 0..<12 where lists.isEmpty {
            rig.send(.ok, .internalError)
            let request = try #require(try rig.wait().actions.request)
            if request.isWatch { #expect(request.summary == "watch rv=11") } else { lists.append(rig.now - start) }
        }
        #expect(lists.count == 1 && lists[0] >= 60 * MachineRig.second)
        #expect(rig.lastRequest?.summary == "list rv=11 notOlder")
    }

    @Test("rule 5: 429 in an event backs off for as long as it says, and goes on from the last version")
    func throttledEvent() throws {
        var rig = MachineRig()
        rig.watch()
        #expect(rig.send(.status(APIStatus(code: 429, reason: "TooManyRequests", retryAfterSeconds: 7))) == [.cancel])
        let (actions, seconds) = try rig.wait()
        #expect(actions.request?.summary == "watch rv=11")
        #expect(seconds >= 7 && seconds <= 12)
    }

    @Test("other statuses in an event: the watch goes on from the last version after a pause")
    func otherEvent() throws {
        for code in [0, 500, 503, 504] {
            var rig = MachineRig()
            rig.watch()
            #expect(rig.send(.status(APIStatus(code: code))) == [.cancel])
            let (actions, seconds) = try rig.wait()
            #expect(actions.request?.summary == "watch rv=11")
            #expect(seconds >= 0.8)
        }
    }

    @Test("a broken body: from the last good version, a third time a list")
    func brokenBody() throws {
        var rig = MachineRig()
        rig.watch()
        for expected in ["watch rv=12", "watch rv=12", "list rv=12 notOlder"] {
            rig.send(.ok, .object(.modified, version: "12"), .broken(reason: "garbage"))
            #expect(try rig.wait().actions.request?.summary == expected)
        }
    }

    @Test("a broken connection is no reason for a list, however often")
    func brokenConnection() throws {
        var rig = MachineRig()
        rig.watch()
        for _ in 0..<10 {
            rig.send(.ok, .disconnected(reason: "idle"))
            #expect(try rig.wait().actions.request?.summary == "watch rv=11")
        }
    }

    @Test("a connection that is cut every half minute makes no pause longer, one that is cut at once does")
    func cutConnection() throws {
        for (lasts, longest) in [(30.0, 1.6), (10, 1.6), (9.9, 60), (0.5, 60)] {
            var rig = MachineRig { $0.silenceLimit = nil }
            rig.watch()
            var pauses: [Double] = []
            for _ in 0..<12 {
                rig.send(.ok)
                rig.send(.disconnected(reason: "cut"), after: lasts)
                let (actions, seconds) = try rig.wait()
                #expect(actions.request?.summary == "watch rv=11")
                pauses.append(seconds)
            }
            #expect(pauses.allSatisfy { $0 >= 0.8 && $0 <= longest }, "\(lasts): \(pauses)")
            #expect((pauses.max() ?? 0) > longest / 2, "\(lasts): \(pauses)")
        }
        // Nor is a watch that never opened one that went well.
        var rig = MachineRig()
        rig.watch()
        var pauses: [Double] = []
        for _ in 0..<8 {
            rig.send(.disconnected(reason: "no answer"), after: 30)
            pauses.append(try rig.wait().seconds)
        }
        #expect((pauses.last ?? 0) >= 30, "\(pauses)")
    }

    @Test("the consistency relist: after half an hour give or take a quarter, consistent, still synced")
    func consistency() throws {
        for streaming in [false, true] {
            var rig = MachineRig(streaming: streaming) { $0.silenceLimit = nil }
            rig.send(.tick)
            if streaming {
                rig.send(.ok, .object(.added, version: "9"), .bookmark(version: "10", endsInitialEvents: true))
            } else {
                rig.send(.ok, .listEnd(version: "10", continueToken: ""), .finished)
                rig.send(.ok)
            }
            let (actions, seconds) = try rig.wait()
            #expect(actions.steps == [.cancel])
            #expect(actions.request?.summary == "list limit=500")
            #expect(seconds >= 22.5 * 60 && seconds <= 37.5 * 60)
            #expect(rig.machine.state == .synced)
            #expect(rig.send(.ok, .object(.listed, version: "12")).steps == [.beginReplace])
            #expect(rig.send(.listEnd(version: "20", continueToken: ""), .finished).steps == [.endReplace])
            #expect(rig.lastRequest?.summary == "watch rv=20")
            #expect(rig.notices.isEmpty)
        }
    }

    @Test("the consistency relist: not all at the same time, and never when it is off")
    func consistencyJitter() throws {
        var seen = Set<Int64>()
        for seed in 0..<20 as Range<UInt64> {
            var rig = MachineRig(seed: seed) { $0.silenceLimit = nil }
            rig.watch()
            seen.insert(try #require(rig.machine.deadline) - rig.now)
        }
        #expect(seen.count > 15)
        var rig = MachineRig {
            $0.silenceLimit = nil
            $0.consistencyInterval = nil
        }
        rig.watch()
        #expect(rig.machine.deadline == nil)
    }

    @Test("the consistency relist: one that is due while the watch ends comes in place of the next watch")
    func consistencyAtEnd() {
        var rig = MachineRig { $0.silenceLimit = nil }
        rig.watch()
        #expect(rig.send(.finished, after: 40 * 60).request?.summary == "list limit=500")
    }

    @Test(
        "a relist that only caution asked for gives way: the watch goes on from the last version, the list comes later")
    func putOff() throws {
        for refusal in [429, 500, 503] {
            var rig = MachineRig { $0.silenceLimit = nil }
            rig.watch()
            try rig.wait()
            rig.refuse(refusal)
            #expect(try rig.wait().actions.request?.summary == "watch rv=11")
            rig.send(.ok, .object(.modified, version: "12"))
            #expect(rig.machine.state == .synced && rig.notices.map(\.kind) == [.relistPutOff])
            let (actions, seconds) = try rig.wait()
            #expect(actions.request?.summary == "list limit=500")
            #expect(seconds > 200 && seconds < 400)
        }
    }

    @Test("such a relist that has shown something is completed: an older event must not take back what it showed")
    func notPutOff() throws {
        var rig = MachineRig { $0.silenceLimit = nil }
        rig.watch()
        try rig.wait()
        rig.send(.ok, .object(.listed, version: "30"), .disconnected(reason: "reset"))
        #expect(try rig.wait().actions.request?.summary == "list limit=500")
        #expect(rig.send(.ok, .object(.listed, version: "30")) == [.beginReplace])
    }

    @Test("silence: no event or bookmark for a quarter of an hour lists anew; either of them, and a re-watch, do not")
    func silence() throws {
        var rig = MachineRig { $0.consistencyInterval = nil }
        rig.watch()
        rig.send(.bookmark(version: "12", endsInitialEvents: false), after: 800)
        #expect(rig.send(.tick, after: 890) == [])
        #expect(rig.send(.finished).request?.summary == "watch rv=12")
        rig.send(.ok)
        let (actions, seconds) = try rig.wait()
        #expect(seconds == 10)
        #expect(actions.steps == [.cancel])
        #expect(actions.request?.summary == "list limit=500")
        #expect(rig.notices.map(\.kind) == [.silent])
    }

    @Test("a watch that is never answered is asked for again after a minute, not after its own end")
    func unanswered() throws {
        var rig = MachineRig()
        rig.watch()
        rig.send(.finished, after: 100)
        #expect(rig.lastRequest?.summary == "watch rv=11")
        let (actions, seconds) = try rig.wait()
        #expect(actions.steps == [.cancel] && seconds == 65)
        #expect(try rig.wait().actions.request?.summary == "watch rv=11")
        // One that is answered with an error is waited for by whoever reads it.
        rig.send(.head(status: 503, retryAfterSeconds: nil))
        #expect(rig.machine.deadline == nil)
    }

    @Test("silence: time without a connection is none of the watch's")
    func silenceAfterOutage() throws {
        var rig = MachineRig { $0.consistencyInterval = nil }
        rig.watch()
        rig.send(.disconnected(reason: "down"))
        try rig.wait()
        rig.send(.disconnected(reason: "down"), after: 3600)
        try rig.wait()
        #expect(rig.lastRequest?.summary == "watch rv=11")
        rig.send(.ok)
        // After a second it is well; then the silence counts from when it was open.
        #expect(try rig.wait().seconds == 1)
        #expect(try rig.wait().seconds == 899)
    }

    @Test("a tick before its time, and inputs while nothing is asked, do nothing")
    func nothing() throws {
        var rig = MachineRig()
        #expect(rig.send(.ok, .object(.added, version: "1"), .finished, .disconnected(reason: "")) == [])
        rig.watch()
        #expect(rig.send(.tick, .tick) == [])
        rig.send(.disconnected(reason: "cut"))
        #expect(rig.send(.tick, .ok, .tooOld, .finished, .listEnd(version: "1", continueToken: "")) == [])
        #expect(try rig.wait().actions.request?.summary == "watch rv=11")
    }
}
