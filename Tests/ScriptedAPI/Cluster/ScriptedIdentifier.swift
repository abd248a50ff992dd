/// Identifiers as Kubernetes makes them, here the same ones each time.
package enum ScriptedIdentifier {
    /// What the suffixes of generated names are made of: no vowels and nothing that looks like another character
    /// (k8s.io/apimachinery/pkg/util/rand).
    static let suffixAlphabet = Array("bcdfghjklmnpqrstvwxz2456789".utf8)

    /// A uid, `8-4-4-4-12` hexadecimal digits, made from the text.
    package static func uid(of text: String) -> String {
        // FNV-1a, then mixed; 128 bits of two seeds.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        var random = SplitMix64(seed: hash)
        let digits = Array("0123456789abcdef".utf8)
        var out: [UInt8] = []
        out.reserveCapacity(36)
        var bits: UInt64 = 0
        for index in 0..<32 {
            if index % 16 == 0 { bits = random.next() }
            if index == 8 || index == 12 || index == 16 || index == 20 { out.append(UInt8(ascii: "-")) }
            // Version 4 (RFC 9562 section 5.4).
            out.append(index == 12 ? UInt8(ascii: "4") : digits[Int(bits & 15)])
            bits >>= 4
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// A suffix of a generated name: `298qd`.
    package static func suffix(_ length: Int, _ random: inout SplitMix64) -> String {
        var out: [UInt8] = []
        for _ in 0..<length {
            out.append(suffixAlphabet[Int(random.next() % UInt64(suffixAlphabet.count))])
        }
        return String(decoding: out, as: UTF8.self)
    }
}

/// A small seeded generator (Steele, Lea, Flood: SplitMix64): the same numbers from the same seed, always.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
