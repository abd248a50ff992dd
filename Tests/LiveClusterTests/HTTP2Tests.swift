import DNSWire
import Foundation
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
        let folder = try TemporaryFolder()
        let accessLog = folder.file("access.log")
        // A port of the system's choice cannot be asked of nghttpx: one that was free a moment ago, and another try.
        var proxy: (process: ChildProcess, port: UInt16)?
        for _ in 0..<5 where proxy == nil {
            let port = try RunningServer(". {\n    bind 127.0.0.1\n    whoami\n}\n").port
            let process = try ChildProcess(
                "/usr/sbin/nghttpx",
                [
                    "--conf=/dev/null", "--frontend=127.0.0.1,\(port)", "--backend=127.0.0.1,\(api.port)",
                    "--workers=1",
                    "--no-ocsp", "--accesslog-file=\(accessLog)",
                    "--accesslog-format=$alpn $server_port $remote_port $request",
                    "--frontend-http2-max-concurrent-streams=100", certificates.serverKey(.valid),
                    certificates.serverCertificate(.valid),
                ])
            let isListening = holdsInTime {
                !process.isRunning || (try? ClientSocket(ClientSocket.stream, to: .loopback(port: port))) != nil
            }
            if isListening, process.isRunning { proxy = (process, port) }
        }
        let (process, port) = try #require(proxy, "nghttpx does not start")
        defer { process.signal(SIGKILL) }

        let dns = try RunningServer(
            """
            . {
                bind 127.0.0.1
                kubernetes cluster.local {
                    endpoint https://127.0.0.1:\(port)
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
        var lines: [Substring] = []
        let areAllThere = holdsInTime {
            lines = ((try? String(contentsOfFile: accessLog, encoding: .utf8)) ?? "").split(separator: "\n")
            return lines.count >= 4
        }
        #expect(areAllThere, "\(lines)")
        #expect(lines.allSatisfy { $0.hasPrefix("h2 ") }, "\(lines)")
        #expect(Set(lines.compactMap { $0.split(separator: " ").dropFirst(2).first }).count == 1, "\(lines)")
    }
}
