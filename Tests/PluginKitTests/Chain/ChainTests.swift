import DNSWire
import Testing

@testable import PluginKit

/// The way of an exchange through a chain.
@Suite struct ChainTests {
    private let journal = Journal()
    private let bench = ExchangeBench()

    private func chain(_ steps: [Step], udpSize: Int = 1232) -> Chain {
        Chain(steps.enumerated().map { (UInt8($0 + 10), $1) }, udpSize: udpSize)
    }

    @Test func upIsTheReverseOfDown() {
        let chain = chain([
            JournalStep("a", journal).step(), JournalStep("b", journal).step(),
            JournalStep("c", journal, .answered).step(),
            JournalStep("d", journal).step(),
        ])
        bench.take()
        let length = chain.view.answer(bench.exchange)
        #expect(length == 33)
        // What answered does not see its own answer again, and what stands behind it sees nothing.
        #expect(
            journal.take() == ["a down", "b down", "c down", "b up NOERROR true", "a up NOERROR true"])
        #expect(bench.exchange.pointee.answeredBy == 12)
        #expect(bench.exchange.pointee.failure == nil)
        #expect(bench.exchange.pointee.responseLength == length)
    }

    @Test(arguments: [Verdict.answered, .drop])
    func aResponseMayBeHeldOnItsWayUp(verdict: Verdict) {
        let holder = Step(
            context: UnsafeMutableRawPointer(bench.buffer),
            up: { _, exchange in Step.exchange(exchange).pointee.holdsResponse = true }, mayWait: true,
            release: { _ in })
        let chain = chain([
            JournalStep("a", journal).step(), holder, JournalStep("b", journal).step(),
            JournalStep("c", journal, .answered).step(),
        ])
        #expect(chain.mayWait)
        bench.take()
        #expect(chain.view.answer(bench.exchange) == 0)
        #expect(bench.exchange.pointee.isWaiting)
        #expect(journal.take() == ["a down", "b down", "c down", "b up NOERROR true"])
        // It goes on above the step that holds it, as it is; given up, nobody sees it any more.
        let length = chain.view.resume(bench.exchange, verdict)
        #expect(!bench.exchange.pointee.isWaiting)
        #expect(length == (verdict == .drop ? 0 : 33))
        #expect(journal.take() == (verdict == .drop ? [] : ["a up NOERROR true"]))
    }

    @Test func stepsMayLeaveOutAnyPart() {
        let chain = chain([
            JournalStep("a", journal).step(down: false, batch: false),
            JournalStep("b", journal).step(up: false, batch: false),
            JournalStep("c", journal).step(down: false, up: false),
            JournalStep("d", journal, .answered).step(up: false, batch: false),
        ])
        bench.take()
        chain.view.beginBatch(1)
        #expect(chain.view.answer(bench.exchange) > 0)
        chain.view.endBatch(2)
        // One that sees nothing on the way down still sees the answer on the way up.
        #expect(journal.take() == ["c begins 1", "b down", "d down", "a up NOERROR true", "c ends 2"])
    }

    @Test func batchesAreToldToAllInOrder() {
        let chain = chain([
            JournalStep("a", journal, .answered).step(), JournalStep("b", journal).step(),
        ])
        chain.view.beginBatch(5)
        chain.view.endBatch(7)
        #expect(journal.take() == ["a begins 5", "b begins 5", "a ends 7", "b ends 7"])
    }

    @Test(arguments: [Verdict.drop, .later])
    func nothingIsSentYet(verdict: Verdict) {
        let chain = chain([
            JournalStep("a", journal).step(), JournalStep("b", journal, verdict).step(),
            JournalStep("c", journal, .answered).step(),
        ])
        bench.take()
        #expect(chain.view.answer(bench.exchange) == 0)
        #expect(journal.take() == ["a down", "b down"])
    }

    @Test func aVerdictThatIsNoneIsTakenForDrop() {
        let odd = JournalStep("a", journal)
        odd.verdict = 200
        let chain = chain([odd.step(), JournalStep("b", journal, .answered).step()])
        bench.take()
        #expect(chain.view.answer(bench.exchange) == 0)
        #expect(journal.take() == ["a down"])
    }

    @Test func withoutAnAnswerItIsAFailure() {
        let chain = chain([
            JournalStep("a", journal).step(),
            JournalStep("b", journal) { exchange in
                // What a plugin wrote before it said "next" is forgotten.
                exchange.pointee.flags = Header.authoritative
                _ = ExchangeBench.writeAddress(exchange)
            }.step(),
        ])
        bench.take()
        #expect(chain.view.answer(bench.exchange) == 33)
        #expect(journal.take() == ["a down", "b down", "b up SERVFAIL true", "a up SERVFAIL true"])
        #expect(bench.exchange.pointee.answeredBy == Exchange.nobody)
        #expect(bench.exchange.pointee.failure?.plugin == 11)
        #expect(bench.exchange.pointee.failure?.words == "no next plugin found")
        #expect(bench.field(Header.flagsOffset) == Header.response | Header.recursionDesired | 2)
        #expect(bench.field(Header.answerCountOffset) == 0)
    }

    @Test func anEmptyChainIsAFailureOfNobody() {
        let chain = chain([])
        bench.take()
        #expect(chain.view.answer(bench.exchange) == 33)
        #expect(bench.exchange.pointee.code == .serverFailure)
        #expect(bench.exchange.pointee.failure?.plugin == Exchange.nobody)
    }

    @Test func contextsAreReleasedOnce() {
        do {
            let chain = chain([JournalStep("a", journal).step(), JournalStep("b", journal).step()])
            chain.view.beginBatch(0)
            _ = journal.take()
        }
        #expect(journal.take() == ["a gone", "b gone"])
    }

    @Test func anAliasIsLookedUpBeforeTheWayUp() {
        let chain = chain([
            JournalStep("a", journal).step(),
            JournalStep("b", journal, .answered) { $0.pointee.aliasTarget = 12 }.step(),
        ])
        bench.take()
        // Without anybody who looks up, the alias stays as it is.
        #expect(chain.view.answer(bench.exchange) == 33)
        bench.take()
        #expect(bench.exchange.pointee.aliasTarget == 0)
        bench.exchange.pointee.aliasContext = Unmanaged.passUnretained(journal).toOpaque()
        bench.exchange.pointee.aliasLookup = { context, exchange in
            Unmanaged<Journal>.fromOpaque(context).takeUnretainedValue().entries.append("lookup")
            _ = ExchangeBench.writeAddress(Step.exchange(exchange))
            return true
        }
        _ = journal.take()
        #expect(chain.view.answer(bench.exchange) == 33 + 16)
        #expect(journal.take() == ["a down", "b down", "lookup", "a up NOERROR true"])
    }

    @Test func theViewSaysTheLimits() {
        #expect(chain([], udpSize: 4096).view.udpSize == 4096)
        #expect(chain([]).view.limitsLoopback)
        #expect(!Chain([], udpSize: 1232, limitsLoopback: false).view.limitsLoopback)
    }
}
