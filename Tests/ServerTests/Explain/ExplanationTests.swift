import DNSWire
import LinuxIO
import PluginKit
import Plugins
import ScriptedAPI
import Server
import ServerHarness
import Testing

/// What is said of names, by the chain and the index of a server.
@Suite struct ExplanationTests {
    /// A question, and the lines that have to be there: parts of lines, in order.
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var type: String?
        /// Properties of the kubernetes directive.
        var options: [String] = []
        /// Directives of the block besides.
        var block = ""
        var resolves = false
        var lines: [String]
        var testDescription: String { ([name, type ?? ""] + options).joined(separator: " ") }

        init(
            _ name: String, type: String? = nil, options: [String] = [], block: String = "", resolves: Bool = false,
            _ lines: String...
        ) {
            self.name = name
            self.type = type
            self.options = options
            self.block = block
            self.resolves = resolves
            self.lines = lines
        }
    }

    /// The configuration of a Corefile, as one that explains.
    private static func configuration(_ corefile: String, timeout: Int64 = 10_000_000_000) throws -> Configuration {
        let configuration = try RunningServer.configure(
            corefile, prepare: { ExplainedClusters.turnOn($0, timeout: timeout) })
        try configuration.startExplaining()
        return configuration
    }

    private static func corefile(_ path: String, _ options: [String], _ block: String) -> String {
        """
        . {
            bind 127.0.0.1
            \(block)
            kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {
                snapshot \(path)
                \(options.joined(separator: "\n"))
            }
        }
        """
    }

    @Test(arguments: rows)
    func saysWhy(row: Row) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("cluster.yaml", ExplainedWorld.yaml)
        let configuration = try Self.configuration(Self.corefile(path, row.options, row.block))
        let explanation = Explanation(try ExplainedQuestion(row.name, type: row.type), configuration)
        #expect(explanation.resolves == row.resolves)
        var rest = explanation.lines[...]
        for part in row.lines {
            let place = rest.firstIndex { part.isEmpty ? $0.isEmpty : $0.contains(part) }
            guard let place else {
                Issue.record("no line has \"\(part)\" in its turn:\n\(explanation.lines.joined(separator: "\n"))")
                return
            }
            rest = rest[(place + 1)...]
        }
    }

    static let unusable: [(name: String, type: String?, problem: String)] = [
        ("", nil, "'' is not a domain name: it is empty"),
        ("a..b", nil, "'a..b' is not a domain name: a label is empty"),
        (String(repeating: "a", count: 64), nil, "is not a domain name: a label is longer than 63 octets"),
        (
            String(repeating: "a", count: 1_000), nil,
            "'\(String(repeating: "a", count: 80))...' is not a domain name: a label is longer than 63 octets"
        ),
        ("web", "NOSUCH", "unknown type 'NOSUCH', expected one such as A, AAAA, SRV, PTR, TXT or TYPE65"),
        (
            "AAAA", "web.shop",
            "unknown type 'web.shop', expected one such as A, AAAA, SRV, PTR, TXT or TYPE65: the name comes first, then the type"
        ),
    ]

    @Test func questionsThatAreNoneSayWhatIsWrong() {
        for row in Self.unusable {
            let problem = #expect(throws: ExplainedQuestion.Problem.self) {
                try ExplainedQuestion(row.name, type: row.type)
            }
            #expect(problem?.description.hasSuffix(row.problem) == true, "\(String(describing: problem))")
        }
    }

    @Test func eachBlockThatANameMayGoToIsTold() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("cluster.yaml", ExplainedWorld.yaml)
        let configuration = try Self.configuration(
            """
            cluster.local:5301 {
                kubernetes cluster.local {
                    snapshot \(path)
                }
            }
            .:5302 {
                forward . 192.0.2.53
            }
            example.org:5302 {
                whoami
            }
            """)
        let both = Explanation(try ExplainedQuestion("web.shop.svc.cluster.local", type: nil), configuration).lines
        #expect(both.contains("Corefile:1:1: block cluster.local. at dns://:5301"))
        #expect(both.contains("Corefile:6:1: block . at dns://:5302"))
        #expect(both.filter { $0.hasPrefix("NOERROR: ") || $0.hasPrefix("not known here: ") }.count == 2)
        // The search path is one for all blocks.
        let short = Explanation(try ExplainedQuestion("web.shop", type: nil), configuration).lines
        #expect(short.filter { $0.contains("search path") }.count == 1, "\(short)")
        let one = Explanation(try ExplainedQuestion("www.example.org", type: nil), configuration).lines
        #expect(one.contains("Corefile:9:1: block example.org. at dns://:5302"))
        #expect(one.filter { $0.contains(": block ") }.count == 1)
    }

    /// Of the endpoints at an address (a node's may have many) only those are told that the records are of.
    @Test func endpointsThatTheRecordsAreNotOf() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("cluster.yaml", ExplainedWorld.yaml)
        func reasons(_ options: [String]) throws -> [String] {
            let configuration = try Self.configuration(Self.corefile(path, options, ""))
            return Explanation(try ExplainedQuestion("10.1.0.3", type: nil), configuration).lines.filter {
                $0.hasPrefix("  ")
            }
        }
        #expect(try reasons([]).count == 2)
        let some = try reasons(["namespaces shop"])
        #expect(some.count == 1 && some.first?.contains("EndpointSlice shop/nodes-1") == true, "\(some)")
    }

    @Test func aNameOfNoBlockIsRefused() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("cluster.yaml", ExplainedWorld.yaml)
        let configuration = try Self.configuration(
            "cluster.local:5301 {\n kubernetes {\n  snapshot \(path)\n }\n}\n")
        let explanation = Explanation(try ExplainedQuestion("web.shop", type: nil), configuration)
        #expect(!explanation.resolves)
        #expect(
            explanation.lines == [
                "REFUSED: web.shop. A", "at dns://:5301 no server block takes it: the zones are cluster.local.", "",
                "in a pod the search path makes it web.shop.svc.cluster.local.",
            ])
    }

    // MARK: Live clusters

    private static func live(_ url: String, _ options: String = "") -> String {
        ". {\n bind 127.0.0.1\n kubernetes cluster.local in-addr.arpa {\n  endpoint \(url)\n  \(options)\n }\n}\n"
    }

    @Test func aLiveClusterIsReadOnce() throws {
        let cluster = ScriptedCluster()
        for name in ["shop", "play"] { cluster.apply(ScriptedNamespace(name)) }
        cluster.apply(ScriptedService(namespace: "shop", name: "web", clusterIPs: ["10.96.0.10"]))
        cluster.apply(ScriptedService(namespace: "shop", name: "nodes"))
        var waiting = ScriptedEndpoint(["10.1.0.2"], pod: .init(namespace: "shop", name: "node-b"))
        waiting.ready = false
        cluster.apply(
            ScriptedEndpointSlice(
                namespace: "shop", name: "nodes-1", service: "nodes", isHeadless: true,
                endpoints: [ScriptedEndpoint(["10.1.0.1"], pod: .init(namespace: "shop", name: "node-a")), waiting]))
        let api = try ScriptedAPIServer(cluster)
        defer { api.stop() }
        let configuration = try Self.configuration(Self.live(api.url, "endpoint_pod_names"))
        func explain(_ name: String) throws -> (Bool, [String]) {
            let explanation = Explanation(try ExplainedQuestion(name, type: nil), configuration)
            return (explanation.resolves, explanation.lines)
        }
        let there = try explain("node-a.nodes.shop.svc.cluster.local")
        #expect(there.0)
        #expect(
            there.1.contains { $0.hasSuffix("kubernetes answers for its zone cluster.local. from the Kubernetes API") })
        #expect(
            there.1.last
                == "  Service shop/nodes has the endpoint 10.1.0.1 (Pod node-a) of EndpointSlice shop/nodes-1, named after its pod (endpoint_pod_names)"
        )
        let waitingFor = try explain("node-b.nodes.shop.svc.cluster.local")
        #expect(!waitingFor.0)
        #expect(
            waitingFor.1.dropLast().last?.hasSuffix(
                "10.1.0.2 (Pod node-b) of EndpointSlice shop/nodes-1, which is not ready")
                == true)
        #expect(
            try explain("wbe.shop.svc.cluster.local").1.last
                == "  there is no Service wbe in the namespace shop (did you mean web?)")
    }

    @Test func whatTheAPIServerDoesNotGiveIsSaid() throws {
        let cluster = ScriptedCluster()
        cluster.apply(ScriptedNamespace("shop"))
        var settings = ScriptedSettings()
        settings.access.grants = [.init(.namespaces), .init(.services)]
        let api = try ScriptedAPIServer(cluster, settings: settings)
        defer { api.stop() }
        cluster.apply(ScriptedService(namespace: "shop", name: "nodes"))
        cluster.apply(ScriptedService(namespace: "shop", name: "web", clusterIPs: ["10.96.0.10"]))
        let configuration = try Self.configuration(Self.live(api.url))
        let lines = Explanation(
            try ExplainedQuestion("a.nodes.shop.svc.cluster.local", type: nil), configuration
        ).lines
        #expect(lines.first == "SERVFAIL: a.nodes.shop.svc.cluster.local. A")
        #expect(lines.contains("  the API server does not let endpointslices be read (403)"), "\(lines)")
        // Of what is not known nothing is said.
        let known = Explanation(try ExplainedQuestion("web.shop.svc.cluster.local", type: nil), configuration)
        #expect(
            known.resolves && known.lines.last == "  Service shop/web has the cluster address 10.96.0.10",
            "\(known.lines)")
    }

    @Test func anAPIServerThatDoesNotAnswerIsAnError() throws {
        let api = try ScriptedAPIServer(ScriptedCluster())
        defer { api.stop() }
        try api.refuseConnections()
        let error = #expect(throws: StartError.self) {
            try Self.configuration(Self.live(api.url), timeout: 300_000_000)
        }
        #expect(
            error?.description.hasPrefix(
                "Corefile:3:2: plugin/kubernetes: the Kubernetes API was not synced within 300ms") == true,
            "\(String(describing: error))")
    }
}
