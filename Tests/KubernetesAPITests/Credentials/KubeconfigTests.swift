import Foundation
import LinuxIO
import Testing

@testable import KubernetesAPI

@Suite struct KubeconfigTests {
    private static let head = """
        apiVersion: v1
        kind: Config
        current-context: here
        contexts:
        - name: here
          context: {cluster: c, user: u, namespace: default}
        - name: there
          context: {cluster: d, user: u}
        - name: nobody
          context: {cluster: c}

        """

    private static func file(_ text: String) throws(APIServerProblem) -> Kubeconfig {
        try Kubeconfig(bytes: Array(text.utf8), path: "/etc/kube/config")
    }

    /// The server of a cluster and user with these fields, flow style.
    private static func server(
        cluster: String = "server: https://c:6443", user: String = "", context: String? = nil
    ) throws(APIServerProblem) -> APIServer {
        try file(
            head + "clusters:\n- {name: c, cluster: {\(cluster)}}\n- {name: d, cluster: {server: 'https://d'}}\n"
                + "users:\n- name: u\n  user: {\(user)}\n"
        ).server(context: context, environment: noEnvironment)
    }

    @Test func aContextNamesAClusterAndAUser() throws {
        let here = try Self.server(user: "token: secret")
        #expect(here.url.description == "https://c:6443")
        guard case .token(.inline(Array("secret".utf8), _)) = here.authentication else {
            Issue.record("\(here.authentication)")
            return
        }
        #expect(try Self.server(context: "there").url.description == "https://d:443")
        let nobody = try Self.server(user: "token: secret", context: "nobody")
        guard case .none = nobody.authentication else {
            Issue.record("\(nobody.authentication)")
            return
        }
        // JSON is YAML.
        let json = """
            {"current-context":"x","contexts":[{"name":"x","context":{"cluster":"c","user":""}}],
             "clusters":[{"name":"c","cluster":{"server":"https://[fd00::1]:6443"}}],"users":null}
            """
        #expect(try Self.file(json).server(environment: noEnvironment).url.description == "https://[fd00::1]:6443")
    }

    @Test func clustersSayWhomToTrust() throws {
        let rows: [(cluster: String, trust: ServerTrust)] = [
            ("", .system),
            ("insecure-skip-tls-verify: true", .anyone),
            ("insecure-skip-tls-verify: false, certificate-authority: ca.crt", .authorities(.file("/etc/kube/ca.crt"))),
            ("certificate-authority: /pki/ca.crt", .authorities(.file("/pki/ca.crt"))),
            (
                "certificate-authority-data: eA==, certificate-authority: ca.crt",
                .authorities(.inline([0x78], name: "certificate-authority-data of /etc/kube/config"))
            ),
        ]
        for row in rows {
            #expect(try Self.server(cluster: "server: https://c, \(row.cluster)").trust == row.trust)
        }
        let server = try Self.server(
            cluster: "server: 'c:6443', certificate-authority: x, tls-server-name: api, proxy-url: 'socks5://p:1080'")
        #expect(server.url.description == "https://c:6443")
        #expect(server.serverName == "api")
        #expect(server.proxy == .proxy("socks5h://p:1080"))
    }

    @Test func usersSayWhoWeAre() throws {
        if case .token(.file("/etc/kube/t")) = try Self.server(user: "tokenFile: t, token: x").authentication {
        } else {
            Issue.record("tokenFile")
        }
        if case .basic("me", "p:w") = try Self.server(user: "username: me, password: 'p:w'").authentication {
        } else {
            Issue.record("username")
        }
        let certificate = try Self.server(user: "client-certificate: c, client-key-data: eA==").clientCertificate
        #expect(certificate?.certificate == .file("/etc/kube/c"))
        #expect(certificate?.key == .inline([0x78], name: "client-key-data of /etc/kube/config"))
        let other = try Self.server(user: "as: you, as-uid: '7', as-groups: [a, b]")
        #expect(
            other.fields.map(\.line) == [
                "Impersonate-User: you", "Impersonate-Uid: 7", "Impersonate-Group: a", "Impersonate-Group: b",
            ])
    }

    @Test func pluginsAreRead() throws {
        let exec = """
            exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: bin/login, args: [a, '-b'],
              env: [{name: X, value: y}, {name: E, value: ''}], installHint: "get\\nit", interactiveMode: IfAvailable,
              provideClusterInfo: true}
            """
        let server = try Self.server(
            cluster: """
                server: 'https://c:6443', certificate-authority-data: eA==, tls-server-name: n, proxy-url: 'http://p',
                extensions: [{name: other, extension: 1},
                  {name: client.authentication.k8s.io/exec, extension: {a: [1, 0x1f, "q\\"\\n", null, true]}}]
                """, user: exec)
        guard case .plugin(let plugin) = server.authentication else {
            Issue.record("\(server.authentication)")
            return
        }
        #expect(plugin.command == "/etc/kube/bin/login")
        #expect(plugin.arguments == ["a", "-b"])
        #expect(plugin.environment == [.init(name: "X", value: "y"), .init(name: "E", value: "")])
        #expect(plugin.installHint == "get it")
        let told = try JSONSerialization.jsonObject(with: Data(plugin.information.utf8)) as? NSDictionary
        let expected: NSDictionary = [
            "apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential",
            "spec": [
                "interactive": false,
                "cluster": [
                    "server": "https://c:6443", "certificate-authority-data": "eA==", "tls-server-name": "n",
                    "proxy-url": "http://p", "config": ["a": [1, "0x1f", "q\"\n", NSNull(), true] as [Any]],
                ] as [String: Any],
            ] as [String: Any],
        ]
        #expect(told == expected)
        let bare = try Self.server(user: "exec: {apiVersion: client.authentication.k8s.io/v1, command: login}")
        guard case .plugin(let plugin) = bare.authentication else {
            Issue.record("\(bare.authentication)")
            return
        }
        #expect(plugin.command == "login" && plugin.cluster == nil)
    }

    @Test func whatIsWrongIsLocated() throws {
        // The cluster's fields begin at 12:22, the user's in line 16 at column 10.
        let v1 = "apiVersion: client.authentication.k8s.io/v1"
        let rows: [(cluster: String, user: String, says: String)] = [
            ("", "", "config:12:22: the cluster's server is missing, expected text"),
            ("server: 7", "", "config:12:31: the cluster's server is a number, expected text"),
            ("server: 'ftp://x'", "", "config:12:31: the cluster's server \"ftp://x\" has the scheme"),
            (
                "server: x, colour: red", "",
                "has the field \"colour\", which apodns does not know, expected one of server"
            ),
            ("server: x, server: y", "", "has the field server twice"),
            (
                "server: x, insecure-skip-tls-verify: 1", "",
                "insecure-skip-tls-verify is a number, expected true or false"
            ),
            ("server: x, insecure-skip-tls-verify: true, certificate-authority: y", "", "expected one of them"),
            ("server: x, certificate-authority-data: '*'", "", "is not base 64"),
            ("server: x, tls-server-name: 'a/b'", "", "tls-server-name is \"a/b\", expected the name of a host"),
            ("server: x, proxy-url: 'me:pw@p'", "", "proxy-url cannot be used, expected a URL that begins with"),
            ("server: x", "token: [secret]", "config:16:17: the user's token is a list, expected text"),
            ("server: x", "password: 1234", "the user's username is missing"),
            ("server: x", "username: a, password: 1234", "the user's password is a number, expected text"),
            ("server: x", "username: 'a:b'", "has a colon"),
            ("server: x", "token: a, username: b", "expected one way to authenticate"),
            ("server: x", "client-certificate: a", "config:16:9: the user's client-key is missing"),
            ("server: x", "client-key: a", "the user's client-certificate is missing"),
            ("server: x", "auth-provider: {name: gcp}", "config:16:25: the user's auth-provider is not supported"),
            ("server: x", "as-groups: [a]", "as-groups stands without as"),
            ("server: x", "as: \"a\\nb\"", "control characters"),
            ("server: x", "as: a, as-user-extra: {b: [c]}", "as-user-extra is not supported"),
            ("server: x", "exec: {command: a}", "exec's apiVersion is missing"),
            (
                "server: x", "exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: a}",
                "expected client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1"
            ),
            ("server: x", "exec: {\(v1)}", "exec's command is missing"),
            ("server: x", "exec: {\(v1), command: a, interactiveMode: Always}", "no terminal"),
            ("server: x", "exec: {\(v1), command: a, args: a}", "exec's args is text, expected a list"),
            ("server: x", "exec: {\(v1), command: a, args: [{}]}", "exec's args has a mapping in it"),
            ("server: x", "exec: {\(v1), command: a, env: [{name: 'a=b'}]}", "expected the name of a variable"),
            ("server: x", "exec: {\(v1), command: a}, token: b", "expected one way to authenticate"),
            (
                "server: x, certificate-authority: none.crt", "exec: {\(v1), command: a, provideClusterInfo: true}",
                "certificate-authority cannot be read"
            ),
        ]
        for row in rows {
            do {
                _ = try Self.server(cluster: row.cluster, user: row.user)
                Issue.record("\(row) was taken")
            } catch {
                #expect(error.description.contains(row.says), "\(error)")
                #expect(error.description.hasPrefix("/etc/kube/config:1"), "\(error)")
                #expect(!error.description.contains("1234") && !error.description.contains("pw@"), "\(error)")
            }
        }
    }

    @Test func whatIsMissingIsNamed() throws {
        let rows: [(text: String, context: String?, says: String)] = [
            ("", nil, "/etc/kube/config: empty"),
            ("a: [", nil, "/etc/kube/config:"),
            ("[]", nil, "config:1:1: an object is a list, expected a mapping"),
            ("kind: Pod", nil, "config:1:7: kind is \"Pod\", expected Config"),
            ("kind: Config", nil, "there is no current-context, expected one"),
            ("current-context: x", nil, "contexts is missing, expected a list with \"x\""),
            ("current-context: x\ncontexts: {}", nil, "config:2:11: contexts is a mapping, expected a list"),
            (Self.head, "nowhere", "there is no context \"nowhere\" in contexts; there are: here, there, nobody"),
            (
                "current-context: x\ncontexts: []", nil,
                "config:1:18: there is no context \"x\" in contexts; there are: none"
            ),
            ("current-context: x\ncontexts: [{name: x}]", nil, "the context \"x\" is missing, expected a mapping"),
            ("current-context: x\ncontexts: [{name: x, context: {}}]", nil, "cluster is missing"),
            (
                Self.head + "clusters: [{name: z, cluster: {}}]", nil,
                "config:6:22: there is no cluster \"c\" in clusters; there are: z"
            ),
            (
                Self.head + "clusters: [{name: c, cluster: {server: x}}]\nusers: []", nil,
                "config:6:31: there is no user \"u\" in users; there are: none"
            ),
        ]
        for row in rows {
            do {
                _ = try Self.file(row.text).server(context: row.context, environment: noEnvironment)
                Issue.record("\(row) was taken")
            } catch {
                #expect(error.description.contains(row.says), "\(error)")
            }
        }
        do {
            _ = try Kubeconfig(path: "/nowhere/config")
            Issue.record("a file that is not there was read")
        } catch {
            #expect(error.description.contains("/nowhere/config: No such file"))
        }
    }

    @Test func requestsShowWhatTheUserSays() throws {
        let server = try #require(
            PlainServer { talk, _ in
                talk.send(response("x"))
                return true
            })
        defer { server.stop() }
        let folder = try TestFolder()
        try folder.write("t", "from-file\n")
        let rows: [(user: String, line: String)] = [
            ("token: abc", "Authorization: Bearer abc\r\n"),
            ("tokenFile: '\(folder.path("t"))'", "Authorization: Bearer from-file\r\n"),
            ("username: me, password: 'p:w'", "Authorization: Basic bWU6cDp3\r\n"),
            ("as: you, as-groups: [g]", "Impersonate-User: you\r\nImpersonate-Group: g\r\n"),
        ]
        for row in rows {
            let found = try Self.server(cluster: "server: 'http://127.0.0.1:\(server.port)/up'", user: row.user)
            let client = try HTTPClient(found, limits: unlimited, clock: .system)
            #expect(client.exchange("/api/v1/pods").isFinished)
            #expect(server.requests.last?.contains(row.line) ?? false, "\(server.requests.last ?? "")")
            #expect(server.requests.last?.hasPrefix("GET /up/api/v1/pods HTTP/1.1\r\n") ?? false)
        }
        // What cannot be shown is a failure of the request, with nothing sent.
        let before = server.requests.count
        for (text, says) in [("", "is empty"), ("a b", "more than one word"), ("a\u{1}b", "control characters")] {
            try folder.write("t", text)
            let found = try Self.server(
                cluster: "server: 'http://127.0.0.1:\(server.port)'", user: "tokenFile: '\(folder.path("t"))'")
            let result = try HTTPClient(found, limits: unlimited, clock: .system).exchange()
            #expect(result.failure?.kind == .credentials)
            #expect(result.failure?.description.contains(says) ?? false, "\(result)")
        }
        #expect(server.requests.count == before)
    }

    @Test func aProxyIsAskedForTheConnection() throws {
        let proxy = try #require(
            PlainServer { talk, _ in
                talk.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                return false
            })
        defer { proxy.stop() }
        let found = try Self.server(
            cluster: "server: 'https://api.invalid:6443', proxy-url: 'http://127.0.0.1:\(proxy.port)'",
            user: "token: abc")
        let result = try HTTPClient(found, limits: unlimited, clock: .system).exchange()
        #expect(proxy.requests.first?.hasPrefix("CONNECT api.invalid:6443 HTTP/1.1\r\n") ?? false)
        #expect(!(proxy.requests.first?.contains("abc") ?? true))
        #expect(result.failure?.description.contains("403") ?? false, "\(result)")
        #expect(result.head == nil)
    }

    @Test func theProxysPasswordIsNotTold() throws {
        // All of these are refused by libcurl, with the whole URL in its words.
        for proxy in ["http://me:geheim@p:abc", "http://me:geheim@p%20:1"] {
            let found = try Self.server(cluster: "server: 'https://api.invalid:6443', proxy-url: '\(proxy)'", user: "")
            let failure = try #require(try HTTPClient(found, limits: unlimited, clock: .system).exchange().failure)
            #expect(!failure.description.contains("geheim"), "\(failure)")
            #expect(failure.description.contains("http://...@p"), "\(failure)")
        }
        let endpoint = try APIServer.endpoint(
            "https://api.invalid:6443", environment: { $0 == "HTTPS_PROXY" ? "ftp://me:geheim@p:1" : nil })
        let failure = try #require(try HTTPClient(endpoint, limits: unlimited, clock: .system).exchange().failure)
        #expect(!failure.description.contains("geheim") && failure.description.contains("ftp://...@p"), "\(failure)")
    }

    @Test func theNameOfTheCertificateIsNoExceptionFromTheProxy() throws {
        let proxy = try #require(PlainServer { _, _ in false })
        defer { proxy.stop() }
        // What the URL names counts, not what the certificate is to be for.
        let file = try Kubeconfig(
            bytes: Array(
                """
                {clusters: [{name: c, cluster: {server: 'https://kube.invalid:6443', tls-server-name: api}}],
                contexts: [{name: x, context: {cluster: c}}], current-context: x}
                """.utf8), path: "k")
        for (exceptions, isAsked) in [("kube.invalid", false), ("api", true)] {
            let before = proxy.connections
            let found = try file.server(
                environment: {
                    ["HTTPS_PROXY": "http://127.0.0.1:\(proxy.port)", "NO_PROXY": exceptions][$0]
                })
            let result = try HTTPClient(found, limits: unlimited, clock: .system).exchange()
            #expect(result.failure != nil)
            #expect((proxy.connections > before) == isAsked, "\(exceptions): \(result)")
        }
    }
}
