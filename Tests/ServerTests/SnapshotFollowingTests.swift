import DNSWire
import Foundation
import LinuxIO
import ServerHarness
import Testing

/// A saved cluster that changes while it is served.
@Suite struct SnapshotFollowingTests {
    private static let web = "web.shop.svc.cluster.local."

    /// Puts a file into the place of another in one step.
    private static func replace(_ folder: TemporaryFolder, _ name: String, _ text: String) throws {
        try folder.write("new-" + name, text)
        try #require(rename(folder.file("new-" + name), folder.file(name)) == 0)
    }

    private static func server(_ folder: TemporaryFolder, _ names: [String] = ["cluster.yaml"]) throws -> RunningServer
    {
        // Paths are relative to the Corefile's folder.
        try RunningServer(
            """
            . {
                bind 127.0.0.1
                kubernetes cluster.local {
                    snapshot \(names.joined(separator: " "))
                }
            }
            """, directory: folder.path)
    }

    /// Whether the service gets this address in time (no address: the name goes away).
    private static func gets(_ address: String?, _ server: RunningServer, _ name: String = web) throws -> Bool {
        let client = try server.datagramClient()
        return try holdsInTime {
            let response = try client.ask(DNSQuestion(name))
            return response.answer.map { "\($0.data)" } == (address.map { [$0] } ?? [])
        }
    }

    @Test func aChangedFileIsReadAgain() throws {
        let folder = try TemporaryFolder()
        try folder.write("cluster.yaml", ClusterFiles.web("10.0.0.1"))
        let server = try Self.server(folder)
        #expect(try Self.gets("10.0.0.1", server))
        // Written in place, as a redirected kubectl does.
        try folder.write("cluster.yaml", ClusterFiles.web("10.0.0.22"))
        #expect(try Self.gets("10.0.0.22", server))
        // Put in place in one step, as editors do.
        try Self.replace(folder, "cluster.yaml", ClusterFiles.web("10.0.0.33"))
        #expect(try Self.gets("10.0.0.33", server))
        try Self.replace(folder, "cluster.yaml", ClusterFiles.links([:]))
        #expect(try Self.gets(nil, server))
    }

    @Test func aBrokenVersionIsReportedAndTheOldOneStays() throws {
        let folder = try TemporaryFolder()
        try folder.write("cluster.yaml", ClusterFiles.web("10.0.0.1"))
        let server = try Self.server(folder)
        #expect(try Self.gets("10.0.0.1", server))
        let broken = ClusterFiles.web("10.0.0.2").replacingOccurrences(of: "port: 80,", with: "port: eighty,")
        try Self.replace(folder, "cluster.yaml", broken)
        var errors: [String] { server.lines.all.filter { $0.hasPrefix("[ERROR]") } }
        #expect(holdsInTime { !errors.isEmpty })
        #expect(try Self.gets("10.0.0.1", server))
        let error = try #require(errors.first)
        let place = "[ERROR] plugin/kubernetes: \(folder.file("cluster.yaml")):8:"
        #expect(error.hasPrefix(place), "\(error)")
        #expect(error.dropFirst(place.count).prefix { $0.isNumber }.count > 0, "\(error)")
        #expect(error.contains("Service shop/web: spec.ports[0].port"), "\(error)")
        #expect(error.contains("eighty"), "\(error)")
        #expect(error.hasSuffix("; the version read before stays in use"), "\(error)")
        try Self.replace(folder, "cluster.yaml", ClusterFiles.web("10.0.0.3"))
        #expect(try Self.gets("10.0.0.3", server))
        #expect(errors.count == 1, "\(errors)")
    }

    @Test func aFileThatVanishesLeavesTheOldVersion() throws {
        let folder = try TemporaryFolder()
        try folder.write("cluster.yaml", ClusterFiles.web("10.0.0.1"))
        let server = try Self.server(folder)
        try FileManager.default.removeItem(atPath: folder.file("cluster.yaml"))
        let report =
            "[ERROR] plugin/kubernetes: \(folder.file("cluster.yaml")): No such file or directory; the version read before "
            + "stays in use"
        #expect(holdsInTime { server.lines.all.contains(report) }, "\(server.lines.all)")
        #expect(try Self.gets("10.0.0.1", server))
        try Self.replace(folder, "cluster.yaml", ClusterFiles.web("10.0.0.2"))
        #expect(try Self.gets("10.0.0.2", server))
    }

    @Test func aConfigMapIsSwappedBehindItsLink() throws {
        let folder = try TemporaryFolder()
        let files = FileManager.default
        for (version, address) in [("1", "10.0.0.1"), ("2", "10.0.0.2")] {
            try files.createDirectory(atPath: folder.file("..\(version)"), withIntermediateDirectories: true)
            try folder.write("..\(version)/cluster.yaml", ClusterFiles.web(address))
        }
        try files.createSymbolicLink(atPath: folder.file("..data"), withDestinationPath: "..1")
        try files.createSymbolicLink(atPath: folder.file("cluster.yaml"), withDestinationPath: "..data/cluster.yaml")
        let server = try Self.server(folder)
        #expect(try Self.gets("10.0.0.1", server))
        // As the kubelet does it: a new link takes the place of the old one.
        try files.createSymbolicLink(atPath: folder.file("..data_tmp"), withDestinationPath: "..2")
        try #require(rename(folder.file("..data_tmp"), folder.file("..data")) == 0)
        #expect(try Self.gets("10.0.0.2", server))
    }

    @Test func severalFilesAreOneCluster() throws {
        let folder = try TemporaryFolder()
        try folder.write("web.yaml", ClusterFiles.web("10.0.0.1"))
        try folder.write("links.yaml", ClusterFiles.links(["a": "web.shop.svc.cluster.local"]))
        let server = try Self.server(folder, ["web.yaml", "links.yaml"])
        let link = "a.links.svc.cluster.local."
        let client = try server.datagramClient()
        #expect(
            try client.ask(DNSQuestion(link)).answerLines == [
                "\(link) 5 CNAME \(Self.web)", "\(Self.web) 5 A 10.0.0.1",
            ])
        try Self.replace(folder, "web.yaml", ClusterFiles.web("10.0.0.2"))
        #expect(try Self.gets("10.0.0.2", server))
        try Self.replace(folder, "links.yaml", ClusterFiles.links(["b": "web.shop.svc.cluster.local"]))
        #expect(
            try holdsInTime {
                try client.ask(DNSQuestion(link)).code == .nameError
                    && client.ask(DNSQuestion("b.links.svc.cluster.local.")).answer.count == 2
            })
    }

    @Test func aServerDoesNotStartWithoutItsSnapshot() throws {
        let folder = try TemporaryFolder()
        #expect(throws: (any Error).self) { try Self.server(folder) }
        try folder.write("cluster.yaml", "kind: [\n")
        do {
            _ = try Self.server(folder)
            Issue.record("a broken snapshot has been taken")
        } catch {
            #expect(
                "\(error)".hasPrefix("Corefile:3:5: plugin/kubernetes: \(folder.file("cluster.yaml")):"), "\(error)")
        }
    }
}
