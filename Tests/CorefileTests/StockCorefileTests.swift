import Foundation
import Testing

@testable import Corefile

/// The Corefiles that distributions ship, as they ship them.
@Suite struct StockCorefileTests {
    /// The directives that must be there for all of them.
    static let known: Set<String> = [
        "errors", "log", "health", "ready", "kubernetes", "prometheus", "forward", "cache", "loop", "reload",
        "loadbalance", "hosts", "bind", "bufsize", "chaos", "template", "rewrite", "whoami", "nsid", "k8s_external",
        "dns64",
    ]

    /// Each file with the directives of its blocks, counted.
    static let rows: [(file: String, blocks: [String], warnings: Int)] = [
        ("aks", ["dns://.:53 12"], 2),
        ("coredns-deployment", ["dns://.:53 10", "dns://corp.example.com.:53 4"], 0),
        ("eks", ["dns://.:53 10"], 0),
        ("helm", ["dns://.:53 10"], 0),
        ("k3s", ["dns://.:53 11"], 2),
        ("kops", ["dns://.:53 12"], 0),
        ("kube-up", ["dns://.:53 10"], 0),
        ("kubeadm", ["dns://.:53 10"], 0),
        ("microk8s", ["dns://.:53 11"], 0),
        ("minikube", ["dns://.:53 12"], 0),
        (
            "nodelocal",
            [
                "dns://cluster.local.:53 8", "dns://in-addr.arpa.:53 7", "dns://ip6.arpa.:53 7", "dns://.:53 7",
                "dns://corp.example.com.:53 4",
            ], 0
        ),
        (
            "openshift",
            [
                "dns://corp.example.com.:5353 dns://lab.example.com.:5353 6", "dns://.:5353 10",
                "dns://hostname.bind.:5353 1",
            ], 0
        ),
        ("rke2", ["dns://.:53 10"], 0),
        ("talos", ["dns://.:53 11"], 0),
    ]

    static var folder: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures").path
    }

    @Test(arguments: rows)
    func loads(file: String, blocks: [String], warnings: Int) throws {
        let corefile = try Corefile.load(path: "\(Self.folder)/\(file).Corefile", knownDirectives: Self.known)
        let found = corefile.blocks.map {
            $0.keys.map(\.description).joined(separator: " ") + " \($0.directives.count)"
        }
        #expect(found == blocks)
        // Only the imports of customisations that are not there.
        #expect(corefile.warnings.count == warnings)
        for directive in corefile.blocks.flatMap(\.directives) { _ = try directive.properties() }
    }

    @Test func allAreTested() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
        #expect(names.sorted() == Self.rows.map { $0.file + ".Corefile" }.sorted())
    }

    @Test func aksKeepsTheRegularExpression() throws {
        let corefile = try Corefile.load(path: Self.folder + "/aks.Corefile")
        let template = try #require(corefile.blocks.first?.directives(named: "template").first)
        let match = try #require(try template.properties().first)
        #expect(match.arguments.map(\.text) == [#"^(?:[^.]+\.){4,}internal\.cloudapp\.net\.$"#])
        #expect(match.name.location.line == 20)
    }
}
