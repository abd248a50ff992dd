import ClusterZone
import DNSWire
import KubernetesAPI
import Testing

@Suite("ExternalName services")
struct AliasTests {
    @Test("targets elsewhere, within the zone, loops, and what is no target")
    func targets() throws {
        let cluster = try Cluster(
            ClusterObjects(
                services: [
                    Make.service("web", ["10.96.0.1", "fd00::1"]), Make.headless("empty"),
                    Make.alias("outside", to: "Example.COM"), Make.alias("dotted", to: "example.com."),
                    Make.alias("inside", to: "web.default.svc.cluster.local"),
                    Make.alias("upper", to: "WEB.default.svc.Cluster.Local."),
                    Make.alias("chain", to: "inside.default.svc.cluster.local"),
                    Make.alias("chain-out", to: "outside.default.svc.cluster.local"),
                    Make.alias("itself", to: "itself.default.svc.cluster.local"),
                    Make.alias("loop-a", to: "loop-b.default.svc.cluster.local"),
                    Make.alias("loop-b", to: "loop-a.default.svc.cluster.local"),
                    Make.alias("ipv4", to: "192.0.2.1"), Make.alias("ipv6", to: "2001:db8::1"),
                    Make.alias("none", to: ""),
                    Make.alias("bad", to: "a..b"), Make.alias("missing", to: "nothing.default.svc.cluster.local"),
                    Make.alias("apex", to: "cluster.local"),
                    Make.alias("notready", to: "empty.default.svc.cluster.local"),
                    Make.alias("reverse", to: "1.0.96.10.in-addr.arpa"),
                    Make.alias("near", to: "web.default.svc.xcluster.local"),
                    Make.alias("pod", to: "10-1-0-1.default.pod.cluster.local"),
                ], endpointSlices: [Make.slice("outside", [Make.endpoint("10.1.0.1", host: "o")])]))
        try cluster.check([
            ("outside.default.svc", .a, "CNAME Example.COM. -> Example.COM."),
            ("outside.default.svc", .aaaa, "CNAME Example.COM. -> Example.COM."),
            ("outside.default.svc", .cname, "CNAME Example.COM."),
            ("outside.default.svc", .srv, "NODATA"),
            ("outside.default.svc", .txt, "NODATA"),
            ("outside.default.svc", .mx, "NODATA"),
            // An alias has neither endpoints nor ports.
            ("o.outside.default.svc", .a, "NXDOMAIN"),
            ("_http._tcp.outside.default.svc", .a, "NXDOMAIN"),
            ("_http._tcp.outside.default.svc", .srv, "NXDOMAIN"),
            ("dotted.default.svc", .a, "CNAME example.com. -> example.com."),
            ("inside.default.svc", .a, "CNAME web.default.svc | web.default.svc A 10.96.0.1"),
            ("inside.default.svc", .aaaa, "CNAME web.default.svc | web.default.svc AAAA fd00::1"),
            ("inside.default.svc", .cname, "CNAME web.default.svc"),
            ("inside.default.svc", .srv, "NODATA"),
            (
                "upper.default.svc", .a,
                "CNAME WEB.default.svc.Cluster.Local. | WEB.default.svc.Cluster.Local. A 10.96.0.1"
            ),
            (
                "chain.default.svc", .a,
                "CNAME inside.default.svc | inside.default.svc CNAME web.default.svc | web.default.svc A 10.96.0.1"
            ),
            (
                "chain-out.default.svc", .a,
                "CNAME outside.default.svc | outside.default.svc CNAME Example.COM. -> Example.COM."
            ),
            ("near.default.svc", .a, "CNAME web.default.svc.xcluster.local. -> web.default.svc.xcluster.local."),
            // Within the zone an alias appears only where something is behind it.
            ("itself.default.svc", .a, "NODATA"), ("loop-a.default.svc", .a, "NODATA"),
            ("loop-b.default.svc", .aaaa, "NODATA"), ("missing.default.svc", .a, "NODATA"),
            ("apex.default.svc", .a, "NODATA"), ("notready.default.svc", .a, "NODATA"),
            ("pod.default.svc", .a, "NODATA"),
            // Asked for itself, it always does.
            ("itself.default.svc", .cname, "CNAME itself.default.svc"),
            ("missing.default.svc", .cname, "CNAME nothing.default.svc"),
            // An address is no target (CoreDNS: no such name).
            ("ipv4.default.svc", .a, "NXDOMAIN"), ("ipv4.default.svc", .cname, "NXDOMAIN"),
            ("ipv6.default.svc", .aaaa, "NXDOMAIN"), ("none.default.svc", .a, "NXDOMAIN"),
            ("bad.default.svc", .a, "NXDOMAIN"),
            // Types other than CNAME.
            ("web.default.svc", .cname, "NODATA"), ("nothing.default.svc", .cname, "NXDOMAIN"),
            ("empty.default.svc", .cname, "NXDOMAIN"), ("cluster.local.", .cname, "NODATA"),
            ("ns.dns", .cname, "NODATA"), ("other.dns", .cname, "NXDOMAIN"),
        ])
    }

    @Test("chains: eleven aliases are followed, twelve are not (CoreDNS: maxCnameChainLength)", arguments: 1...14)
    func chains(length: Int) throws {
        var services = [Make.service("end", ["10.96.0.1"])]
        for step in 1...length {
            services.append(
                Make.alias(
                    "a\(step)",
                    to: step == 1 ? "end.default.svc.cluster.local" : "a\(step - 1).default.svc.cluster.local"))
        }
        let reply = try Cluster(ClusterObjects(services: services)).ask("a\(length).default.svc", .a)
        if length > 11 {
            #expect(reply == "NODATA")
        } else {
            #expect(reply.split(separator: "|").count == length + 1)
            #expect(reply.hasSuffix("end.default.svc A 10.96.0.1"))
        }
    }

    @Test("slices of names that point at each other end, and soon")
    func branches() throws {
        let targets = (0..<6).map { Make.endpoint("s\($0).default.svc.cluster.local") }
        let cluster = try Cluster(
            ClusterObjects(
                services: (0..<6).map { Make.headless("s\($0)") },
                endpointSlices: (0..<6).map { Make.slice("s\($0)", type: .fqdn, targets) }))
        #expect(try cluster.ask("s0.default.svc", .a) == "NODATA")
        #expect(try cluster.ask("s0.default.svc", .srv) == "NODATA")
    }

    @Test("a target in another zone of the plugin")
    func otherZone() throws {
        let cluster = try Cluster(
            ClusterObjects(services: [
                Make.service("web", ["10.96.0.1"]), Make.alias("there", to: "web.default.svc.second.example"),
                Make.alias("gone", to: "nothing.default.svc.second.example"),
                Make.alias("back", to: "there.default.svc.second.example"),
                Make.alias("via", to: "gone.default.svc.cluster.local"),
            ]), zones: ["cluster.local.", "second.example."])
        try cluster.check([
            (
                "there.default.svc", .a,
                "CNAME web.default.svc.second.example. | web.default.svc.second.example. A 10.96.0.1"
            ),
            (
                "there.default.svc.second.example.", .a,
                "CNAME web.default.svc.second.example. | web.default.svc.second.example. A 10.96.0.1"
            ),
            (
                "back.default.svc", .a,
                "CNAME there.default.svc.second.example. | there.default.svc.second.example. CNAME web.default.svc.second.example."
                    + " | web.default.svc.second.example. A 10.96.0.1"
            ),
            // CoreDNS looks a name of another zone up anew, and then shows the alias whatever comes of it.
            ("gone.default.svc", .a, "CNAME nothing.default.svc.second.example."),
            ("gone.default.svc.second.example.", .a, "NODATA"),
            (
                "via.default.svc", .a,
                "CNAME gone.default.svc | gone.default.svc CNAME nothing.default.svc.second.example."
            ),
        ])
    }
}
