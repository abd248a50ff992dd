import DNSWire
import Foundation
import LinuxIO
import PluginKit
import Plugins
import Server
import ServerHarness
import Testing

/// Where `forward` meets the rest of the server: files that name upstreams, aliases that lead out of the cluster, metrics.
@Suite struct ForwardPlacesTests {
    @Test func aliasesThatLeadOut() throws {
        let upstream = try TestUpstream { query in
            switch query.name {
            case "www.example.org.": .answer(query.response(["www.example.org. 60 IN A 192.0.2.80"]), after: 50)
            case "slow.example.org.":
                .answer(
                    query.response([
                        "slow.example.org. 60 IN CNAME www.example.org.", "www.example.org. 60 IN A 192.0.2.80",
                    ]), after: 200)
            case "silent.example.org.": .silence
            default: .answer(query.response(code: .nameError))
            }
        }
        let folder = try TemporaryFolder()
        let links = [
            "www": "www.example.org", "slow": "slow.example.org", "gone": "gone.example.org",
            "silent": "silent.example.org",
        ]
        let path = try folder.write("links.yaml", ClusterFiles.links(links))
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                errors
                kubernetes cluster.local {
                    snapshot \(path)
                }
                forward . \(upstream.address) {
                    read_timeout 150ms
                    max_fails 0
                    max_connect_attempts 1
                }
            }
            """)
        let rows: [(name: String, answer: [String])] = [
            ("www", ["www.example.org. 60 A 192.0.2.80"]), ("gone", []), ("silent", []),
            ("www", ["www.example.org. 60 A 192.0.2.80"]),
        ]
        let datagrams = try server.datagramClient()
        let streams = try server.streamClient()
        for row in rows {
            let name = "\(row.name).links.svc.cluster.local."
            let alias = "\(name) 5 CNAME \(row.name).example.org."
            for response in [try datagrams.ask(DNSQuestion(name)), try streams.ask(DNSQuestion(name))] {
                #expect(response.code == .noError, "\(name)")
                #expect(response.answerLines == ([alias] + row.answer).sorted(), "\(name)")
                #expect(response.flagNames == ["AA", "QR", "RD"])
            }
        }
        // Aliases are asked for as their client asks.
        #expect(Set(upstream.queries.map(\.isStream)) == [true, false])
        #expect(server.server.waitingQueries == 0)
    }

    @Test func aFileThatNamesTheUpstreams() throws {
        let first = try ForwardTests.answering("192.0.2.1")
        let folder = try TemporaryFolder()
        // Files name addresses only, so the port of the upstream has to be the usual one: these are nobody's.
        let path = try folder.write(
            "resolv.conf",
            "# a comment\nsearch example.org\nnameserver 192.0.2.53\n nameserver 2001:db8::53\noptions ndots:5\n")
        let configuration = try RunningServer.configure(
            ". {\n forward . \(path) \(first.address) 192.0.2.53 {\n policy sequential\n }\n}\n")
        let plugin = try #require(configuration.blocks.first?.plugins.first?.plugin as? ForwardPlugin)
        #expect(plugin.upstreamNames == ["192.0.2.53:53", "[2001:db8::53]:53", "\(first.address)"])
    }

    @Test func aFileThatChanges() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("resolv.conf", "nameserver 127.0.0.53\n")
        let clock = FastClock(speed: 100)
        let server = try RunningServer(
            ". {\n bind 127.0.0.1\n forward . \(path)\n}\n", clock: clock.clock)
        func says(_ line: String) -> Bool { holdsInTime { server.lines.all.contains { $0.hasSuffix(line) } } }
        _ = try folder.write("resolv.conf", "nameserver 127.0.0.54\nnameserver ::1\n")
        #expect(says("upstreams are now 127.0.0.54:53 [::1]:53"))
        _ = try folder.write("resolv.conf", "search nowhere.test\n")
        #expect(says("no nameservers found in \(path), the ones before are kept"))
        _ = try folder.write("resolv.conf", "nameserver 127.0.0.55\n")
        #expect(says("upstreams are now 127.0.0.55:53"))
    }

    @Test func metrics() throws {
        let upstream = try TestUpstream { query in
            query.name.hasPrefix("absent")
                ? .answer(query.response(code: .nameError))
                : .answer(query.response(["\(query.name) 300 IN A 192.0.2.80"]))
        }
        let server = try RunningServer(ForwardTests.corefile(upstream))
        let client = try server.datagramClient()
        for name in ["a.example.", "absent.example.", "b.example."] { _ = try client.ask(DNSQuestion(name)) }
        _ = try server.streamClient().ask(DNSQuestion("a.example."))
        let families = server.configuration.process.metrics.all
        func samples(_ name: String) -> [(labels: [String], value: Double)] {
            (families.first { $0.name == name }?.collect() ?? []).filter {
                $0.suffix != "_bucket" && $0.suffix != "_sum"
            }.map {
                ($0.labels.map { "\($0.0)=\($0.1)" }, $0.value)
            }
        }
        let durations = samples("coredns_proxy_request_duration_seconds")
        #expect(
            durations.map(\.labels) == [
                ["proxy_name=forward", "rcode=NOERROR", "to=\(upstream.address)"],
                ["proxy_name=forward", "rcode=NXDOMAIN", "to=\(upstream.address)"],
            ])
        #expect(durations.map(\.value) == [3, 1])
        let misses = samples("coredns_proxy_conn_cache_misses_total")
        #expect(
            misses.map(\.labels) == [
                ["proto=tcp", "proxy_name=forward", "to=\(upstream.address)"],
                ["proto=udp", "proxy_name=forward", "to=\(upstream.address)"],
            ])
        #expect(samples("coredns_forward_healthcheck_broken_total").map(\.value) == [0])
        #expect(samples("coredns_forward_max_concurrent_rejects_total").map(\.value) == [0])
    }
}
