import DNSWire
import Foundation
import ScriptedAPI
import Server
import ServerHarness
import Testing

/// The ways to the API server, as a Corefile names them.
@Suite struct ConnectingTests {
    private static let web = "web.shop.svc.cluster.local."

    private static func server(_ options: [String]) throws -> RunningServer {
        try RunningServer(
            """
            . {
                bind 127.0.0.1
                kubernetes cluster.local {
                    \(options.joined(separator: "\n"))
                }
            }
            """)
    }

    private static func kubeconfig(_ folder: TemporaryFolder, server: String, user: String) throws -> String {
        let certificates = try ScriptedCertificates.shared()
        let authority = try Data(contentsOf: URL(fileURLWithPath: certificates.authority)).base64EncodedString()
        return try folder.write(
            "config",
            """
            apiVersion: v1
            kind: Config
            current-context: demo
            contexts:
            - {name: demo, context: {cluster: demo, user: me}}
            - {name: other, context: {cluster: nowhere, user: me}}
            clusters:
            - {name: demo, cluster: {server: "\(server)", certificate-authority-data: "\(authority)"}}
            - {name: nowhere, cluster: {server: "https://127.0.0.1:1"}}
            users:
            - name: me
              user: \(user)
            """)
    }

    @Test(arguments: [ScriptedLoopback.ipv4, .ipv6]) func endpointWithCertificates(loopback: ScriptedLoopback) throws {
        var settings = ScriptedSettings()
        settings.clientCertificates = .required
        let api = try ScriptedAPIServer(.shop(), tls: true, on: loopback, settings: settings)
        defer { api.stop() }
        let certificates = try ScriptedCertificates.shared()
        let dns = try Self.server([
            "endpoint \(api.url)",
            "tls \(certificates.clientCertificate) \(certificates.clientKey) \(certificates.authority)",
        ])
        defer { dns.server.stop() }
        #expect(try LiveServer.answer(dns.datagramClient(), Self.web) == ["10.96.0.10"])
        #expect(api.requests.allSatisfy { $0.clientName == ScriptedCertificates.clientName })
    }

    @Test func kubeconfigWithATokenThatRotates() throws {
        let folder = try TemporaryFolder()
        var settings = ScriptedSettings()
        settings.access.tokens = ["first": "me"]
        settings.access.anonymous = .unauthorized
        let cluster = ScriptedCluster.shop()
        let api = try ScriptedAPIServer(cluster, tls: true, settings: settings)
        defer { api.stop() }
        let token = try folder.write("token", "first\n")
        let path = try Self.kubeconfig(folder, server: api.url, user: "{tokenFile: \(token)}")
        let dns = try Self.server(["kubeconfig \(path)"])
        defer { dns.server.stop() }
        let client = try dns.datagramClient()
        #expect(try LiveServer.answer(client, Self.web) == ["10.96.0.10"])
        // The old token is no good any more; the file has the new one, and a change gets through.
        try folder.write("token", "second\n")
        api.configure { $0.access.tokens = ["second": "me"] }
        cluster.apply(ScriptedService(namespace: "shop", name: "web", clusterIPs: ["10.96.0.99"]))
        api.disconnectAll()
        #expect(try holdsInTime { try LiveServer.answer(client, Self.web) == ["10.96.0.99"] })
    }

    @Test func kubeconfigWithAnExecPlugin() throws {
        let folder = try TemporaryFolder()
        var settings = ScriptedSettings()
        settings.access.tokens = ["from-a-program": "me"]
        settings.access.anonymous = .unauthorized
        let api = try ScriptedAPIServer(.shop(), tls: true, settings: settings)
        defer { api.stop() }
        let program = try folder.write(
            "login",
            """
            #!/bin/sh
            echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
                   "status": {"token": "'"$LOGIN_TOKEN"'"}}'
            """)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        let path = try Self.kubeconfig(
            folder, server: api.url,
            user: "{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login, interactiveMode: Never, "
                + "env: [{name: LOGIN_TOKEN, value: from-a-program}]}}")
        let dns = try Self.server(["kubeconfig \(path) demo"])
        defer { dns.server.stop() }
        #expect(try LiveServer.answer(dns.datagramClient(), Self.web) == ["10.96.0.10"])
    }

    /// What is wrong with a server's certificate is said, and once it is mended everything goes on.
    @Test(arguments: [
        (ScriptedCertificate.expired, "expired"), (.wrongHost, "127.0.0.1"), (.unknownAuthority, "authority"),
    ])
    func aBadCertificate(certificate: ScriptedCertificate, word: String) throws {
        var settings = ScriptedSettings()
        settings.certificate = certificate
        let api = try ScriptedAPIServer(.shop(), tls: true, settings: settings)
        defer { api.stop() }
        let authority = try ScriptedCertificates.shared().authority
        let dns = try Self.server(["endpoint \(api.url)", "tls \"\" \"\" \(authority)", "startup_timeout 1ms"])
        defer { dns.server.stop() }
        let client = try dns.datagramClient()
        #expect(try LiveServer.answer(client, Self.web) == ["SERVFAIL"])
        let isSaid = holdsInTime {
            dns.lines.all.contains { $0.hasPrefix("[WARNING]") && $0.contains("certificate") && $0.contains(word) }
        }
        #expect(isSaid, "\(dns.lines.all)")
        api.configure { $0.certificate = .valid }
        #expect(try holdsInTime { try LiveServer.answer(client, Self.web) == ["10.96.0.10"] })
    }

    /// What makes a start impossible says where it is wrong.
    @Test func startsThatCannotBe() throws {
        let folder = try TemporaryFolder()
        let unfinished = try folder.write("unfinished", "apiVersion: v1\nkind: Config\ncurrent-context: demo\n")
        let rows: [(options: [String], message: String)] = [
            (["kubeconfig \(folder.file("none"))"], "none"),
            (["kubeconfig \(unfinished)"], "\(unfinished):"),
            (["endpoint \"http://[::1\""], "endpoint"),
            ([], "KUBERNETES_SERVICE_HOST is not set"),
        ]
        for row in rows {
            let error = #expect(throws: (any Error).self) { try Self.server(row.options).server.stop() }
            let text = error.map { "\($0)" } ?? ""
            #expect(text.contains("Corefile:3:5: plugin/kubernetes: ") && text.contains(row.message), "\(text)")
        }
    }
}
