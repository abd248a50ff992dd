import Corefile
import DNSWire
import LinuxIO
import PluginKit
import Testing

@testable import Plugins

struct SmallPluginTests {
    static let interfaces: [String: [SocketAddress]] = [
        "lo": [.loopback(port: 0), SocketAddress(high: 0, low: 1, port: 0)],
        "eth0": [SocketAddress(ipv4: 0x0A00_0001, port: 0)],
    ]

    @Test(arguments: [
        ("bind 127.0.0.1", ["127.0.0.1"]),
        ("bind lo", ["127.0.0.1", "::1"]),
        ("bind eth0 lo {\n except 127.0.0.1\n}", ["10.0.0.1", "::1"]),
        ("bind lo {\n except lo\n except ::2\n}\nbind 127.0.0.1", ["127.0.0.1"]),
        ("bind 10.0.0.1 eth0 10.0.0.1\nbind ::1", ["10.0.0.1", "::1"]),
        ("bind 0.0.0.0", ["0.0.0.0"]),
    ])
    func bindCollectsAddresses(_ text: String, _ expected: [String]) throws {
        let setup = try PluginBench().setup(text)
        let addresses = try BindPlugin.addresses(setup.block.directives, interfaces: Self.interfaces)
        #expect(addresses.map(\.host) == expected)
        #expect(addresses.allSatisfy { $0.port == 0 })
    }

    @Test func bindSetsTheBlocksAddresses() throws {
        let setup = try PluginBench().setup("bind 127.0.0.1\nbind ::1")
        _ = try BindPlugin(setup.block.directives, setup)
        #expect(setup.bindAddresses?.map(\.host) == ["127.0.0.1", "::1"])
    }

    @Test(arguments: [
        ("/", []), ("/no/such/folder", ["[WARNING] plugin/root: Root path does not exist: /no/such/folder"]),
        ("/etc/passwd", ["[WARNING] plugin/root: Root path is not a directory: /etc/passwd"]),
    ])
    func rootWarns(_ path: String, _ expected: [String]) throws {
        let bench = PluginBench()
        let setup = try bench.setup("root \(path)")
        _ = try RootPlugin(setup.block.directives, setup)
        #expect(bench.lines.all == expected)
        #expect(setup.root == path)
    }

    @Test func debugIsForTheProcess() throws {
        let bench = PluginBench()
        bench.process.log.debug("before")
        _ = try bench.plugin(DebugPlugin.self, "debug")
        bench.process.log.debug("after")
        #expect(bench.lines.all == ["[DEBUG] after"])
    }

    @Test(arguments: [
        ("example.org.", ["example.org. 0 IN A 127.0.0.1", "_udp.example.org. 0 IN SRV 0 0 50759 ."]),
        ("Ab.TEST.", ["Ab.TEST. 0 IN A 127.0.0.1", "_udp.Ab.TEST. 0 IN SRV 0 0 50759 ."]),
        (".", [". 0 IN A 127.0.0.1", "_udp. 0 IN SRV 0 0 50759 ."]),
    ])
    func whoamiSaysWhoAsks(_ name: String, _ expected: [String]) throws {
        let bench = PluginBench()
        let chain = bench.chain([try bench.plugin(WhoamiPlugin.self, "whoami")])
        for size in [nil, 4096] as [UInt16?] {
            let outcome = bench.ask(chain, Query(name: name, type: .txt, udpSize: size))
            #expect(outcome.records(1).isEmpty)
            #expect(outcome.records(2).isEmpty)
            #expect(outcome.records(3).map(words) == expected)
            #expect(outcome.flags == Header.response | Header.authoritative | Header.recursionDesired)
            #expect(outcome.isWhole)
        }
    }

    @Test func whoamiKnowsOtherFamiliesTransportsAndClasses() throws {
        var bench = PluginBench()
        bench.client = SocketAddress(high: 0x2001_0DB8 << 32, low: 7, port: 53)
        bench.transport = .tcp
        let chain = bench.chain([try bench.plugin(WhoamiPlugin.self, "whoami")])
        let outcome = bench.ask(chain, Query(recordClass: RecordClass(rawValue: 3)))
        #expect(
            outcome.records(3).map(words) == [
                "example.org. 0 CH AAAA 2001:db8::7", "_tcp.example.org. 0 CH SRV 0 0 53 .",
            ])
    }

    /// A name of 255 octets has no room for `_udp` before it.
    @Test func whoamiLeavesOutANameThatIsTooLong() throws {
        let bench = PluginBench()
        let chain = bench.chain([try bench.plugin(WhoamiPlugin.self, "whoami")])
        let label = String(repeating: "a", count: 63)
        for (last, count) in [(61, 1), (57, 1), (56, 2)] {
            let name = "\(label).\(label).\(label)." + String(repeating: "b", count: last) + "."
            let outcome = bench.ask(chain, Query(name: name))
            #expect(outcome.records(3).count == count)
            #expect(outcome.isWhole)
        }
    }
}

/// A record's text with single blanks.
func words(_ text: String) -> String {
    text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
}
