import Testing

@testable import LinuxIO

/// Answers that come later than their questions.
@Suite struct LengthPrefixedReplyTests {
    /// A server that answers nothing at once, and what it owes.
    private final class Debtor {
        let harness: StreamHarness
        let server: LengthPrefixedServer
        let client: StreamSocket
        private let owed = Owed()

        private final class Owed {
            var replies: [(reply: LengthPrefixedReply, octet: UInt8)] = []
            var asked = 0
        }

        init(_ limits: LengthPrefixedLimits = LengthPrefixedLimits()) throws {
            let harness = try StreamHarness()
            let owed = owed
            weak var itself: LengthPrefixedServer?
            let server = LengthPrefixedServer(loop: harness.loop, limits: limits) { frame, _, _, _ in
                owed.asked += 1
                let octet = frame.load(as: UInt8.self)
                if let reply = itself?.takeReply() { owed.replies.append((reply, octet)) }
                return 0
            }
            itself = server
            let listener = try StreamListener.listen(.loopback(port: 0))
            try server.serve(listener)
            harness.keep(server)
            client = try harness.connect(to: listener.boundAddress)
            self.harness = harness
            self.server = server
        }

        /// Questions that it has seen.
        var asked: Int { owed.asked }

        func answer(_ count: Int) {
            for _ in 0..<min(count, owed.replies.count) {
                let (reply, octet) = owed.replies.removeFirst()
                [octet].withUnsafeBytes { server.reply(reply, $0) }
            }
        }
    }

    /// However much a client asks at once, and whatever then comes first.
    @Test(arguments: [1, 40, LengthPrefixedServer.mostOwed])
    func aConnectionIsNotOwedMoreThanItMayBe(step: Int) throws {
        let most = LengthPrefixedServer.mostOwed
        let debtor = try Debtor()
        let count = 3 * most + 7
        debtor.harness.send((0..<count).flatMap { LengthPrefixedServerTests.framed([UInt8($0 & 0xFF)]) }, debtor.client)
        #expect(debtor.harness.turn { debtor.asked == most })
        var answered = 0
        while answered < count {
            for _ in 0..<3 { debtor.harness.loop.turn() }
            #expect(debtor.asked == min(count, answered + most))
            debtor.answer(step)
            answered += min(step, count - answered)
        }
        let expected = (0..<count).flatMap { LengthPrefixedServerTests.framed([UInt8($0 & 0xFF)]) }
        #expect(debtor.harness.receive(debtor.client, count: expected.count).bytes == expected)
        #expect(debtor.server.statistics.frames == UInt64(count))
        // It can be used further.
        debtor.harness.send(LengthPrefixedServerTests.framed([9]), debtor.client)
        #expect(debtor.harness.turn { debtor.asked == count + 1 })
    }

    /// RFC 7766, section 6.2.3: a connection with queries outstanding is not idle.
    @Test func aConnectionThatIsOwedSomethingIsNotIdle() throws {
        let debtor = try Debtor(LengthPrefixedLimits(idleTimeout: Clock.second))
        debtor.harness.send(LengthPrefixedServerTests.framed([7]), debtor.client)
        #expect(debtor.harness.turn { debtor.asked == 1 })
        for _ in 0..<3 {
            debtor.harness.clock.advance(nanoseconds: 2 * Clock.second)
            debtor.harness.loop.turn()
            #expect(debtor.server.connectionCount == 1)
        }
        debtor.answer(1)
        #expect(debtor.harness.receive(debtor.client, count: 3).bytes == [0, 1, 7])
        debtor.harness.clock.advance(nanoseconds: 2 * Clock.second)
        #expect(debtor.harness.turn { debtor.server.connectionCount == 0 })
        #expect(debtor.server.statistics.idleTimeouts == 1)
    }

    /// A client may close its side and still wait; what it asked beyond the limit is answered too.
    @Test func aHalfClosedConnectionGetsAllItsAnswers() throws {
        let debtor = try Debtor()
        let count = LengthPrefixedServer.mostOwed + 20
        debtor.harness.send((0..<count).flatMap { LengthPrefixedServerTests.framed([UInt8($0 & 0xFF)]) }, debtor.client)
        debtor.client.shutdownWriting()
        #expect(debtor.harness.turn { debtor.asked == LengthPrefixedServer.mostOwed })
        debtor.answer(30)
        #expect(debtor.harness.turn { debtor.asked == count })
        debtor.answer(count)
        let (bytes, ended) = debtor.harness.receive(debtor.client)
        #expect(bytes.count == 3 * count && ended)
        #expect(debtor.server.connectionCount == 0)
    }
}
