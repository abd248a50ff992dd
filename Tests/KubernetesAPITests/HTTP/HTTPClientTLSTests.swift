import Foundation
import LinuxIO
import Testing

@testable import KubernetesAPI

@Suite struct HTTPClientTLSTests {
    /// What the user or cluster of a kubeconfig adds.
    private static func client(
        _ port: UInt16, folder: TestFolder, cluster: String, user: String = "", host: String = "127.0.0.1"
    ) throws -> HTTPClient {
        let text = """
            current-context: here
            contexts: [{name: here, context: {cluster: c, user: u}}]
            clusters: [{name: c, cluster: {server: "https://\(host):\(port)", \(cluster)}}]
            users: [{name: u, user: {\(user)}}]
            """
        let file = try Kubeconfig(bytes: Array(text.utf8), path: folder.path("config"))
        return try HTTPClient(try file.server(environment: noEnvironment), limits: unlimited, clock: .system)
    }

    @Test func certificatesOfServersAreChecked() throws {
        let made = try TestCertificates()
        try made.make("right", names: "IP:127.0.0.1,DNS:localhost")
        try made.make("expired", names: "IP:127.0.0.1", days: -1)
        try made.make("wrong", names: "DNS:kubernetes.default.svc,DNS:api.example")
        let right = try TLSServer(certificate: made.folder.path("right.crt"), key: made.folder.path("right.key"))
        let expired = try TLSServer(certificate: made.folder.path("expired.crt"), key: made.folder.path("expired.key"))
        let wrong = try TLSServer(certificate: made.folder.path("wrong.crt"), key: made.folder.path("wrong.key"))
        let ca = "certificate-authority: ca.crt"
        let rows: [(server: TLSServer, host: String, cluster: String, says: String?)] = [
            (right, "127.0.0.1", ca, nil),
            (right, "localhost", ca, nil),
            (right, "127.0.0.1", "certificate-authority: other.crt", "authority that is not among those of"),
            (right, "127.0.0.1", "disable-compression: true", "authority that is not among those of the system"),
            (right, "127.0.0.1", "insecure-skip-tls-verify: true", nil),
            (right, "127.0.0.1", ca + ", tls-server-name: localhost", nil),
            (expired, "127.0.0.1", ca, "has expired"),
            (expired, "127.0.0.1", "insecure-skip-tls-verify: true", nil),
            (wrong, "127.0.0.1", ca, "is for other names than 127.0.0.1"),
            (wrong, "localhost", ca, "is for other names than localhost"),
            (wrong, "127.0.0.1", ca + ", tls-server-name: api.example", nil),
            (wrong, "127.0.0.1", ca + ", tls-server-name: other.example", "is for other names than other.example"),
        ]
        for row in rows {
            let client = try Self.client(row.server.port, folder: made.folder, cluster: row.cluster, host: row.host)
            let result = client.exchange()
            let shown = "\(row.host) \(row.cluster): \(String(describing: result.failure))"
            guard let says = row.says else {
                #expect(result.isFinished, "\(shown)")
                // What the Host field says is the URL's host, also when the certificate's name is another.
                #expect(result.text.contains("Host: \(row.host):\(row.server.port)\r\n"), "\(result.text)")
                continue
            }
            #expect(result.failure?.kind == .tls, "\(shown)")
            #expect(result.failure?.description.contains(says) ?? false, "\(shown)")
            #expect(result.failure?.description.contains("\(row.host):\(row.server.port)") ?? false, "\(shown)")
        }
        let named = try Self.client(
            wrong.port, folder: made.folder, cluster: ca + ", tls-server-name: api.example")
        #expect(named.exchange().text.contains("name=['api.example']"))
    }

    @Test func authoritiesAreReadAgain() throws {
        let made = try TestCertificates()
        try made.make("right", names: "IP:127.0.0.1")
        let server = try TLSServer(certificate: made.folder.path("right.crt"), key: made.folder.path("right.key"))
        try made.folder.write("now.crt", try #require(made.folder.read("other.crt")))
        let client = try Self.client(server.port, folder: made.folder, cluster: "certificate-authority: now.crt")
        #expect(client.exchange().failure?.kind == .tls)
        try made.folder.write("now.crt", try #require(made.folder.read("ca.crt")))
        #expect(client.exchange().isFinished)
        // A file that is no certificate says which file it is.
        try made.folder.write("now.crt", "nonsense\n")
        let failure = client.exchange().failure
        #expect(failure?.kind == .tls)
        #expect(failure?.description.contains(made.folder.path("now.crt")) ?? false, "\(String(describing: failure))")
    }

    @Test func clientsShowTheirCertificates() throws {
        let made = try TestCertificates()
        let folder = made.folder
        try made.make("right", names: "IP:127.0.0.1")
        try made.make("me", names: "DNS:me")
        try made.make("late", names: "DNS:late", days: -1)
        let server = try TLSServer(
            certificate: folder.path("right.crt"), key: folder.path("right.key"), clients: made.authority)
        func data(_ name: String) throws -> String {
            Data(try #require(folder.read(name)).utf8).base64EncodedString()
        }
        let plugin = """
            #!/bin/sh
            cert=$(sed ':a;N;$!ba;s/\\n/\\\\n/g' me.crt)
            key=$(sed ':a;N;$!ba;s/\\n/\\\\n/g' me.key)
            printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":'
            printf '{"clientCertificateData":"%s","clientKeyData":"%s"}}' "$cert" "$key"
            """
        try folder.write("plugin", plugin.replacingOccurrences(of: " me.", with: " \(folder.root)/me."), mode: 0o700)
        let exec = "{apiVersion: client.authentication.k8s.io/v1, command: /bin/sh, args: [\(folder.path("plugin"))]}"
        let me = "client=['me']"
        let refused = "refuses the client's certificate, or wants one"
        let rows: [(user: String, body: String?, says: String)] = [
            ("client-certificate: me.crt, client-key: me.key", me, ""),
            ("client-certificate-data: \(try data("me.crt")), client-key-data: \(try data("me.key"))", me, ""),
            ("exec: \(exec)", me, ""),
            ("", nil, refused),
            ("client-certificate: late.crt, client-key: late.key", nil, refused),
            ("client-certificate: other.crt, client-key: other.key", nil, refused),
            ("client-certificate: me.crt, client-key: late.key", nil, "made for the other"),
            ("client-certificate: me.crt, client-key: me.ext", nil, "expected PEM"),
            ("client-certificate: none.crt, client-key: me.key", nil, "none.crt: No such file"),
        ]
        for row in rows {
            let client = try Self.client(
                server.port, folder: folder, cluster: "certificate-authority: ca.crt", user: row.user)
            let result = client.exchange()
            if let body = row.body {
                #expect(result.text.contains(body), "\(row.user.prefix(60)): \(result)")
            } else {
                #expect(result.failure?.description.contains(row.says) ?? false, "\(row.user): \(result)")
            }
        }
        // The option tls of an endpoint.
        let endpoint = try APIServer.endpoint(
            "https://127.0.0.1:\(server.port)",
            tls: .init(
                certificate: folder.path("me.crt"), key: folder.path("me.key"), authorities: folder.path("ca.crt")),
            environment: noEnvironment)
        #expect(try HTTPClient(endpoint, limits: unlimited, clock: .system).exchange().text.contains(me))
    }

    @Test func aServerWithoutTLSIsTold() throws {
        let server = try #require(
            PlainServer(greeting: "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") { _, _ in false })
        defer { server.stop() }
        let client = try HTTPClient(
            .endpoint("https://127.0.0.1:\(server.port)", environment: noEnvironment), limits: unlimited, clock: .system
        )
        let failure = client.exchange().failure
        #expect(failure?.kind == .tls)
        #expect(failure?.description.contains("is it https that it speaks?") ?? false, "\(String(describing: failure))")
    }

    @Test func aServiceAccountReachesTheServer() throws {
        let made = try TestCertificates()
        try made.make("right", names: "IP:127.0.0.1")
        let server = try TLSServer(certificate: made.folder.path("right.crt"), key: made.folder.path("right.key"))
        try made.folder.write("token", "first\n")
        let variables = ["KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "\(server.port)"]
        let client = try HTTPClient(
            .inCluster(environment: { variables[$0] }, folder: made.folder.root), limits: unlimited, clock: .system)
        #expect(client.exchange().text.contains("Authorization: Bearer first\r\n"))
        // The kubelet renews the token: the next request shows the new one, on the same connection.
        try made.folder.write("token", "second")
        #expect(client.exchange().text.contains("Authorization: Bearer second\r\n"))
    }
}
