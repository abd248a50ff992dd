import DNSWire
import LinuxIO
import Server
import ServerHarness
import Testing

/// The HTTP endpoints of a running server.
@Suite struct EndpointTests {
    private static func freePorts(_ count: Int) throws -> [UInt16] {
        // All at once, so that they differ.
        let servers = try (0..<count).map { _ in try RunningServer(". {\n    bind 127.0.0.1\n    whoami\n}\n") }
        return servers.map(\.port)
    }

    @Test func healthReadyAndMetrics() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("cluster.yaml", ClusterFiles.web("10.0.0.1"))
        let ports = try Self.freePorts(2)
        // Two plugins may share an address.
        let server = try RunningServer(
            """
            . {
                bind 127.0.0.1
                health 127.0.0.1:\(ports[0])
                ready 127.0.0.1:\(ports[0])
                prometheus 127.0.0.1:\(ports[1])
                kubernetes cluster.local {
                    snapshot \(path)
                }
            }
            """)
        let (shared, metrics) = (SocketAddress.loopback(port: ports[0]), SocketAddress.loopback(port: ports[1]))
        #expect(try fetchHTTP(shared, "/health") == (200, "OK"))
        #expect(try fetchHTTP(shared, "/ready") == (200, "OK"))
        #expect(try fetchHTTP(shared, "/metrics").status == 404)
        #expect(try fetchHTTP(metrics, "/health").status == 404)
        let client = try server.datagramClient()
        for _ in 0..<3 { #expect(try client.ask(DNSQuestion("web.shop.svc.cluster.local.")).code == .noError) }
        #expect(try server.streamClient().ask(DNSQuestion("no.shop.svc.cluster.local.")).code == .nameError)
        let name = "dns://127.0.0.1:0"
        let expected = [
            "coredns_dns_requests_total{family=\"1\",proto=\"udp\",server=\"\(name)\",type=\"A\",view=\"\",zone=\".\"} 3",
            "coredns_dns_requests_total{family=\"1\",proto=\"tcp\",server=\"\(name)\",type=\"A\",view=\"\",zone=\".\"} 1",
            "coredns_dns_responses_total{plugin=\"kubernetes\",rcode=\"NXDOMAIN\",server=\"\(name)\",view=\"\",zone=\".\"} 1",
            "coredns_plugin_enabled{name=\"kubernetes\",server=\"\(name)\",view=\"\",zone=\".\"} 1",
        ]
        // Workers count for themselves and hand over their numbers between batches.
        var text = ""
        let holds = try holdsInTime {
            text = try fetchHTTP(metrics, "/metrics").body
            let lines = Set(text.split(separator: "\n").map(String.init))
            return expected.allSatisfy { lines.contains($0) }
        }
        #expect(holds, "\(text)")
        server.server.stop()
        #expect(throws: ClientError.self) { try fetchHTTP(shared, "/health") }
    }
}
