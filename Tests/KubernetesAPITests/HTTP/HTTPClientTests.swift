import Foundation
import LinuxIO
import Synchronization
import Testing

@testable import KubernetesAPI

@Suite struct HTTPClientTests {
    @Test func aResponseComesWithItsHeadFirst() throws {
        let server = try #require(
            PlainServer { talk, head in
                talk.send(response("hello", fields: "Retry-After: 7\r\n"))
                return true
            })
        defer { server.stop() }
        let client = try plainClient(port: server.port)
        let result = client.exchange("/api/v1/services?limit=500")
        #expect(result.head == HTTPResponseHead(status: 200, contentType: "application/json", retryAfterSeconds: 7))
        #expect(result.text == "hello")
        #expect(result.isFinished && result.isInOrder)
        let sent = try #require(server.requests.first)
        #expect(sent.hasPrefix("GET /api/v1/services?limit=500 HTTP/1.1\r\n"))
        #expect(sent.contains("Accept: application/json\r\n"))
        #expect(sent.contains("User-Agent: apodns\r\n"))
        #expect(!sent.contains("Authorization") && !sent.contains("Accept-Encoding"))
        // The connection is used again.
        #expect(client.exchange().isFinished)
        #expect(server.connections == 1)
    }

    @Test func whatAServerDoesWrongIsAFailureThatSaysWhat() throws {
        let rows: [(answer: String, kind: HTTPClientFailure.Kind, says: String)] = [
            ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", .closed, "before the response ended"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf", .closed, "before the response ended"),
            ("", .closed, "before the response ended"),
            ("SSH-2.0-OpenSSH_9.2\r\n", .other, "HTTP"),
            (
                "HTTP/1.1 200 OK\r\n" + String(repeating: "X-Y: \(String(repeating: "z", count: 1000))\r\n", count: 80)
                    + "\r\n", .other, "65536 bytes"
            ),
            (
                "HTTP/1.1 302 Found\r\nLocation: https://login.example/\r\nContent-Length: 0\r\n\r\n", .other,
                "redirected to https://login.example/"
            ),
        ]
        for row in rows {
            let server = try #require(
                PlainServer { talk, _ in
                    talk.send(row.answer)
                    return false
                })
            defer { server.stop() }
            let result = try plainClient(port: server.port).exchange()
            #expect(result.failure?.kind == row.kind, "\(row.answer.prefix(40)): \(String(describing: result.failure))")
            #expect(result.failure?.description.contains(row.says) ?? false, "\(String(describing: result.failure))")
            #expect(result.failure?.description.hasPrefix("127.0.0.1:\(server.port): ") ?? false)
            #expect(result.isInOrder)
        }
    }

    @Test func interimResponsesAreNoHead() throws {
        let server = try #require(
            PlainServer { talk, _ in
                talk.send("HTTP/1.1 103 Early Hints\r\nRetry-After: 3\r\n\r\n" + response("x", status: "429 Too Many"))
                return true
            })
        defer { server.stop() }
        let result = try plainClient(port: server.port).exchange()
        #expect(result.head == HTTPResponseHead(status: 429, contentType: "application/json"))
        #expect(result.text == "x")
    }

    @Test func aRefusedConnectionSaysWhere() throws {
        let server = try #require(PlainServer { _, _ in false })
        server.stop()
        let result = try plainClient(port: server.port).exchange()
        #expect(result.failure?.kind == .connect)
        #expect(result.failure?.description.contains("127.0.0.1:\(server.port)") ?? false)
        #expect(result.failure?.description.contains("ECONNREFUSED") ?? false, "\(String(describing: result.failure))")
    }

    @Test func aNameThatDoesNotExistSaysSo() throws {
        let client = try HTTPClient(
            .endpoint("http://nowhere.invalid:1", environment: noEnvironment), limits: unlimited, clock: .system)
        let result = client.exchange()
        #expect(result.failure?.kind == .resolve, "\(String(describing: result.failure))")
        #expect(result.failure?.description.contains("nowhere.invalid") ?? false)
    }

    @Test func anIPv6HostIsReached() throws {
        guard
            let server = PlainServer(
                ipv6: true,
                { talk, _ in
                    talk.send(response("six"))
                    return true
                })
        else { return }
        defer { server.stop() }
        let result = try plainClient(port: server.port, host: "[::1]").exchange()
        #expect(result.text == "six")
        #expect(server.requests.first?.contains("Host: [::1]:\(server.port)\r\n") ?? false)
    }

    @Test func silenceEndsARequestThatHasAnIdleTimeout() throws {
        let server = try #require(
            PlainServer { talk, _ in
                talk.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n")
                talk.waitForEnd()
                return false
            })
        defer { server.stop() }
        let client = try plainClient(port: server.port)
        let before = Clock.system.monotonic()
        let result = client.exchange(idleTimeout: 150_000_000)
        #expect(result.failure?.kind == .idle)
        #expect(result.failure?.description.contains("0.15 seconds") ?? false)
        #expect(result.text == "body")
        #expect(Clock.system.monotonic() - before >= 150 * Clock.millisecond)
        // The dead connection is not used again.
        #expect(client.exchange(idleTimeout: 50_000_000).failure?.kind == .idle)
        #expect(server.connections == 2)
    }

    /// What waits for the client's clock is right for one that is not the kernel's.
    @Test(.timeLimit(.minutes(5))) func silenceIsMeasuredByTheClientsClock() throws {
        let server = try #require(
            PlainServer { talk, _ in
                talk.waitForEnd()
                return false
            })
        defer { server.stop() }
        let system = Clock.system
        let fast = Clock(monotonic: { system.monotonic() &* 1000 }, wall: system.wall, wait: { $0 / 1000 })
        let client = try HTTPClient(
            .endpoint("http://127.0.0.1:\(server.port)", environment: noEnvironment), limits: unlimited, clock: fast)
        _ = client.start(HTTPClientRequest(path: "/api", accept: "", idleTimeout: 300 * Int64(Clock.second)))
        var result = Exchange()
        while !result.isOver { client.run(until: .max) { _, event in result.note(event) } }
        #expect(result.failure?.kind == .idle)
    }

    @Test func aWatchMustBeginSoonHoweverLongItMayBeSilentThen() throws {
        let server = try #require(
            PlainServer { talk, head in
                if head.hasPrefix("GET /open") {
                    talk.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                }
                talk.waitForEnd()
                return false
            })
        defer { server.stop() }
        let time = ManualClock()
        let client = try HTTPClient(
            .endpoint("http://127.0.0.1:\(server.port)", environment: noEnvironment), limits: unlimited,
            clock: time.clock)
        let timeout = 600 * Int64(Clock.second)
        let ids = ["/open", "/dead", "/list"].map { path in
            client.start(HTTPClientRequest(path: path, accept: "*/*", idleTimeout: timeout, isWatch: path != "/list"))
        }
        var found = Dictionary(uniqueKeysWithValues: ids.map { ($0, Exchange()) })
        // The clock stands still, so that nothing but a deadline that is over ends a run.
        func run() { client.run(until: 0) { found[$0]?.note($1) } }
        let end = Clock.system.monotonic() + HTTPClient.patience
        while server.requests.count < 3 || found[ids[0]]?.head == nil, Clock.system.monotonic() < end {
            run()
            usleep(1000)
        }
        time.advance(nanoseconds: 29 * Clock.second)
        run()
        #expect(found.values.allSatisfy { $0.failure == nil })
        time.advance(nanoseconds: 1 * Clock.second)
        run()
        #expect(found[ids[1]]?.failure?.kind == .idle)
        #expect(found[ids[1]]?.failure?.description.contains("30.0 seconds") ?? false)
        #expect(found[ids[0]]?.failure == nil && found[ids[2]]?.failure == nil)
        time.advance(nanoseconds: 570 * Clock.second)
        run()
        #expect(found.values.allSatisfy { $0.failure?.kind == .idle })
    }

    @Test func bytesKeepARequestAlive() throws {
        let server = try #require(
            PlainServer { talk, _ in
                talk.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
                for _ in 0..<8 {
                    usleep(60_000)
                    talk.send("x")
                }
                return true
            })
        defer { server.stop() }
        let result = try plainClient(port: server.port).exchange(idleTimeout: 400_000_000)
        #expect(result.text == "xxxxxxxx")
        #expect(result.isFinished)
    }

    @Test func nothingComesAfterCancelling() throws {
        let server = try #require(
            PlainServer { talk, _ in
                talk.send(response(String(repeating: "x", count: 1 << 20)))
                return true
            })
        defer { server.stop() }
        // Before it begins, in the handler's call with the head, and in that with a part of the body.
        for moment in 0..<3 {
            let client = try plainClient(port: server.port)
            let id = client.start(HTTPClientRequest(path: "/", accept: "*/*", idleTimeout: nil))
            let other = client.start(HTTPClientRequest(path: "/", accept: "*/*", idleTimeout: nil))
            var isCancelled = false
            var afterwards = 0
            var exchange = Exchange()
            if moment == 0 {
                client.cancel(id)
                isCancelled = true
            }
            let end = Int64(Clock.system.monotonic() + HTTPClient.patience)
            while !exchange.isOver, Int64(Clock.system.monotonic()) < end {
                client.run(until: end) { found, event in
                    if found == other { return exchange.note(event) }
                    if isCancelled { afterwards += 1 }
                    switch (moment, event) {
                    case (1, .head), (2, .body):
                        client.cancel(id)
                        isCancelled = true
                    default:
                        break
                    }
                }
            }
            // The other one may end first; the cancelled one must have been reached by then or soon.
            for _ in 0..<100 where !isCancelled {
                client.run(until: end) { found, event in
                    switch (moment, event) {
                    case (1, .head), (2, .body):
                        client.cancel(found)
                        isCancelled = true
                    default: break
                    }
                }
            }
            client.run(until: 0) { _, _ in afterwards += 1 }
            #expect(isCancelled && afterwards == 0, "moment \(moment)")
            #expect(exchange.body.count == 1 << 20)
        }
    }

    @Test func aWakeUpEndsTheWait() throws {
        let client = try plainClient(port: 1)
        let end = Int64(Clock.system.monotonic() + HTTPClient.patience)
        // One that comes before counts as well.
        client.wakeUp()
        client.run(until: end) { _, _ in }
        let waker = Foundation.Thread { client.wakeUp() }
        waker.start()
        client.run(until: end) { _, _ in }
        #expect(Int64(Clock.system.monotonic()) < end)
    }

    @Test func aDeadlineEndsTheWait() throws {
        let client = try plainClient(port: 1)
        let before = Int64(Clock.system.monotonic())
        client.run(until: before + 30_000_000) { _, _ in }
        #expect(Int64(Clock.system.monotonic()) >= before + 30_000_000)
        client.run(until: before) { _, _ in }
        client.run(until: .min) { _, _ in }
    }

    @Test func noMoreRequestsAreInFlightThanAllowed() throws {
        let release = DispatchSemaphore(value: 0)
        let server = try #require(
            PlainServer { talk, _ in
                release.wait()
                talk.send(response("x"))
                return true
            })
        defer { server.stop() }
        let client = try plainClient(
            port: server.port, limits: RequestLimits(queriesPerSecond: 1000, burst: 100, maximumInFlight: 2))
        for _ in 0..<5 { _ = client.start(HTTPClientRequest(path: "/", accept: "*/*", idleTimeout: nil)) }
        var finished = 0
        let end = Int64(Clock.system.monotonic() + HTTPClient.patience)
        func handle(_ id: HTTPClientRequestID, _ event: HTTPClientEvent) {
            if case .finished = event { finished += 1 }
        }
        while server.requests.count < 2, Int64(Clock.system.monotonic()) < end {
            client.run(until: Int64(Clock.system.monotonic()) + 1_000_000, handle)
        }
        for _ in 0..<20 { client.run(until: Int64(Clock.system.monotonic()) + 1_000_000, handle) }
        #expect(server.requests.count == 2)
        for _ in 0..<5 { release.signal() }
        while finished < 5, Int64(Clock.system.monotonic()) < end { client.run(until: end, handle) }
        #expect(finished == 5)
    }

    @Test func theRateHoldsRequestsUpButNoWatches() throws {
        let server = try #require(
            PlainServer { talk, _ in
                talk.send(response("x"))
                return true
            })
        defer { server.stop() }
        let time = ManualClock()
        let client = try HTTPClient(
            .endpoint("http://127.0.0.1:\(server.port)", environment: noEnvironment),
            limits: RequestLimits(queriesPerSecond: 10, burst: 1), clock: time.clock)
        let observer = Recorder()
        client.observer = observer
        let first = client.start(HTTPClientRequest(path: "/a", accept: "*/*", idleTimeout: nil))
        let second = client.start(HTTPClientRequest(path: "/b", accept: "*/*", idleTimeout: nil))
        let watch = client.start(HTTPClientRequest(path: "/w", accept: "*/*", idleTimeout: nil, isWatch: true))
        var finished: Set<HTTPClientRequestID> = []
        func runUntil(_ count: Int) {
            for _ in 0..<500 where finished.count < count {
                // The clock stands still, so that the wait is at most a millisecond of the real one.
                client.run(until: Int64(time.clock.monotonic()) + 1_000_000) { id, event in
                    if case .finished = event { finished.insert(id) }
                }
                if finished.count < count { time.advance(nanoseconds: 100_000) }
            }
        }
        runUntil(2)
        #expect(finished == [first, watch])
        time.advance(nanoseconds: 100 * Clock.millisecond)
        runUntil(3)
        #expect(finished == [first, watch, second])
        let passed = observer.passed.withLock { $0 }
        #expect(passed.count == 2)
        #expect(passed.first == 0 && (passed.last ?? 0) >= 0.1)
        #expect(observer.ended.withLock { $0 } == [200, 200, 200])
    }

    private final class Recorder: HTTPClientObserver {
        let ended = Mutex<[Int?]>([])
        let passed = Mutex<[Double]>([])

        func requestEnded(verb: String, host: String, status: Int?, seconds: Double) {
            ended.withLock { $0.append(status) }
        }

        func rateLimiterPassed(verb: String, host: String, seconds: Double) {
            passed.withLock { $0.append(seconds) }
        }
    }
}
