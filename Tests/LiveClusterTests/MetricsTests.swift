import Foundation
import ScriptedAPI
import ServerHarness
import Testing

/// The metrics of a watched cluster.
@Suite struct MetricsTests {
    @Test func programmingDurationsOfEveryKind() throws {
        let cluster = ScriptedCluster.shop()
        let live = try LiveServer(cluster)
        defer { live.stop() }
        let family = "coredns_kubernetes_dns_programming_duration_seconds"
        // The first list says nothing about how fast changes are.
        #expect(try metric(family + "_count", live.dns).isEmpty)

        let now = Int64(Date().timeIntervalSince1970 * 1e9)
        var slice = ScriptedCluster.nodes(["10.1.0.7"])
        slice.setTriggerTime(now - 3_000_000_000)
        cluster.apply(slice)
        #expect(try live.gets("nodes.shop.svc.cluster.local.", ["10.1.0.7"]))
        #expect(
            try holdsInTime {
                try metric(family + "_count", live.dns, ["service_kind": "headless_with_selector"]) == ["1"]
            })
        let sum = try metric(family + "_sum", live.dns, ["service_kind": "headless_with_selector"])
        #expect(sum.compactMap { Double($0) }.allSatisfy { $0 >= 3 && $0 < 600 }, "\(sum)")
        #expect(try metric(family + "_bucket", live.dns, ["le": "2.048"]) == ["0"])

        // A service with a cluster address has endpoints too, whose names answer.
        var other = ScriptedEndpointSlice(
            namespace: "shop", name: "web-1", service: "web", endpoints: [ScriptedEndpoint(["10.1.1.1"])])
        other.setTriggerTime(now)
        cluster.apply(other)
        #expect(try live.gets("10-1-1-1.web.shop.svc.cluster.local.", ["10.1.1.1"]))
        #expect(
            try holdsInTime { try metric(family + "_count", live.dns, ["service_kind": "cluster_ip"]) == ["1"] })
    }

    @Test func servicesWithoutASelectorAreAKindOfTheirOwn() throws {
        let cluster = ScriptedCluster.shop()
        var service = ScriptedService(namespace: "shop", name: "nodes")
        service.selector = [:]
        cluster.apply(service)
        let live = try LiveServer(cluster)
        defer { live.stop() }
        var slice = ScriptedCluster.nodes(["10.1.0.7"])
        slice.setTriggerTime(Int64(Date().timeIntervalSince1970 * 1e9))
        cluster.apply(slice)
        let labels = ["service_kind": "headless_without_selector"]
        #expect(
            try holdsInTime {
                try metric("coredns_kubernetes_dns_programming_duration_seconds_count", live.dns, labels) == ["1"]
            })
    }

    @Test func requestsAndResources() throws {
        let live = try LiveServer(.shop(), "pods verified")
        defer { live.stop() }
        let host = String(live.api.url.dropFirst("http://".count))
        #expect(live.api.waitForWatches(4))
        let requests = try metric(
            "coredns_kubernetes_rest_client_requests_total", live.dns, ["code": "200", "method": "GET", "host": host])
        #expect((Int(requests.first ?? "") ?? 0) >= 4, "\(requests)")
        let durations = try metric(
            "coredns_kubernetes_rest_client_request_duration_seconds_count", live.dns, ["verb": "GET", "host": host])
        #expect(durations == requests)
        for (resource, count) in [("namespaces", "2"), ("services", "2"), ("endpointslices", "1"), ("pods", "0")] {
            let labels = ["resource": resource]
            #expect(try metric("apodns_kubernetes_objects", live.dns, labels) == [count], "\(resource)")
            #expect(try metric("apodns_kubernetes_relists_total", live.dns, labels) == ["0"], "\(resource)")
            #expect(try metric("apodns_kubernetes_synced", live.dns, labels) == ["1"], "\(resource)")
            #expect(try metric("apodns_kubernetes_seconds_since_last_event", live.dns, labels).count == 1)
        }
        #expect(try metric("apodns_kubernetes_serves_last_state", live.dns) == ["0"])
        // Every watch has expired: each resource is listed anew.
        live.cluster.compact()
        live.api.disconnectAll()
        #expect(
            try holdsInTime {
                try metric("apodns_kubernetes_relists_total", live.dns, ["resource": "services"]) != ["0"]
            })
    }
}
