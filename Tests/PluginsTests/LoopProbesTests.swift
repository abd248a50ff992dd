import DNSWire
import LinuxIO
import Testing

@testable import Plugins

/// Which questions that come back prove a loop.
@Suite struct LoopProbesTests {
    private static func name(_ text: String) throws -> DomainName { try DomainName(parsing: text) }

    /// A probe by its number, or somebody else's question.
    private enum Event {
        case sent(Int)
        case came(Int)
        case strange
    }

    @Test func onlyTwoDifferentProbesProveALoop() throws {
        let rows: [(String, [Event], [LoopProbes.Sighting])] = [
            ("nothing comes back", [.sent(1), .strange], [.none]),
            ("once", [.sent(1), .came(1)], [.first]),
            (
                "a retry of the same question is no proof", [.sent(1), .came(1), .came(1), .came(1)],
                [.first, .again, .again]
            ),
            ("twice", [.sent(1), .came(1), .sent(2), .came(2)], [.first, .proof]),
            ("late", [.sent(1), .sent(2), .sent(3), .came(3), .came(1)], [.first, .proof]),
            ("not sent", [.came(1), .came(2)], [.none, .none]),
        ]
        for (what, events, expected) in rows {
            var probes = LoopProbes()
            var seen: [LoopProbes.Sighting] = []
            for event in events {
                switch event {
                case .sent(let number):
                    let isTaken = probes.add(try Self.name("\(number).7.Example."))
                    #expect(isTaken)
                case .came(let number): seen.append(probes.see(try Self.name("\(number).7.example.").wire))
                case .strange: seen.append(probes.see(try Self.name("www.example.").wire))
                }
            }
            #expect(seen == expected, "\(what)")
        }
    }

    @Test func rememberedProbesAreBounded() throws {
        var probes = LoopProbes()
        for number in 0..<LoopProbes.most {
            let isTaken = probes.add(try Self.name("\(number).example."))
            #expect(isTaken)
        }
        let isTaken = probes.add(try Self.name("last.example."))
        #expect(!isTaken)
    }

    @Test func namesAreTwoNumbersBeforeTheZone() throws {
        var random = FastRandom(seed: 1)
        var seen: Set<[UInt8]> = []
        for zone in [".", "example.org.", "10.in-addr.arpa."] {
            for _ in 0..<8 {
                let name = try LoopProbes.name(in: try Self.name(zone), &random)
                #expect(name.isSubdomain(of: try Self.name(zone)))
                #expect(name.labelCount == (try Self.name(zone)).labelCount + 2)
                for label in name.labels.prefix(2) {
                    let number = UInt64(String(decoding: label, as: UTF8.self))
                    #expect(number.map { $0 < 1 << 62 } == true)
                }
                seen.insert(name.wire)
            }
        }
        #expect(seen.count == 24)
    }

    @Test func whatIsNotAccepted() {
        let bench = PluginBench()
        let rows: [(String, String)] = [
            ("loop", ""),
            ("loop fast", "Corefile:2:6: Unexpected argument 'fast' of 'loop', expected none"),
            ("loop {\n}", "Corefile:2:1: 'loop' has a block, expected none"),
            ("loop\nloop", "Corefile:3:1: plugin/loop: this plugin can only be used once per Server Block"),
        ]
        for (text, failure) in rows { #expect(bench.failure(LoopPlugin.self, text) == failure) }
    }
}
