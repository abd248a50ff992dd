import Testing

@testable import Corefile

/// SplitMix64: small, and the same everywhere, so that a printed seed repeats a failure.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Whatever the text, parsing ends with a Corefile or with an error that has a place in it.
@Suite struct GarbageTests {
    static let pieces = [
        "{", "}", "\"", "\\", "#", "\n", "\n", "\n", " ", "\t", "\r\n", ",", ":", "/", "import", "(s)", "s", "*", "?",
        "[", "]",
        "a", "errors", "{$X}", "{%Y%}", "{$", "%}", "10.0.0.0/9", "::", "2001:db8::/30", "tls://", ".:53", "65536",
        "\u{FEFF}",
        "é", "\u{0}", "import s\n", "import f*\n", "(s) {\n", " {\n", "\n}\n", "-", "5s", "µs", "import self\n",
    ]

    static func check(_ text: String, seed: UInt64) {
        let files = MemoryFiles([
            "/etc/f1": "log\n}\n", "/etc/f2": "{ x\n", "/etc/f3": "import s\n", "/etc/self": "import self\n",
            "/etc/s": "x {",
        ])
        do throws(CorefileError) {
            let corefile = try Corefile.parse(
                text: text, file: "/etc/Corefile", environment: { $0 == "X" ? "a {%Y%} {" : $0 == "Y" ? "}" : nil },
                files: files)
            for block in corefile.blocks {
                #expect(!block.keys.isEmpty, "seed \(seed)")
                for directive in block.directives { _ = try directive.properties() }
            }
        } catch {
            #expect(
                error.location.line > 0 && error.location.column > 0 && !error.message.contains("\n"), "seed \(seed)")
        }
        _ = try? parseDuration(text)
        _ = try? normalizedZones(text)
        _ = nearestName(to: text, in: ["errors", "log"])
    }

    @Test func neverTraps() {
        let start = UInt64.random(in: 0...UInt64.max / 2)
        print("GarbageTests first seed: \(start)")
        for seed in start..<(start + 4000) {
            var random = SeededGenerator(state: seed)
            let words = (0..<Int.random(in: 1...40, using: &random)).map { _ in
                Self.pieces.randomElement(using: &random) ?? ""
            }
            Self.check(words.joined(separator: Bool.random(using: &random) ? " " : ""), seed: seed)
            let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            Self.check(String(decoding: bytes, as: UTF8.self), seed: seed)
        }
    }

    @Test func cutStockFileNeverTraps() throws {
        let text = try String(contentsOfFixture: "aks.Corefile")
        for length in 0...text.unicodeScalars.count {
            Self.check(String(String.UnicodeScalarView(text.unicodeScalars.prefix(length))), seed: UInt64(length))
        }
    }
}

extension String {
    init(contentsOfFixture name: String) throws {
        self = String(
            decoding: try DiskFiles().contents(of: StockCorefileTests.folder + "/" + name), as: UTF8.self)
    }
}
