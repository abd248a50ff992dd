import Testing

@testable import KubernetesAPI

/// Requests that the server, or the way to it, refuses.
@Suite("watch machine: refusals")
struct WatchRefusalTests {
    @Test("rule 12: 403 is one line with the missing rule, the state, and a try about every 30 to 60 s")
    func forbidden() throws {
        var rig = MachineRig()
        rig.send(.tick)
        let message = "services is forbidden: User \"x\" cannot list resource \"services\" in API group \"\""
        #expect(rig.refuse(403, reason: "Forbidden", message: message).steps == [.changed(.forbidden)])
        for _ in 0..<10 {
            let (actions, seconds) = try rig.wait()
            #expect(actions.request?.summary == "list limit=500 rv=0")
            #expect(seconds >= 30 && seconds < 60)
            #expect(rig.refuse(403, reason: "Forbidden", message: message) == [])
        }
        #expect(rig.notices.count == 1)
        let line = try #require(rig.notices.first)
        #expect(line.level == .warning)
        #expect(
            line.description
                == "services: not allowed to list services in the whole cluster; add to the rules of the ClusterRole of this "
                + "service account: - {apiGroups: [\"\"], resources: [\"services\"], verbs: [\"list\", \"watch\"]} (the API "
                + "server said: \(message))")
    }

    @Test("rule 12: the notice names group, resource and namespace")
    func rules() throws {
        for (stream, parts) in [
            (
                WatchStream(.endpointSlices),
                ["apiGroups: [\"discovery.k8s.io\"], resources: [\"endpointslices\"]", "ClusterRole"]
            ),
            (WatchStream(.pods, namespace: "shop"), ["resources: [\"pods\"]", "the Role in namespace \"shop\""]),
            (WatchStream(.serviceImports), ["apiGroups: [\"multicluster.x-k8s.io\"], resources: [\"serviceimports\"]"]),
            (WatchStream(.namespaces), ["apiGroups: [\"\"], resources: [\"namespaces\"]", "whole cluster"]),
        ] {
            var rig = MachineRig(stream)
            rig.send(.tick)
            rig.refuse(403)
            let message = try #require(rig.notices.first).message
            for part in parts { #expect(message.contains(part), "\(message)") }
        }
    }

    @Test("rule 12: said again only after the watch went well; a list that goes well is not enough")
    func forbiddenAgain() throws {
        var rig = MachineRig()
        rig.send(.tick)
        rig.refuse(403)
        try rig.wait()
        #expect(
            rig.send(.ok, .listEnd(version: "10", continueToken: ""), .finished).steps
                == [.beginReplace, .endReplace, .changed(.synced)])
        // Lists are allowed now, watches not.
        #expect(rig.refuse(403).steps == [.changed(.forbidden)])
        #expect(rig.notices.map(\.kind) == [.forbidden])
        try rig.wait()
        #expect(rig.lastRequest?.summary == "watch rv=10")
        #expect(rig.send(.ok, .object(.modified, version: "11")).steps == [.changed(.synced)])
        #expect(rig.notices.map(\.kind) == [.forbidden, .recovered])
        rig.send(.finished, after: 100)
        #expect(rig.refuse(403).steps == [.changed(.forbidden)])
        #expect(rig.notices.map(\.kind) == [.forbidden, .recovered, .forbidden])
        #expect(rig.notices.last?.message.contains("not allowed to watch services") == true)
        #expect(rig.machine.hasSynced)
    }

    @Test("the Namespace object of one namespace may be forbidden: no notice, a try every ten minutes")
    func namespaceObject() throws {
        var rig = MachineRig(WatchStream(.namespaces, namespace: "shop"))
        rig.send(.tick)
        #expect(rig.refuse(403) == [.changed(.forbidden)])
        for _ in 0..<3 {
            let seconds = try rig.wait().seconds
            #expect(seconds >= 450 && seconds <= 750)
            #expect(rig.refuse(403) == [])
        }
        try rig.wait()
        #expect(rig.send(.ok, .listEnd(version: "4", continueToken: ""), .finished).steps.last == .changed(.synced))
        rig.send(.ok, .object(.modified, version: "5"))
        // Somebody may read it: that it is refused now may pass.
        rig.send(.finished, after: 100)
        #expect(rig.refuse(403) == [.changed(.forbidden)])
        #expect(try rig.wait().seconds < 60)
        #expect(rig.notices.isEmpty)
    }

    @Test("401: fresh credentials each time and a back-off; news only when the fresh ones are refused too")
    func unauthorized() throws {
        var rig = MachineRig()
        rig.send(.tick)
        #expect(rig.refuse(401, reason: "Unauthorized", message: "Unauthorized") == [.refreshCredentials])
        #expect(try rig.wait().seconds >= 0.8)
        let actions = rig.refuse(401, reason: "Unauthorized", message: "Unauthorized")
        #expect(actions.steps == [.refreshCredentials, .changed(.failing)])
        try rig.wait()
        #expect(rig.refuse(401) == [.refreshCredentials])
        #expect(rig.notices.map(\.kind) == [.unauthorized])
        #expect(rig.notices.first?.message.contains("the API server said: Unauthorized") == true)
        // Of a watch: it goes on from the last version.
        var other = MachineRig()
        other.watch()
        other.send(.finished, after: 9)
        #expect(other.refuse(401) == [.refreshCredentials])
        #expect(try other.wait().actions.request?.summary == "watch rv=11")
        #expect(other.machine.state == .synced)
    }

    @Test("404: the state, one notice that says what to install, a slow retry")
    func missing() throws {
        for (resource, part) in [
            (
                WatchedResource.serviceImports,
                "serviceimports in multicluster.x-k8s.io/v1alpha1 (404); install the ServiceImport CRD"
            ),
            (.endpointSlices, "endpointslices in discovery.k8s.io/v1 (404); Kubernetes 1.21 or newer"),
            (.services, "services in v1 (404); is this the address of a Kubernetes API server?"),
        ] {
            var rig = MachineRig(WatchStream(resource), streaming: true)
            rig.send(.tick)
            #expect(rig.refuse(404).steps == [.changed(.missing)])
            for _ in 0..<5 {
                let seconds = try rig.wait().seconds
                #expect(seconds >= 45 && seconds <= 75)
                #expect(rig.refuse(404) == [])
            }
            #expect(rig.notices.count == 1)
            #expect(rig.notices.first?.message.contains(part) == true)
            try rig.wait()
            #expect(rig.send(.ok, .bookmark(version: "4", endsInitialEvents: true)).steps.last == .changed(.synced))
        }
    }

    @Test("Retry-After is followed, from the header or the Status, up to a minute")
    func retryAfter() throws {
        for (header, details, least, most) in [
            (nil, nil, 0.8, 1.6), (1, nil, 1, 2), (20, nil, 20, 25), (nil, 20, 20, 25), (3, 20, 20, 25),
            (1_000_000, nil, 60, 65), (nil, Int.max, 60, 65), (-5, nil, 0.8, 1.6), (0, Int.min, 0.8, 1.6),
        ] as [(Int?, Int?, Double, Double)] {
            for code in [429, 503] {
                var rig = MachineRig()
                rig.send(.tick)
                rig.send(
                    .head(status: code, retryAfterSeconds: header),
                    .status(APIStatus(code: code, retryAfterSeconds: details)), .finished)
                let (actions, seconds) = try rig.wait()
                #expect(actions.request?.summary == "list limit=500 rv=0")
                #expect(seconds >= least && seconds <= most, "\(code) \(header ?? -1) \(details ?? -1): \(seconds)")
            }
        }
    }

    @Test("5xx, a status nobody expects, a lost or refused connection: back-off, and one notice until it is well again")
    func failing() throws {
        for input in [
            [WatchInput.head(status: 500, retryAfterSeconds: nil), .finished],
            [.head(status: 502, retryAfterSeconds: nil), .broken(reason: "HTML")],
            [.head(status: 503, retryAfterSeconds: nil), .disconnected(reason: "cut")],
            [.head(status: 302, retryAfterSeconds: nil), .finished],
            [.disconnected(reason: "connection refused")], [.finished],
        ] {
            var rig = MachineRig()
            rig.send(.tick)
            var waits: [Double] = []
            for round in 0..<8 {
                for one in input { rig.send(one) }
                #expect(rig.machine.state == .failing)
                #expect(rig.notices.map(\.kind) == [.failing], "round \(round)")
                waits.append(try rig.wait().seconds)
                #expect(rig.lastRequest?.summary == "list limit=500 rv=0")
            }
            #expect(waits[0] < 1.6 && waits[7] >= 30)
            rig.send(.ok, .listEnd(version: "10", continueToken: ""), .finished)
            #expect(rig.machine.state == .synced)
            rig.send(.ok)
            #expect(try rig.wait().seconds == 1)
            #expect(rig.notices.map(\.kind) == [.failing, .recovered])
        }
    }

    @Test("a synced stream is said to be failing after three failures, not after a hiccup")
    func hiccup() throws {
        var rig = MachineRig()
        rig.watch()
        for (expected, notices) in [(WatchState.synced, 0), (.synced, 0), (.failing, 1), (.failing, 1)] {
            rig.send(.disconnected(reason: "refused"))
            try rig.wait()
            #expect(rig.machine.state == expected && rig.notices.count == notices)
        }
        #expect(rig.send(.ok, .object(.modified, version: "12")).steps == [.changed(.synced)])
        #expect(rig.notices.map(\.kind) == [.failing, .recovered])
        #expect(rig.machine.hasSynced)
    }

    @Test("the message of a server is cut to what a log line bears")
    func longMessage() throws {
        for code in [403, 401, 500] {
            var rig = MachineRig()
            rig.send(.tick)
            for _ in 0..<3 {
                rig.refuse(code, message: String(repeating: "x", count: 100_000))
                try rig.wait()
            }
            #expect(rig.notices.count == 1)
            #expect(try #require(rig.notices.first).message.count < 700)
        }
    }

    @Test("no clock makes it trap")
    func clockEnds() {
        for now in [Int64.min, -1, 0, .max - 1, .max] {
            var rig = MachineRig()
            rig.now = now
            rig.watch()
            _ = rig.machine.deadline
            rig.refuse(503, retryAfter: .max)
            _ = rig.machine.deadline
            rig.now = .max
            rig.send(.tick)
            rig.send(.ok, .finished, .tick)
            rig.now = .min
            rig.send(.tick)
            _ = rig.machine.deadline
            #expect(rig.machine.hasSynced)
        }
    }

    @Test("what a server says stays on one line of the log, and sends no terminal's commands")
    func oneLine() {
        var rig = MachineRig()
        rig.send(.tick)
        rig.refuse(403, message: "no\r\n[INFO] all is well\u{1b}[2J\u{9b}x")
        #expect(rig.notices.count == 1)
        #expect(rig.notices.first?.message.contains("no  [INFO] all is well [2J x") ?? false, "\(rig.notices)")
    }
}
