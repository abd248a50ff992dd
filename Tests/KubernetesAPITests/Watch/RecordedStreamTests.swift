import LinuxIO
import Synchronization
import Testing

@testable import KubernetesAPI

/// The watcher with its own readers of bodies: what a real API server said, and a connection of its own.
@Suite("watcher with its readers")
struct RecordedStreamTests {
    private func loop(_ stream: WatchStream, _ transport: FakeTransport, _ sink: RecordingSink, _ clock: ManualClock)
        -> WatchLoop<FakeTransport, BodyReader>
    {
        WatchLoop(
            WatchSettings(streams: [stream]), transport: transport, body: BodyReader.self, sink: sink,
            clock: clock.clock,
            seed: 3, notice: { _ in })
    }

    private func turn(_ loop: WatchLoop<FakeTransport, BodyReader>, _ transport: FakeTransport, _ clock: ManualClock) {
        repeat {
            loop.turn(until: Int64(clamping: clock.clock.monotonic()))
        } while !transport.isIdle
    }

    @Test("rules 4, 9, 15: recorded streaming lists, a few bytes at a time", arguments: [1, 7, 64, 1_000_000])
    func streamingList(piece: Int) {
        for (name, stream, version) in [
            ("watchlist-endpointslices-default-pb", WatchStream(.endpointSlices), "35673"),
            ("watchlist-services-default-json", WatchStream(.services), "35675"),
        ] {
            let body = RecordedBody(name)
            let clock = ManualClock()
            let transport = FakeTransport(clock)
            let sink = RecordingSink()
            let loop = loop(stream, transport, sink, clock)
            turn(loop, transport, clock)
            transport.answer("/", .head(200, String(body.contentType.prefix { $0 != ";" })))
            for start in stride(from: 0, to: body.bytes.count, by: piece) {
                transport.answer("/", .bytes(Array(body.bytes[start..<min(start + piece, body.bytes.count)])))
            }
            turn(loop, transport, clock)
            let lines = sink.take().filter { !$0.hasPrefix("activity") && $0 != "flush" }
            let end = lines.firstIndex(of: "end \(stream)") ?? 0
            #expect(lines.first == "begin \(stream)" && end > 1)
            #expect(lines[1..<end].allSatisfy { $0.hasPrefix("added ") })
            #expect(lines[end + 1] == "\(stream) synced")
            #expect(lines[(end + 2)...].contains { $0.hasPrefix("deleted ") })
            #expect(lines.filter { $0.contains("synced") }.count == 1)
            clock.advance(nanoseconds: 70 * Clock.second)
            transport.answer("/", .finished)
            turn(loop, transport, clock)
            #expect(transport.paths.last?.hasSuffix("&resourceVersion=\(version)") == true, "\(transport.paths)")
        }
    }

    @Test("rules 1, 5 and 12: recorded refusals", arguments: RecordedRefusal.allCases)
    func refusals(refusal: RecordedRefusal) throws {
        let body = RecordedBody(refusal.rawValue)
        let clock = ManualClock()
        let transport = FakeTransport(clock)
        let sink = RecordingSink()
        let loop = loop(WatchStream(.services), transport, sink, clock)
        turn(loop, transport, clock)
        let list = RecordedBody("watchlist-services-default-json")
        transport.answer("/", .head(200, list.contentType), .bytes(list.bytes))
        turn(loop, transport, clock)
        clock.advance(nanoseconds: 70 * Clock.second)
        transport.answer("/", .finished)
        turn(loop, transport, clock)
        _ = sink.take()
        transport.answer(
            "/", .head(refusal.status, String(body.contentType.prefix { $0 != ";" })), .bytes(body.bytes), .finished)
        turn(loop, transport, clock)
        loop.turn()
        turn(loop, transport, clock)
        let path = try #require(transport.paths.last)
        #expect(transport.paths.count == 3)
        switch refusal {
        case .tooOld, .tooOldJSON, .future:
            #expect(path.contains("sendInitialEvents=true") && !path.contains("resourceVersion="))
            #expect(sink.take() == [])
        case .forbidden, .forbiddenJSON:
            #expect(path.hasSuffix("&resourceVersion=35675"))
            #expect(sink.take() == ["services forbidden"])
        case .unauthorized:
            #expect(path.hasSuffix("&resourceVersion=35675"))
            #expect(transport.state.withLock { $0.refreshes } == 1)
        }
    }

    enum RecordedRefusal: String, CaseIterable, Sendable {
        case tooOld = "watch-too-old-pb"
        case tooOldJSON = "watch-too-old-json"
        case future = "watch-future-pb"
        case forbidden = "forbidden-pb"
        case forbiddenJSON = "forbidden-json"
        case unauthorized = "unauthorized-pb"

        var status: Int {
            switch self {
            case .tooOld, .tooOldJSON: 200
            case .future: 504
            case .forbidden, .forbiddenJSON: 403
            case .unauthorized: 401
            }
        }
    }

    @Test("over a connection: list, watch, an event, and a stop in the middle of the watch")
    func overConnection() throws {
        let service = { @Sendable (version: String) in
            "{\"kind\":\"Service\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\",\"namespace\":\"ns\","
                + "\"resourceVersion\":\"\(version)\"},\"spec\":{\"clusterIP\":\"10.0.0.1\",\"clusterIPs\":[\"10.0.0.1\"]}}"
        }
        let server = try #require(
            PlainServer { talk, head in
                guard head.contains("watch=true") else {
                    talk.send(
                        response(
                            "{\"kind\":\"ServiceList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"9\"},"
                                + "\"items\":[\(service("8"))]}"))
                    return true
                }
                let event = "{\"type\":\"MODIFIED\",\"object\":\(service("12"))}\n"
                talk.send(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n")
                talk.waitForEnd()
                return false
            })
        defer { server.stop() }
        let sink = RecordingSink()
        var settings = WatchSettings(streams: [WatchStream(.services)])
        settings.options.usesStreamingLists = false
        let watcher = try ClusterWatcher(
            settings, server: .endpoint("http://127.0.0.1:\(server.port)", environment: noEnvironment), sink: sink,
            clock: .system, seed: 5, notice: { _ in })
        try watcher.start()
        var lines: [String] = []
        for _ in 0..<50 where !lines.contains("modified a 12") {
            sink.called.wait()
            lines += sink.take()
        }
        watcher.stop()
        lines += sink.take()
        let steps = lines.filter { !$0.hasPrefix("activity") && $0 != "flush" }
        #expect(steps == ["begin services", "listed a 8", "end services", "services synced", "modified a 12"])
        #expect(server.requests.count == 2)
        #expect(server.requests.last?.contains("resourceVersion=9 HTTP/1.1") == true)
    }
}
