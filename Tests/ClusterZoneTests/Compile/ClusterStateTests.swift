import ClusterZone
import DNSWire
import KubernetesAPI
import RecordIndex
import Testing

@Suite("Objects to index")
struct ClusterStateTests {
    @Test("namespaces: those that exist, by both options; without any Namespace object, those of services and pods")
    func namespaces() throws {
        let services = ["a", "b", "c"].map {
            Make.service("web", in: $0, ["10.96.0.\($0 == "a" ? 1 : $0 == "b" ? 2 : 3)"])
        }
        let labelled = [
            NamespaceObject(name: "a", labels: ["team": "x"]), NamespaceObject(name: "b", labels: ["team": "y"]),
            NamespaceObject(name: "d", labels: ["team": "x"]),
        ]
        let selector = try LabelSelector(parsing: "team=x")
        let rows: [(objects: [NamespaceObject], names: Set<String>, selector: LabelSelector?, exposed: [String])] = [
            ([], [], nil, ["a", "b", "c"]), ([], ["b"], nil, ["b"]), ([], ["z"], nil, []), ([], [], selector, []),
            (labelled, [], nil, ["a", "b", "d"]), (labelled, ["a", "c"], nil, ["a"]),
            (labelled, [], selector, ["a", "d"]),
            (labelled, ["b", "d"], selector, ["d"]),
        ]
        for row in rows {
            var options = ZoneOptions()
            options.namespaces = row.names
            options.namespaceLabels = row.selector
            let cluster = try Cluster(ClusterObjects(services: services, namespaces: row.objects), zone: options)
            for name in ["a", "b", "c", "d"] {
                let isExposed = row.exposed.contains(name)
                let comment: Comment = "\(name) of \(row)"
                #expect(try cluster.ask("\(name).svc", .a) == (isExposed ? "NODATA" : "NXDOMAIN"), comment)
                let exists = isExposed && name != "d"
                #expect(try cluster.ask("web.\(name).svc", .a).hasPrefix("A ") == exists, comment)
                #expect(try cluster.ask("web.\(name).svc", .https) == (exists ? "NODATA" : "NXDOMAIN"), comment)
            }
        }
    }

    @Test("labels: services, slices and pods that do not match do not exist")
    func labels() throws {
        var options = ZoneOptions()
        options.labels = try LabelSelector(parsing: "app in (one, two)")
        options.servesPods = true
        var answers = ClusterOptions()
        answers.podMode = .verified
        let one = ["app": "one"]
        let cluster = try Cluster(
            ClusterObjects(
                services: [
                    Make.service("in", ["10.96.0.1"], labels: one),
                    Make.service("out", ["10.96.0.2"], labels: ["app": "three"]),
                    Make.service("bare", ["10.96.0.3"]), Make.headless("db", labels: ["app": "two"]),
                    Make.headless("unseen", labels: one),
                ],
                endpointSlices: [
                    Make.slice("db", labels: one, [Make.endpoint("10.1.0.1", host: "a")]),
                    Make.slice("db", number: 1, [Make.endpoint("10.1.0.2", host: "b")]),
                    Make.slice("unseen", [Make.endpoint("10.1.0.3")]),
                    Make.slice("out", labels: one, [Make.endpoint("10.1.0.4", host: "o")]),
                ],
                pods: [Make.pod("p", ["10.1.0.1"], labels: one), Make.pod("q", ["10.1.0.2"])]), zone: options,
            answers: answers)
        try cluster.check([
            ("in.default.svc", .a, "A 10.96.0.1"), ("out.default.svc", .a, "NXDOMAIN"),
            ("bare.default.svc", .a, "NXDOMAIN"),
            ("db.default.svc", .a, "A 10.1.0.1"), ("b.db.default.svc", .a, "NXDOMAIN"),
            ("unseen.default.svc", .a, "NXDOMAIN"),
            ("2.0.96.10.in-addr.arpa.", .ptr, "NXDOMAIN"), ("4.0.1.10.in-addr.arpa.", .ptr, "PTR o.out.default.svc"),
            ("10-1-0-1.default.pod", .a, "A 10.1.0.1"), ("10-1-0-2.default.pod", .a, "NXDOMAIN"),
        ])
    }

    @Test("v1 Endpoints count where the service has no slice")
    func endpoints() throws {
        func endpoints(_ name: String, _ address: String, notReady: [String] = []) throws -> EndpointsObject {
            EndpointsObject(
                namespace: "default", name: name,
                subsets: [
                    .init(
                        ready: [.init(address: try #require(IPAddress(address)), hostname: "e")],
                        notReady: notReady.compactMap { IPAddress($0) }.map { .init(address: $0) },
                        ports: Make.slicePorts(["http:80"]))
                ])
        }
        let cluster = try Cluster(
            ClusterObjects(
                services: [Make.headless("old"), Make.headless("both")],
                endpointSlices: [Make.slice("both", [Make.endpoint("10.1.0.1", host: "s")])],
                endpoints: [
                    endpoints("old", "10.2.0.1", notReady: ["10.2.0.2"]), endpoints("both", "10.2.0.9"),
                    endpoints("old6", "fd00::1"),
                ]))
        try cluster.check([
            ("old.default.svc", .a, "A 10.2.0.1"),
            ("e.old.default.svc", .srv, "SRV 0 100 80 e.old.default.svc + A 10.2.0.1"),
            ("both.default.svc", .a, "A 10.1.0.1"), ("e.both.default.svc", .a, "NXDOMAIN"),
            ("9.0.2.10.in-addr.arpa.", .ptr, "NXDOMAIN"), ("1.0.2.10.in-addr.arpa.", .ptr, "PTR e.old.default.svc"),
        ])
    }

    @Test("names that are no labels belong to nobody")
    func badNames() throws {
        let long = String(repeating: "s", count: 64)
        let cluster = try Cluster(
            ClusterObjects(
                services: [
                    Make.service(long, ["10.96.0.1"]), Make.service("", ["10.96.0.2"]),
                    Make.service("web", in: "", ["10.96.0.3"]),
                    Make.service(String(long.dropLast()), ["10.96.0.4"]),
                ],
                endpointSlices: [
                    EndpointSliceObject(
                        namespace: "default", name: "stray", serviceName: nil,
                        endpoints: [Make.endpoint("10.1.0.1", host: "h")])
                ], namespaces: Make.namespaces("default")))
        for address in 1...3 {
            #expect(try cluster.ask("\(address).0.96.10.in-addr.arpa.", .ptr) == "NXDOMAIN")
        }
        #expect(try cluster.ask("1.0.1.10.in-addr.arpa.", .ptr) == "NXDOMAIN")
        #expect(try cluster.ask("\(long.dropLast()).default.svc", .a) == "A 10.96.0.4")
    }

    @Test("only what changes answers is a change")
    func changes() throws {
        let slices = [
            Make.slice("db", [Make.endpoint("10.1.0.1", host: "a"), Make.endpoint("10.1.0.2", host: "b")]),
            Make.slice("db", ports: ["other:81"], number: 1, [Make.endpoint("10.1.0.3", host: "c")]),
        ]
        let web = Make.service("web", ["10.96.0.1"])
        let base = ClusterObjects(services: [Make.headless("db"), web], endpointSlices: slices)
        let cluster = try Cluster(base)
        #expect(!cluster.replace(with: base))
        var same = base
        same.services.reverse()
        same.endpointSlices = [
            slices[1],
            Make.slice(
                "db", number: 7,
                [
                    Make.endpoint("10.1.0.2", host: "b", pod: "p", zone: "z", ready: nil),
                    Make.endpoint("10.1.0.1", host: "A"),
                    Make.endpoint("10.1.0.9", ready: false),
                ]),
        ]
        #expect(!cluster.replace(with: same), "order, slice names, pods and zones that nobody asks for say nothing")
        let changed: [(String, (inout ClusterObjects) -> Void)] = [
            ("a service goes", { $0.services.removeLast() }),
            ("an endpoint goes", { $0.endpointSlices.removeLast() }),
            ("a port", { $0.services[1] = Make.service("web", ["10.96.0.1"], ["http:81"]) }),
            ("an address", { $0.services[1] = Make.service("web", ["10.96.0.2"]) }),
            ("a name", { $0.endpointSlices[0] = Make.slice("db", [Make.endpoint("10.1.0.1", host: "z")]) }),
            ("a namespace", { $0.namespaces = [NamespaceObject(name: "default"), NamespaceObject(name: "other")] }),
            ("a kind", { $0.services[1] = Make.alias("web", to: "example.com") }),
        ]
        for (what, change) in changed {
            var objects = base
            change(&objects)
            #expect(cluster.replace(with: objects), "\(what)")
            #expect(cluster.replace(with: base), "\(what), and back")
        }
        try cluster.check([
            ("db.default.svc", .a, "A 10.1.0.1 | A 10.1.0.2 | A 10.1.0.3"), ("web.default.svc", .a, "A 10.96.0.1"),
        ])
    }
}
