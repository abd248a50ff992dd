import DNSWire
import Foundation
import LinuxIO
import PluginKit
import Testing

@testable import Plugins

struct LoadBalanceTests {
    private func chain(_ bench: PluginBench, _ text: String, _ answer: StubAnswer) throws -> Chain {
        bench.chain([try bench.plugin(LoadBalancePlugin.self, text)], answer)
    }

    static let addresses = (1...4).map { "example.org. 5 IN A 10.0.0.\($0)" }

    @Test func turnsTheClusterAndLeavesItsOrder() throws {
        let bench = PluginBench()
        let chain = try chain(bench, "loadbalance", StubAnswer(plugin: "kubernetes", answer: Self.addresses))
        var rotations: Set<UInt32> = []
        for seed in 1...50 {
            let outcome = bench.ask(chain, Query(seed: UInt64(seed)))
            #expect(outcome.records(1).map(words) == Self.addresses)
            rotations.insert(outcome.rotation)
        }
        #expect(!rotations.contains(0))
        #expect(rotations.count == 50)
        #expect(Set(rotations.map { $0 % 2 }).count == 2)
    }

    @Test func shufflesTheAnswersOfOthers() throws {
        let bench = PluginBench()
        let chain = try chain(bench, "loadbalance round_robin", StubAnswer(answer: Self.addresses))
        var firsts: [String: Int] = [:]
        var orders: Set<[String]> = []
        for seed in 1...2400 {
            let outcome = bench.ask(chain, Query(udpSize: 1232, seed: UInt64(seed)))
            let records = outcome.records(1).map(words)
            #expect(records.sorted() == Self.addresses)
            #expect(outcome.isWhole)
            orders.insert(records)
            firsts[records[0], default: 0] += 1
        }
        #expect(orders.count == 24)
        // 600 each are expected, with a deviation of about 21.
        #expect(firsts.values.allSatisfy { (480...720).contains($0) })
    }

    struct Row {
        var text = "loadbalance"
        var type = RecordType.a
        var code = ResponseCode.noError
        var answer: [String] = []
        var authority: [String] = []
        var additional: [String] = []
        /// Every order that may come of a section.
        var expected: Set<[String]>
        var section = 1
    }

    static let alias = "example.org. 5 IN CNAME www.example.org."
    static let one = "www.example.org. 5 IN A 10.0.0.1"
    static let two = "www.example.org. 5 IN A 10.0.0.2"
    static let six = "www.example.org. 5 IN AAAA fd00::1"
    static let mail = "example.org. 5 IN MX 10 a.example.org."
    static let post = "example.org. 5 IN MX 20 b.example.org."
    static let text = "example.org. 5 IN TXT \"x\""

    static let rows: [Row] = [
        Row(answer: [alias, one, two], expected: [[alias, one, two], [alias, two, one]]),
        // Aliases come first, whatever the order was.
        Row(answer: [one, alias, two], expected: [[alias, one, two], [alias, two, one]]),
        Row(answer: [mail, one, text, alias], expected: [[alias, text, one, mail]]),
        Row(answer: [one, six], expected: [[one, six], [six, one]]),
        Row(type: .mx, answer: [mail, post], expected: [[mail, post], [post, mail]]),
        Row(answer: [text, text], expected: [[text, text]]),
        Row(
            answer: [one],
            additional: ["a.example.org. 5 IN A 10.0.0.1", "b.example.org. 5 IN A 10.0.0.2"],
            expected: [
                ["a.example.org. 5 IN A 10.0.0.1", "b.example.org. 5 IN A 10.0.0.2"],
                ["b.example.org. 5 IN A 10.0.0.2", "a.example.org. 5 IN A 10.0.0.1"],
            ], section: 3),
        Row(answer: [text], authority: [one, two], expected: [[one, two], [two, one]], section: 2),
        // Not a positive answer, or a transfer: as it came.
        Row(code: .nameError, answer: [one, alias], expected: [[one, alias]]),
        Row(type: .axfr, answer: [one, alias], expected: [[one, alias]]),
        Row(
            text: "loadbalance {\n prefer 10.0.0.2/32 fd00::/8\n}", answer: [one, six, two, alias],
            expected: [[alias, two, six, one]]),
        Row(
            text: "loadbalance {\n prefer 10.0.0.0/31 10.0.0.0/8\n}", answer: [two, six, one],
            expected: [[one, two, six]]),
        Row(
            text: "loadbalance {\n prefer ::/0\n}", answer: [one, six, two],
            expected: [[six, one, two], [six, two, one]]),
    ]

    @Test(arguments: rows.indices)
    func arranges(_ place: Int) throws {
        let row = Self.rows[place]
        let bench = PluginBench()
        let answer = StubAnswer(
            code: row.code, answer: row.answer, authority: row.authority, additional: row.additional)
        let chain = try chain(bench, row.text, answer)
        var found: Set<[String]> = []
        for seed in 1...60 {
            let outcome = bench.ask(chain, Query(type: row.type, udpSize: 1232, seed: UInt64(seed)))
            #expect(outcome.isWhole)
            found.insert(outcome.records(row.section).map(words))
        }
        #expect(found == row.expected)
    }

    /// The cluster's answers are arranged too where subnets are preferred.
    @Test func prefersInTheCluster() throws {
        let bench = PluginBench()
        let answer = StubAnswer(plugin: "kubernetes", answer: Self.addresses)
        let chain = try chain(bench, "loadbalance {\n prefer 10.0.0.3/32\n}", answer)
        #expect(bench.ask(chain, Query()).records(1).map(words).first == Self.addresses[2])
    }

    @Test func weighs() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("weights-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("w").path
        let bench = PluginBench()
        let plugin = try bench.plugin(LoadBalancePlugin.self, "loadbalance weighted \(path) {\n reload 1h\n}")
        try plugin.start()
        defer { plugin.stop() }
        #expect(bench.lines.take().first?.hasPrefix("[WARNING] plugin/loadbalance: Failed to open weight file") == true)

        let file = WeightFile(path: path, interval: 1, process: bench.process)
        func write(_ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }
        try write("EXAMPLE.org\n10.0.0.2 9\n")
        file.look()
        #expect(bench.lines.take() == ["[INFO] plugin/loadbalance: Successfully reloaded weight file \(path)"])
        let owner = try DomainName(parsing: "example.org")
        #expect(file.table.weight(owner, SocketAddress(ipv4: 0x0A00_0002, port: 0)) == 9)
        file.look()
        #expect(bench.lines.take().isEmpty)
        try write("example.org\n10.0.0.2 nine\n")
        for _ in 0..<2 { file.look() }
        #expect(
            bench.lines.take() == [
                "[ERROR] plugin/loadbalance: \(path):2: wrong weight value:\"nine\", expected 1 to 255"
            ])
        #expect(file.table.weight(owner, SocketAddress(ipv4: 0x0A00_0002, port: 0)) == 9)

        #expect(throws: StartError.self) {
            try bench.plugin(LoadBalancePlugin.self, "loadbalance weighted \(path)").start()
        }
        #expect(throws: StartError.self) {
            try bench.plugin(LoadBalancePlugin.self, "loadbalance weighted /no/such {\n reload 0s\n}").start()
        }
        try write("example.org\n10.0.0.2 9\n10.0.0.3 6\n")
        let weighted = try bench.plugin(LoadBalancePlugin.self, "loadbalance weighted \(path) {\n reload 0s\n}")
        try weighted.start()
        let chain = bench.chain([weighted], StubAnswer(plugin: "kubernetes", answer: Array(Self.addresses.prefix(3))))
        var firsts: [String: Int] = [:]
        for seed in 1...1600 {
            let outcome = bench.ask(chain, Query(name: "Example.org.", seed: UInt64(seed)))
            #expect(outcome.rotation == 0)
            firsts[
                outcome.records(1).first.map(words)?.split(separator: " ").last.map(String.init) ?? "", default: 0] += 1
        }
        // 1 : 9 : 6 of 16.
        #expect((60...150).contains(firsts["10.0.0.1"] ?? 0))
        #expect((800...1000).contains(firsts["10.0.0.2"] ?? 0))
        #expect((500...700).contains(firsts["10.0.0.3"] ?? 0))
    }

    @Test(arguments: [
        ("", ""),
        (
            "# x\n\n a.b \n 10.0.0.1 255\nfd00::1",
            "5: wrong domain name:\"fd00::1\". (Maybe a missing weight value?)"
        ),
        ("a\n10.0.0.1 0", "2: wrong weight value:\"0\", expected 1 to 255"),
        ("a\n10.0.0.1 256", "2: wrong weight value:\"256\", expected 1 to 255"),
        ("a\nb 1", "2: wrong IP address:\"b\", expected IPv4 or IPv6"),
        ("10.0.0.1 1", "1: missing domain name, expected one on a line before this"),
        ("a b c", "1: could not parse weight line:\"a b c\", expected a name, or an address and its weight"),
        ("a..b", "1: wrong domain name:\"a..b\": a label is empty"),
        ("a\n10.0.0.1 1\nb\nfd00::1 3", ""),
    ])
    func readsWeightFiles(_ text: String, _ expected: String) {
        do throws(WeightTable.Failure) {
            _ = try WeightTable(parsing: text)
            #expect(expected.isEmpty)
        } catch {
            #expect(error.description == expected)
        }
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("0.0.0.0/0", "1.2.3.4", true),
        ("0.0.0.0/0", "::1", false), ("fd00::1/64", "fd00::ffff", true), ("fd00::/65", "fd00::8000:0:0:0", false),
        ("::1/128", "::1", true), ("10.0.0.1/32", "10.0.0.1", true), ("10.0.0.1/32", "10.0.0.0", false),
    ])
    func prefixes(_ block: String, _ address: String, _ expected: Bool) throws {
        let address = try #require(SocketAddress.parse(host: address, port: 0))
        #expect(try #require(AddressPrefix(block)).contains(address) == expected)
    }

    @Test(arguments: ["10.0.0.1", "10.0.0.0/33", "::/129", "x/8", "10.0.0.0/", "10.0.0.0/+8", "[::1]/8"])
    func otherPrefixes(_ text: String) {
        #expect(AddressPrefix(text) == nil)
    }
}
