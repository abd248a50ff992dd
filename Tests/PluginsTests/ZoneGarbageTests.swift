import DNSWire
import Foundation
import LinuxIO
import PluginKit
import Testing

@testable import Plugins

/// Text that somebody's editor or disk has spoilt: it is read or refused, and whatever was read is answered from in whole
/// messages.
struct ZoneGarbageTests {
    private static let pieces = [
        "$ORIGIN ", "$TTL 5\n", "$GENERATE 1-9 a$ A 10.0.0.$\n", "(", ")", "\"", "\\", "\n", " ", "*.", "..", "@ ",
        "CNAME ", "DNAME ",
        "NS ", "\\#", " 4 ", "0A000001", "RRSIG A 8 1 60 20300101000000 20200101000000 1 t. AAAA\n", "NSEC b A\n", ";",
        "\u{0}",
        "255.255.255.255", "${0,0,d}", "a.b.c.d ", "::1 ", "# ", "::ffff:1.2.3.4 x\n",
    ]

    private static let names = [
        "corp.test.", "www.corp.test.", "chain.corp.test.", "a.b.w.corp.test.", "x.sub.corp.test.", "nx.corp.test.",
        "x.dn.legacy.corp.test.", "w.corp.test.", "1.0.1.10.in-addr.arpa.", "*.w.corp.test.", "SRV._X.corp.test.",
    ]

    private static func spoil(_ text: [UInt8], _ random: inout FastRandom) -> [UInt8] {
        var text = text
        for _ in 0...random.below(6) {
            let place = Int(random.below(UInt32(text.count + 1)))
            switch random.below(4) {
            case 0: text.insert(contentsOf: Array(pieces[Int(random.below(UInt32(pieces.count)))].utf8), at: place)
            case 1 where place < text.count: text[place] = UInt8(truncatingIfNeeded: random.next())
            case 2: text.removeSubrange(place..<min(text.count, place + Int(random.below(20))))
            default: text.insert(contentsOf: text.prefix(place).suffix(Int(random.below(60))), at: place)
            }
        }
        return text
    }

    private static func seed(_ test: String) -> UInt64 {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("\(test): seed \(seed)")
        return seed
    }

    @Test func zonesAreReadOrRefused() throws {
        var random = FastRandom(seed: Self.seed("zonesAreReadOrRefused"))
        let folder = try TestFolder()
        let original = Array(FileAnswerTests.corp.utf8)
        var read = 0
        for _ in 0..<400 {
            try Data(Self.spoil(original, &random)).write(to: URL(fileURLWithPath: folder.path + "/db"))
            let bench = PluginBench()
            guard let plugin = try? bench.plugin(FilePlugin.self, "file \(folder.path)/db corp.test") else { continue }
            read += 1
            let chain = bench.chain([plugin])
            for name in Self.names {
                let type = [RecordType.a, .mx, .ns, .soa, .cname, .dname, .any, .rrsig, .ds, .srv][
                    Int(random.below(10))]
                let size = UInt16(512 + random.below(1000))
                let outcome = bench.ask(
                    chain, Query(name: name, type: type, udpSize: size, dnssecOK: random.below(2) == 0))
                #expect(outcome.isWhole)
                #expect(outcome.message.count <= Int(size))
            }
        }
        #expect(read > 10)
    }

    @Test func hostsAreReadAsFarAsTheyAreHosts() throws {
        var random = FastRandom(seed: Self.seed("hostsAreReadAsFarAsTheyAreHosts"))
        let folder = try TestFolder()
        let original = Array(HostsTests.text.utf8)
        for _ in 0..<200 {
            try Data(Self.spoil(original, &random)).write(to: URL(fileURLWithPath: folder.path + "/hosts"))
            let bench = PluginBench()
            let plugin = try bench.plugin(HostsPlugin.self, "hosts \(folder.path)/hosts")
            plugin.file.look()
            let chain = bench.chain([plugin], StubAnswer(code: .refused))
            for name in ["gw.lan.", "TWO.lan.", "multi.lan.", "localhost.", "a.b.", "1.0.0.10.in-addr.arpa."] {
                for type in [RecordType.a, .aaaa, .ptr, .mx] {
                    #expect(bench.ask(chain, Query(name: name, type: type)).isWhole)
                }
            }
        }
    }
}
