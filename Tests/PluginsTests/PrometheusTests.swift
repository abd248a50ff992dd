import DNSWire
import LinuxIO
import PluginKit
import Testing

@testable import Plugins

struct PrometheusTests {
    /// The lines of the export that are about the families beginning with `prefix`, without HELP and TYPE.
    private func samples(_ process: ProcessContext, _ prefix: String) -> [String] {
        MetricsText.write(process.metrics.all).split(separator: "\n").map(String.init).filter { $0.hasPrefix(prefix) }
    }

    @Test func countsQueries() throws {
        var bench = PluginBench()
        let plugin = try bench.plugin(PrometheusPlugin.self, "prometheus")
        #expect("\(plugin.address)" == "127.0.0.1:9153")
        let answer = StubAnswer(plugin: "kubernetes", answer: ["example.org. 5 IN A 10.0.0.1"])
        let chain = bench.chain([plugin], answer, zone: "example.org.")
        _ = bench.ask(chain, Query(), took: 1_000_000)
        _ = bench.ask(chain, Query(type: .https, udpSize: 1232, dnssecOK: true), took: 250_000)
        bench.client = SocketAddress(high: 1, low: 1, port: 1)
        _ = bench.ask(chain, Query(type: RecordType(rawValue: 99)), took: 60_000_000_000)
        bench.transport = .tcp
        let other = bench.chain([plugin], StubAnswer(code: .nameError), zone: "example.org.")
        _ = bench.ask(other, Query(), took: 0)
        _ = bench.ask(bench.chain([plugin], zone: "."), Query())

        #expect(
            samples(bench.process, "coredns_dns_requests_total") == [
                #"coredns_dns_requests_total{family="1",proto="udp",server="dns://:53",type="A",view="",zone="example.org."} 1"#,
                #"coredns_dns_requests_total{family="1",proto="udp",server="dns://:53",type="HTTPS",view="",zone="example.org."} 1"#,
                #"coredns_dns_requests_total{family="2",proto="tcp",server="dns://:53",type="A",view="",zone="."} 1"#,
                #"coredns_dns_requests_total{family="2",proto="tcp",server="dns://:53",type="A",view="",zone="example.org."} 1"#,
                #"coredns_dns_requests_total{family="2",proto="udp",server="dns://:53",type="other",view="",zone="example.org."} 1"#,
            ])
        #expect(
            samples(bench.process, "coredns_dns_responses_total") == [
                #"coredns_dns_responses_total{plugin="",rcode="SERVFAIL",server="dns://:53",view="",zone="."} 1"#,
                #"coredns_dns_responses_total{plugin="forward",rcode="NXDOMAIN",server="dns://:53",view="",zone="example.org."} 1"#,
                #"coredns_dns_responses_total{plugin="kubernetes",rcode="NOERROR",server="dns://:53",view="",zone="example.org."} 3"#,
            ])
        #expect(
            samples(bench.process, "coredns_dns_do_requests_total") == [
                #"coredns_dns_do_requests_total{server="dns://:53",view="",zone="example.org."} 1"#
            ])
        // Both transports are one in the durations, which do not tell them apart.
        let durations = samples(bench.process, "coredns_dns_request_duration_seconds").filter {
            $0.contains("example.org")
        }
        #expect(durations.count == 19)
        #expect(durations[0].hasSuffix(#"{server="dns://:53",view="",zone="example.org.",le="0.00025"} 2"#))
        #expect(durations[1].hasSuffix(#"le="0.0005"} 2"#))
        #expect(durations[2].hasSuffix(#"le="0.001"} 3"#))
        #expect(durations[15].hasSuffix(#"le="8.192"} 3"#))
        #expect(durations[16].hasSuffix(#"le="+Inf"} 4"#))
        #expect(durations[17].hasSuffix(#"_sum{server="dns://:53",view="",zone="example.org."} 60.00125"#))
        #expect(durations[18].hasSuffix(#"_count{server="dns://:53",view="",zone="example.org."} 4"#))
        let sizes = samples(bench.process, "coredns_dns_response_size_bytes").filter {
            $0.contains(#"proto="udp""#)
        }
        #expect(sizes.count == 17)
        #expect(sizes[0].hasSuffix(#"{proto="udp",server="dns://:53",view="",zone="example.org.",le="0"} 0"#))
        #expect(sizes[1].hasSuffix(#"le="100"} 3"#))
        #expect(sizes[13].hasSuffix(#"le="64000"} 3"#))
        #expect(sizes[15].hasSuffix("} 146"))
    }

    @Test func chainsThatGoLeaveTheirCounts() throws {
        let bench = PluginBench()
        let plugin = try bench.plugin(PrometheusPlugin.self, "prometheus")
        let family = "coredns_dns_responses_total"
        var last = 0
        for round in 1...3 {
            // Two workers.
            let chains = [bench.chain([plugin], StubAnswer()), bench.chain([plugin], StubAnswer())]
            for chain in chains { _ = bench.ask(chain, Query(), took: 5) }
            let line = try #require(samples(bench.process, family).first)
            last = try #require(Int(line.split(separator: " ").last ?? ""))
            #expect(last == 2 * round)
            withExtendedLifetime(chains) {}
        }
        #expect(samples(bench.process, family).first?.hasSuffix(" \(last)") == true)
        #expect(samples(bench.process, "coredns_dns_request_duration_seconds_count").first?.hasSuffix(" 6") == true)
    }

    @Test func countsWhatEntersNoChain() throws {
        let bench = PluginBench()
        let metrics = QueryMetrics.of(bench.process)
        let dropped = DroppedQueries(metrics, server: "dns://:53", transport: .udp)
        var exchange = Exchange(random: FastRandom(seed: 1))
        defer { exchange.name.deallocate() }
        exchange.code = .refused
        exchange.requestLength = 29
        exchange.responseLength = 29
        dropped.view.count(&exchange)
        dropped.view.endBatch(10)
        dropped.view.endBatch(11)
        let labels = #"server="dns://:53",view="",zone="dropped""#
        #expect(
            samples(bench.process, "coredns_dns_responses_total") == [
                #"coredns_dns_responses_total{plugin="",rcode="REFUSED",\#(labels)} 1"#
            ])
        #expect(
            samples(bench.process, "coredns_dns_request_duration_seconds_count") == [
                "coredns_dns_request_duration_seconds_count{\(labels)} 1"
            ])
    }

    /// More combinations than there are slots are counted together.
    @Test func manyResponseCodesAreCounted() throws {
        let bench = PluginBench()
        let metrics = QueryMetrics.of(bench.process)
        let counters = metrics.makeCounters(.init(server: "s", zone: "z.", transport: .udp))
        var exchange = Exchange(random: FastRandom(seed: 1))
        defer { exchange.name.deallocate() }
        for _ in 0..<2 {
            for code in 0..<100 {
                exchange.code = ResponseCode(rawValue: UInt16(code))
                QueryCounters.count(counters.context, &exchange)
            }
        }
        let found = samples(bench.process, "coredns_dns_responses_total")
        #expect(found.count == QueryCounters.Layout.responseSlots)
        #expect(
            found.contains(#"coredns_dns_responses_total{plugin="",rcode="other",server="s",view="",zone="z."} 106"#))
        #expect(
            found.contains(#"coredns_dns_responses_total{plugin="",rcode="BADVERS",server="s",view="",zone="z."} 2"#))
        counters.giveBack()
        #expect(samples(bench.process, "coredns_dns_responses_total") == found)
    }

    @Test func exportsOverHTTP() throws {
        let bench = PluginBench()
        let plugin = try bench.plugin(PrometheusPlugin.self, "prometheus localhost:9253 {\n runtime_metrics\n}")
        #expect(
            bench.lines.take() == [
                "[WARNING] Corefile:3:2: plugin/prometheus: runtime_metrics has no effect: there is no Go runtime here"
            ])
        let metrics = QueryMetrics.of(bench.process)
        metrics.setBuild(version: "1.0", revision: "abc")
        metrics.setEnabled(server: "dns://:53", zone: ".", plugins: ["prometheus", "errors", "errors"])
        let response = bench.process.admin.respond(plugin.address, path: "/metrics")
        #expect(response.status == 200)
        #expect(response.contentType == "text/plain; version=0.0.4; charset=utf-8")
        let text = String(decoding: response.body, as: UTF8.self)
        #expect(
            text.hasPrefix(
                """
                # HELP coredns_build_info A metric with a constant '1' value labeled by version, revision, and goversion from \
                which CoreDNS was built.
                # TYPE coredns_build_info gauge
                coredns_build_info{goversion="swift",revision="abc",version="1.0"} 1
                # HELP coredns_panics_total A metrics that counts the number of panics.
                # TYPE coredns_panics_total counter
                coredns_panics_total 0
                # HELP coredns_plugin_enabled A metric that indicates whether a plugin is enabled on per server and zone \
                basis.
                # TYPE coredns_plugin_enabled gauge
                coredns_plugin_enabled{name="errors",server="dns://:53",view="",zone="."} 1
                coredns_plugin_enabled{name="prometheus",server="dns://:53",view="",zone="."} 1
                # HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.
                # TYPE process_cpu_seconds_total counter
                process_cpu_seconds_total
                """))
        for family in ["max_fds", "open_fds", "resident_memory_bytes", "start_time_seconds", "virtual_memory_bytes"] {
            let line = text.split(separator: "\n").first { $0.hasPrefix("process_\(family) ") }
            #expect((line?.split(separator: " ").last.flatMap { Double($0) } ?? 0) > 0)
        }
        metrics.clearEnabled()
        #expect(samples(bench.process, "coredns_plugin_enabled").isEmpty)
    }

    @Test func bucketsAreThoseOfTheirBounds() {
        for (place, type) in QueryTypes.all.enumerated() { #expect(QueryTypes.place(type) == place) }
        #expect(QueryTypes.all.count + 1 == QueryTypes.count)
        #expect(QueryTypes.place(RecordType(rawValue: 4)) == QueryTypes.count - 1)
        for size in 0...66_000 {
            let expected = SizeBuckets.bounds.firstIndex { Double(size) <= $0 } ?? SizeBuckets.bounds.count
            if SizeBuckets.place(size) != expected { #expect(SizeBuckets.place(size) == expected, "size \(size)") }
        }
        #expect(SizeBuckets.bounds.count + 1 == SizeBuckets.count)
        #expect(TimeBuckets.bounds.count + 1 == TimeBuckets.count)
        for (place, bound) in TimeBuckets.bounds.enumerated() {
            let nanoseconds = UInt64((bound * 1e9).rounded())
            #expect(TimeBuckets.place(nanoseconds) == place)
            #expect(TimeBuckets.place(nanoseconds + 1) == place + 1)
        }
        #expect(TimeBuckets.place(0) == 0)
        #expect(TimeBuckets.place(.max) == 16)
    }

    @Test func textIsEscapedSortedAndAddedUp() {
        let registry = MetricsRegistry()
        registry.register("b_total", help: "a \\ and\na \"quote\"", kind: .counter) {
            [
                .init(labels: [("z", "\\\"\n"), ("a", "2")], value: 1),
                .init(labels: [("z", ""), ("a", "1")], value: 1e6),
            ]
        }
        registry.register("b_total", help: "", kind: .counter) { [.init(labels: [("a", "1"), ("z", "")], value: 0.5)] }
        registry.register("a", help: "gauge", kind: .gauge) { [.init(value: 1), .init(value: 2)] }
        registry.register("empty", help: "nothing", kind: .gauge) { [] }
        #expect(
            MetricsText.write(registry.all) == """
                # HELP a gauge
                # TYPE a gauge
                a 2
                # HELP b_total a \\\\ and\\na "quote"
                # TYPE b_total counter
                b_total{a="1",z=""} 1.0000005e+06
                b_total{a="2",z="\\\\\\"\\n"} 1

                """)
    }
}
