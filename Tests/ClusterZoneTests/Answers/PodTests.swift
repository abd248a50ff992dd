import ClusterZone
import DNSWire
import KubernetesAPI
import Testing

@Suite("Names of pods")
struct PodTests {
    private static let objects = ClusterObjects(
        pods: [
            Make.pod("a", ["10.1.0.1", "2001:db8::1"]), Make.pod("v6", ["2001:db8::9"]),
            Make.pod("b", in: "other", ["10.1.0.2"]),
            Make.pod("pending", ["10.1.0.3"], phase: .pending), Make.pod("done", ["10.1.0.4"], phase: .succeeded),
            Make.pod("failed", ["10.1.0.5"], phase: .failed), Make.pod("unknown", ["10.1.0.6"], phase: .unknown),
            Make.pod("leaving", ["10.1.0.7"], isTerminating: true), Make.pod("new", []),
            Make.pod("host-1", ["10.9.0.1"]), Make.pod("host-2", ["10.9.0.1"]), Make.pod("host-3", ["10.9.0.1"]),
            Make.pod("host-4", in: "other", ["10.9.0.1"]), Make.pod("host-5", in: "hidden", ["10.9.0.1"]),
            Make.pod("zeros", ["::"]), Make.pod("low", ["::5"]), Make.pod("high", ["fe80::"]),
            Make.pod("full", ["1:2:3:4:5:6:7:8"]), Make.pod("middle", ["1:2::7:8"]),
        ], namespaces: Make.namespaces("default", "other", "empty"))

    private func cluster(_ mode: PodMode, objects: ClusterObjects = PodTests.objects) throws -> Cluster {
        var answers = ClusterOptions()
        answers.podMode = mode
        var zone = ZoneOptions()
        zone.servesPods = mode == .verified
        return try Cluster(objects, zone: zone, answers: answers)
    }

    @Test("pods disabled: nothing below pod exists")
    func disabled() throws {
        try cluster(.disabled).check([
            ("10-1-0-1.default.pod", .a, "NXDOMAIN"), ("10-1-0-1.default.pod", .srv, "NXDOMAIN"),
            ("10-1-0-1.default.pod", .txt, "NXDOMAIN"), ("default.pod", .a, "NXDOMAIN"),
            ("default.pod", .srv, "NXDOMAIN"),
            ("pod", .a, "NODATA"),
        ])
    }

    @Test("pods insecure: whatever address the name spells, in a namespace that exists")
    func insecure() throws {
        try cluster(.insecure).check([
            ("10-1-0-1.default.pod", .a, "A 10.1.0.1"),
            ("192-0-2-255.empty.pod", .a, "A 192.0.2.255"),
            ("10-1-0-1.nowhere.pod", .a, "NXDOMAIN"),
            ("default.pod", .a, "NODATA"), ("nowhere.pod", .a, "NXDOMAIN"),
            ("10-1-0-1.default.pod", .aaaa, "NODATA"),
            ("2001-db8--1.default.pod", .aaaa, "AAAA 2001:db8::1"),
            ("2001-db8--1.default.pod", .a, "NODATA"),
            ("2001-DB8--1.default.pod", .aaaa, "AAAA 2001:db8::1"),
            ("1-2-3-4-5-6-7-8.default.pod", .aaaa, "AAAA 1:2:3:4:5:6:7:8"),
            ("--1.default.pod", .aaaa, "AAAA ::1"), ("--.default.pod", .aaaa, "AAAA ::"),
            ("1--.default.pod", .aaaa, "AAAA 1::"), ("1-2--7-8.default.pod", .aaaa, "AAAA 1:2::7:8"),
            ("1--2-3.default.pod", .aaaa, "AAAA 1::2:3"), ("10--0-1.default.pod", .aaaa, "AAAA 10::1"),
            ("1-2-3-4-5-6-7--.default.pod", .aaaa, "AAAA 1:2:3:4:5:6:7:0"),
            ("--2-3-4-5-6-7-8.default.pod", .aaaa, "AAAA 0:2:3:4:5:6:7:8"),
            // A mapped address is an IPv4 one (Go's net.IP.To4).
            ("--ffff-a00-1.default.pod", .a, "A 10.0.0.1"), ("--ffff-a00-1.default.pod", .aaaa, "NODATA"),
            ("10-1-0-1.default.pod", .txt, "NODATA"), ("10-1-0-1.default.pod", .mx, "NODATA"),
            ("10-1-0-1.default.pod", .cname, "NODATA"),
            ("10-1-0-1.default.pod", .srv, "SRV 0 100 0 10-1-0-1.default.pod + A 10.1.0.1"),
            (
                "10-1-0-1.DEFAULT.Pod.Cluster.LOCAL.", .srv,
                "SRV 0 100 0 10-1-0-1.default.pod.Cluster.LOCAL. + 10-1-0-1.default.pod.Cluster.LOCAL. A 10.1.0.1"
            ),
            // One or two labels in front of the address are not looked at (CoreDNS).
            ("x.10-1-0-1.default.pod", .a, "A 10.1.0.1"), ("_x._y.10-1-0-1.default.pod", .a, "A 10.1.0.1"),
            ("_x._y.10-1-0-1.default.pod", .srv, "SRV 0 100 0 10-1-0-1.default.pod + 10-1-0-1.default.pod A 10.1.0.1"),
            ("a.b.c.10-1-0-1.default.pod", .a, "NXDOMAIN"),
        ])
    }

    @Test(
        "labels that spell no address",
        arguments: [
            "a", "10-1-0", "10-1-0-256", "10-1-0-01", "010-1-0-1", "10-1-0-", "-1-0-1", "1-2-3-4-5",
            "1-2-3-4-5-6-7", "1-2-3-4-5-6-7-8-9", "1--2--3", "---", "-1", "1-", "12345--1", "g--1", "1-2-3-4-5-6-7-8--",
            "--1-2-3-4-5-6-7-8", "1-2-3-4--5-6-7-8", "10-1-0-1x", "10-1-0-1-1", "-", "10.1.0.1", "+1-1-1-1", "1-1-1-+1",
            "99999999999999999999-1-1-1",
        ])
    func noAddress(label: String) throws {
        let cluster = try cluster(.insecure)
        #expect(try cluster.ask("\(label).default.pod", .a) == "NXDOMAIN")
        #expect(try cluster.ask("\(label).default.pod", .aaaa) == "NXDOMAIN")
    }

    @Test("pods verified: addresses of pods that are there, in their own namespace")
    func verified() throws {
        try cluster(.verified).check([
            ("10-1-0-1.default.pod", .a, "A 10.1.0.1"), ("10-1-0-1.other.pod", .a, "NXDOMAIN"),
            // CoreDNS knows the first address only, status.podIP, of a pod with several.
            ("2001-db8--1.default.pod", .aaaa, "NXDOMAIN"), ("2001-db8--9.default.pod", .aaaa, "AAAA 2001:db8::9"),
            ("2001-db8--9.default.pod", .a, "NODATA"),
            ("10-1-0-2.other.pod", .a, "A 10.1.0.2"), ("10-1-0-2.default.pod", .a, "NXDOMAIN"),
            ("10-1-0-3.default.pod", .a, "A 10.1.0.3"),
            // Finished and leaving pods have no names: their addresses may be given to others.
            ("10-1-0-4.default.pod", .a, "NXDOMAIN"), ("10-1-0-5.default.pod", .a, "NXDOMAIN"),
            ("10-1-0-6.default.pod", .a, "NXDOMAIN"), ("10-1-0-7.default.pod", .a, "NXDOMAIN"),
            ("10-1-0-8.default.pod", .a, "NXDOMAIN"), ("empty.pod", .a, "NODATA"), ("nowhere.pod", .a, "NXDOMAIN"),
            ("10-9-0-1.default.pod", .a, "A 10.9.0.1"), ("10-9-0-1.other.pod", .a, "A 10.9.0.1"),
            ("10-9-0-1.hidden.pod", .a, "NXDOMAIN"),
            // Three pods of the namespace share the node's address: one record, the weight counts each.
            ("10-9-0-1.default.pod", .srv, "SRV 0 33 0 10-9-0-1.default.pod + A 10.9.0.1"),
            ("10-9-0-1.other.pod", .srv, "SRV 0 100 0 10-9-0-1.other.pod + A 10.9.0.1"),
            ("10-9-0-1.default.pod", .txt, "NODATA"), ("10-1-0-4.default.pod", .txt, "NXDOMAIN"),
            ("--.default.pod", .aaaa, "AAAA ::"), ("--5.default.pod", .aaaa, "AAAA ::5"),
            ("fe80--.default.pod", .aaaa, "AAAA fe80::"), ("1-2--7-8.default.pod", .aaaa, "AAAA 1:2::7:8"),
            ("1-2-3-4-5-6-7-8.default.pod", .aaaa, "AAAA 1:2:3:4:5:6:7:8"),
            ("x.10-1-0-1.default.pod", .a, "A 10.1.0.1"),
        ])
    }

    @Test("a pod that moves, shares and goes")
    func changes() throws {
        var options = ClusterOptions()
        options.podMode = .verified
        var zone = ZoneOptions()
        zone.servesPods = true
        let namespaces = Make.namespaces("default", "other")
        let cluster = try Cluster(
            ClusterObjects(pods: [Make.pod("a", ["10.1.0.1"])], namespaces: namespaces), zone: zone, answers: options)
        #expect(try cluster.ask("10-1-0-1.default.pod", .a) == "A 10.1.0.1")
        let moved = [Make.pod("a", ["10.1.0.2"]), Make.pod("b", in: "other", ["10.1.0.1"])]
        #expect(cluster.replace(with: ClusterObjects(pods: moved, namespaces: namespaces)))
        try cluster.check([
            ("10-1-0-1.default.pod", .a, "NXDOMAIN"), ("10-1-0-1.other.pod", .a, "A 10.1.0.1"),
            ("10-1-0-2.default.pod", .a, "A 10.1.0.2"),
        ])
        #expect(!cluster.replace(with: ClusterObjects(pods: moved.reversed(), namespaces: namespaces)))
        #expect(cluster.replace(with: ClusterObjects(namespaces: namespaces)))
        #expect(try cluster.ask("10-1-0-2.default.pod", .a) == "NXDOMAIN")
    }
}
