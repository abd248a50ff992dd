import Testing

@testable import KubernetesAPI

/// Lists, their pages and versions.
@Suite("watch machine: lists")
struct WatchListTests {
    @Test("rule 1: the first list is from the watch cache, the watch follows it")
    func firstList() {
        var rig = MachineRig()
        #expect(rig.send(.tick).map(\.request?.summary) == ["list limit=500 rv=0"])
        #expect(rig.machine.deadline == nil)
        #expect(rig.send(.ok) == [])
        #expect(rig.send(.object(.listed, version: "3")) == [.beginReplace])
        #expect(rig.send(.object(.listed, version: "9")) == [])
        #expect(rig.send(.listEnd(version: "10", continueToken: "")) == [])
        let actions = rig.send(.finished)
        #expect(actions.steps == [.endReplace, .changed(.synced)])
        #expect(actions.request?.summary == "watch rv=10")
        #expect(rig.machine.hasSynced && rig.machine.replacements == 1)
    }

    @Test("an empty list is complete too")
    func emptyList() {
        var rig = MachineRig()
        rig.send(.tick)
        #expect(
            rig.send(.ok, .listEnd(version: "4", continueToken: ""), .finished).steps
                == [.beginReplace, .endReplace, .changed(.synced)])
    }

    @Test("pages: one replacement, the token without a version, the version of the first page")
    func pages() {
        var rig = MachineRig()
        rig.send(.tick)
        #expect(
            rig.send(.ok, .object(.listed, version: "1"), .listEnd(version: "10", continueToken: "t1"), .finished).steps
                == [.beginReplace])
        #expect(rig.lastRequest?.summary == "list limit=500 continue=t1")
        #expect(
            rig.send(.ok, .object(.listed, version: "2"), .listEnd(version: "10", continueToken: "t2"), .finished).steps
                == [])
        #expect(rig.lastRequest?.summary == "list limit=500 continue=t2")
        #expect(
            rig.send(.ok, .object(.listed, version: "2"), .listEnd(version: "11", continueToken: ""), .finished).steps
                == [.endReplace, .changed(.synced)])
        #expect(rig.lastRequest?.summary == "watch rv=10")
    }

    @Test("pages: a failure of one asks for it again, three begin the list anew")
    func pageFailure() throws {
        var rig = MachineRig()
        rig.send(.tick)
        rig.send(.ok, .object(.listed, version: "1"), .listEnd(version: "10", continueToken: "t1"), .finished)
        for (failure, next) in [
            (WatchInput.disconnected(reason: "cut"), "list limit=500 continue=t1"),
            (.broken(reason: "half an object"), "list limit=500 continue=t1"),
            (.disconnected(reason: "cut"), "list limit=500"),
        ] {
            #expect(rig.send(.ok, .object(.listed, version: "2"), failure).steps.filter { $0 == .endReplace } == [])
            let (actions, seconds) = try rig.wait()
            #expect(actions.request?.summary == next)
            #expect(seconds >= 0.8)
        }
        // Begun anew: the marks of the first do not count.
        #expect(rig.send(.ok, .object(.listed, version: "2")) == [.beginReplace])
    }

    @Test("pages: an expired token begins the list anew, consistent; a second one without pages")
    func expiredToken() throws {
        var rig = MachineRig()
        rig.send(.tick)
        for next in ["list limit=500", "list"] {
            rig.send(.ok, .object(.listed, version: "1"), .listEnd(version: "10", continueToken: "t"), .finished)
            #expect(rig.refuse(410, reason: "Expired").contains(.endReplace) == false)
            #expect(try rig.wait().actions.request?.summary == next)
        }
        #expect(rig.send(.ok, .object(.listed, version: "1")) == [.beginReplace])
        #expect(
            rig.send(.listEnd(version: "20", continueToken: ""), .finished).steps == [.endReplace, .changed(.synced)])
        #expect(rig.lastRequest?.summary == "watch rv=20")
    }

    @Test("pages: a server whose pages never end is not believed")
    func endlessPages() {
        var rig = MachineRig()
        rig.send(.tick)
        var asked = 1
        while rig.send(.ok, .listEnd(version: "10", continueToken: "t"), .finished).request != nil, asked < 20_000 {
            asked += 1
        }
        #expect(asked == WatchMachine.pageLimit)
        #expect(!rig.machine.hasSynced)
    }

    @Test("a list that ends before its end, in any way, replaces nothing and is begun anew")
    func incompleteList() throws {
        for end in [
            WatchInput.finished, .disconnected(reason: "reset"), .broken(reason: "garbage"), .internalError, .tooOld,
        ] {
            var rig = MachineRig()
            rig.send(.tick)
            #expect(rig.send(.ok, .object(.listed, version: "1")) == [.beginReplace])
            #expect(!rig.send(end).contains(.endReplace))
            #expect(!rig.machine.hasSynced)
            #expect(try rig.wait().seconds >= 0.8)
            #expect(rig.send(.ok, .object(.listed, version: "1")) == [.beginReplace], "\(end)")
        }
    }

    @Test("a list that breaks off after its last object is not complete")
    func noEnd() throws {
        var rig = MachineRig()
        rig.send(.tick)
        let actions = rig.send(
            .ok, .listEnd(version: "10", continueToken: ""), .disconnected(reason: "the last chunk is missing"))
        #expect(!actions.contains(.endReplace))
    }

    @Test("rule 1: a relist asks for what is not older than the last version, in one piece, from the watch cache")
    func relist() throws {
        var rig = MachineRig()
        rig.watch()
        for _ in 0..<WatchMachine.brokenWatchLimit {
            rig.send(.ok, .broken(reason: "garbage"))
            try rig.wait()
        }
        #expect(rig.lastRequest?.summary == "list rv=11 notOlder")
        #expect(rig.machine.state == .failing && rig.machine.hasSynced)
        #expect(
            rig.send(.ok, .listEnd(version: "12", continueToken: ""), .finished).steps == [.beginReplace, .endReplace])
        #expect(rig.lastRequest?.summary == "watch rv=12")
        #expect(rig.send(.ok, .object(.modified, version: "13")).steps == [.changed(.synced)])
    }

    @Test("rule 1: 410 in the status of a list makes the next a consistent read, and only that")
    func expiredList() throws {
        var rig = MachineRig()
        rig.watch()
        for _ in 0..<WatchMachine.brokenWatchLimit {
            rig.send(.ok, .broken(reason: "garbage"))
            try rig.wait()
        }
        rig.refuse(410, reason: "Expired")
        #expect(try rig.wait().actions.request?.summary == "list limit=500")
        rig.send(.ok, .listEnd(version: "20", continueToken: ""), .finished)
        #expect(rig.lastRequest?.summary == "watch rv=20")
        for _ in 0..<WatchMachine.brokenWatchLimit {
            rig.send(.ok, .broken(reason: "garbage"))
            try rig.wait()
        }
        #expect(rig.lastRequest?.summary == "list rv=20 notOlder")
    }

    /// 504 as in kube-api/watch-future-pb, 500 as servers before 1.17 have it.
    @Test("rule 1: too large a version makes the next list a consistent read", arguments: [504, 500])
    func tooLarge(code: Int) throws {
        for whileWatching in [true, false] {
            var rig = MachineRig()
            rig.watch()
            if !whileWatching {
                for _ in 0..<WatchMachine.brokenWatchLimit {
                    rig.send(.ok, .broken(reason: "garbage"))
                    try rig.wait()
                }
                #expect(rig.lastRequest?.summary == "list rv=11 notOlder")
            } else {
                rig.send(.finished, after: 5)
            }
            rig.refuse(
                code, reason: "Timeout", message: "Timeout: Too large resource version: 999999999, current: 35620",
                retryAfter: 1)
            let (actions, seconds) = try rig.wait()
            #expect(actions.request?.summary == "list limit=500", "watching: \(whileWatching)")
            #expect(seconds >= 1)
        }
    }

    @Test("rules 1 and 3: a list without a version is watched from none, ADDED moves nothing, the end lists anew")
    func noVersion() throws {
        for empty in ["", "0"] {
            var rig = MachineRig()
            rig.sync(version: empty)
            #expect(rig.lastRequest?.summary == (empty.isEmpty ? "watch" : "watch rv=0"))
            rig.send(.ok, .object(.added, version: "8"), .object(.added, version: "6"))
            #expect(rig.machine.version == empty)
            #expect(rig.send(.finished, after: 5).request?.summary == "list limit=500 rv=0")
        }
    }

    @Test("rule 3: any other event or a bookmark ends the synthetic ones")
    func versionMoves() {
        for end in [
            WatchInput.object(.modified, version: "9"), .object(.deleted, version: "9"),
            .bookmark(version: "9", endsInitialEvents: false),
        ] {
            var rig = MachineRig()
            rig.sync(version: "0")
            rig.send(.ok, .object(.added, version: "8"), end)
            #expect(rig.machine.version == "9")
            rig.send(.object(.added, version: "12"))
            #expect(rig.machine.version == "12")
            #expect(rig.send(.finished, after: 5).request?.summary == "watch rv=12")
        }
    }

    @Test("400 for a list: the next is the plainest there is")
    func badRequest() throws {
        var rig = MachineRig()
        rig.send(.tick)
        rig.refuse(400)
        #expect(try rig.wait().actions.request?.summary == "list limit=500")
    }
}
