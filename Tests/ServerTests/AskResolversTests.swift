import DNSWire
import Foundation
import LinuxIO
import PluginKit
import ServerHarness
import Synchronization
import Testing

@testable import Plugins

/// The servers of `resolver`, asked for addresses.
@Suite struct AskResolversTests {
    /// Some milliseconds where a test wants a server to be given up.
    private static let shortPatience = 50 * Clock.millisecond
    /// Far more than anything here takes.
    private static let longPatience = 20 * Clock.second

    private static func ask(
        _ servers: [TestUpstream], _ name: String = "dns.example", patience: UInt64 = longPatience,
        stopper: Stopper = Stopper()
    ) throws -> [String] {
        let ask = AskResolvers(servers: servers.map(\.address), clock: .system, stopper: stopper, patience: patience)
        let deadline = Clock.system.monotonic() + 60 * Clock.second
        return try ask.addresses(of: DomainName(parsing: name).wire, deadline: deadline).map(\.host)
    }

    private static func failure(_ servers: [TestUpstream], patience: UInt64 = longPatience) throws -> String {
        do {
            return "\(try ask(servers, patience: patience))"
        } catch HostNameFailure.unknown(let reason) {
            return servers.enumerated().reduce(reason) { text, server in
                text.replacingOccurrences(of: "\(server.element.address)", with: "\(server.offset)")
            }
        }
    }

    private static func answering(_ records: [RecordType: [String]]) throws -> TestUpstream {
        try TestUpstream { query in
            let data = records[query.type] ?? []
            return .answer(query.response(data.map { "\(query.name) 60 IN \(query.type) \($0)" }))
        }
    }

    private static let both: [RecordType: [String]] = [.a: ["192.0.2.1", "192.0.2.2"], .aaaa: ["2001:db8::1"]]
    private static let silence: @Sendable (TestUpstream.Query) -> TestUpstream.Reaction = { _ in .silence }

    @Test func bothFamilies() throws {
        let server = try Self.answering(Self.both)
        #expect(try Self.ask([server], "DNS.example") == ["192.0.2.1", "192.0.2.2", "2001:db8::1"])
        let queries = server.queries
        #expect(queries.map(\.type) == [.a, .aaaa] && queries.allSatisfy { !$0.isStream })
        // RD alone, one question, and no other record.
        #expect(queries.allSatisfy { Array($0.bytes[2..<12]) == [1, 0, 0, 1, 0, 0, 0, 0, 0, 0] })
        #expect(queries.allSatisfy { $0.questionEnd == $0.bytes.count })
        #expect(Set(queries.map(\.client.port)).count == 2)
    }

    @Test func oneFamily() throws {
        let old = try Self.answering([.a: ["192.0.2.1"]])
        let new = try Self.answering([.aaaa: ["2001:db8::1"]])
        #expect(try Self.ask([old, new]) == ["192.0.2.1"])
        #expect(try Self.ask([new, old]) == ["2001:db8::1"])
        #expect(old.queries.count == 2 && new.queries.count == 2)
    }

    /// What A has brought will do where AAAA fails, and AAAA alone where A is refused.
    @Test(arguments: ["silence", "refused", "garbage"]) func oneFamilyFails(how: String) throws {
        let failing: @Sendable (TestUpstream.Query) -> TestUpstream.Reaction = { query in
            how == "silence"
                ? .silence : how == "refused" ? .answer(query.response(code: .refused)) : .answer([1, 2, 3])
        }
        let server = try TestUpstream { query in
            query.type == .a ? .answer(query.response(["\(query.name) 60 IN A 192.0.2.1"])) : failing(query)
        }
        #expect(
            try Self.ask([server], patience: how == "refused" ? Self.longPatience : 300 * Clock.millisecond) == [
                "192.0.2.1"
            ])
        #expect(server.queries.count == 2)
        let other = try TestUpstream { query in
            query.type == .aaaa
                ? .answer(query.response(["\(query.name) 60 IN AAAA 2001:db8::1"]))
                : .answer(query.response(code: .serverFailure))
        }
        #expect(try Self.ask([other]) == ["2001:db8::1"])
    }

    @Test func theNextServerAnswers() throws {
        let good = try Self.answering(Self.both)
        let bad = [
            try TestUpstream(Self.silence), try TestUpstream { .answer($0.response(code: .serverFailure)) },
            try TestUpstream { .answer($0.response(code: .nameError)) }, try Self.answering([:]),
        ]
        let refusing = try TestUpstream(Self.silence)
        refusing.stop()
        for server in bad + [refusing] {
            // The good one is given its time: only the silent one is given up.
            let patience = server === bad[0] ? Clock.second : Self.longPatience
            #expect(try Self.ask([server, good], patience: patience).count == 3)
        }
        // Servers are asked in turn: the second one only where the first knows nothing.
        let unused = try Self.answering(Self.both)
        _ = try Self.ask([good, unused])
        #expect(unused.queries.isEmpty)
    }

    @Test func whyThereIsNothing() throws {
        let silent = try TestUpstream(Self.silence)
        let absent = try TestUpstream { .answer($0.response(code: .nameError)) }
        let failing = try TestUpstream { .answer($0.response(code: .serverFailure)) }
        let empty = try Self.answering([:])
        let gone = try TestUpstream(Self.silence)
        gone.stop()
        #expect(
            try Self.failure([absent, failing, empty, gone])
                == "0: NXDOMAIN; 1: SERVFAIL; 2: no addresses; 3: connection refused")
        // What is certain is asked for once, what may have been chance twice: at NXDOMAIN for one type, otherwise for both.
        #expect([absent, failing, empty].map(\.queries.count) == [1, 4, 2])
        #expect(try Self.failure([silent], patience: Self.shortPatience) == "0: timed out")
        #expect(silent.queries.count == AskResolvers.rounds)
    }

    /// A lost datagram costs nothing but time.
    @Test func theSecondRound() throws {
        let count = Atomic(0)
        let lossy = try TestUpstream { query in
            let number = count.wrappingAdd(1, ordering: .relaxed).newValue
            return number == 1 ? .silence : .answer(query.response(["\(query.name) 60 IN A 192.0.2.7"]))
        }
        // The answer to the question for AAAA has an A record too, which counts all the same (as in CoreDNS).
        #expect(try Self.ask([lossy], patience: Clock.second) == ["192.0.2.7", "192.0.2.7"])
        #expect(lossy.queries.map(\.type) == [.a, .a, .aaaa])
    }

    /// Only the answer to the question counts, whatever comes before it.
    @Test func whatIsNoAnswer() throws {
        let server = try TestUpstream { query in
            let right = query.response(["\(query.name) 60 IN \(query.type) \(query.type == .a ? "192.0.2.1" : "::7")"])
            let wrong = query.response(["\(query.name) 60 IN \(query.type) \(query.type == .a ? "192.0.2.66" : "::66")"]
            )
            var (identifier, name, type, question) = (wrong, wrong, wrong, wrong)
            identifier[0] ^= 0x55
            name[Header.length + 1] ^= 1
            type[query.questionEnd - 3] ^= 0x10
            question[Header.flagsOffset] &= 0x7F
            return .answer(
                [], [0], Array(wrong[..<11]), identifier, name, type, question, Array(wrong.dropLast(3)), right)
        }
        #expect(try Self.ask([server]) == ["192.0.2.1", "::7"])
        #expect(server.queries.count == 2)
    }

    /// Aliases are the server's to follow: every address of the answer section counts, and no other.
    @Test func aliases() throws {
        let server = try TestUpstream { query in
            guard query.type == .a else { return .answer(query.response()) }
            return .answer(
                query.response(
                    [
                        "dns.example. 60 IN CNAME a.example.", "a.example. 60 IN CNAME b.example.",
                        "b.example. 60 IN A 192.0.2.1",
                        "b.example. 60 CH A 192.0.2.3", "b.example. 60 IN TXT x", "b.example. 60 IN AAAA ::7",
                    ],
                    authority: ["example. 60 IN NS b.example."], additional: ["b.example. 60 IN A 192.0.2.2"]))
        }
        #expect(try Self.ask([server]) == ["192.0.2.1", "::7"])
    }

    @Test func truncated() throws {
        let addresses = (0..<200).map { "192.0.2.\($0)" }
        let server = try TestUpstream { query in
            guard query.type == .a else { return .answer(query.response()) }
            return query.isStream
                ? .answer(query.response(addresses.map { "\(query.name) 60 IN A \($0)" }))
                : .answer(query.response(["\(query.name) 60 IN A 192.0.2.250"], flags: Header.truncated))
        }
        #expect(try Self.ask([server]) == addresses)
        #expect(server.queries.map(\.isStream) == [false, true, false])
    }

    /// Where TCP brings nothing, what has come over UDP will do.
    @Test(arguments: ["close", "silence", "garbage", "other"]) func truncatedAndNoTCP(how: String) throws {
        let server = try TestUpstream { query in
            guard query.isStream else {
                let records = query.type == .a ? ["\(query.name) 60 IN A 192.0.2.1"] : []
                return .answer(query.response(records, flags: Header.truncated))
            }
            switch how {
            case "close": return .close
            case "silence": return .silence
            case "garbage": return .answer([1, 2, 3])
            default:
                var message = query.response(["\(query.name) 60 IN A 192.0.2.66"])
                message[0] ^= 1
                return .answer(message)
            }
        }
        let patience = how == "silence" ? 300 * Clock.millisecond : Self.longPatience
        #expect(try Self.ask([server], patience: patience) == ["192.0.2.1"])
    }

    @Test func theDeadlineOfAll() throws {
        let silent = try TestUpstream(Self.silence)
        let unused = try Self.answering(Self.both)
        let clock = Clock.system
        let ask = AskResolvers(servers: [silent.address, unused.address], clock: clock, stopper: Stopper())
        let deadline = clock.monotonic() + Self.shortPatience
        #expect(
            throws: HostNameFailure.unknown("\(silent.address): timed out; \(unused.address): not asked any more")
        ) { try ask.addresses(of: DomainName(parsing: "dns.example").wire, deadline: deadline) }
        #expect(silent.queries.count == 1 && unused.queries.isEmpty)
    }

    @Test func stopped() throws {
        let stopper = Stopper()
        let silent = try TestUpstream { _ in
            stopper.stop()
            return .silence
        }
        #expect(throws: HostNameFailure.stopped) { try Self.ask([silent], stopper: stopper) }
        #expect(silent.queries.count == 1)
    }

    /// Garbage behind the right header and question: whatever it is, nothing but addresses comes of it.
    @Test func randomAnswers() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = FastRandom(seed: seed)
        let question = Question([3, 0x64, 0x6E, 0x73, 0], .a, recursionDesired: true)
        for _ in 0..<20_000 {
            var bytes = question.message + (0..<random.below(80)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            bytes[2] |= 0x80
            for _ in 0..<random.below(4) {
                bytes[Int(random.below(UInt32(bytes.count)))] = UInt8(truncatingIfNeeded: random.next())
            }
            let answer = ResolverExchange.read(bytes[...], 0, question)
            #expect((answer?.addresses.count ?? 0) * 15 <= bytes.count, "seed \(seed)")
        }
    }
}
