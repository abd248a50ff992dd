import ClusterZone
import Corefile
import PluginKit
import Testing

@testable import Plugins

/// What a `kubernetes` directive may say.
@Suite struct KubernetesOptionsTests {
    private let bench = PluginBench()

    /// The directive with some lines in its block, which are on line 3 and the following; the zone of its block is
    /// `cluster.local`.
    private func setup(_ lines: [String], arguments: String = "") throws -> (BlockSetup, Directive) {
        let block = lines.map { "    \($0)" }.joined(separator: "\n")
        let setup = try bench.setup("  kubernetes\(arguments) {\n\(block)\n  }", zone: "cluster.local")
        return (setup, try #require(setup.block.directives.first))
    }

    private func options(_ lines: [String], arguments: String = "") throws -> KubernetesOptions {
        let (setup, directive) = try setup(lines, arguments: arguments)
        return try KubernetesOptions(directive, setup)
    }

    @Test func zonesAreTheArgumentsOrTheBlocks() throws {
        let rows: [(arguments: String, zones: [String], primary: String)] = [
            ("", ["cluster.local."], "cluster.local."),
            (" Cluster.Local. other.local", ["cluster.local.", "other.local."], "cluster.local."),
            (
                " in-addr.arpa ip6.arpa cluster.local", ["in-addr.arpa.", "ip6.arpa.", "cluster.local."],
                "cluster.local."
            ),
            (" 10.0.0.0/8 cluster.local", ["10.in-addr.arpa.", "cluster.local."], "cluster.local."),
            (" 10.96.0.0/15 k8s", ["96.10.in-addr.arpa.", "97.10.in-addr.arpa.", "k8s."], "k8s."),
            (" fd00::/8 k8s", ["d.f.ip6.arpa.", "k8s."], "k8s."),
            (" a a. A", ["a."], "a."),
        ]
        for row in rows {
            let options = try options([], arguments: row.arguments)
            #expect(options.zones == row.zones, "\(row.arguments)")
            #expect(options.primaryZone == row.primary, "\(row.arguments)")
        }
    }

    @Test func withoutOptionsThereAreDefaults() throws {
        let options = try options([])
        guard case .cluster = options.source else {
            Issue.record("\(options.source)")
            return
        }
        #expect(options.answers.ttl == 5)
        #expect(options.answers.podMode == .disabled)
        #expect(!options.answers.zonal && !options.zone.zonal)
        #expect(options.zone.servesEndpoints && !options.zone.servesPods && !options.zone.endpointPodNames)
        #expect(!options.zone.ignoresEmptyServices)
        #expect(options.zone.namespaces.isEmpty && options.zone.labels == nil && options.zone.namespaceLabels == nil)
        #expect(options.fallthroughZones == nil)
        #expect(options.startupTimeout == 5_000_000_000)
        #expect(options.apiRate == 0 && options.apiBurst == 0 && options.apiMaxInflight == 0)
    }

    /// Lines of the block, and what has to be true of the options.
    struct Good: Sendable {
        let lines: [String]
        var arguments = ""
        let holds: @Sendable (KubernetesOptions) -> Bool

        init(_ lines: [String], arguments: String = "", _ holds: @escaping @Sendable (KubernetesOptions) -> Bool) {
            self.lines = lines
            self.arguments = arguments
            self.holds = holds
        }
    }

    static let good: [Good] = [
        Good(["ttl 0"]) { $0.answers.ttl == 0 },
        Good(["ttl 3600"]) { $0.answers.ttl == 3600 },
        Good(["pods disabled"]) { $0.answers.podMode == .disabled && !$0.zone.servesPods },
        Good(["pods insecure"]) { $0.answers.podMode == .insecure && !$0.zone.servesPods },
        Good(["pods verified"]) { $0.answers.podMode == .verified && $0.zone.servesPods },
        Good(["pod_names"]) { $0.answers.podNames && $0.zone.podNames && $0.zone.servesPods },
        Good(["pods insecure", "pod_names"]) { $0.answers.podMode == .insecure && $0.zone.servesPods },
        Good(["pods insecure"]) { !$0.answers.podNames && !$0.zone.podNames && !$0.zone.servesPods },
        Good(["endpoint_pod_names"]) { $0.zone.endpointPodNames && !$0.zone.endpointAliases },
        Good(["endpoint_aliases"]) { $0.zone.endpointAliases && !$0.zone.endpointPodNames },
        Good(["noendpoints"]) { !$0.zone.servesEndpoints },
        Good(["ignore empty_service"]) { $0.zone.ignoresEmptyServices },
        Good(["zonal"]) { $0.zone.zonal && $0.answers.zonal },
        Good(["namespaces a"]) { $0.zone.namespaces == ["a"] },
        Good(["namespaces a b", "namespaces c a"]) { $0.zone.namespaces == ["a", "b", "c"] },
        Good(["labels dns=yes"]) { $0.zone.labels != nil && $0.zone.namespaceLabels == nil },
        Good(["labels environment in (production, staging),app!=nginx"]) { $0.zone.labels != nil },
        Good(["namespace_labels team in (a),exposed"]) { $0.zone.namespaceLabels != nil && $0.zone.labels == nil },
        Good(["fallthrough"]) { $0.fallthroughZones == ["."] },
        Good(["fallthrough in-addr.arpa ip6.arpa"]) { $0.fallthroughZones == ["in-addr.arpa.", "ip6.arpa."] },
        Good(["fallthrough 10.0.0.0/8"]) { $0.fallthroughZones == ["10.in-addr.arpa."] },
        Good(["multicluster clusterset.local"], arguments: " cluster.local clusterset.local") {
            $0.multiclusterZones == ["clusterset.local."]
        },
        Good(["endpoint https://192.0.2.1:6443"]) { $0.endpoint == "https://192.0.2.1:6443" },
        // CoreDNS: several are deprecated, and only the first counts.
        Good(["endpoint http://a http://b"]) { $0.endpoint == "http://a" },
        Good(["tls cert key /ca"]) { $0.tlsFiles == ["/conf/cert", "/conf/key", "/ca"] },
        Good(["kubeconfig /etc/admin.conf"]) { $0.kubeconfig == "/etc/admin.conf" && $0.kubeconfigContext == nil },
        Good(["kubeconfig /etc/admin.conf demo"]) { $0.kubeconfigContext == "demo" },
        Good(["startup_timeout 1m30s"]) { $0.startupTimeout == 90_000_000_000 },
        Good(["apiserver_qps 12.5"]) { $0.apiRate == 12.5 },
        Good(["apiserver_burst 0"]) { $0.apiBurst == 0 },
        Good(["apiserver_burst 20", "apiserver_max_inflight 7"]) { $0.apiBurst == 20 && $0.apiMaxInflight == 7 },
        Good(["snapshot a.yaml"]) { paths($0) == ["/conf/a.yaml"] },
        Good(["snapshot /a.yaml b.json", "snapshot c"]) { paths($0) == ["/a.yaml", "/conf/b.json", "/conf/c"] },
    ]

    private static func paths(_ options: KubernetesOptions) -> [String]? {
        if case .snapshot(let paths) = options.source { paths } else { nil }
    }

    @Test func reads() throws {
        for row in Self.good {
            #expect(row.holds(try options(row.lines, arguments: row.arguments)), "\(row.lines)")
        }
    }

    private static let known =
        "expected one of endpoint, tls, kubeconfig, apiserver_qps, apiserver_burst, apiserver_max_inflight, namespaces, "
        + "namespace_labels, labels, pods, pod_names, endpoint_pod_names, endpoint_aliases, ttl, noendpoints, fallthrough, ignore, multicluster, zonal, "
        + "startup_timeout, snapshot, last_state"

    /// Lines of the block, and what is said to them.
    static let bad: [([String], String)] = [
        (["noendpoints { x", "}"], "Corefile:3:5: 'noendpoints' has a block, expected none"),
        (["ttl"], "Corefile:3:5: 'ttl' has no argument, expected 1 argument"),
        (["ttl 1 2"], "Corefile:3:11: Unexpected argument '2' of 'ttl', expected 1 argument"),
        (["ttl 30s"], "Corefile:3:9: ttl is '30s', expected a number of seconds in the range [0, 3600]"),
        (["ttl 3601"], "Corefile:3:9: ttl must be in range [0, 3600]: 3601"),
        (["ttl -1"], "Corefile:3:9: ttl must be in range [0, 3600]: -1"),
        (
            ["ttl 99999999999999999999"],
            "Corefile:3:9: ttl is '99999999999999999999', expected a number of seconds in the range [0, 3600]"
        ),
        (["pods"], "Corefile:3:5: 'pods' has no argument, expected 1 argument"),
        (
            ["ttl 5", "pods secure"],
            "Corefile:4:10: wrong value for pods: secure, must be one of: disabled, verified, insecure"
        ),
        (
            ["endpoint_aliases on"],
            "Corefile:3:22: Unexpected argument 'on' of 'endpoint_aliases', expected none"
        ),
        (["endpoint_pod_names on"], "Corefile:3:24: Unexpected argument 'on' of 'endpoint_pod_names', expected none"),
        (["pod_names on"], "Corefile:3:15: Unexpected argument 'on' of 'pod_names', expected none"),
        (["noendpoints 1"], "Corefile:3:17: Unexpected argument '1' of 'noendpoints', expected none"),
        (["zonal yes"], "Corefile:3:11: Unexpected argument 'yes' of 'zonal', expected none"),
        (["ignore empty"], "Corefile:3:12: unable to parse ignore value: 'empty', expected empty_service"),
        (["ignore"], "Corefile:3:5: 'ignore' has no argument, expected 1 argument"),
        (["namespaces"], "Corefile:3:5: 'namespaces' has no argument, expected at least 1 argument"),
        (["labels"], "Corefile:3:5: 'labels' has no argument, expected at least 1 argument"),
        (["snapshot"], "Corefile:3:5: 'snapshot' has no argument, expected at least 1 argument"),
        (["endpoint"], "Corefile:3:5: 'endpoint' has no argument, expected at least 1 argument"),
        (["tls cert key"], "Corefile:3:5: 'tls' has 2 arguments, expected 3 arguments"),
        (["tls a b c d"], "Corefile:3:15: Unexpected argument 'd' of 'tls', expected 3 arguments"),
        (["kubeconfig"], "Corefile:3:5: 'kubeconfig' has no argument, expected 1 to 2 arguments"),
        (["kubeconfig a b c"], "Corefile:3:20: Unexpected argument 'c' of 'kubeconfig', expected 1 to 2 arguments"),
        (
            ["startup_timeout 5"],
            "Corefile:3:21: '5' is not a duration: no unit after the number (ns, us, ms, s, m, h), expected a form such as 5s or 1h30m"
        ),
        (["apiserver_qps many"], "Corefile:3:19: invalid apiserver_qps \"many\", expected a number"),
        (["apiserver_qps -1"], "Corefile:3:19: apiserver_qps must be >= 0"),
        (["apiserver_burst 1.5"], "Corefile:3:21: invalid apiserver_burst \"1.5\", expected a whole number"),
        (["apiserver_burst -1"], "Corefile:3:21: apiserver_burst must be >= 0"),
        (["apiserver_max_inflight"], "Corefile:3:5: 'apiserver_max_inflight' has no argument, expected 1 argument"),
        (["apiserver_max_inflight -1"], "Corefile:3:28: apiserver_max_inflight must be >= 0"),
        (
            ["labels a in ("],
            "Corefile:3:12: unable to parse label selector value: 'a in (': column 7 of the label selector: found the end "
                + "of the selector, expected a comma or \")\""
        ),
        (
            ["namespaces a", "namespace_labels b=c"],
            "Corefile:3:5: namespaces and namespace_labels cannot both be set"
        ),
        (
            ["namespace_labels b=c", "namespaces a"],
            "Corefile:4:5: namespaces and namespace_labels cannot both be set"
        ),
        (["noendpoints", "zonal"], "Corefile:2:3: zonal requires the endpoint cache; remove noendpoints"),
        (
            ["multicluster clusterset.local"],
            "Corefile:3:5: is not authoritative for the multicluster zone clusterset.local. (authoritative zones: "
                + "cluster.local.)"
        ),
        (
            ["endpoint_pod_name"],
            "Corefile:3:5: unknown property 'endpoint_pod_name' of 'kubernetes', \(known) (did you mean 'endpoint_pod_names'?)"
        ),
        (["TTL 5"], "Corefile:3:5: unknown property 'TTL' of 'kubernetes', \(known) (did you mean 'ttl'?)"),
        (
            ["namespace a"],
            "Corefile:3:5: unknown property 'namespace' of 'kubernetes', \(known) (did you mean 'namespaces'?)"
        ),
        (
            ["falltrough"],
            "Corefile:3:5: unknown property 'falltrough' of 'kubernetes', \(known) (did you mean 'fallthrough'?)"
        ),
        (["transfer to *"], "Corefile:3:5: unknown property 'transfer' of 'kubernetes', \(known)"),
    ]

    @Test func refuses() throws {
        for (lines, message) in Self.bad {
            let (setup, directive) = try setup(lines)
            do throws(CorefileError) {
                _ = try KubernetesOptions(directive, setup)
                Issue.record("\(lines) has been taken")
            } catch {
                #expect(error.description == message)
            }
        }
    }

    @Test func aZoneThatIsNoReverseOneIsNeeded() throws {
        for arguments in [" in-addr.arpa ip6.arpa", " 10.0.0.0/8"] {
            let (setup, directive) = try setup([], arguments: arguments)
            do throws(CorefileError) {
                _ = try KubernetesOptions(directive, setup)
                Issue.record("\(arguments) has been taken")
            } catch {
                #expect(error.description == "Corefile:2:3: plugin/kubernetes: non-reverse zone name must be used")
            }
        }
    }

    @Test func obsoleteOptionsWarn() throws {
        let options = try options(["upstream", "resyncperiod 5m", "upstream 192.0.2.1", "ttl 7"])
        #expect(options.answers.ttl == 7)
        #expect(
            bench.lines.take() == [
                "[WARNING] Corefile:3:5: plugin/kubernetes: 'upstream' is obsolete and ignored",
                "[WARNING] Corefile:4:5: plugin/kubernetes: 'resyncperiod' is obsolete and ignored",
                "[WARNING] Corefile:5:5: plugin/kubernetes: 'upstream' is obsolete and ignored",
            ])
    }

    /// What the whole plugin says to its directive.
    @Test func theDirectiveAsAWhole() {
        // What is wrong with an option is said first.
        let wrong = bench.failure(KubernetesPlugin.self, "kubernetes cluster.local {\n  ttl x\n}")
        #expect(wrong.hasPrefix("Corefile:3:7: ttl is 'x'"))
        let twice = "kubernetes a {\n  snapshot x\n}\nkubernetes b {\n  snapshot x\n}"
        #expect(
            bench.failure(KubernetesPlugin.self, twice)
                == "Corefile:5:1: plugin/kubernetes: this plugin can only be used once per Server Block")
    }

    /// CoreDNS: what lies below a multicluster zone is one too.
    @Test func whichZonesAreMulticlusterOnes() throws {
        let rows: [(zones: String, multicluster: String, places: Set<Int>)] = [
            ("cluster.local set.test", "set.test", [1]), ("Cluster.Local SET.test", "set.TEST", [1]),
            ("set.test a.set.test aset.test test", "set.test", [0, 1]), (". a in-addr.arpa", ".", [0, 1, 2]),
            ("a b c", "c a", [0, 2]),
        ]
        for row in rows {
            let plugin = try bench.plugin(
                KubernetesPlugin.self,
                "kubernetes \(row.zones) {\n  snapshot x\n  multicluster \(row.multicluster)\n}")
            #expect(plugin.multiclusterZones == row.places, "\(row)")
        }
        #expect(bench.lines.take().isEmpty)
    }
}
