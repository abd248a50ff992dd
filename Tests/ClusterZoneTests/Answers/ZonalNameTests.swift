import ClusterZone
import DNSWire
import KubernetesAPI
import Testing

@Suite("Zone-scoped names")
struct ZonalNameTests {
    private static let objects = ClusterObjects(
        services: [
            Make.headless("db"), Make.headless("bare"), Make.service("web", ["10.96.0.1"]),
            Make.alias("out", to: "example.com"),
        ],
        endpointSlices: [
            Make.slice(
                "db",
                [
                    Make.endpoint("10.1.0.1", host: "db-0", zone: "eu-1a"),
                    Make.endpoint("10.1.0.2", host: "db-1", zone: "EU-1B"),
                    Make.endpoint("10.1.0.3", host: "db-2", zone: "eu-1a"), Make.endpoint("10.1.0.4", host: "db-3"),
                    Make.endpoint("10.1.0.5", host: "db-4", zone: "rack.7.hall"),
                ]), Make.slice("web", [Make.endpoint("10.1.0.9", host: "w", zone: "eu-1a")]),
            Make.slice("db", number: 1, type: .ipv6, [Make.endpoint("fd00::1", host: "db-0", zone: "eu-1a")]),
        ])

    private func cluster(zonal: Bool = true) throws -> Cluster {
        var zone = ZoneOptions()
        zone.zonal = zonal
        var answers = ClusterOptions()
        answers.zonal = zonal
        answers.podMode = .insecure
        return try Cluster(Self.objects, zone: zone, answers: answers)
    }

    @Test("a hostname that slices of different ports and zones share")
    func sharedLabel() throws {
        let objects = ClusterObjects(
            services: [Make.headless("db")],
            endpointSlices: [
                Make.slice(
                    "db", ports: ["http:80", "web:80"], number: 0, [Make.endpoint("10.1.0.1", host: "h", zone: "a")]),
                Make.slice(
                    "db", ports: ["http:80", "alt:81"], number: 1, [Make.endpoint("10.1.0.2", host: "h", zone: "b")]),
            ])
        var zone = ZoneOptions()
        zone.zonal = true
        var answers = ClusterOptions()
        answers.zonal = true
        let h = "h.db.default.svc"
        try Cluster(objects, zone: zone, answers: answers).check([
            // Each port number once; the weight counts every port of every endpoint.
            ("db.default.svc", .srv, "SRV 0 25 80 \(h) | SRV 0 25 81 \(h) + \(h) A 10.1.0.1 | \(h) A 10.1.0.2"),
            ("_http._tcp.db.default.svc", .srv, "SRV 0 50 80 \(h) + \(h) A 10.1.0.1 | \(h) A 10.1.0.2"),
            ("_web._tcp.db.default.svc", .srv, "SRV 0 100 80 \(h) + \(h) A 10.1.0.1"),
            ("_alt._tcp.db.default.svc", .srv, "SRV 0 100 81 \(h) + \(h) A 10.1.0.2"),
            ("h.db.default.svc", .srv, "SRV 0 25 80 \(h) | SRV 0 25 81 \(h) + A 10.1.0.1 | A 10.1.0.2"),
            ("a.pin._zone.db.default.svc", .srv, "SRV 0 50 80 \(h) + \(h) A 10.1.0.1"),
            ("b.pin._zone.db.default.svc", .srv, "SRV 0 50 80 \(h) | SRV 0 50 81 \(h) + \(h) A 10.1.0.2"),
        ])
    }

    @Test("pin and prefer")
    func directives() throws {
        let all = "A 10.1.0.1 | A 10.1.0.2 | A 10.1.0.3 | A 10.1.0.4 | A 10.1.0.5"
        try cluster().check([
            ("eu-1a.pin._zone.db.default.svc", .a, "A 10.1.0.1 | A 10.1.0.3"),
            ("eu-1a.pin._zone.db.default.svc", .aaaa, "AAAA fd00::1"),
            ("eu-1b.pin._zone.db.default.svc", .a, "A 10.1.0.2"), ("EU-1B.Pin._Zone.db.default.svc", .a, "A 10.1.0.2"),
            ("eu-1b.pin._zone.db.default.svc", .aaaa, "NODATA"),
            // The value of the label may have dots.
            ("rack.7.hall.pin._zone.db.default.svc", .a, "A 10.1.0.5"),
            ("7.hall.pin._zone.db.default.svc", .a, "NODATA"),
            ("rack.7.hall.prefer._zone.db.default.svc", .a, "A 10.1.0.5"),
            ("eu-1a.prefer._zone.db.default.svc", .a, "A 10.1.0.1 | A 10.1.0.3"),
            // A zone without endpoints: pin has nothing, prefer has all.
            ("eu-9.pin._zone.db.default.svc", .a, "NODATA"), ("eu-9.pin._zone.db.default.svc", .srv, "NODATA"),
            ("eu-9.pin._zone.db.default.svc", .txt, "NODATA"), ("eu-9.pin._zone.db.default.svc", .https, "NODATA"),
            ("eu-9.pin._zone.db.default.svc", .cname, "NODATA"),
            ("eu-9.prefer._zone.db.default.svc", .a, all),
            ("eu-1a.pin._zone.db.default.svc", .txt, "NODATA"),
            ("eu-1a.pin._zone.bare.default.svc", .a, "NODATA"), ("eu-1a.prefer._zone.bare.default.svc", .a, "NODATA"),
            // Headless services only.
            ("eu-1a.pin._zone.web.default.svc", .a, "NXDOMAIN"),
            ("eu-1a.prefer._zone.web.default.svc", .srv, "NXDOMAIN"),
            ("eu-1a.pin._zone.out.default.svc", .a, "NXDOMAIN"),
            ("eu-1a.pin._zone.nothing.default.svc", .a, "NXDOMAIN"),
            ("eu-1a.pin._zone.db.nowhere.svc", .a, "NXDOMAIN"),
            // Not of the grammar.
            ("eu-1a.keep._zone.db.default.svc", .a, "NXDOMAIN"), ("eu-1a.pin.zone.db.default.svc", .a, "NXDOMAIN"),
            ("eu-1a.pin._zone.10-1-0-1.default.pod", .a, "NXDOMAIN"),
            // Port and transport, to the parser.
            ("pin._zone.db.default.svc", .a, "NXDOMAIN"), ("_zone.db.default.svc", .a, "NXDOMAIN"),
            ("db.default.svc", .a, all),
        ])
    }

    @Test("SRV: the weight counts the zone's endpoints only")
    func services() throws {
        try cluster().check([
            (
                "eu-1a.pin._zone.db.default.svc", .srv,
                "SRV 0 33 80 db-0.db.default.svc | SRV 0 33 80 db-2.db.default.svc + db-0.db.default.svc A 10.1.0.1"
                    + " | db-0.db.default.svc AAAA fd00::1 | db-2.db.default.svc A 10.1.0.3"
            ),
            (
                "eu-1b.prefer._zone.db.default.svc", .srv,
                "SRV 0 100 80 db-1.db.default.svc + db-1.db.default.svc A 10.1.0.2"
            ),
        ])
        #expect(
            try cluster().ask("eu-9.prefer._zone.db.default.svc", .srv).hasPrefix("SRV 0 16 80 db-0.db.default.svc | "))
    }

    @Test("without the option such names are too long")
    func withoutOption() throws {
        try cluster(zonal: false).check([
            ("eu-1a.pin._zone.db.default.svc", .a, "NXDOMAIN"), ("eu-9.prefer._zone.db.default.svc", .a, "NXDOMAIN"),
            ("eu-9.pin._zone.db.default.svc", .txt, "NXDOMAIN"), ("db-0.db.default.svc", .a, "A 10.1.0.1"),
        ])
    }
}
