import Testing

@testable import KubernetesAPI

@Suite("back-off")
struct BackOffTests {
    private let second: Int64 = 1_000_000_000

    @Test("rule 7: 800 ms, doubled, at most 30 s, with jitter of the same length again")
    func growth() {
        for seed in 0..<50 as Range<UInt64> {
            var random = SplitMix64(state: seed)
            var backOff = BackOff()
            var now: Int64 = 0
            for base in [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30, 30] {
                let wait = Double(backOff.next(now: now, using: &random)) / Double(second)
                #expect(wait >= base && wait < 2 * base, "seed \(seed): \(wait) for \(base)")
                now += Int64(wait * Double(second))
            }
            let cap = BackOff.atCap(using: &random)
            #expect(cap >= 30 * second && cap < 60 * second)
        }
    }

    @Test("rule 7: jitter differs")
    func jitter() {
        var random = SplitMix64(state: 4)
        var waits = Set<Int64>()
        for _ in 0..<20 {
            var backOff = BackOff()
            waits.insert(backOff.next(now: 0, using: &random))
        }
        #expect(waits.count > 15)
    }

    @Test("rule 7: two quiet minutes after the wait begin it anew, less do not")
    func reset() {
        for (quiet, isFirst) in [(119, false), (120, true), (121, true)] as [(Int64, Bool)] {
            var random = SplitMix64(state: 9)
            var backOff = BackOff()
            var now: Int64 = 0
            for _ in 0..<4 { now += backOff.next(now: now, using: &random) }
            now += quiet * second
            let wait = backOff.next(now: now, using: &random)
            #expect((wait < 16 * second / 10) == isFirst, "\(quiet)")
        }
    }

    @Test("no moment overflows")
    func ends() {
        var random = SplitMix64(state: 9)
        var backOff = BackOff()
        for now in [Int64.min, -1, 0, .max - 1, .max] { #expect(backOff.next(now: now, using: &random) > 0) }
        #expect(MonotonicTime.moment(.max, after: 5) == .max)
        #expect(MonotonicTime.moment(.min, after: -5) == .min)
        #expect(MonotonicTime.span(from: .min, to: .max) == .max)
        #expect(MonotonicTime.span(from: .max, to: .min) == .min)
        #expect(MonotonicTime.spread(.max, using: &random) > .max / 2)
        #expect(MonotonicTime.spread(0, using: &random) == 0)
        for _ in 0..<100 {
            let spread = MonotonicTime.spread(1000, using: &random)
            #expect((750...1250).contains(spread))
        }
    }
}
