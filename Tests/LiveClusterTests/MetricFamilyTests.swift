import DNSWire
import Foundation
import Glibc
import LinuxIO
import PluginKit
import Plugins
import ScriptedAPI
import Server
import ServerHarness
import Testing

/// The families of metrics and their labels, held against what CoreDNS 1.14.7's documentation names: the READMEs of its plugins
/// under "Metrics", and for `process_` Prometheus's Go client.
@Suite struct MetricFamilyTests {
    /// A family: its kind as the text format says it, and its labels (`le` left out).
    struct Family: Equatable {
        var kind: String
        var labels: Set<String>

        init(_ kind: String, _ labels: String = "") {
            self.kind = kind
            self.labels = Set(labels.split(separator: " ").map(String.init))
        }
    }

    /// Families by their names.
    static let documented: [String: Family] = [
        // prometheus
        "coredns_build_info": Family("gauge", "version revision goversion"),
        "coredns_panics_total": Family("counter"),
        "coredns_plugin_enabled": Family("gauge", "server zone view name"),
        "coredns_dns_requests_total": Family("counter", "server zone view proto family type"),
        // The README has a label `type`, too, which CoreDNS's program does not give.
        "coredns_dns_request_duration_seconds": Family("histogram", "server zone view"),
        "coredns_dns_request_size_bytes": Family("histogram", "server zone view proto"),
        "coredns_dns_do_requests_total": Family("counter", "server zone view"),
        "coredns_dns_response_size_bytes": Family("histogram", "server zone view proto"),
        "coredns_dns_responses_total": Family("counter", "server zone view rcode plugin"),
        // acl
        "coredns_acl_allowed_requests_total": Family("counter", "server view"),
        "coredns_acl_blocked_requests_total": Family("counter", "server zone view"),
        "coredns_acl_dropped_requests_total": Family("counter", "server zone view"),
        "coredns_acl_filtered_requests_total": Family("counter", "server zone view"),
        // autopath
        "coredns_autopath_success_total": Family("counter", "server"),
        // cache
        "coredns_cache_drops_total": Family("counter", "server zones view"),
        "coredns_cache_entries": Family("gauge", "server type zones view"),
        "coredns_cache_evictions_total": Family("counter", "server type zones view"),
        "coredns_cache_hits_total": Family("counter", "server type zones view"),
        "coredns_cache_misses_total": Family("counter", "server zones view"),
        "coredns_cache_prefetch_total": Family("counter", "server zones view"),
        "coredns_cache_requests_total": Family("counter", "server zones view"),
        "coredns_cache_served_stale_total": Family("counter", "server zones view"),
        // dns64
        "coredns_dns64_requests_translated_total": Family("counter", "server"),
        // forward. Its README has `rcode` with the failed health checks, too, which CoreDNS's program does not give.
        "coredns_forward_healthcheck_broken_total": Family("counter"),
        "coredns_forward_max_concurrent_rejects_total": Family("counter"),
        "coredns_proxy_conn_cache_hits_total": Family("counter", "proxy_name to proto"),
        "coredns_proxy_conn_cache_misses_total": Family("counter", "proxy_name to proto"),
        "coredns_proxy_healthcheck_failures_total": Family("counter", "proxy_name to"),
        "coredns_proxy_request_duration_seconds": Family("histogram", "proxy_name to rcode"),
        // health
        "coredns_health_request_duration_seconds": Family("histogram"),
        "coredns_health_request_failures_total": Family("counter"),
        // hosts. Its README says no label; CoreDNS's program gives this one.
        "coredns_hosts_entries": Family("gauge", "hostsfile"),
        "coredns_hosts_reload_timestamp_seconds": Family("gauge"),
        // kubernetes
        "coredns_kubernetes_dns_programming_duration_seconds": Family("histogram", "service_kind"),
        "coredns_kubernetes_rest_client_rate_limiter_duration_seconds": Family("histogram", "verb host"),
        "coredns_kubernetes_rest_client_request_duration_seconds": Family("histogram", "verb host"),
        "coredns_kubernetes_rest_client_requests_total": Family("counter", "method code host"),
        // local
        "coredns_local_localhost_requests_total": Family("counter"),
        // reload
        "coredns_reload_failed_total": Family("counter"),
        "coredns_reload_version_info": Family("gauge", "hash value"),
        // template
        "coredns_template_matches_total": Family("counter", "server zone view class type"),
        "coredns_template_rr_failures_total": Family("counter", "server zone view class type section template"),
        "coredns_template_template_failures_total": Family("counter", "server zone view class type section template"),
        // Prometheus's Go client
        "process_cpu_seconds_total": Family("counter"),
        "process_max_fds": Family("gauge"),
        "process_network_receive_bytes_total": Family("counter"),
        "process_network_transmit_bytes_total": Family("counter"),
        "process_open_fds": Family("gauge"),
        "process_resident_memory_bytes": Family("gauge"),
        "process_start_time_seconds": Family("gauge"),
        "process_virtual_memory_bytes": Family("gauge"),
        "process_virtual_memory_max_bytes": Family("gauge"),
    ]

    /// The upper bounds of histograms, as the text has them: what dashboards estimate quantiles from.
    static let bounds: [String: String] = {
        let sizes = "0 100 200 300 400 511 1023 2047 4095 8291 16000 32000 48000 64000 +Inf"
        let times =
            "0.00025 0.0005 0.001 0.002 0.004 0.008 0.016 0.032 0.064 0.128 0.256 0.512 1.024 2.048 4.096 8.192 +Inf"
        let requests = "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 +Inf"
        return [
            "coredns_dns_request_duration_seconds": times,
            "coredns_dns_request_size_bytes": sizes,
            "coredns_dns_response_size_bytes": sizes,
            "coredns_proxy_request_duration_seconds": times,
            "coredns_health_request_duration_seconds": "0.00025 0.0025 0.025 0.25 2.5 +Inf",
            "coredns_kubernetes_dns_programming_duration_seconds":
                "0.001 0.002 0.004 0.008 0.016 0.032 0.064 0.128 0.256 0.512 1.024 2.048 4.096 8.192 16.384 32.768 65.536 "
                + "131.072 262.144 524.288 +Inf",
            "coredns_kubernetes_rest_client_rate_limiter_duration_seconds": requests,
            "coredns_kubernetes_rest_client_request_duration_seconds": requests,
        ]
    }()

    /// What the traffic here does not bring about: an answer to another question (`forward` lets none through), and a full cache.
    static let withoutTraffic: Set<String> = ["coredns_cache_drops_total", "coredns_cache_evictions_total"]

    @Test func familiesAndLabelsAreTheDocumentedOnes() throws {
        let clock = FastClock(speed: 1)
        let folder = try TemporaryFolder()
        try folder.write("resolv.conf", "search near.test far.test\n")
        let upstream = try TestUpstream { query in
            if query.name.hasSuffix("near.test.") { return .answer(query.response(code: .nameError)) }
            return .answer(query.response(query.type == .a ? ["\(query.name) 60 IN A 192.0.2.1"] : []))
        }
        let cluster = ScriptedCluster.shop()
        // Only lists are kept to a rate, and a list that is streamed is a watch.
        var settings = ScriptedSettings()
        settings.streamingLists = .refused(400)
        let api = try ScriptedAPIServer(cluster, settings: settings)
        defer { api.stop() }
        let ports = try (0..<2).map { _ in try RunningServer(". {\n    bind 127.0.0.1\n    whoami\n}\n") }.map(\.port)
        let dns = try RunningServer(
            Self.corefile(
                api: api.url, upstream: "\(upstream.address)", folder: folder.path, health: ports[0], metrics: ports[1]),
            clock: clock.clock)
        defer { dns.server.stop() }
        QueryMetrics.of(dns.configuration.process).setBuild(version: "1", revision: "")
        // As the program does: `reload` belongs to no block.
        ReloadMetrics.of(dns.configuration.process).setRunning("0")

        // With OPT and DO, over both transports, twice for the connections, and what acl is about.
        let client = try dns.datagramClient()
        let stream = try dns.streamClient()
        for name in ["one.example.", "two.example.", "h.lan.", "t.test.", "bad.test.", "worse.test.", "x.localhost."] {
            var question = DNSQuestion(name)
            question.dnssecOK = true
            _ = try client.ask(question)
            _ = try stream.ask(question)
        }
        // As many as there are ports, and one more: then one was used again.
        for number in 0..<33 { _ = try client.ask(DNSQuestion("n\(number).example.")) }
        // Only the second name of the search list has it; there is no AAAA record.
        #expect(try client.ask(DNSQuestion("www.near.test.")).code == .noError)
        #expect(try client.ask(DNSQuestion("v4.example.", .aaaa)).answer.map(\.type) == [.aaaa])
        _ = try client.ask(DNSQuestion("one.example.", .mx))
        _ = try client.ask(DNSQuestion("one.example.", .txt))
        try dns.datagramClient().send(DNSQuestion("one.example.", .hinfo).bytes)
        #expect(try client.ask(DNSQuestion("x.dead.")).code == .serverFailure)
        // Aged a little, then asked for: prefetched. Aged more than it lives: served stale.
        for nanoseconds in [20 * Clock.second, 200 * Clock.second] {
            let start = clock.clock.monotonic()
            clock.speed = 10_000
            #expect(holdsInTime { clock.clock.monotonic() - start > nanoseconds })
            clock.speed = 1
            for _ in 0..<3 { _ = try client.ask(DNSQuestion("one.example.")) }
        }
        var slice = ScriptedCluster.nodes(["10.1.0.7"])
        slice.setTriggerTime(Int64(Date().timeIntervalSince1970 * 1e9))
        cluster.apply(slice)

        var found: [String: Family] = [:]
        let expected = Self.documented.filter { !Self.withoutTraffic.contains($0.key) }
        _ = try holdsInTime {
            found = try Self.scrape(ports[1]).filter { !$0.key.hasPrefix("apodns_") }
            return Set(found.keys) == Set(expected.keys)
        }
        for name in Set(found.keys).union(expected.keys).sorted() {
            #expect(found[name] == expected[name], "\(name)")
        }
        let text = try fetchHTTP(.loopback(port: ports[1]), "/metrics").body
        #expect(Set(Self.bounds.keys) == Set(expected.filter { $0.value.kind == "histogram" }.keys))
        for (name, bounds) in Self.bounds {
            // All series of a family have the same ones, in order: those of the first do.
            let lines = text.split(separator: "\n").filter { $0.hasPrefix(name + "_bucket{") }
            let found = lines.compactMap { $0.firstMatch(of: /le="([^"]+)"/).map { String($0.output.1) } }
            let count = bounds.split(separator: " ").count
            #expect(found.prefix(count).joined(separator: " ") == bounds, "\(name)")
            #expect(found.count % count == 0, "\(name)")
        }
        // The others are known all the same.
        let registered = dns.configuration.process.metrics.all.filter { !$0.name.hasPrefix("apodns_") }
        #expect(Set(registered.map(\.name)) == Set(Self.documented.keys))
        for family in registered {
            #expect(family.kind.rawValue == Self.documented[family.name]?.kind, "\(family.name)")
        }
    }

    /// The label `view` is the name of the block's view, in all families of queries.
    @Test func viewsHaveTheirName() throws {
        let ports = try (0..<1).map { _ in try RunningServer(". {\n    bind 127.0.0.1\n    whoami\n}\n") }.map(\.port)
        let server = try RunningServer(
            """
            test {
                bind 127.0.0.1
                prometheus 127.0.0.1:\(ports[0])
                view inside {
                    expr client_ip() == '127.0.0.1'
                }
                acl {
                    allow
                }
                cache
                template IN A test {
                    answer "{{ .Name }} 60 IN A 10.0.0.1"
                }
            }
            """)
        let client = try server.datagramClient()
        for _ in 0..<2 { #expect(try client.ask(DNSQuestion("a.test.")).answer.count == 1) }
        for name in [
            "coredns_plugin_enabled", "coredns_dns_requests_total", "coredns_dns_responses_total",
            "coredns_cache_entries", "coredns_cache_hits_total", "coredns_cache_misses_total",
            "coredns_template_matches_total", "coredns_acl_allowed_requests_total",
        ] {
            var views: [String] = []
            _ = holdsInTime {
                let family = server.configuration.process.metrics.all.first { $0.name == name }
                views = family?.collect().flatMap(\.labels).filter { $0.0 == "view" }.map(\.1) ?? []
                return !views.isEmpty
            }
            #expect(Set(views) == ["inside"], "\(name)")
        }
    }

    private static func corefile(
        api: String, upstream: String, folder: String, health: UInt16, metrics: UInt16
    ) -> String {
        #"""
        . {
            bind 127.0.0.1
            prometheus 127.0.0.1:\#(metrics)
            health 127.0.0.1:\#(health)
            errors
            local
            acl {
                block type MX net 127.0.0.0/8
                filter type TXT net 127.0.0.0/8
                drop type HINFO net 127.0.0.0/8
            }
            cache 60 {
                prefetch 1 1h 90%
                serve_stale 1h
            }
            template IN A t.test {
                answer "{{ .Name }} 60 IN A 10.0.0.1"
            }
            template IN A bad.test {
                answer "{{ .Name }} 60 IN A nothing"
            }
            template IN A worse.test {
                answer "{{ .Name }} 60 IN A {{ index .Match 9 }}"
            }
            dns64 {
                allow_ipv4
            }
            autopath near.test \#(folder)/resolv.conf
            hosts {
                10.0.0.1 h.lan
                fallthrough
            }
            kubernetes cluster.local {
                endpoint \#(api)
            }
            forward dead 127.0.0.1:9 {
                max_fails 1
                health_check 100ms
            }
            forward . \#(upstream)
        }
        """#
    }

    /// The families of a scrape, from the text that Prometheus reads.
    private static func scrape(_ port: UInt16) throws -> [String: Family] {
        var found: [String: Family] = [:]
        var name = ""
        for line in try fetchHTTP(.loopback(port: port), "/metrics").body.split(separator: "\n") {
            if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ")
                name = String(words[2])
                found[name] = Family(String(words[3]))
            } else if !line.hasPrefix("#"), let start = line.firstIndex(of: "{"), line.hasPrefix(name) {
                for match in line[start...].matches(of: /[{,]([a-z_]+)="/) where match.output.1 != "le" {
                    found[name]?.labels.insert(String(match.output.1))
                }
            }
        }
        return found
    }
}
