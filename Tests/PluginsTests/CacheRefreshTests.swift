import DNSWire
import LinuxIO
import Testing

@testable import Plugins

/// Prefetching, and expired answers.
struct CacheRefreshTests {
    private static func answer(_ last: Int, ttl: Int = 100) -> Source.Answer {
        Source.Answer(answer: ["example.org. \(ttl) IN A 192.0.2.\(last)"])
    }
    private static let denial = Source.Answer(
        code: .nameError, authority: ["example.org. 100 IN SOA a. b. 1 2 3 4 100"])
    private static let failure = Source.Answer(code: .serverFailure)

    private func line(_ last: Int, _ ttl: Int) -> [String] { ["example.org. \(ttl) IN A 192.0.2.\(last)"] }

    @Test func prefetchesWhatIsPopular() throws {
        let cache = try CacheBench("cache {\n prefetch 3 10s 20%\n}")
        cache.source.answer = Self.answer(1)
        _ = cache.ask()
        cache.source.answer = Self.answer(2)
        for _ in 0..<5 { _ = cache.ask() }
        // Not while there is time, and not after a gap.
        #expect(cache.runOwnQueries() == 0)
        cache.pass(seconds: 80)
        _ = cache.ask()
        _ = cache.ask()
        #expect(cache.runOwnQueries() == 0)
        #expect(cache.ask().lines(1) == line(1, 20))
        _ = cache.ask()
        // One at a time.
        #expect(cache.source.asked() == 1)
        #expect(cache.runOwnQueries() == 1)
        #expect(cache.source.asked() == 1)
        #expect(cache.ask().lines(1) == line(2, 100))
        #expect(cache.metric("prefetch_total") == ["": 1])
        // It goes on being popular.
        cache.pass(seconds: 9)
        _ = cache.ask()
        cache.pass(seconds: 9)
        for _ in 0..<8 {
            cache.pass(seconds: 9)
            _ = cache.ask()
        }
        #expect(cache.runOwnQueries() == 1)
        #expect(cache.metric("requests_total") == ["": 20])
    }

    /// A refresh whose end is never heard of does not keep an answer from being refreshed for ever.
    @Test func aRefreshThatIsLostIsTriedAgain() throws {
        let cache = try CacheBench("cache {\n serve_stale\n}")
        cache.source.answer = Self.answer(1)
        _ = cache.ask()
        cache.pass(seconds: 100)
        cache.source.waits = true
        #expect(cache.ask().lines(1) == line(1, 0))
        #expect(cache.runOwnQueries() == 1)
        cache.pass(seconds: 29)
        _ = cache.ask()
        #expect(cache.runOwnQueries() == 0)
        cache.pass(seconds: 1)
        _ = cache.ask()
        #expect(cache.runOwnQueries() == 1)
        cache.source.answer = Self.answer(2)
        cache.source.answerAll()
        #expect(cache.ask().lines(1) == line(2, 100))
    }

    @Test func staleAtOnceThenFresh() throws {
        let cache = try CacheBench("cache {\n serve_stale 60s\n}")
        cache.source.answer = Self.answer(1)
        _ = cache.ask()
        cache.pass(seconds: 100)
        // A failure does not take its place.
        for bad in [Self.failure, Source.Answer(code: .refused), Source.Answer(code: .serverFailure, failure: "dead")] {
            cache.source.answer = bad
            #expect(cache.ask().lines(1) == line(1, 0))
            #expect(cache.runOwnQueries() == 1)
        }
        #expect(cache.metric("served_stale_total") == ["": 3])
        #expect(cache.metric("entries") == ["success": 1, "denial": 0])
        cache.source.answer = Self.denial
        _ = cache.ask()
        cache.runOwnQueries()
        #expect(cache.ask().code == .nameError)
        cache.source.answer = Self.answer(3)
        cache.pass(seconds: 100)
        #expect(cache.ask().code == .nameError)
        cache.runOwnQueries()
        #expect(cache.ask().lines(1) == line(3, 100))
        #expect(cache.metric("entries") == ["success": 1, "denial": 0])
        // Not for ever.
        cache.pass(seconds: 159)
        #expect(cache.ask().lines(1) == line(3, 0))
        cache.source.answer = Self.failure
        cache.runOwnQueries()
        cache.pass(seconds: 1)
        #expect(cache.ask().code == .serverFailure)
    }

    @Test(arguments: [
        ("serve_stale 1h immediate 30s", "", 30), ("serve_stale 1h verify 0 30s", "", 30),
        ("serve_stale 1h", "keepttl", 100), ("serve_stale 1h immediate 30s", "keepttl", 30),
    ])
    func staleTTL(_ stale: String, _ more: String, _ ttl: Int) throws {
        let cache = try CacheBench("cache {\n \(stale)\n \(more)\n}")
        cache.source.answer = Self.answer(1)
        _ = cache.ask()
        cache.pass(seconds: 200)
        cache.source.answer = Self.failure
        #expect(cache.ask().lines(1) == line(1, ttl))
    }

    @Test func aRefreshThatFailedIsGivenAPause() throws {
        let cache = try CacheBench("cache {\n serve_stale 1h immediate 30s 20s\n}")
        cache.source.answer = Self.answer(1)
        _ = cache.ask()
        cache.pass(seconds: 100)
        cache.source.answer = Self.failure
        _ = cache.ask()
        #expect(cache.runOwnQueries() == 1)
        cache.pass(seconds: 19)
        #expect(cache.ask().lines(1) == line(1, 30))
        #expect(cache.runOwnQueries() == 0)
        cache.pass(seconds: 1)
        _ = cache.ask()
        #expect(cache.runOwnQueries() == 1)
    }

    @Test func verifyAsksFirst() throws {
        let cache = try CacheBench("cache {\n serve_stale 1h verify\n}")
        cache.source.answer = Self.answer(1)
        _ = cache.ask()
        cache.pass(seconds: 100)
        for bad in [
            Self.failure, Source.Answer(code: .refused), Source.Answer(code: .serverFailure, failure: "dead"),
            Source.Answer(answer: ["example.org. 9 IN A 192.0.2.9"], isTruncated: true),
        ] {
            cache.source.answer = bad
            let outcome = cache.ask(Query(udpSize: 1232))
            #expect(outcome.lines(1) == line(1, 0))
            #expect(outcome.isWhole && outcome.code == .noError)
        }
        #expect(cache.source.asked() == 5)
        #expect(cache.metric("served_stale_total") == ["": 4])
        #expect(cache.metric("hits_total") == ["success": 4])
        cache.source.answer = Self.answer(2)
        #expect(cache.ask().lines(1) == line(2, 100))
        #expect(cache.ask().lines(1) == line(2, 100))
        #expect(cache.source.asked() == 1)
        #expect(cache.runOwnQueries() == 0)
    }

    @Test func verifyWithAPauseAfterFailures() throws {
        let cache = try CacheBench("cache {\n serve_stale 1h verify 0 30s 20s\n}")
        cache.source.answer = Self.answer(1)
        _ = cache.ask()
        cache.pass(seconds: 100)
        cache.source.answer = Self.failure
        _ = cache.source.asked()
        // A worker leaves it to the loop, which sees the end of it.
        #expect(cache.ask().message.isEmpty)
        cache.source.waits = true
        let first = cache.askOnLoop()
        #expect(first.outcome == nil && cache.source.asked() == 1)
        // Meanwhile the others are not kept waiting.
        #expect(cache.ask().lines(1) == line(1, 30))
        cache.source.answerAll()
        #expect(first.outcome?.lines(1) == line(1, 30))
        cache.pass(seconds: 19)
        #expect(cache.ask().lines(1) == line(1, 30))
        #expect(cache.source.asked() == 0)
        cache.pass(seconds: 1)
        cache.source.answer = Self.answer(2)
        let second = cache.askOnLoop()
        cache.source.answerAll()
        #expect(second.outcome?.lines(1) == line(2, 100))
        #expect(cache.ask().lines(1) == line(2, 100))
    }

    @Test func verifyWithATimeout() throws {
        let cache = try CacheBench("cache {\n serve_stale 1h verify 100ms\n}")
        cache.source.answer = Self.answer(1)
        _ = cache.ask()
        cache.pass(seconds: 100)
        cache.loop.turn()
        cache.source.waits = true
        #expect(cache.ask().message.isEmpty)
        // In time.
        let first = cache.askOnLoop()
        #expect(first.outcome == nil)
        cache.runOwnQueries()
        cache.source.answer = Self.answer(2)
        cache.source.answerAll()
        #expect(first.outcome?.lines(1) == line(2, 100))
        // Too late: the expired answer now, the fresh one for the next.
        cache.pass(seconds: 100)
        cache.loop.turn()
        let second = cache.askOnLoop()
        cache.runOwnQueries()
        cache.pass(seconds: 0.099)
        cache.loop.turn()
        #expect(second.outcome == nil)
        cache.pass(seconds: 0.001)
        cache.loop.turn()
        #expect(second.outcome?.lines(1) == line(2, 0))
        cache.source.answer = Self.answer(3)
        cache.source.answerAll()
        #expect(cache.ask().lines(1) == line(3, 100))
        // A failure is no answer, and needs no waiting for the timeout.
        cache.pass(seconds: 100)
        cache.loop.turn()
        let third = cache.askOnLoop()
        cache.runOwnQueries()
        cache.source.answer = Self.failure
        cache.source.answerAll()
        #expect(third.outcome?.lines(1) == line(3, 0))
        #expect(cache.metric("served_stale_total") == ["": 2])
    }

    /// An answer that may not be kept is given to the client all the same.
    @Test func verifyWithATimeoutAndNothingToKeep() throws {
        let cache = try CacheBench("cache {\n serve_stale 1h verify 100ms\n success 1024 100 0\n}")
        cache.source.answer = Self.answer(1)
        _ = cache.ask()
        cache.pass(seconds: 100)
        cache.loop.turn()
        cache.source.waits = true
        let query = cache.askOnLoop(Query(udpSize: 1232))
        cache.runOwnQueries()
        cache.source.answer = Self.answer(7, ttl: 0)
        cache.source.answerAll()
        #expect(query.outcome?.lines(1) == line(7, 0))
        #expect(query.outcome?.isWhole == true)
    }

    @Test func preferPositive() throws {
        let policy = " serve_stale_policy prefer_positive\n"
        for isPreferred in [false, true] {
            let cache = try CacheBench("cache {\n serve_stale 1h\n\(isPreferred ? policy : "")}")
            cache.source.answer = Self.answer(1)
            _ = cache.ask()
            cache.pass(seconds: 100)
            cache.source.answer = Self.denial
            _ = cache.ask()
            cache.runOwnQueries()
            #expect((cache.ask().code == .noError) == isPreferred)
            cache.runOwnQueries()
            // Neither does an empty answer put an end to it.
            cache.source.answer = Source.Answer()
            cache.pass(seconds: 100)
            _ = cache.ask()
            cache.runOwnQueries()
            #expect((cache.ask().lines(1) == line(1, 0)) == isPreferred)
            cache.source.answer = Self.answer(2)
            cache.runOwnQueries()
            cache.pass(seconds: 5)
            _ = cache.ask()
            cache.runOwnQueries()
            #expect(cache.ask().lines(1) == line(2, isPreferred ? 95 : 100))
            if isPreferred { #expect(cache.metric("entries") == ["success": 1, "denial": 0]) }
            // In the end it goes.
            cache.source.answer = Self.denial
            cache.pass(seconds: 3700)
            #expect(cache.ask().code == .nameError)
        }
    }

    /// An expired denial does not hide the answer that has come since, once the source fails.
    @Test func anExpiredDenialGivesWay() throws {
        let cache = try CacheBench("cache {\n serve_stale 1h verify\n}")
        cache.source.answer = Self.denial
        #expect(cache.ask().code == .nameError)
        cache.pass(seconds: 101)
        cache.source.answer = Self.answer(1)
        #expect(cache.ask().lines(1) == line(1, 100))
        #expect(cache.source.asked() == 2)
        cache.source.answer = Self.failure
        cache.pass(seconds: 1)
        #expect(cache.ask().lines(1) == line(1, 99))
        #expect(cache.source.asked() == 0)
        cache.pass(seconds: 200)
        #expect(cache.ask().lines(1) == line(1, 0))
    }
}
