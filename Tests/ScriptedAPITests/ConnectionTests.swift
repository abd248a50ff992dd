import Foundation
import Testing

@testable import ScriptedAPI

/// Connections, TLS and what is left when a server stops.
struct ConnectionTests {
    private func withServer(
        tls: Bool = false, on loopback: ScriptedLoopback = .ipv4, _ body: (ScriptedAPIServer) throws -> Void
    ) throws {
        let server = try ScriptedAPIServer(ScriptedCluster(), tls: tls, on: loopback)
        defer { server.stop() }
        try body(server)
    }

    @Test func requestsShareAConnection() throws {
        try withServer { server in
            let client = try RawClient(port: server.port)
            client.get("/api/v1/services?limit=5&fieldSelector=metadata.name%3Da", "X-Test: yes\r\n")
            client.get("/api/v1/pods")
            #expect(client.read(until: "PodList"))
            #expect(server.waitForRequests(2))
            let requests = server.requests
            #expect(requests.map(\.connection) == [1, 1])
            #expect(requests[0].parameter("fieldSelector") == "metadata.name=a")
            #expect(requests[0].header("x-test") == "yes")
            #expect(requests[1].route?.resource == .pods)
        }
    }

    @Test func bothLoopbackAddressesAreServed() throws {
        try withServer(on: .both) { server in
            for host in ["127.0.0.1", "[::1]"] {
                let answer = try Curl.get("http://\(host):\(server.port)/readyz")
                #expect(answer.text == "ok", "\(host)")
            }
        }
        try withServer(on: .ipv6) { server in
            let answer = try Curl.get(server.url + "/readyz")
            #expect(answer.text == "ok")
        }
    }

    @Test func certificatesAreWhatTheyAreSaidToBe() throws {
        let files = try ScriptedCertificates.shared()
        try withServer(tls: true) { server in
            for (certificate, exit) in [
                (.valid, 0), (.expired, 60), (.wrongHost, 60), (.unknownAuthority, 60),
            ] as [(ScriptedCertificate, Int32)] {
                server.configure { $0.certificate = certificate }
                #expect(
                    try Curl.get(server.url + "/readyz", "--cacert", files.authority).exit == exit, "\(certificate)")
            }
            #expect(server.requests.count == 1)
            server.configure {
                $0.certificate = .valid
                $0.clientCertificates = .required
            }
            #expect(try Curl.get(server.url + "/readyz", "--cacert", files.authority).exit != 0)
            let known = try Curl.get(
                server.url + "/api/v1/pods", "--cacert", files.authority, "--cert", files.clientCertificate, "--key",
                files.clientKey)
            #expect(known.status == 200)
            #expect(server.requests.last?.clientName == ScriptedCertificates.clientName)
        }
    }

    @Test func nothingIsLeftWhenItStops() throws {
        for tls in [false, true] {
            let server = try ScriptedAPIServer(ScriptedCluster(), tls: tls)
            var clients: [RawClient] = []
            for number in 0..<10 {
                let client = try RawClient(port: server.port)
                // Over TLS they never begin to speak it: such a connection has to end as well.
                if number % 2 == 0, !tls { client.get("/api/v1/pods?watch=1") }
                clients.append(client)
            }
            #expect(server.waitForConnections(10))
            server.stop()
            #expect(server.connectionCount == 0)
            #expect(server.watchCount == 0)
            #expect(server.state.read { $0.threads.isEmpty })
            for client in clients { #expect(client.readToEnd()) }
            #expect(throws: RawClient.Refused.self) { try RawClient(port: server.port) }
            server.stop()
        }
    }
}
