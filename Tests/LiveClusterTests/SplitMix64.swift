import Foundation

/// A small random number generator that can be started again from a seed.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// Whether something happens that does in so many of a hundred cases.
    mutating func happens(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}

/// The seed of a randomised test: `APODNS_TEST_SEED`, or chance. The test prints it.
func testSeed() -> UInt64 {
    environment("APODNS_TEST_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999_999)
}

/// How many times as long as usual the randomised tests are to go on: `APODNS_TEST_ROUNDS`, 1 where it is not set.
func testRounds() -> Int { max(1, environment("APODNS_TEST_ROUNDS").flatMap { Int($0) } ?? 1) }

private func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
