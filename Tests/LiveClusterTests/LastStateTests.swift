import Corefile
import DNSWire
import Foundation
import ScriptedAPI
import Server
import ServerHarness
import Testing

/// `last_state`: a start without the API server.
@Suite struct LastStateTests {
    private static let names: [(String, RecordType)] = [
        ("web.shop.svc.cluster.local.", .a), ("nodes.shop.svc.cluster.local.", .a),
        ("node-10-1-0-2.nodes.shop.svc.cluster.local.", .a), ("2.0.1.10.in-addr.arpa.", .ptr),
        ("_http._tcp.nodes.shop.svc.cluster.local.", .srv), ("10-1-0-9.play.pod.cluster.local.", .a),
        ("none.shop.svc.cluster.local.", .a), ("play.svc.cluster.local.", .a),
    ]

    private static func answers(_ server: RunningServer) throws -> [[String]] {
        let client = try server.datagramClient()
        return try names.map { try LiveServer.answer(client, $0.0, $0.1) }
    }

    private static func options(_ folder: TemporaryFolder) -> [String] {
        ["endpoint_pod_names", "pods verified", "last_state \(folder.file("state.json"))", "startup_timeout 20s"]
    }

    @Test func aStartWithoutTheAPIAnswersFromIt() throws {
        let folder = try TemporaryFolder()
        let cluster = ScriptedCluster.shop()
        cluster.apply(ScriptedPod(namespace: "play", name: "game-1", podIPs: ["10.1.0.9"]))
        let api = try ScriptedAPIServer(cluster)
        defer { api.stop() }
        let first = try LiveServer.server(api.url, Self.options(folder), blocks: "ready 127.0.0.1:0")
        let expected = try Self.answers(first)
        #expect(expected[0] == ["10.96.0.10"])
        #expect(expected[5] == ["10.1.0.9"])
        // A change that came right before the end is saved too.
        cluster.apply(ScriptedService(namespace: "play", name: "late", clusterIPs: ["10.96.0.77"]))
        let client = try first.datagramClient()
        #expect(try holdsInTime { try LiveServer.answer(client, "late.play.svc.cluster.local.") == ["10.96.0.77"] })
        first.server.stop()

        // The API server is away, and what changes meanwhile cannot be known.
        try api.refuseConnections()
        cluster.delete(.services, namespace: "shop", name: "web")
        let second = try LiveServer.server(api.url, Self.options(folder), blocks: "ready 127.0.0.1:0")
        defer { second.server.stop() }
        #expect(try Self.answers(second) == expected)
        #expect(second.pluginsNotReady.isEmpty)
        #expect(
            second.lines.all.contains { $0.hasPrefix("[WARNING] plugin/kubernetes: answering from the last state") })
        #expect(try metric("apodns_kubernetes_serves_last_state", second) == ["1"])

        // It comes back: what was deleted meanwhile goes, the rest never does.
        try api.acceptConnections()
        let asker = try second.datagramClient()
        let isGone = try holdsInTime {
            #expect(try LiveServer.answer(asker, "late.play.svc.cluster.local.") == ["10.96.0.77"])
            return try LiveServer.answer(asker, "web.shop.svc.cluster.local.") == ["NXDOMAIN"]
        }
        #expect(isGone)
        #expect(try holdsInTime { try metric("apodns_kubernetes_serves_last_state", second) == ["0"] })
        #expect(try Self.answers(second).dropFirst() == expected.dropFirst())
    }

    @Test func aStateOfOtherOptionsIsNotUsed() throws {
        let folder = try TemporaryFolder()
        let api = try ScriptedAPIServer(.shop())
        defer { api.stop() }
        try LiveServer.server(api.url, Self.options(folder)).server.stop()
        try api.refuseConnections()
        let other = try LiveServer.server(
            api.url, ["last_state \(folder.file("state.json"))", "startup_timeout 1ms"])
        defer { other.server.stop() }
        #expect(try LiveServer.answer(other.datagramClient(), "web.shop.svc.cluster.local.") == ["SERVFAIL"])
        #expect(
            other.lines.all.contains {
                $0.contains("was saved with other options (endpoint_pod_names pods), expected default: it is not used")
            })
    }

    @Test(arguments: ["", "{", "{\"kind\": \"List\", \"items\": [{\"kind\": 7}]}", "\u{0}\u{1}"])
    func aBrokenStateIsNotUsed(text: String) throws {
        let folder = try TemporaryFolder()
        try folder.write("state.json", text)
        let live = try LiveServer(.shop(), "last_state \(folder.file("state.json"))")
        defer { live.stop() }
        #expect(try live.answer("web.shop.svc.cluster.local.") == ["10.96.0.10"])
        #expect(live.dns.lines.all.contains { $0.contains(folder.file("state.json")) && $0.hasPrefix("[") })
    }

    /// It is a snapshot too: what a server knew can be looked at on a laptop.
    @Test func theFileIsASnapshot() throws {
        let folder = try TemporaryFolder()
        let live = try LiveServer(.shop(), "last_state \(folder.file("state.json"))", "endpoint_pod_names")
        live.stop()
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                kubernetes cluster.local in-addr.arpa {
                    snapshot \(folder.file("state.json"))
                    endpoint_pod_names
                }
            }
            """)
        defer { server.server.stop() }
        let client = try server.datagramClient()
        #expect(try LiveServer.answer(client, "node-10-1-0-2.nodes.shop.svc.cluster.local.") == ["10.1.0.2"])
    }

    @Test func aPlaceThatCannotBeWrittenIsSaidOnce() throws {
        let folder = try TemporaryFolder()
        let live = try LiveServer(.shop(), "last_state \(folder.file("none/state.json"))")
        #expect(try live.answer("web.shop.svc.cluster.local.") == ["10.96.0.10"])
        live.stop()
        #expect(live.dns.lines.all.filter { $0.contains("the last state cannot be saved") }.count == 1)
    }

    /// A full disk, or a folder that is mounted late: what could not be saved is not forgotten.
    @Test func whatCouldNotBeSavedIsSavedLater() throws {
        let folder = try TemporaryFolder()
        let live = try LiveServer(.shop(), "last_state \(folder.file("late/state.json"))")
        defer { live.stop() }
        #expect(holdsInTime { live.dns.lines.all.contains { $0.contains("the last state cannot be saved") } })
        try FileManager.default.createDirectory(
            atPath: folder.file("late"), withIntermediateDirectories: false)
        live.dns.server.stop()
        #expect(FileManager.default.fileExists(atPath: folder.file("late/state.json")))
        #expect(live.dns.lines.all.filter { $0.contains("the last state is saved again at") }.count == 1)
    }

    @Test func blocksWithOtherObjectsNeedAFileEach() throws {
        func corefile(_ option: String) -> String {
            """
            cluster.local {
                kubernetes {
                    endpoint http://127.0.0.1:1
                    last_state state.json
                }
            }
            other.local {
                kubernetes {
                    endpoint http://127.0.0.1:1
                    last_state state.json
                    \(option)
                }
            }
            """
        }
        let error = #expect(throws: CorefileError.self) {
            try RunningServer.configure(corefile("endpoint_pod_names"))
        }
        #expect(
            error.map { "\($0)" }?.contains(
                "last_state state.json is that of another kubernetes block with other options") == true)
        // What needs the same objects shares the file with them.
        #expect(throws: Never.self) { try RunningServer.configure(corefile("ttl 30")) }
    }
}
