import Testing

@testable import KubernetesAPI

@Suite struct ServerURLTests {
    @Test func urlsAreReadAsClientGoReadsThem() throws {
        let rows: [(text: String, assumesTLS: Bool, result: String)] = [
            ("https://10.0.0.1:6443", false, "https://10.0.0.1:6443"),
            ("https://kube.example", false, "https://kube.example:443"),
            ("http://kube.example/", true, "http://kube.example:80"),
            ("HTTPS://kube.example", false, "https://kube.example:443"),
            ("https://[fd00::1]:6443", false, "https://[fd00::1]:6443"),
            ("https://[::1]", false, "https://[::1]:443"),
            ("https://rancher.example/k8s/clusters/c-1/", false, "https://rancher.example:443/k8s/clusters/c-1"),
            ("kube.example:8080", false, "http://kube.example:8080"),
            ("kube.example:6443", true, "https://kube.example:6443"),
            ("localhost", false, "http://localhost:80"),
        ]
        for row in rows {
            #expect(try ServerURL(row.text, assumesTLS: row.assumesTLS).description == row.result)
        }
    }

    @Test func whatIsNoURLSaysWhy() {
        let rows: [(text: String, says: String)] = [
            ("", "no host"), ("https://", "no host"), ("ftp://x", "scheme \"ftp\""), ("https://x:0", "port \"0\""),
            ("https://x:65536", "port"), ("https://x:", "port \"\""), ("https://x:+1", "port"),
            ("https://fd00::1:6443", "no host"), ("https://[fd00::1", "no host"), ("https://[1.2.3.4]", "no host"),
            ("https://me:secret@x", "user name"), ("https://me:secret@x?a", "query"),
            ("ftp://secret@x", "scheme \"ftp\""), ("me:secret@x", "\"...@x\" has a user name"),
            ("https://x?a=b", "query"), ("https://x/a#b", "query or fragment"),
            ("x/path", "path but no https"), ("https://a b", "characters"), ("https://ex\u{e4}mple", "characters"),
            ("https://x\r\nHost: y", "characters"),
        ]
        for row in rows {
            do {
                let url = try ServerURL(row.text, assumesTLS: false)
                Issue.record("\(row.text) was read as \(url)")
            } catch {
                #expect(error.description.contains(row.says), "\(row.text): \(error)")
                #expect(!error.description.contains("secret"), "\(error)")
            }
        }
    }
}
