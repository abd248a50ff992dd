import DNSWire
import Foundation
import PluginKit
import Testing

@testable import Plugins

/// The plugin's part in a chain: whose names it answers, what it passes on, and how it follows its files.
@Suite struct KubernetesStepTests {
    private let bench = PluginBench()
    private let path = FileManager.default.temporaryDirectory.appendingPathComponent("apodns-\(UUID().uuidString).yaml")

    private static func cluster(_ address: String, extra: String = "") -> String {
        """
        apiVersion: v1
        kind: List
        items:
        - {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
        - apiVersion: v1
          kind: Service
          metadata: {name: web, namespace: shop}
          spec: {type: ClusterIP, clusterIP: \(address), clusterIPs: [\(address)], ports: [{port: 80, protocol: TCP, name: http}]}
        \(extra)
        """
    }

    /// A started plugin that serves `cluster`, with more options if there are any.
    private func plugin(_ options: [String] = [], zones: String = "cluster.local in-addr.arpa") throws
        -> KubernetesPlugin
    {
        try Data(Self.cluster("10.0.0.1").utf8).write(to: path)
        let lines = (["snapshot \(path.path)"] + options).map { "  \($0)\n" }.joined()
        let plugin = try bench.plugin(KubernetesPlugin.self, "kubernetes \(zones) {\n\(lines)}")
        try plugin.start()
        return plugin
    }

    private func stop(_ plugin: KubernetesPlugin) throws {
        plugin.stop()
        try FileManager.default.removeItem(at: path)
    }

    private static let web = "web.shop.svc.cluster.local."

    @Test func answersItsZonesAndPassesOnTheRest() throws {
        let plugin = try plugin()
        let chain = bench.chain([plugin], StubAnswer(code: .refused))
        let rows: [(String, RecordType, ResponseCode, answers: Int, authorities: Int)] = [
            (Self.web, .a, .noError, 1, 0),
            (Self.web, .aaaa, .noError, 0, 1),
            ("no.shop.svc.cluster.local.", .a, .nameError, 0, 1),
            ("1.0.0.10.in-addr.arpa.", .ptr, .noError, 1, 0),
            ("2.0.0.10.in-addr.arpa.", .ptr, .nameError, 0, 1),
            ("example.org.", .a, .refused, 0, 0),
            ("xcluster.local.", .a, .refused, 0, 0),
        ]
        for (name, type, code, answers, authorities) in rows {
            let outcome = bench.ask(chain, Query(name: name, type: type))
            #expect(outcome.code == code, "\(name)")
            #expect(outcome.records(1).count == answers, "\(name)")
            #expect(outcome.records(2).count == authorities, "\(name)")
            // Authority for what lies in its zones, and for nothing else.
            #expect((outcome.flags & Header.authoritative != 0) == (code != .refused), "\(name)")
            #expect(outcome.isWhole)
        }
        try stop(plugin)
    }

    @Test func namesThatAreNotThereFallThroughInTheNamedZones() throws {
        let rows: [(option: String, name: String, type: RecordType, isPassed: Bool)] = [
            ("fallthrough", "no.shop.svc.cluster.local.", .a, true),
            ("fallthrough", "2.0.0.10.in-addr.arpa.", .ptr, true),
            ("fallthrough in-addr.arpa", "no.shop.svc.cluster.local.", .a, false),
            ("fallthrough in-addr.arpa", "2.0.0.10.in-addr.arpa.", .ptr, true),
            ("fallthrough shop.svc.cluster.local", "no.shop.svc.cluster.local.", .a, true),
            ("fallthrough shop.svc.cluster.local", "no.till.svc.cluster.local.", .a, false),
            // A name that is there stays, whatever its type.
            ("fallthrough", Self.web, .aaaa, false),
            ("fallthrough", Self.web, .a, false),
        ]
        for row in rows {
            let plugin = try plugin([row.option])
            let stub = StubAnswer(answer: ["passed.example. 1 IN TXT \"on\""])
            let outcome = bench.ask(bench.chain([plugin], stub), Query(name: row.name, type: row.type))
            let isPassed = outcome.records(1).contains { $0.hasPrefix("passed.example.") }
            #expect(isPassed == row.isPassed, "\(row)")
            // What is passed on is not vouched for.
            #expect((outcome.flags & Header.authoritative == 0) == row.isPassed, "\(row)")
            #expect(outcome.records(2).isEmpty || !row.isPassed, "\(row)")
            try stop(plugin)
        }
    }

    @Test func aChangedFileIsTakenUpWithTheNextBatch() throws {
        let plugin = try plugin()
        let chain = bench.chain([plugin])
        #expect(bench.ask(chain, Query(name: Self.web)).records(1) == ["\(Self.web)\t5\tIN\tA\t10.0.0.1"])
        try Data(Self.cluster("10.0.0.22").utf8).write(to: path)
        for _ in 0..<2 { plugin.follower?.look() }
        #expect(bench.ask(chain, Query(name: Self.web)).records(1) == ["\(Self.web)\t5\tIN\tA\t10.0.0.22"])
        #expect(bench.lines.all.contains("[INFO] plugin/kubernetes: read \(path.path) again"))
        try stop(plugin)
    }

    @Test func aBrokenVersionIsReportedOnce() throws {
        let plugin = try plugin()
        let chain = bench.chain([plugin])
        _ = bench.lines.take()
        try Data("kind: [\n".utf8).write(to: path)
        for _ in 0..<3 { plugin.follower?.look() }
        let errors = bench.lines.take()
        #expect(errors.count == 1, "\(errors)")
        #expect(errors.first?.hasPrefix("[ERROR] plugin/kubernetes: \(path.path):") == true, "\(errors)")
        #expect(bench.ask(chain, Query(name: Self.web)).records(1).count == 1)
        // Another broken version is another report.
        try Data("kind: [[\n\n".utf8).write(to: path)
        for _ in 0..<3 { plugin.follower?.look() }
        #expect(bench.lines.take().count == 1)
        try Data(Self.cluster("10.0.0.3").utf8).write(to: path)
        for _ in 0..<2 { plugin.follower?.look() }
        #expect(bench.ask(chain, Query(name: Self.web)).records(1) == ["\(Self.web)\t5\tIN\tA\t10.0.0.3"])
        try stop(plugin)
    }

    @Test func aFileThatIsNotThereOrBrokenStopsTheStart() throws {
        let plugin = try bench.plugin(
            KubernetesPlugin.self, "kubernetes cluster.local {\n  snapshot no/such.yaml\n}")
        #expect(throws: StartError.self) { try plugin.start() }
        do {
            try plugin.start()
        } catch {
            #expect("\(error)" == "plugin/kubernetes: /conf/no/such.yaml: No such file or directory")
        }
        plugin.stop()
    }

    @Test func isReadyFromTheStart() throws {
        let plugin = try plugin()
        #expect(plugin.isReady == true)
        try stop(plugin)
    }

    @Test func theTTLIsThatOfTheOptions() throws {
        for ttl in [0, 30, 3600] {
            let plugin = try plugin(["ttl \(ttl)"])
            let chain = bench.chain([plugin])
            #expect(bench.ask(chain, Query(name: Self.web)).records(1) == ["\(Self.web)\t\(ttl)\tIN\tA\t10.0.0.1"])
            // CoreDNS: the SOA itself lives no longer than five minutes.
            let negative = bench.ask(chain, Query(name: "no." + Self.web)).records(2)
            #expect(negative.first?.hasPrefix("cluster.local.\t\(min(ttl, 300))\tIN\tSOA\t") == true)
            #expect(negative.first?.hasSuffix(" 7200 1800 86400 \(ttl)") == true)
            try stop(plugin)
        }
    }

    @Test func aliasesOutOfTheZoneAreLeftToTheServer() throws {
        let plugin = try plugin()
        try Data(
            Self.cluster(
                "10.0.0.1",
                extra:
                    "- {apiVersion: v1, kind: Service, metadata: {name: out, namespace: shop}, spec: {type: ExternalName, "
                    + "externalName: www.example.org}}"
            ).utf8
        ).write(to: path)
        for _ in 0..<2 { plugin.follower?.look() }
        let chain = bench.chain([plugin])
        let name = "out.shop.svc.cluster.local."
        #expect(bench.ask(chain, Query(name: name)).records(1) == ["\(name)\t5\tIN\tCNAME\twww.example.org."])
        try stop(plugin)
    }
}

extension KubernetesPlugin {
    /// What follows the block's files.
    fileprivate var follower: SnapshotFollower? { (source as? SharedSource)?.source as? SnapshotFollower }
}
