import DNSWire
import Foundation
import KubernetesAPI
import LinuxIO
import PluginKit
import Plugins
import ScriptedAPI
import Server
import ServerHarness
import Testing

/// A DNS server that watches a scripted API server.
final class LiveServer {
    let cluster: ScriptedCluster
    let api: ScriptedAPIServer
    let dns: RunningServer

    /// - Parameters:
    ///   - options: lines of the kubernetes block besides `endpoint`.
    ///   - zones: what follows `kubernetes`.
    init(
        _ cluster: ScriptedCluster, _ options: String..., zones: String = "cluster.local in-addr.arpa",
        blocks: String = "", settings: ScriptedSettings = ScriptedSettings(), clock: Clock = .system,
        watching: WatchOptions = WatchOptions()
    ) throws {
        self.cluster = cluster
        api = try ScriptedAPIServer(cluster, settings: settings)
        do {
            dns = try Self.server(
                api.url, options, zones: zones, blocks: blocks, clock: clock, watching: watching)
        } catch {
            api.stop()
            throw error
        }
    }

    static func server(
        _ url: String, _ options: [String], zones: String = "cluster.local in-addr.arpa", blocks: String = "",
        clock: Clock = .system, watching: WatchOptions = WatchOptions()
    ) throws -> RunningServer {
        try RunningServer(
            """
            . {
                bind 127.0.0.1
                \(blocks)
                kubernetes \(zones) {
                    endpoint \(url)
                    \(options.joined(separator: "\n"))
                }
            }
            """, clock: clock, prepare: { process in _ = process.shared { WatchTuning(watching) } })
    }

    /// Ends both. (The API server first: what it does to the other is part of the tests.)
    func stop() {
        dns.server.stop()
        api.stop()
    }

    /// What one name answers: the records' data in order, or the code.
    func answer(_ name: String, _ type: RecordType = .a) throws -> [String] {
        try Self.answer(dns.datagramClient(), name, type)
    }

    static func answer(_ client: DatagramClient, _ name: String, _ type: RecordType = .a) throws -> [String] {
        let response = try client.ask(DNSQuestion(name, type))
        guard response.code == .noError else { return ["\(response.code)"] }
        return response.answer.map { "\($0.data)" }.sorted()
    }

    /// The log lines with `text` in them, once there is one: lines may come just after what they are about.
    func lines(with text: String) -> [String] {
        var found: [String] = []
        _ = holdsInTime {
            found = dns.lines.all.filter { $0.contains(text) }
            return !found.isEmpty
        }
        return found
    }

    /// Whether a name answers this in time.
    func gets(_ name: String, _ expected: [String], _ type: RecordType = .a) throws -> Bool {
        let client = try dns.datagramClient()
        return try holdsInTime { try Self.answer(client, name, type) == expected }
    }
}

extension RunningServer {
    /// What `ready` waits for.
    var pluginsNotReady: [String] { configuration.process.lifecycle.pluginsNotReady() }
}

extension ScriptedCluster {
    /// Namespaces `shop` and `play`; in `shop` the service `web`, the headless service `nodes` with three pods, and no more.
    static func shop() -> ScriptedCluster {
        let cluster = ScriptedCluster()
        for name in ["shop", "play"] { cluster.apply(ScriptedNamespace(name)) }
        cluster.apply(ScriptedService(namespace: "shop", name: "web", clusterIPs: ["10.96.0.10"]))
        cluster.apply(ScriptedService(namespace: "shop", name: "nodes"))
        cluster.apply(nodes(["10.1.0.1", "10.1.0.2", "10.1.0.3"]))
        return cluster
    }

    /// The slice of `nodes` with a pod at each address.
    static func nodes(_ addresses: [String], name: String = "nodes-1") -> ScriptedEndpointSlice {
        ScriptedEndpointSlice(
            namespace: "shop", name: name, service: "nodes", isHeadless: true,
            endpoints: addresses.map { address in
                ScriptedEndpoint(
                    [address],
                    pod: .init(namespace: "shop", name: "node-" + address.replacingOccurrences(of: ".", with: "-")))
            })
    }
}
