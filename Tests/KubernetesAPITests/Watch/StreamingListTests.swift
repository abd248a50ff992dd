import Testing

@testable import KubernetesAPI

/// Streaming lists (rule 9) and what happens where they do not work.
@Suite("watch machine: streaming lists")
struct StreamingListTests {
    private func end(_ version: String) -> WatchInput { .bookmark(version: version, endsInitialEvents: true) }

    @Test("rules 4, 9 and 10: the end bookmark completes the set, and the watch goes on in the same response")
    func complete() {
        var rig = MachineRig(streaming: true)
        rig.send(.tick)
        #expect(rig.lastRequest?.summary == "stream" && rig.lastRequest?.notOlderThan == true)
        #expect(rig.send(.ok) == [])
        #expect(rig.send(.object(.added, version: "40")) == [.beginReplace])
        #expect(rig.send(.object(.added, version: "5"), .bookmark(version: "41", endsInitialEvents: false)) == [])
        #expect(rig.machine.version == "")
        #expect(rig.send(end("41")) == [.endReplace, .changed(.synced)])
        #expect(rig.machine.version == "41")
        #expect(rig.send(.object(.added, version: "42")) == [])
        #expect(rig.send(.finished, after: 400).map(\.request?.summary) == ["watch rv=42"])
    }

    @Test("an empty set is complete too")
    func empty() {
        var rig = MachineRig(streaming: true)
        rig.send(.tick)
        #expect(rig.send(.ok, end("41")) == [.beginReplace, .endReplace, .changed(.synced)])
    }

    @Test("rule 9: two incomplete streams make it plain lists, however they end")
    func incomplete() throws {
        for input in [WatchInput.finished, .disconnected(reason: "reset"), .broken(reason: "cut"), .internalError] {
            var rig = MachineRig(streaming: true)
            rig.send(.tick)
            #expect(!rig.send(.ok, .object(.added, version: "4"), input).contains(.endReplace))
            #expect(try rig.wait().actions.request?.summary == "stream")
            #expect(!rig.send(.ok, .object(.added, version: "4"), input).contains(.endReplace), "begun anew")
            #expect(try rig.wait().actions.request?.summary == "list limit=500 rv=0", "\(input)")
            #expect(rig.send(.ok, .object(.listed, version: "4")) == [.beginReplace])
            #expect(rig.notices.filter { $0.kind == .streamingListRefused }.count == 1)
        }
    }

    @Test("rule 9: one incomplete stream and a complete one leave it at streams")
    func once() throws {
        var rig = MachineRig(streaming: true)
        rig.send(.tick)
        for _ in 0..<3 {
            rig.send(.ok, .finished)
            try rig.wait()
            rig.send(.ok, end("9"))
            rig.send(.tooOld)
            #expect(try rig.wait().actions.request?.summary == "stream")
        }
    }

    @Test("rule 9: a 4xx for a stream makes it plain lists at once", arguments: [400, 405, 406, 415, 422])
    func refused(code: Int) {
        var rig = MachineRig(streaming: true)
        rig.send(.tick)
        #expect(rig.refuse(code, reason: "Invalid").request?.summary == "list limit=500 rv=0")
        #expect(
            rig.send(.ok, .listEnd(version: "10", continueToken: ""), .finished).steps
                == [.beginReplace, .endReplace, .changed(.synced)])
        #expect(rig.notices.map(\.kind) == [.streamingListRefused])
    }

    @Test("rule 9: plain lists last six hours")
    func again() throws {
        var rig = MachineRig(streaming: true) {
            $0.consistencyInterval = nil
            $0.silenceLimit = nil
        }
        rig.send(.tick)
        rig.refuse(422)
        rig.send(.ok, .listEnd(version: "10", continueToken: ""), .finished)
        rig.send(.ok, .tooOld, after: 5 * 3600)
        #expect(try rig.wait().actions.request?.summary == "list limit=500")
        rig.send(.ok, .listEnd(version: "10", continueToken: ""), .finished)
        rig.send(.ok, .tooOld, after: 3600)
        #expect(try rig.wait().actions.request?.summary == "stream")
    }

    @Test("a server that is away, busy or wants credentials is not one without streams")
    func away() throws {
        for code in [0, 401, 403, 404, 410, 429, 503] {
            var rig = MachineRig(streaming: true)
            rig.send(.tick)
            for _ in 0..<4 {
                if code == 0 { rig.send(.disconnected(reason: "refused")) } else { rig.refuse(code) }
                #expect(try rig.wait().actions.request?.summary == "stream", "\(code)")
            }
        }
    }

    @Test("a stream that stands still before its end is given up: an old server ignores the wish")
    func silent() throws {
        var rig = MachineRig(streaming: true)
        rig.send(.tick)
        rig.send(.ok, .object(.added, version: "9"), after: 5)
        // A bookmark that ends nothing is no progress.
        rig.send(.bookmark(version: "50", endsInitialEvents: false), after: 30)
        let (actions, seconds) = try rig.wait()
        #expect(seconds == 30)
        #expect(actions.steps.first == .cancel)
        #expect(try rig.wait().actions.request?.summary == "stream")
        #expect(try rig.wait().actions.steps.first == .cancel)
        #expect(try rig.wait().actions.request?.summary == "list limit=500 rv=0")
    }

    @Test("rule 1: 410 or too large a version for a stream drops the version")
    func expired() throws {
        var rig = MachineRig(streaming: true)
        rig.send(.tick)
        rig.send(.ok, end("9"))
        for _ in 0..<WatchMachine.brokenWatchLimit {
            rig.send(.ok, .broken(reason: "garbage"))
            try rig.wait()
        }
        #expect(rig.lastRequest?.summary == "stream rv=9")
        rig.refuse(410, reason: "Expired")
        #expect(try rig.wait().actions.request?.summary == "stream")
    }

    @Test("part of a stream on a synced one: the list in its place is consistent, so that nothing is taken back")
    func partial() throws {
        var rig = MachineRig(streaming: true)
        rig.send(.tick)
        rig.send(.ok, end("9"))
        for _ in 0..<WatchMachine.brokenWatchLimit {
            rig.send(.ok, .broken(reason: "garbage"))
            try rig.wait()
        }
        rig.send(.ok, .object(.added, version: "20"), .finished)
        try rig.wait()
        rig.send(.ok, .object(.added, version: "20"), .finished)
        #expect(try rig.wait().actions.request?.summary == "list limit=500")
    }
}
