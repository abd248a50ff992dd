import Testing

@testable import KubernetesAPI

@Suite struct InClusterServerTests {
    @Test func theEnvironmentSaysWhereTheServerIs() throws {
        let folder = try TestFolder()
        try folder.write("token", "t")
        try folder.write("ca.crt", "c")
        try folder.write("namespace", "shop\n")
        let rows: [(host: String, port: String, url: String)] = [
            ("10.96.0.1", "443", "https://10.96.0.1:443"),
            ("fd00:10:96::1", "6443", "https://[fd00:10:96::1]:6443"),
            ("kubernetes.default", "443", "https://kubernetes.default:443"),
        ]
        for row in rows {
            let variables = ["KUBERNETES_SERVICE_HOST": row.host, "KUBERNETES_SERVICE_PORT": row.port]
            let server = try APIServer.inCluster(environment: { variables[$0] }, folder: folder.root)
            #expect(server.url.description == row.url)
            #expect(server.trust == .authorities(.file(folder.path("ca.crt"))))
            #expect(server.proxy == .direct)
        }
        #expect(APIServer.inClusterNamespace(folder: folder.root) == "shop")
        #expect(APIServer.inClusterNamespace(folder: folder.path("none")) == nil)
    }

    @Test func outsideOfAPodAnErrorNamesTheOptions() throws {
        let both = ["KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"]
        let rows: [(variables: [String: String], files: [String: String], says: [String])] = [
            (
                [:], [:],
                ["KUBERNETES_SERVICE_HOST is not set", "does not run in a pod", "endpoint, kubeconfig or snapshot"]
            ),
            (["KUBERNETES_SERVICE_HOST": "10.0.0.1"], [:], ["KUBERNETES_SERVICE_PORT is not set", "kubeconfig"]),
            (both, ["ca.crt": "x"], ["/token: No such file", "does not run in a pod", "endpoint, kubeconfig"]),
            (both, ["token": "x"], ["/ca.crt: No such file", "does not run in a pod"]),
            (both, ["token": "", "ca.crt": "x"], ["/token is empty"]),
            (both.merging(["KUBERNETES_SERVICE_PORT": "tcp://10.0.0.1:443"]) { $1 }, [:], ["KUBERNETES_SERVICE_PORT"]),
        ]
        for row in rows {
            let folder = try TestFolder()
            for (name, text) in row.files { try folder.write(name, text) }
            do {
                _ = try APIServer.inCluster(environment: { row.variables[$0] }, folder: folder.root)
                Issue.record("\(row) was taken")
            } catch {
                for says in row.says { #expect(error.description.contains(says), "\(error)") }
            }
        }
    }

    @Test func proxiesOfTheEnvironmentAreUsedAsByGo() {
        let rows: [(url: String, variables: [String: String], proxy: ProxyChoice)] = [
            ("https://10.0.0.1", [:], .direct),
            ("https://10.0.0.1", ["HTTPS_PROXY": "http://p:1"], .proxy("http://p:1")),
            (
                "https://10.0.0.1", ["https_proxy": "http://p:1", "no_proxy": "x,10.0.0.2"], .proxy("http://p:1")
            ),
            ("https://10.0.0.1", ["https_proxy": "http://p:1", "no_proxy": "x,10.0.0.0/8"], .direct),
            ("https://10.0.0.1", ["HTTP_PROXY": "http://p:1", "ALL_PROXY": "http://p:2"], .direct),
            ("http://10.0.0.1", ["HTTP_PROXY": "http://p:1"], .proxy("http://p:1")),
            ("https://127.0.0.1:6443", ["HTTPS_PROXY": "http://p:1"], .direct),
            ("https://localhost", ["HTTPS_PROXY": "http://p:1"], .direct),
            ("https://[::1]:6443", ["HTTPS_PROXY": "http://p:1"], .direct),
            ("https://127.example", ["HTTPS_PROXY": "http://p:1"], .proxy("http://p:1")),
            ("https://10.0.0.1", ["HTTPS_PROXY": "socks5://p:1"], .proxy("socks5h://p:1")),
        ]
        for row in rows {
            guard let url = try? ServerURL(row.url, assumesTLS: false) else {
                Issue.record("\(row.url)")
                continue
            }
            #expect(ProxyChoice.environment({ row.variables[$0] }, for: url) == row.proxy, "\(row)")
        }
    }

    @Test func whatNeedsNoProxyIsWhatGoTakesForIt() throws {
        let rows: [(list: String, url: String, isExcepted: Bool)] = [
            ("", "https://10.0.0.1", false), (" , ", "https://10.0.0.1", false), ("*", "https://10.0.0.1", true),
            ("10.0.0.1", "https://10.0.0.1", true), ("10.0.0.1:443", "https://10.0.0.1", true),
            ("10.0.0.1:444", "https://10.0.0.1", false), ("10.0.0.0/8", "https://10.250.1.2", true),
            ("10.0.0.0/15", "https://10.1.255.255", true), ("10.0.0.0/15", "https://10.2.0.0", false),
            ("0.0.0.0/0", "https://192.0.2.1", true), ("10.0.0.1/32", "https://10.0.0.2", false),
            ("10.0.0.0/33", "https://10.0.0.0", false), ("10.0.0.0/", "https://10.0.0.0", false),
            ("10.0.0.0/8", "https://[fd00::1]", false), ("fd00::/8", "https://[fdff::1]:6443", true),
            ("fd00::1", "https://[fd00::1]:6443", true), ("[fd00::1]:6443", "https://[fd00::1]:6443", true),
            ("[fd00::1]:1", "https://[fd00::1]:6443", false), ("[fd00::1]", "https://[fd00::1]:6443", true),
            ("example", "https://kube.example", true), ("ample", "https://kube.example", false),
            (".example", "https://kube.example", true), (".kube.example", "https://kube.example", false),
            ("*.example", "https://kube.example", true), ("*.kube.example", "https://kube.example", false),
            ("KUBE.example", "https://Kube.Example", true), ("a, kube.example:443 ,b", "https://kube.example", true),
            ("kube.example:1", "https://kube.example", false), (":443", "https://kube.example", false),
            ("10.0.0.0/8", "https://10.example", false), ("[", "https://kube.example", false),
            ("kube:443:x", "https://kube.example", false), ("/", "https://kube.example", false),
        ]
        for row in rows {
            let url = try ServerURL(row.url, assumesTLS: true)
            #expect(ProxyExceptions.has(url, in: row.list) == row.isExcepted, "\(row)")
        }
    }

    @Test func endpointsHaveTheirFiles() throws {
        let files = APIServer.CertificateFiles(certificate: "c", key: "k", authorities: "a")
        let server = try APIServer.endpoint("10.0.0.1:6443", tls: files, environment: noEnvironment)
        #expect(server.url.description == "https://10.0.0.1:6443")
        #expect(server.trust == .authorities(.file("a")))
        #expect(server.clientCertificate?.certificate == .file("c") && server.clientCertificate?.key == .file("k"))
        let plain = try APIServer.endpoint("10.0.0.1:8080", environment: noEnvironment)
        #expect(plain.url.description == "http://10.0.0.1:8080" && plain.clientCertificate == nil)
        #expect(throws: APIServerProblem.self) {
            try APIServer.endpoint("ftp://x", environment: noEnvironment)
        }
        #expect(throws: APIServerProblem.self) {
            try APIServer.endpoint(
                "https://x", tls: .init(certificate: "c", key: "", authorities: ""), environment: noEnvironment)
        }
    }
}
