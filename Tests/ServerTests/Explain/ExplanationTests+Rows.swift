/// Names of the world of these tests (`ExplainedWorld`), and what is said of them.
extension ExplanationTests {
    private static let blockLine = "Corefile:1:1: block . at dns://127.0.0.1:"
    private static let zone = "svc.cluster.local"

    static let rows = [
        // Services with an address.
        Row(
            "web.shop.\(zone)", resolves: true, "NOERROR: web.shop.\(zone). A",
            "web.shop.\(zone).\t5\tIN\tA\t10.96.0.10", "", blockLine,
            "kubernetes answers for its zone cluster.local. from snapshot ",
            "Service shop/web has the cluster address 10.96.0.10"),
        Row("WEB.Shop.\(zone).", resolves: true, "NOERROR: web.shop.\(zone). A"),
        Row(
            "web.shop.\(zone)", type: "aaaa", "NOERROR without records: web.shop.\(zone). AAAA",
            "Service shop/web has the cluster address 10.96.0.10", "none of IPv6, so there is no AAAA record"),
        Row(
            "web.shop.\(zone)", type: "SRV", resolves: true, "0 50 80 web.shop.\(zone).",
            "its ports are http/TCP 80, dns/UDP 53"),
        Row("web.shop.\(zone)", type: "MX", "NOERROR without records", "the name is there, without records of type MX"),
        Row("web.shop.\(zone)", type: "SOA", "NOERROR without records", "SOA is at the zone's own name"),
        Row(
            "idle.shop.\(zone)", resolves: true, "Service shop/idle has the cluster addresses 10.96.0.11, fd00::11",
            "note: it has no ready endpoint, so connections lead nowhere",
            "10.1.0.9 (Pod idle-0) of EndpointSlice shop/idle-1 is not ready"),
        Row(
            "idle.shop.\(zone)", options: ["ignore empty_service"], "NXDOMAIN: ",
            "Service shop/idle has no ready endpoint, and `ignore empty_service` leaves such services out",
            "10.1.0.9 (Pod idle-0) of EndpointSlice shop/idle-1 is not ready"),
        Row(
            "web.shop.\(zone)", options: ["labels app=other"], "NXDOMAIN: ",
            "Service shop/web has not the labels of `labels app=other`"),
        // Ports.
        Row(
            "_http._tcp.web.shop.\(zone)", type: "SRV", resolves: true, "0 100 80 web.shop.\(zone).",
            "Service shop/web has the port http/TCP 80", "its target is the service's own name"),
        Row(
            "_http._udp.web.shop.\(zone)", type: "SRV", "NXDOMAIN",
            "Service shop/web has no port http over udp: it has http/TCP 80, dns/UDP 53"),
        Row(
            "_epmd._tcp.nodes.shop.\(zone)", type: "SRV", resolves: true,
            "Service shop/nodes is headless: 2 ready endpoints have the port epmd",
            "10.1.0.2 (Pod nodes-0) of EndpointSlice shop/nodes-1, named first by its hostname",
            "10.1.0.4 (Pod nodes-2) of EndpointSlice shop/nodes-1 is not ready"),
        Row(
            "_empd._tcp.nodes.shop.\(zone)", type: "SRV", "NXDOMAIN",
            "Service shop/nodes has no port empd over tcp: it has epmd/TCP 4369"),
        // Headless services and their endpoints.
        Row(
            "nodes.shop.\(zone)", resolves: true, "\t10.1.0.2", "\t10.1.0.3", "Service shop/nodes is headless",
            "10.1.0.2 (Pod nodes-0) of EndpointSlice shop/nodes-1, named first by its hostname",
            "10.1.0.3 (Pod nodes-1) of EndpointSlice shop/nodes-1, named 10-1-0-3 after its address",
            "10.1.0.4 (Pod nodes-2) of EndpointSlice shop/nodes-1 is not ready",
            "10.1.0.5 (Pod nodes-3) of EndpointSlice shop/nodes-1 is not ready: it terminates"),
        Row("nodes.shop.\(zone)", type: "AAAA", "NOERROR without records", "none of the 2 has an IPv6 address"),
        Row(
            "nodes.shop.\(zone)", options: ["noendpoints"], "NXDOMAIN",
            "`noendpoints` leaves endpoints out, and with them this name"),
        Row(
            "none.shop.\(zone)", "NXDOMAIN", "Service shop/none is headless",
            "it has no endpoints: no EndpointSlice names it"),
        Row("hand.shop.\(zone)", "NXDOMAIN", "no EndpointSlice names it, and it has no selector that would make one"),
        Row(
            "first.nodes.shop.\(zone)", resolves: true,
            "Service shop/nodes has the endpoint 10.1.0.2 (Pod nodes-0) of EndpointSlice shop/nodes-1, named first by its hostname"
        ),
        Row(
            "nodes-1.nodes.shop.\(zone)", options: ["endpoint_pod_names"], resolves: true,
            "the endpoint 10.1.0.3 (Pod nodes-1) of EndpointSlice shop/nodes-1, named after its pod (endpoint_pod_names)"
        ),
        Row(
            "nodes-0.nodes.shop.\(zone)", options: ["endpoint_aliases"], resolves: true,
            "named first by its hostname, and answers to nodes-0 as well (endpoint_aliases)"),
        Row(
            "10-1-0-3.nodes.shop.\(zone)", resolves: true, "named 10-1-0-3 after its address"),
        Row(
            "10-1-0-2.nodes.shop.\(zone)", type: "A", "NXDOMAIN",
            "named first by its hostname: it answers to its address only with `endpoint_aliases`"),
        Row(
            "nodes-0.nodes.shop.\(zone)", type: "A", "NXDOMAIN",
            "named first by its hostname: it answers to its pod's name only with `endpoint_aliases`"),
        Row(
            "nodes-1.nodes.shop.\(zone)", type: "A", "NXDOMAIN",
            "named 10-1-0-3 after its address: it answers to its pod's name only with `endpoint_pod_names` or `endpoint_aliases`"
        ),
        Row(
            "nodes-2.nodes.shop.\(zone)", options: ["endpoint_pod_names"], "NXDOMAIN",
            "Service shop/nodes has the endpoint 10.1.0.4 (Pod nodes-2) of EndpointSlice shop/nodes-1, which is not ready"
        ),
        Row(
            "10-1-0-5.nodes.shop.\(zone)", "NXDOMAIN",
            "10.1.0.5 (Pod nodes-3) of EndpointSlice shop/nodes-1, which is not ready: it terminates"),
        Row("firts.nodes.shop.\(zone)", "NXDOMAIN", "Service shop/nodes has no endpoint firts (did you mean first?)"),
        Row(
            "loner.nodes.shop.\(zone)", "NXDOMAIN", "Service shop/nodes has no endpoint loner: it has 10-1-0-3, first",
            "Pod shop/loner is there, and is no endpoint of it"),
        Row("x.none.shop.\(zone)", "NXDOMAIN", "has no endpoint x: it has no endpoints at all"),
        // Aliases.
        Row(
            "alias.shop.\(zone)", resolves: true, "CNAME\tweb.shop.\(zone).",
            "Service shop/alias is an alias (type ExternalName) for web.shop.\(zone)",
            "web.shop.\(zone).: Service shop/web has the cluster address 10.96.0.10"),
        Row(
            "away.shop.\(zone)", block: "forward . 192.0.2.53", resolves: true, "CNAME\twww.example.org.",
            "www.example.org. lies outside of the zones of kubernetes",
            "the alias's target www.example.org. is looked up:",
            "passed on by kubernetes", "forward would ask 192.0.2.53:53, which explain does not"),
        Row(
            "number.shop.\(zone)", "NXDOMAIN",
            "is an alias (type ExternalName) for \"192.0.2.1\", which is an address or no name"),
        Row(
            "x.alias.shop.\(zone)", "NXDOMAIN",
            "Service shop/alias is an alias (type ExternalName): it has neither endpoints nor ports"),
        // What is not there.
        Row("a\\010b.shop.\(zone)", "NXDOMAIN: a\\010b.shop.", "there is no Service a\\010b in the namespace shop"),
        Row(
            "a\u{202E}b\u{9B}.shop.\(zone)", "NXDOMAIN",
            "there is no Service a\\226\\128\\174b\\194\\155 in the namespace shop"),
        Row("wbe.shop.\(zone)", "NXDOMAIN", "there is no Service wbe in the namespace shop (did you mean web?)"),
        Row(
            "only.shop.\(zone)", "NXDOMAIN", "there is no Service only in the namespace shop",
            "a Service only is in the namespace play"),
        Row("mail.play.\(zone)", "NXDOMAIN", "there is no Service mail in the namespace play (there is only)"),
        Row(
            "orphan.shop.\(zone)", "NXDOMAIN", "there is no Service orphan",
            "EndpointSlice shop/orphan-1 names it, which makes no name without the Service"),
        Row(
            "web.shpo.\(zone)", "NXDOMAIN", "there is no namespace shpo (did you mean shop?)",
            "a Service web is in the namespace shop"),
        Row(
            "shop.web.\(zone)", "NXDOMAIN", "there is no namespace web",
            "the service's name comes first: Service shop/web is web.shop.\(zone)."),
        Row(
            "only.play.\(zone)", options: ["namespaces shop other"], "NXDOMAIN",
            "the namespace play is not one of `namespaces other shop`"),
        Row(
            "only.play.\(zone)", options: ["namespace_labels team=a"], "NXDOMAIN",
            "Namespace play has not the labels of `namespace_labels team=a`"),
        Row(
            "web.shop.cluster.local", "NXDOMAIN", "below cluster.local. there are only names of services",
            "did you mean web.shop.\(zone).?"),
        Row(
            "a.b.c.web.shop.\(zone)", "NXDOMAIN",
            "no name has so many labels: expected [ENDPOINT.]SERVICE.NAMESPACE.\(zone). or "),
        Row("east.pin._zone.web.shop.\(zone)", options: ["zonal"], "NXDOMAIN", "Service shop/web is not headless"),
        Row(
            "east.pin._zone.nodes.shop.\(zone)", options: ["zonal"], "NOERROR without records",
            "is in the topology zone east"),
        Row(
            "away.shop.\(zone)", options: ["labels app=web"], "NXDOMAIN",
            "Service shop/away has not the labels of `labels app=web`"),
        Row(
            "nosuch.play.\(zone)", options: ["labels app=web"], "NXDOMAIN",
            "no Service nosuch in the namespace play with the labels of `labels app=web` (there is only)"),
        Row(
            "alias.shop.\(zone)", type: "SRV", "NOERROR without records",
            "the name is there, without records of type SRV: what it is an alias for is looked up for A and AAAA alone"),
        Row(
            "around.shop.\(zone)", "NOERROR without records", "is an alias (type ExternalName) for there.shop.",
            "there.shop.\(zone).: Service shop/there is an alias",
            "around.shop.\(zone). is in a circle of aliases, which has no records"),
        Row(
            "_http._tcp.web.shop.\(zone)", type: "AAAA", "NOERROR without records",
            "none of IPv6, so there is no AAAA record"),
        Row(
            "_._tcp.nodes.shop.\(zone)", type: "AAAA", "NOERROR without records",
            "Service shop/nodes is headless: 2 ready endpoints have such a port", "none of the 2 has an IPv6 address"),
        Row(
            "_epmd._tcp.nodes.shop.\(zone)", type: "MX", "NOERROR without records",
            "the name is there, without records of type MX"),
        Row("_._tcp.idle.shop.\(zone)", type: "SRV", "NXDOMAIN", "Service shop/idle has no port over tcp: it has none"),
        // Names above services.
        Row("cluster.local", "NOERROR without records", "the zone's own name is always there"),
        Row("cluster.local", type: "SOA", resolves: true, "SOA", "the zone's own name is always there"),
        Row(zone, "NOERROR without records", "is always there, above all names of services"),
        Row("shop.\(zone)", "NOERROR without records", "names of services are SERVICE.shop.\(zone)."),
        Row("shop.\(zone)", type: "TXT", "NXDOMAIN", "for TXT there is no such name"),
        Row(
            "dns-version.cluster.local", type: "TXT", resolves: true, "\"1.1.0\"",
            "the version of the Kubernetes DNS specification"),
        Row("cluster.local", type: "AXFR", "REFUSED", "zone transfers are refused"),
        // Pods.
        Row("10-1-0-20.shop.pod.cluster.local", "NXDOMAIN", "`pods disabled`, as without `pods`"),
        Row(
            "10-9-9-9.shop.pod.cluster.local", options: ["pods insecure"], resolves: true,
            "`pods insecure`: the name itself says the address, whether a pod has it or not"),
        Row(
            "10-1-0-20.shop.pod.cluster.local", options: ["pods verified"], resolves: true,
            "`pods verified`: Pod shop/loner has the address"),
        Row(
            "10-1-0-20.shop.pod.cluster.local", type: "AAAA", options: ["pods verified"], "NOERROR without records",
            "it is an IPv4 address, so there is no AAAA record"),
        Row(
            "10-1-0-21.shop.pod.cluster.local", options: ["pods verified"], "NXDOMAIN",
            "`pods verified`: no pod of the namespace shop has the address", "Pod shop/done had it: it has finished"),
        Row(
            "10-1-0-21.play.pod.cluster.local", options: ["pods verified", "pod_names"], "NXDOMAIN",
            "`pods verified`: no pod of the namespace play has the address"),
        Row(
            "10-1-0-23.shop.pod.cluster.local", options: ["pods verified"], resolves: true,
            "`pods verified`: Pod shop/heir has the address"),
        Row(
            "fd00--23.shop.pod.cluster.local", type: "AAAA", options: ["pods verified", "pod_names"], "NXDOMAIN",
            "Pod shop/heir has it, but only a pod's first address counts"),
        Row(
            "10-1-0-22.shop.pod.cluster.local", options: ["pods verified"], "NXDOMAIN",
            "Pod play/other has it, in another namespace"),
        Row(
            "loner.shop.pod.cluster.local", options: ["pods verified"], "NXDOMAIN", "loner spells no address",
            "Pod shop/loner answers to its name only with `pod_names`"),
        Row(
            "loner.shop.pod.cluster.local", options: ["pod_names"], resolves: true,
            "`pod_names`: Pod shop/loner has the address 10.1.0.20"),
        Row(
            "lonre.shop.pod.cluster.local", options: ["pod_names"], "NXDOMAIN",
            "there is no Pod lonre in the namespace shop (did you mean loner?)"),
        Row(
            "done.shop.pod.cluster.local", options: ["pod_names"], "NXDOMAIN",
            "Pod shop/done has no name: it has finished"),
        Row(
            "10-1-0-20.shop.pod.cluster.local", options: ["pod_names"], "NXDOMAIN",
            "names of addresses need `pods insecure` or `pods verified`"),
        // Addresses.
        Row(
            "10.96.0.10", resolves: true, "NOERROR: 10.0.96.10.in-addr.arpa. PTR", "PTR\tweb.shop.\(zone).",
            "the reverse name of 10.96.0.10", "Service shop/web has the address"),
        Row(
            "2.0.1.10.in-addr.arpa", resolves: true, "PTR\tfirst.nodes.shop.\(zone).",
            "10.1.0.2 (Pod nodes-0) of EndpointSlice shop/nodes-1 is an endpoint of Service shop/nodes, named first by its hostname"
        ),
        Row("2.0.1.10.in-addr.arpa", type: "A", "NXDOMAIN", "a reverse name has PTR records alone"),
        Row("fd00::11", resolves: true, "ip6.arpa. PTR", "Service shop/idle has the address"),
        Row(
            "10.1.0.4", "NXDOMAIN", "no ready endpoint of a Service has it",
            "10.1.0.4 (Pod nodes-2) of EndpointSlice shop/nodes-1 is not ready"),
        Row(
            "10.1.0.20", "NXDOMAIN", "Pod shop/loner has it: a pod has a reverse name only as the endpoint of a Service"
        ),
        Row("1.10.in-addr.arpa", "NXDOMAIN", "the name spells no whole address"),
        Row("in-addr.arpa", "NOERROR without records", "the zone's own name is always there"),
        Row(
            "10.1.0.2", options: ["noendpoints"], "NXDOMAIN",
            "10.1.0.2 (Pod nodes-0) of EndpointSlice shop/nodes-1 is a ready endpoint, and `noendpoints` leaves"),
        Row(
            "10.1.0.2", options: ["labels app=web"], "NXDOMAIN",
            "EndpointSlice shop/nodes-1 is a ready endpoint, and left out by `labels app=web`"),
        Row(
            "10.96.0.11", options: ["namespaces play"], "NXDOMAIN",
            "Service shop/idle has it, and is left out by `namespaces play`"),
        Row(
            "10.1.0.8", resolves: true, "is an endpoint of Service shop/orphan, named 10-1-0-8",
            "there is no Service shop/orphan: the name of the record leads nowhere"),
        Row(
            "192.0.2.1", options: ["fallthrough in-addr.arpa"], block: "forward . 192.0.2.53",
            "not known here: 1.2.0.192.in-addr.arpa. PTR",
            "kubernetes, zone in-addr.arpa., does not have it and passes it on (fallthrough)",
            "no Service has it", "forward would ask 192.0.2.53:53, which explain does not"),
        // Imported services.
        Row(
            "web.shop.svc.clusterset.local", options: ["multicluster clusterset.local"], resolves: true, "\t10.97.0.1",
            "ServiceImport shop/web has the addresses 10.97.0.1"),
        Row(
            "mesh.shop.svc.clusterset.local", options: ["multicluster clusterset.local"], resolves: true, "\t10.2.0.1",
            "ServiceImport shop/mesh is headless",
            "10.2.0.1 of EndpointSlice shop/mesh-1 from the cluster west, named one by its hostname",
            "10.2.0.2 of EndpointSlice shop/mesh-1 is not ready"),
        Row(
            "one.west.mesh.shop.svc.clusterset.local", options: ["multicluster clusterset.local"], resolves: true,
            "ServiceImport shop/mesh has the endpoint 10.2.0.1 of EndpointSlice shop/mesh-1 from the cluster west"),
        Row(
            "two.west.mesh.shop.svc.clusterset.local", options: ["multicluster clusterset.local"], "NXDOMAIN",
            "10.2.0.2 of EndpointSlice shop/mesh-1 from the cluster west, which is not ready"),
        Row(
            "one.mesh.shop.svc.clusterset.local", options: ["multicluster clusterset.local"], "NXDOMAIN",
            "ServiceImport shop/mesh has no endpoint one", "from the cluster west has such a name: it is one.west"),
        Row(
            "nodes.shop.svc.clusterset.local", options: ["multicluster clusterset.local"], "NXDOMAIN",
            "there is no ServiceImport nodes in the namespace shop",
            "Service shop/nodes answers in other zones only: clusterset.local. is a multicluster one"),
        Row(
            "_no._tcp.mesh.shop.svc.clusterset.local", options: ["multicluster clusterset.local"], "NXDOMAIN",
            "ServiceImport shop/mesh has no port no over tcp: it has http/TCP 80"),
        Row(
            "_no._tcp.web.shop.svc.clusterset.local", options: ["multicluster clusterset.local"], "NXDOMAIN",
            "ServiceImport shop/web has no port no over tcp: it has http/TCP 80"),
        Row(
            "web.shop.svc.clusterset.local", type: "AAAA", options: ["multicluster clusterset.local"],
            "NOERROR without records", "none of IPv6, so there is no AAAA record"),
        Row(
            "mesh.shop.svc.clusterset.local", type: "AAAA", options: ["multicluster clusterset.local"],
            "NOERROR without records", "it has no IPv6 address"),
        // Other plugins and blocks.
        Row(
            "example.org", block: "forward . 192.0.2.53 192.0.2.54", "not known here: example.org. A",
            "passed on by kubernetes",
            "forward would ask 192.0.2.53:53 192.0.2.54:53, which explain does not"),
        Row("example.org", "SERVFAIL", "passed on by kubernetes", "no plugin of the block answers: SERVFAIL"),
        Row(
            "shop.test", block: "rewrite name shop.test web.shop.\(zone)", resolves: true,
            "shop.test.\t5\tIN\tA\t10.96.0.10",
            "rewrite makes it web.shop.\(zone). A", "Service shop/web has the cluster address 10.96.0.10"),
        Row(
            "web.shop.\(zone)", block: "hosts {\n 192.0.2.8 web.shop.\(zone)\n fallthrough\n}", resolves: true,
            "\t192.0.2.8", "hosts answers NOERROR"),
        Row(
            "idle.shop.\(zone)", block: "hosts {\n 192.0.2.8 web.shop.\(zone)\n fallthrough\n}", resolves: true,
            "passed on by hosts", "kubernetes answers for its zone"),
        Row(
            "web.shop.\(zone)", block: "template IN A cluster.local {\n rcode REFUSED\n}", "REFUSED: ",
            "template answers REFUSED"),
        Row("web.shop.\(zone)", block: "acl {\n drop\n}", "no response: ", "acl sends no response"),
        Row(
            "web.shop.\(zone)", options: ["pods verified"], block: "cache\nautopath @kubernetes", resolves: true,
            "not looked into, though it may change the answer: autopath"),
        // The search path.
        Row("web", "SERVFAIL: web. A", "in a pod of the namespace shop the search path makes it web.shop.\(zone)."),
        Row("web.shop", "SERVFAIL: web.shop. A", "in a pod the search path makes it web.shop.\(zone)."),
        Row("web.shop.svc", "SERVFAIL", "in a pod the search path makes it web.shop.\(zone)."),
        Row(
            "nosuch", "SERVFAIL",
            "a pod's search path would try NAMESPACE.\(zone)., \(zone). and cluster.local. behind it first: nothing is there"
        ),
    ]
}
