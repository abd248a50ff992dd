import DNSWire
import LinuxIO
import ScriptedAPI
import Server
import ServerHarness
import Testing

/// API servers speak HTTP/2: all lists and watches share one connection. nghttpx (nghttp2) speaks it in front of the
/// scripted server.
@Suite struct HTTP2Tests {
    @Test func watchesShareOneConnection() throws {
        let api = try ScriptedAPIServer(.shop())
        defer { api.stop() }
        let certificates = try ScriptedCertificates.shared()
        let front = try HTTP2Front(
            before: .loopback(port: api.port), certificate: certificates.serverCertificate(.valid),
            key: certificates.serverKey(.valid))

        let dns = try RunningServer(
            """
            . {
                bind 127.0.0.1
                kubernetes cluster.local {
                    endpoint https://\(front.address)
                    tls "" "" \(certificates.authority)
                    pods verified
                }
            }
            """)
        let client = try dns.datagramClient()
        #expect(try LiveServer.answer(client, "web.shop.svc.cluster.local.") == ["10.96.0.10"])
        for number in 1...20 {
            api.cluster.apply(ScriptedCluster.nodes(["10.1.0.\(number)"]))
            #expect(
                try holdsInTime {
                    try LiveServer.answer(client, "nodes.shop.svc.cluster.local.") == ["10.1.0.\(number)"]
                })
        }
        dns.server.stop()
        // A line is written when a stream ends.
        #expect(holdsInTime { front.lines.count >= 4 }, "\(front.lines)")
        #expect(front.lines.allSatisfy { $0.hasPrefix("h2 ") }, "\(front.lines)")
        #expect(front.connectionCount == 1, "\(front.lines)")
    }
}
