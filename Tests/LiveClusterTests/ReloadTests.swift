import DNSWire
import Foundation
import LinuxIO
import PluginKit
import ScriptedAPI
import Server
import ServerHarness
import Testing

@testable import Plugins

/// A watched cluster through reloads: what both configurations need is carried over, anything else is there before it is
/// used.
@Suite struct ReloadTests {
    private static func text(_ live: LiveServer, _ options: String = "", block: String = "") -> String {
        """
        . {
            bind 127.0.0.1
            ready 127.0.0.1:0
            \(block)
            kubernetes cluster.local in-addr.arpa {
                endpoint \(live.api.url)
                \(options)
            }
        }
        """
    }

    /// What both need in common is neither listed nor watched anew.
    @Test func theSameObjectsAreNotAskedForAgain() throws {
        let live = try LiveServer(.shop())
        defer { live.stop() }
        #expect(live.api.waitForWatches(3))
        let requests = live.api.requests.count
        for (options, block) in [
            ("ttl 20", ""), ("fallthrough", "whoami"), ("pods insecure", "loadbalance"), ("startup_timeout 1s", "any"),
        ] {
            try live.dns.reload(Self.text(live, options, block: block))
            #expect(try live.answer("web.shop.svc.cluster.local.") == ["10.96.0.10"])
            #expect(live.dns.pluginsNotReady == [])
        }
        #expect(live.api.requests.count == requests)
        // What is carried over is followed still.
        live.cluster.apply(ScriptedService(namespace: "shop", name: "new", clusterIPs: ["10.96.0.11"]))
        #expect(try live.gets("new.shop.svc.cluster.local.", ["10.96.0.11"]))
        #expect(try metric("apodns_kubernetes_objects", live.dns, ["resource": "services"]) == ["3"])
        // Without the plugin the cluster is watched no longer.
        try live.dns.reload(". {\n bind 127.0.0.1\n whoami\n}\n")
        #expect(
            holdsInTime {
                live.dns.server.sweep()
                return live.api.connectionCount == 0
            })
        #expect(try metric("apodns_kubernetes_objects", live.dns) == [])
    }

    /// Other objects are listed before anybody depends on them.
    @Test(arguments: ["namespaces shop", "noendpoints", "labels app=web", "apiserver_qps 50"])
    func otherObjectsAreThereBeforeTheChange(options: String) throws {
        let live = try LiveServer(.shop())
        defer { live.stop() }
        live.api.fail(.stallBeforeHead(milliseconds: 200), times: 2)
        let requests = live.api.requests.count
        try live.dns.reload(Self.text(live, options))
        #expect(live.api.requests.count > requests)
        let expected = options.hasPrefix("labels") ? ["NXDOMAIN"] : ["10.96.0.10"]
        #expect(try live.answer("web.shop.svc.cluster.local.") == expected)
        // The watcher of the one before ends.
        let streams = options == "noendpoints" ? 2 : 3
        #expect(
            holdsInTime {
                live.dns.server.sweep()
                return live.dns.server.retiredCount == 0 && live.api.watchCount == streams
            }, "\(live.api.watchCount)")
    }

    /// A cluster that cannot be synced in time does not take the place of one that can answer.
    @Test func anUnsyncedClusterDoesNotTakeOver() throws {
        let live = try LiveServer(.shop())
        defer { live.stop() }
        live.api.fail(.stallBeforeHead(milliseconds: nil), times: 100)
        var message = ""
        do {
            try live.dns.reload(Self.text(live, "noendpoints\n startup_timeout 200ms"))
        } catch {
            message = "\(error)"
        }
        #expect(message == "Corefile:5:5: plugin/kubernetes: the Kubernetes API was not synced within 200ms")
        #expect(try live.answer("web.shop.svc.cluster.local.") == ["10.96.0.10"])
        #expect(live.dns.pluginsNotReady == [])
        live.api.clearFaults()
        live.cluster.apply(ScriptedService(namespace: "shop", name: "new", clusterIPs: ["10.96.0.11"]))
        #expect(try live.gets("new.shop.svc.cluster.local.", ["10.96.0.11"]))
        #expect(try metric("apodns_kubernetes_synced", live.dns, ["resource": "services"]) == ["1"])
        try live.dns.reload(Self.text(live, "noendpoints"))
        #expect(try live.answer("new.shop.svc.cluster.local.") == ["10.96.0.11"])
    }

    /// Of two that keep their last state in the same file the newer one writes it.
    @Test func theLastStateIsTheNewerOnes() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("state")
        let live = try LiveServer(.shop(), "last_state \(path)")
        defer { live.stop() }
        #expect(holdsInTime { Self.isSaved(path, withoutEndpoints: false) })
        try live.dns.reload(Self.text(live, "last_state \(path)\n noendpoints"))
        #expect(
            holdsInTime {
                live.dns.server.sweep()
                return live.dns.server.retiredCount == 0
            })
        #expect(holdsInTime { Self.isSaved(path, withoutEndpoints: true) })
        live.dns.server.stop()
        #expect(Self.isSaved(path, withoutEndpoints: true))
    }

    /// Whether there is a state that was saved with `noendpoints`, or without it.
    private static func isSaved(_ path: String, withoutEndpoints: Bool) -> Bool {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return false }
        return text.contains("apodns.io/options") && text.contains("noendpoints") == withoutEndpoints
    }
}
