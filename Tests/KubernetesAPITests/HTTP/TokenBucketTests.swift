import Testing

@testable import KubernetesAPI

@Suite struct TokenBucketTests {
    /// Milliseconds at which a token is asked for, and the milliseconds to wait that are answered.
    private struct Row {
        let rate: Double
        let burst: Int
        let steps: [(at: Int64, wait: Int64)]
    }

    @Test func tokensAreGivenByRateAndBurst() {
        let rows = [
            Row(rate: 10, burst: 1, steps: [(0, 0), (0, 100), (40, 60), (100, 0), (100, 100)]),
            Row(rate: 5, burst: 3, steps: [(0, 0), (0, 0), (0, 0), (0, 200), (200, 0), (200, 200)]),
            // No more than the burst is saved up.
            Row(rate: 1000, burst: 2, steps: [(60_000, 0), (60_000, 0), (60_000, 1)]),
            // A clock that goes back gives nothing and takes nothing.
            Row(rate: 10, burst: 1, steps: [(100, 0), (50, 100), (200, 0)]),
            Row(rate: 1e-30, burst: 1, steps: [(0, 0), (0, TokenBucket.longestWait / 1_000_000)]),
        ]
        for row in rows {
            var bucket = TokenBucket(rate: row.rate, burst: row.burst, now: 0)
            for (index, step) in row.steps.enumerated() {
                #expect(bucket.take(now: step.at * 1_000_000) == step.wait * 1_000_000, "\(row.rate), step \(index)")
            }
        }
    }

    @Test func waitingAsLongAsToldIsEnough() {
        var random = SplitMix64(state: 20_260_919)
        for _ in 0..<200 {
            let rate = Double.random(in: 0.1...2000, using: &random)
            var bucket = TokenBucket(rate: rate, burst: Int.random(in: 1...5, using: &random), now: 0)
            var now: Int64 = 0
            for _ in 0..<100 {
                let wait = bucket.take(now: now)
                guard wait > 0 else { continue }
                now += wait
                #expect(bucket.take(now: now) == 0, "rate \(rate) at \(now)")
            }
        }
    }

    @Test func zeroStandsForTheDefaultsOfClientGo() {
        let limits = RequestLimits(queriesPerSecond: 0, burst: 0, maximumInFlight: 0)
        #expect(limits.queriesPerSecond == 5 && limits.burst == 10 && limits.maximumInFlight == 0)
        let set = RequestLimits(queriesPerSecond: 50.5, burst: 3, maximumInFlight: 4)
        #expect(set.queriesPerSecond == 50.5 && set.burst == 3 && set.maximumInFlight == 4)
    }
}
