import DNSWire
import Foundation
import LinuxIO
import ServerHarness
import Testing

/// Every recorded case of the plugins: CoreDNS's answers, whole, over real sockets, with an upstream that serves example.zone.
@Suite struct RecordedPluginTests {
    /// Cases for plugins that are not there yet, with the directive that the start ends at.
    static let waiting = ["dns64": "dns64", "autopath-file": "autopath", "k8s-external": "k8s_external"]

    /// CoreDNS's cache keeps names in the letters of whoever asked first. Here the records point at the question, so that they
    /// have its letters, as without a cache.
    private static func isFreeOfCase(_ recorded: RecordedCase, _ row: RecordedCase.Row) -> Bool {
        recorded.name == "cache" && row.q.name == "WwW.eXample."
    }

    /// A case's server, and what it needs while it runs.
    private struct Setting {
        let folder: TemporaryFolder
        let upstream: TestUpstream
        let server: RunningServer

        init(_ recorded: RecordedCase) throws {
            let zone = try RecordedCase.upstreamZone()
            folder = try TemporaryFolder()
            upstream = try TestUpstream { .answer(zone.answer($0)) }
            for (name, text) in recorded.files { try folder.write(name, text) }
            if recorded.corefile.contains("{DIR}/world.json") {
                try FileManager.default.createSymbolicLink(
                    atPath: folder.file("world.json"), withDestinationPath: RecordedCase.world)
            }
            // The port is the system's choice, the same for all blocks, and nothing listens elsewhere than on the loopback
            // interface. A clock that stands still shows the TTLs of cached answers as they were stored.
            let isCached = recorded.corefile.contains("cache ")
            server = try RunningServer(
                recorded.corefile
                    .replacingOccurrences(of: ":{PORT} {\n", with: " {\n    bind 127.0.0.1\n")
                    .replacingOccurrences(of: "{UPSTREAM}", with: "\(upstream.address)")
                    .replacingOccurrences(of: "{DIR}", with: folder.path),
                clock: isCached ? ManualClock().clock : .system)
        }
    }

    @Test(arguments: RecordedCase.all.map(\.name).filter { waiting[$0] == nil })
    func agreesAsRecorded(name: String) throws {
        let recorded = try #require(RecordedCase.all.first { $0.name == name })
        let setting = try Setting(recorded)
        let datagrams = try setting.server.datagramClient()
        let streams = try setting.server.streamClient()
        #expect(!recorded.rows.isEmpty)
        for row in recorded.rows {
            let query = try #require(row.q.query, "\(row.q)")
            let response = try row.q.tcp ?? false ? streams.ask(query) : datagrams.ask(query)
            var expected = row.a
            expected.flags.sort()
            var found = RecordedCase.Answer(response)
            if Self.isFreeOfCase(recorded, row) {
                #expect(found.question == expected.question, "\(row.q)")
                (found, expected) = (found.lowercased, expected.lowercased)
            }
            #expect(found == expected, "\(row.q)")
        }
    }

    /// So that what is merged is also held against its recordings.
    @Test(arguments: waiting.sorted { $0.key < $1.key })
    func waitsForItsPlugin(name: String, directive: String) throws {
        let recorded = try #require(RecordedCase.all.first { $0.name == name })
        let error = #expect(throws: (any Error).self) { try Setting(recorded) }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains("Directive '\(directive)' is known in CoreDNS, not in apodns yet"), "\(text)")
    }

    @Test func allAreThere() {
        #expect(RecordedCase.all.count == 33)
        #expect(RecordedCase.all.reduce(0) { $0 + $1.rows.count } == 323)
        #expect(Set(Self.waiting.keys).isSubset(of: RecordedCase.all.map(\.name)))
    }

    /// What the recordings leave open: the order of addresses is another one each time, and aliases stay before them.
    @Test func loadbalanceTurnsAddresses() throws {
        let setting = try Setting(try #require(RecordedCase.all.first { $0.name == "loadbalance" }))
        let client = try setting.server.datagramClient()
        var first: Set<String> = []
        for _ in 0..<200 where first.count < 3 {
            let answer = try client.ask(DNSQuestion("alias2.example.")).answer
            #expect(answer.map(\.type) == [.cname, .cname, .a, .a, .a])
            #expect(answer.prefix(2).map { "\($0.owner)" } == ["alias2.example.", "alias.example."])
            first.formUnion(answer.filter { $0.type == .a }.prefix(1).map { "\($0.data)" })
        }
        #expect(first == ["192.0.2.80", "192.0.2.81", "192.0.2.82"])
    }
}
