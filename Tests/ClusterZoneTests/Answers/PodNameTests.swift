import ClusterZone
import DNSWire
import KubernetesAPI
import RecordIndex
import Testing

@Suite("pod_names: pods by their names")
struct PodNameTests {
    private static let long = String(repeating: "l", count: 64)
    private static let longest = String(repeating: "m", count: 63)

    private static let objects = ClusterObjects(
        services: [Make.alias("to-pod", to: "web-1.default.pod.cluster.local")],
        pods: [
            Make.pod("web-1", ["10.1.0.1"]), Make.pod("both", ["10.1.0.2", "fd00::2"]), Make.pod("six", ["fd00::3"]),
            Make.pod("web-1", in: "other", ["10.1.1.1"]), Make.pod("web-1", in: "hidden", ["10.1.2.1"]),
            Make.pod(long, ["10.1.0.4"]), Make.pod(longest, ["10.1.0.5"]), Make.pod("dotted.name", ["10.1.0.6"]),
            // Finished, and the address is another's now.
            Make.pod("done", ["10.1.0.1"], phase: .succeeded), Make.pod("failed", ["10.1.0.1"], phase: .failed),
            Make.pod("unknown", ["10.1.0.8"], phase: .unknown), Make.pod("starting", ["10.1.0.9"], phase: .pending),
            Make.pod("leaving", ["10.1.0.10"], isTerminating: true), Make.pod("new", []),
            Make.pod("left", ["10.1.0.11"], phase: .succeeded, isTerminating: true),
            Make.pod("host-1", ["10.9.0.1"]), Make.pod("host-2", ["10.9.0.1"]),
            // A name that spells an address: another pod's, and one that nobody has.
            Make.pod("10-1-0-2", ["10.1.0.12"]), Make.pod("10-7-7-7", ["10.1.0.13"]),
        ], namespaces: Make.namespaces("default", "other", "empty"))

    private static func cluster(
        _ mode: PodMode, names: Bool = true, _ objects: ClusterObjects = objects,
        zones: [String] = ["cluster.local.", "in-addr.arpa.", "ip6.arpa."], multicluster: [String] = []
    ) throws -> Cluster {
        var answers = ClusterOptions()
        answers.podMode = mode
        answers.podNames = names
        var zone = ZoneOptions()
        zone.podNames = names
        zone.servesPods = names || mode == .verified
        return try Cluster(objects, zones: zones, multicluster: multicluster, zone: zone, answers: answers)
    }

    /// Names that say the same whatever `pods` says.
    @Test("all addresses of pods that have not finished", arguments: [PodMode.disabled, .insecure, .verified])
    func names(mode: PodMode) throws {
        try Self.cluster(mode).check([
            ("web-1.default.pod", .a, "A 10.1.0.1"), ("WEB-1.Default.pod", .a, "A 10.1.0.1"),
            ("web-1.other.pod", .a, "A 10.1.1.1"), ("web-1.default.pod", .aaaa, "NODATA"),
            ("both.default.pod", .a, "A 10.1.0.2"), ("both.default.pod", .aaaa, "AAAA fd00::2"),
            ("six.default.pod", .a, "NODATA"), ("six.default.pod", .aaaa, "AAAA fd00::3"),
            // Kubelets cut such a host name; it is no label, and nobody could ask for it.
            ("\(Self.longest).default.pod", .a, "A 10.1.0.5"),
            ("dotted.name.default.pod", .a, "NXDOMAIN"), ("name.default.pod", .a, "NXDOMAIN"),
            ("done.default.pod", .a, "NXDOMAIN"), ("failed.default.pod", .a, "NXDOMAIN"),
            ("unknown.default.pod", .a, "NXDOMAIN"), ("left.default.pod", .a, "NXDOMAIN"),
            // Not ready yet, and on its way out: the pod runs.
            ("starting.default.pod", .a, "A 10.1.0.9"), ("leaving.default.pod", .a, "A 10.1.0.10"),
            ("new.default.pod", .a, "NXDOMAIN"),
            ("host-1.default.pod", .a, "A 10.9.0.1"), ("host-2.default.pod", .a, "A 10.9.0.1"),
            ("nosuch.default.pod", .a, "NXDOMAIN"), ("web-1.hidden.pod", .a, "NXDOMAIN"),
            ("web-1.nowhere.pod", .a, "NXDOMAIN"), ("web-1.empty.pod", .a, "NXDOMAIN"),
            // Other types; what the names stand below; what would be below them.
            ("web-1.default.pod", .srv, "NODATA"), ("web-1.default.pod", .txt, "NODATA"),
            ("web-1.default.pod", .cname, "NODATA"), ("web-1.default.pod", .mx, "NODATA"),
            ("nosuch.default.pod", .srv, "NXDOMAIN"), ("nosuch.default.pod", .txt, "NXDOMAIN"),
            ("default.pod", .a, "NODATA"), ("default.pod", .srv, "NODATA"), ("empty.pod", .a, "NODATA"),
            ("nowhere.pod", .a, "NXDOMAIN"), ("pod", .a, "NODATA"),
            ("x.web-1.default.pod", .a, "NXDOMAIN"), ("_a._tcp.web-1.default.pod", .srv, "NXDOMAIN"),
            // A pod is no service, and has no name on the way back.
            ("web-1.default.svc", .a, "NXDOMAIN"), ("1.0.1.10.in-addr.arpa.", .ptr, "NXDOMAIN"),
            (
                "to-pod.default.svc", .a,
                "CNAME web-1.default.pod | web-1.default.pod A 10.1.0.1"
            ),
        ])
    }

    @Test("without the option no pod has a name", arguments: [PodMode.disabled, .insecure, .verified])
    func off(mode: PodMode) throws {
        let without = mode == .disabled ? "NXDOMAIN" : "NODATA"
        try Self.cluster(mode, names: false).check([
            ("web-1.default.pod", .a, "NXDOMAIN"), ("leaving.default.pod", .a, "NXDOMAIN"),
            ("default.pod", .a, without),
        ])
    }

    @Test("names with dashed addresses stay what `pods` says")
    func dashed() throws {
        for (mode, first, own, none, leaving) in [
            (PodMode.disabled, "NXDOMAIN", "A 10.1.0.12", "A 10.1.0.13", "NXDOMAIN"),
            (.insecure, "A 10.1.0.1", "A 10.1.0.2", "A 10.7.7.7", "A 10.1.0.10"),
            (.verified, "A 10.1.0.1", "A 10.1.0.2", "A 10.1.0.13", "NXDOMAIN"),
        ] {
            try Self.cluster(mode).check([
                ("10-1-0-1.default.pod", .a, first), ("10-1-0-2.default.pod", .a, own),
                ("10-7-7-7.default.pod", .a, none), ("10-1-0-10.default.pod", .a, leaving),
            ])
            // Whatever is answered without pod_names is answered with it.
            let (with, without) = (try Self.cluster(mode), try Self.cluster(mode, names: false))
            for name in ["10-1-0-1", "10-1-0-2", "10-7-7-7", "10-1-0-10", "fd00--2", "10-9-0-1", "x.10-1-0-1"] {
                for type in [RecordType.a, .aaaa, .srv, .txt] {
                    let before = try without.ask("\(name).default.pod", type)
                    guard before != "NXDOMAIN" else { continue }
                    #expect(try with.ask("\(name).default.pod", type) == before, "\(mode) \(name) \(type)")
                }
            }
        }
    }

    @Test("a pod that changes, goes, and is made anew; an address that is another's then")
    func changes() throws {
        func objects(_ pods: [PodObject]) -> ClusterObjects {
            ClusterObjects(pods: pods, namespaces: Make.namespaces("default"))
        }
        let cluster = try Self.cluster(.disabled, objects([Make.pod("a", ["10.1.0.1"])]))
        var steps: [([PodObject], a: String, b: String)] = []
        // It gets another address, a second one, finishes, and its address is b's.
        steps.append(([Make.pod("a", ["10.1.0.2"])], "A 10.1.0.2", "NXDOMAIN"))
        steps.append(([Make.pod("a", ["fd00::2", "10.1.0.2"])], "A 10.1.0.2", "NXDOMAIN"))
        steps.append(([Make.pod("a", ["fd00::2", "10.1.0.3"])], "A 10.1.0.3", "NXDOMAIN"))
        steps.append(([Make.pod("a", ["10.1.0.2"], phase: .failed)], "NXDOMAIN", "NXDOMAIN"))
        steps.append(
            (
                [Make.pod("a", ["10.1.0.2"], phase: .failed), Make.pod("b", ["10.1.0.2"])], "NXDOMAIN",
                "A 10.1.0.2"
            ))
        steps.append(([Make.pod("b", ["10.1.0.2"])], "NXDOMAIN", "A 10.1.0.2"))
        // A StatefulSet's pod comes again under its name.
        steps.append(([Make.pod("a", ["10.1.0.9"]), Make.pod("b", ["10.1.0.2"])], "A 10.1.0.9", "A 10.1.0.2"))
        steps.append(([], "NXDOMAIN", "NXDOMAIN"))
        for (number, step) in steps.enumerated() {
            let before = try (cluster.ask("a.default.pod", .a), cluster.ask("b.default.pod", .a))
            let isPublished = cluster.replace(with: objects(step.0))
            #expect(try cluster.ask("a.default.pod", .a) == step.a, "step \(number)")
            #expect(try cluster.ask("b.default.pod", .a) == step.b, "step \(number)")
            #expect(isPublished || before == (step.a, step.b), "step \(number)")
            #expect(!cluster.replace(with: objects(step.0.reversed())), "step \(number): what changes nothing")
        }
    }

    @Test("what is not known is never denied")
    func certainty() throws {
        let cluster = try Self.cluster(.disabled)
        cluster.setGaps(.pods)
        try cluster.check([
            ("web-1.default.pod", .a, "A 10.1.0.1"), ("web-1.default.pod", .aaaa, "NODATA"),
            ("nosuch.default.pod", .a, "SERVFAIL"), ("nosuch.default.pod", .txt, "SERVFAIL"),
            // No pod has such a name.
            ("x.nosuch.default.pod", .a, "NXDOMAIN"), ("default.pod", .a, "NODATA"),
            ("nosuch.default.svc", .a, "NXDOMAIN"),
        ])
        cluster.setGaps(.namespaces)
        try cluster.check([
            ("web-1.default.pod", .a, "A 10.1.0.1"), ("web-1.late.pod", .a, "SERVFAIL"), ("late.pod", .a, "SERVFAIL"),
        ])
        cluster.setGaps([.services, .endpoints])
        try cluster.check([("nosuch.default.pod", .a, "NXDOMAIN")])
    }

    @Test("beside a multicluster zone, where only imported services answer")
    func multicluster() throws {
        let cluster = try Self.cluster(
            .disabled, zones: ["cluster.local.", "clusterset.local."], multicluster: ["clusterset.local."])
        try cluster.check([
            ("web-1.default.pod", .a, "A 10.1.0.1"), ("web-1.default.pod.clusterset.local.", .a, "NXDOMAIN"),
            ("default.pod.clusterset.local.", .a, "NXDOMAIN"),
        ])
    }
}
