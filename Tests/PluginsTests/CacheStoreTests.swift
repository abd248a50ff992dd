import DNSWire
import LinuxIO
import PluginKit
import Synchronization
import Testing

@testable import Plugins

/// Capacity, bytes, threads, and everything together against a simple model.
struct CacheStoreTests {
    private static func name(_ number: Int) -> String { "n\(number).example.org." }

    private static func fill(_ cache: CacheBench, _ numbers: Range<Int>, denials: Bool = false, text: String? = nil) {
        for number in numbers {
            let name = name(number)
            cache.source.answer =
                denials
                ? .init(code: .nameError, authority: ["\(name) 600 IN SOA a. b. 1 2 3 4 600"])
                : .init(answer: [text.map { "\(name) 600 IN TXT \"\($0)\"" } ?? "\(name) 600 IN A 192.0.2.1"])
            _ = cache.ask(Query(name: name, type: text == nil ? .a : .txt))
        }
    }

    @Test func capacityIsThatOfEachKind() throws {
        let cache = try CacheBench("cache {\n success 2000\n denial 1\n}")
        Self.fill(cache, 0..<6000)
        // Rounded down to a multiple of 256, and no shard has more than its part of it.
        let kept = cache.metric("entries")["success"] ?? 0
        #expect(kept <= 1792 && kept > 1600)
        #expect(cache.metric("evictions_total") == ["success": 6000 - kept])
        Self.fill(cache, 0..<6000, denials: true)
        #expect(cache.metric("entries")["denial"] ?? 0 <= 1024)
        #expect(cache.metric("entries")["denial"] ?? 0 > 900)
        #expect(cache.metric("evictions_total")["denial"] ?? 0 > 0)
    }

    /// What is asked for goes on being there while others come and go.
    @Test func whatIsInUseStays() throws {
        let cache = try CacheBench("cache {\n success 1024\n}")
        Self.fill(cache, 0..<1)
        var misses = 0
        for number in 1..<20_000 {
            Self.fill(cache, number..<(number + 1))
            if number % 20 != 0 { continue }
            _ = cache.source.asked()
            Self.fill(cache, 0..<1)
            misses += cache.source.asked()
        }
        #expect(misses == 0)
    }

    @Test func blocksShareTheirBytes() throws {
        let budget = CacheBudget(limit: 200_000)
        var caches = [try CacheBench("cache", budget: budget), try CacheBench("cache", budget: budget)]
        let text = String(repeating: "x", count: 200)
        Self.fill(caches[0], 0..<2000, text: text)
        #expect(budget.used <= 200_000 && budget.used > 150_000)
        let alone = caches[0].metric("entries")["success"] ?? 0
        Self.fill(caches[1], 0..<2000, text: text)
        #expect(budget.used <= 200_000 && budget.used > 150_000)
        #expect(caches[0].metric("entries")["success"] ?? 0 < alone)
        #expect(caches[1].metric("entries")["success"] ?? 0 > 50)
        caches = [caches[1]]
        #expect(budget.used < 200_000)
        caches = []
        #expect(budget.used == 0)
    }

    @Test func anAnswerLargerThanTheBytesIsNotKept() throws {
        let budget = CacheBudget(limit: 400)
        let cache = try CacheBench("cache", budget: budget)
        Self.fill(cache, 0..<1)
        #expect(budget.used > 0)
        Self.fill(cache, 1..<2, text: String(repeating: "x", count: 250))
        #expect(budget.used <= 400)
        #expect(cache.source.asked() == 2)
    }

    /// Against a dictionary: what is there has to be right, and as there is room everything has to be there.
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func agreesWithAModel(_ seed: UInt64) throws {
        struct Kept {
            let text: [String]
            let code: ResponseCode
            let ttl: Int
            let at: Int
        }
        let cache = try CacheBench("cache 60 {\n denial 10000 20 3\n}")
        var random = FastRandom(seed: seed)
        var model: [String: Kept] = [:]
        var now = 0
        for round in 0..<4000 {
            let number = Int(random.below(40))
            let type: RecordType = random.below(2) == 0 ? .a : .aaaa
            let dnssecOK = random.below(3) == 0
            let query = Query(name: Self.name(number), type: type, udpSize: dnssecOK ? 1232 : nil, dnssecOK: dnssecOK)
            let key = "\(number) \(type) \(dnssecOK)"
            let ttl = Int(random.below(90))
            let isDenial = random.below(4) == 0
            let data = type == .a ? "A 192.0.2.\(round % 250 + 1)" : "AAAA 2001:db8::\(round + 1)"
            cache.source.answer =
                isDenial
                ? .init(code: .nameError, authority: ["example.org. \(ttl) IN SOA a. b. \(round) 2 3 4 999"])
                : .init(answer: ["\(query.name) \(ttl) IN \(data)"])
            let outcome = cache.ask(query)
            let capped = isDenial ? min(max(ttl, 3), 20) : min(max(ttl, 5), 60)
            if model[key].map({ now - $0.at >= $0.ttl }) ?? true {
                let line =
                    isDenial ? "example.org. % IN SOA a. b. \(round) 2 3 4 999" : "\(query.name) % IN \(data)"
                model[key] = Kept(text: [line], code: isDenial ? .nameError : .noError, ttl: capped, at: now)
                #expect(cache.source.asked() == 1, "seed \(seed), round \(round)")
            } else {
                #expect(cache.source.asked() == 0, "seed \(seed), round \(round)")
            }
            guard let kept = model[key] else { continue }
            let left = kept.ttl - (now - kept.at)
            #expect(outcome.code == kept.code, "seed \(seed), round \(round)")
            #expect(
                outcome.lines(1) + outcome.lines(2)
                    == kept.text.map { $0.replacingOccurrence(of: "%", with: "\(left)") },
                "seed \(seed), round \(round)")
            #expect(outcome.isWhole)
            if random.below(3) == 0 {
                let passed = Int(random.below(12))
                cache.pass(seconds: Double(passed))
                now += passed
            }
        }
    }

    private final class Wrong: Sendable {
        let count = Atomic<Int>(0)
    }

    /// Several workers and few names: answers are always whole and of the name asked for.
    @Test func threads() throws {
        let cache = try CacheBench("cache {\n success 1024 5 0\n}", budget: CacheBudget(limit: 60_000))
        let plugin = cache.plugin
        let clock = cache.bench.clock
        let wrong = Wrong()
        let bench = cache.bench
        let source = NamedSource()
        let threads = try (0..<4).map { number in
            try Thread.spawn(name: "worker-\(number)") {
                let context = WorkerContext(server: "dns://:53", zone: ".", transport: .udp)
                guard let step = plugin.makeStep(context) else { return }
                let chain = Chain([(0, step), (1, source.step)], udpSize: 1232)
                var random = FastRandom(seed: UInt64(number))
                for _ in 0..<4000 {
                    let name = Int(random.below(600))
                    let outcome = bench.ask(chain, Query(name: Self.name(name), udpSize: 1232))
                    let line = "\(Self.name(name)) IN A 10.0.\(name / 256).\(name % 256)"
                    // Without the TTL, which the other threads' clock changes.
                    let records = outcome.lines(1).map { line in
                        line.split(separator: " ").enumerated().filter { $0.offset != 1 }.map(\.element)
                            .joined(separator: " ")
                    }
                    if !outcome.isWhole || records != [line] { wrong.count.wrappingAdd(1, ordering: .relaxed) }
                    if random.below(400) == 0 { clock.advance(nanoseconds: 100_000_000) }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(wrong.count.load(ordering: .relaxed) == 0)
        #expect(source.asked.load(ordering: .relaxed) < 16_000)
        #expect(plugin.store.budget.used <= 60_000)
    }
}

/// Answers n7.example.org with 10.0.0.7.
private final class NamedSource: Sendable {
    let asked = Atomic<Int>(0)

    var step: Step {
        Step(
            context: Unmanaged.passRetained(self).toOpaque(),
            down: { context, exchange in
                let source = Unmanaged<NamedSource>.fromOpaque(context).takeUnretainedValue()
                source.asked.wrappingAdd(1, ordering: .relaxed)
                let exchange = Step.exchange(exchange)
                let name = exchange.pointee.name
                var number = 0
                for place in 2...Int(name.bytes[0]) { number = number * 10 + Int(name.bytes[place]) - 0x30 }
                let address: [UInt8] = [10, 0, UInt8(number / 256), UInt8(number % 256)]
                _ = exchange.pointee.writer.answerAddress(
                    owner: ResponseWriter.questionPointer, type: .a, ttl: 9, address: address, length: 4)
                return Verdict.answered.rawValue
            },
            release: { Unmanaged<NamedSource>.fromOpaque($0).release() })
    }
}

extension String {
    func replacingOccurrence(of text: String, with other: String) -> String {
        guard let range = firstRange(of: text) else { return self }
        return replacingCharacters(range, other)
    }

    private func replacingCharacters(_ range: Range<String.Index>, _ other: String) -> String {
        String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
