import Glibc
import LinuxIO
import ScriptedAPI
import ServerHarness
import Testing

/// `HTTPSClient` by itself, on a loop that the test turns.
@Suite struct HTTPSClientTests {
    /// Keeps what it is told.
    private final class Receiver: HTTPSReceiver {
        var ended: [UInt64: String] = [:]
        var connections: [Bool] = []
        var onEnd: (UInt64) -> Void = { _ in }

        func ended(_ ticket: UInt64, _ outcome: HTTPSOutcome) {
            #expect(ended[ticket] == nil)
            switch outcome {
            case .response(let response): ended[ticket] = "\(response.status) \(response.body.count)"
            case .failed(let failure): ended[ticket] = "\(failure)"
            }
            onEnd(ticket)
        }

        func usedConnection(isNew: Bool) { connections.append(isNew) }
    }

    private final class Bench {
        let loop: EventLoop
        let receiver = Receiver()
        let client: HTTPSClient

        init(_ upstream: TestHTTPSUpstream, limits: HTTPSLimits = HTTPSLimits()) throws {
            loop = try EventLoop()
            let context = try TLSContext(client: nil, authorities: ScriptedCertificates.shared().authority)
            let server = HTTPSServer(upstream.address, peer: TLSPeerName(upstream.address), context: context)
            client = try #require(
                HTTPSClient(server, mediaType: "text/plain", limits: limits, loop: loop, receiver: receiver))
        }

        func begin(_ ticket: UInt64, milliseconds: Int = 5000) -> String? {
            let question = DNSQuestion("n\(ticket).example.").bytes
            return client.begin(
                ticket, HTTPSRequest(target: "/dns-query", body: question, milliseconds: milliseconds))
        }

        /// Turns the loop until a condition holds.
        func turn(until condition: () -> Bool) -> Bool {
            holdsInTime {
                loop.turn(maximumMilliseconds: 1)
                return condition()
            }
        }
    }

    /// Only so many are under way; the others have their turn, in order.
    @Test func theyWaitForTheirTurn() throws {
        let upstream = try ForwardHTTPSTests.upstream { .answer($0.answer, after: 1) }
        var limits = HTTPSLimits()
        limits.requestsUnderWay = 2
        limits.requestsWaiting = 300
        let bench = try Bench(upstream, limits: limits)
        for ticket in 0..<302 as Range<UInt64> { #expect(bench.begin(ticket) == nil) }
        #expect(bench.begin(302) == "too many requests wait")
        #expect(bench.client.requestCount == 302)
        for ticket in stride(from: 10, to: 200, by: 2) as StrideTo<UInt64> { bench.client.abandon(ticket) }
        #expect(bench.client.requestCount == 207)
        #expect(bench.turn { bench.receiver.ended.count == 207 && bench.client.requestCount == 0 })
        #expect(bench.receiver.ended.values.allSatisfy { $0.hasPrefix("200 ") })
        #expect(bench.receiver.ended.keys.allSatisfy { !(10..<200).contains($0) || !$0.isMultiple(of: 2) })
        // Those that nobody wanted any more were not made.
        #expect(upstream.requests.count == 207 && upstream.connectionCount <= 2)
        #expect(bench.receiver.connections.count == 207)
    }

    /// A request that is under way goes on when nobody wants it, and its connection is of use to the next.
    @Test func abandonedRequestsKeepTheirConnection() throws {
        let upstream = try ForwardHTTPSTests.upstream { .answer($0.answer, after: 20) }
        let bench = try Bench(upstream)
        #expect(bench.begin(1) == nil)
        bench.client.abandon(1)
        bench.client.abandon(1)
        #expect(bench.turn { bench.client.requestCount == 0 })
        #expect(bench.receiver.ended.isEmpty && bench.receiver.connections == [true])
        // The ticket may be another's meanwhile.
        #expect(bench.begin(1) == nil)
        #expect(bench.turn { bench.receiver.ended.count == 1 })
        #expect(bench.receiver.connections == [true, false] && upstream.connectionCount == 1)
    }

    @Test func timeIsLimited() throws {
        let upstream = try ForwardHTTPSTests.upstream { _ in .silence }
        let bench = try Bench(upstream)
        for ticket in 1...3 as ClosedRange<UInt64> { #expect(bench.begin(ticket, milliseconds: 50) == nil) }
        #expect(bench.turn { bench.receiver.ended.count == 3 })
        #expect(bench.receiver.ended.values.allSatisfy { $0 == "i/o timeout" })
        #expect(holdsInTime { OpenSockets.to(upstream.address) == 0 })
    }

    /// Connections that are dead without a word end long before the kernel gives them up by itself.
    @Test func unacknowledgedBytesAreLimited() throws {
        let upstream = try ForwardHTTPSTests.upstream()
        var limits = HTTPSLimits()
        limits.unacknowledgedMilliseconds = 1234
        let bench = try Bench(upstream, limits: limits)
        #expect(bench.begin(1) == nil)
        #expect(bench.turn { bench.receiver.ended.count == 1 })
        #expect(OpenSockets.unacknowledgedLimits(to: upstream.address) == [1234])
    }

    /// Requests that are begun, and clients that are closed, when somebody is told of the end of one.
    @Test func whoIsToldMayDoAnything() throws {
        let upstream = try ForwardHTTPSTests.upstream()
        let bench = try Bench(upstream)
        bench.receiver.onEnd = { [unowned bench] ticket in
            if ticket < 50 {
                #expect(bench.begin(ticket + 1) == nil)
                #expect(bench.begin(ticket + 1000) == nil)
                bench.client.abandon(ticket + 1000)
            } else {
                bench.client.close()
                #expect(bench.begin(1) == "the client is closed")
            }
        }
        #expect(bench.begin(1) == nil)
        #expect(bench.turn { bench.client.isClosed })
        #expect(bench.receiver.ended.count == 50)
        #expect(OpenSockets.to(upstream.address) == 0)
    }

    /// After `close` nobody is told anything, and there is nothing left, whatever was under way: a connection that is being made, a
    /// handshake, a response.
    @Test(arguments: 0..<12)
    func closedAtAnyTime(turns: Int) throws {
        let upstream = try ForwardHTTPSTests.upstream { .answer($0.answer, after: 2) }
        let bench = try Bench(upstream)
        for ticket in 0..<40 as Range<UInt64> { #expect(bench.begin(ticket) == nil) }
        for _ in 0..<turns { bench.loop.turn(maximumMilliseconds: 5) }
        let before = bench.receiver.ended.count
        bench.client.close()
        bench.client.close()
        #expect(bench.client.requestCount == 0)
        #expect(OpenSockets.to(upstream.address) == 0)
        for _ in 0..<5 { bench.loop.turn(maximumMilliseconds: 2) }
        #expect(bench.receiver.ended.count == before)
    }

    /// Clients that go without `close`, one after the other; the server's tickets outlive them.
    @Test func goneWithoutClose() throws {
        let upstream = try ForwardHTTPSTests.upstream()
        for _ in 0..<20 {
            let bench = try Bench(upstream)
            for ticket in 0..<3 as Range<UInt64> { #expect(bench.begin(ticket) == nil) }
            #expect(bench.turn { bench.receiver.ended.count == 3 })
            #expect(bench.begin(9) == nil)
        }
        #expect(OpenSockets.to(upstream.address) == 0)
    }
}
