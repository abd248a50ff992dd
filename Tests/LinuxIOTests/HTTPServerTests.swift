import Testing

@testable import LinuxIO

@Suite struct HTTPServerTests {
    struct Row: Sendable {
        let head: String
        let parsed: HTTPRequest.Parsed
    }

    static func get(_ path: String, _ method: HTTPRequest.Method = .get) -> HTTPRequest.Parsed {
        .request(HTTPRequest(method: method, path: path))
    }

    static let rows: [Row] = [
        Row(head: "GET /health HTTP/1.1\r\nHost: a\r\n\r\n", parsed: get("/health")),
        Row(head: "HEAD / HTTP/1.1\r\nhOST: a\r\nAccept: */*\r\n\r\n", parsed: get("/", .head)),
        Row(head: "GET /metrics?x=1 HTTP/1.0\r\n\r\n", parsed: get("/metrics")),
        Row(head: "GET /a HTTP/1.1\nHost:\n\n", parsed: get("/a")),
        Row(head: "\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\nbody", parsed: get("/a")),
        Row(head: "GET http://a:1/b?c HTTP/1.1\r\nHost: a\r\n\r\n", parsed: get("/b")),
        Row(head: "GET HTTP://a HTTP/1.1\r\nHost: a\r\n\r\n", parsed: get("/")),
        Row(head: "", parsed: .incomplete),
        Row(head: "\r\n\r\n", parsed: .incomplete),
        Row(head: "GET /a HTTP/1.1\r\nHost: a\r\n", parsed: .incomplete),
        Row(head: "GET /a HTTP/1.1\r\nHost: a\r\n\r", parsed: .incomplete),
        Row(head: "POST /a HTTP/1.1\r\nHost: a\r\n\r\n", parsed: .refused(405)),
        Row(head: "get /a HTTP/1.1\r\nHost: a\r\n\r\n", parsed: .refused(405)),
        Row(head: "GET /a HTTP/2.0\r\nHost: a\r\n\r\n", parsed: .refused(505)),
        Row(head: "GET /a HTTP/1.1\r\n\r\n", parsed: .refused(400)),
        Row(head: "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", parsed: .refused(400)),
        Row(head: "GET /a HTTP/1.1\r\nHost : a\r\n\r\n", parsed: .refused(400)),
        Row(head: "GET /a HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", parsed: .refused(400)),
        Row(head: "GET /a HTTP/1.1\r\nHost: a\rb\r\n\r\n", parsed: .refused(400)),
        Row(head: "GET  /a HTTP/1.1\r\nHost: a\r\n\r\n", parsed: .refused(400)),
        Row(head: "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", parsed: .refused(400)),
        Row(head: "GET /a\r\n\r\n", parsed: .refused(400)),
        Row(head: "GET a HTTP/1.1\r\nHost: a\r\n\r\n", parsed: .refused(400)),
        Row(head: "GET * HTTP/1.1\r\nHost: a\r\n\r\n", parsed: .refused(400)),
        Row(head: "GET /\u{e4} HTTP/1.1\r\nHost: a\r\n\r\n", parsed: .refused(400)),
        Row(head: "G(T /a HTTP/1.1\r\nHost: a\r\n\r\n", parsed: .refused(400)),
        Row(head: "\u{0}\u{1}\u{2}\r\n\r\n", parsed: .refused(400)),
    ]

    @Test(arguments: rows) func parsesHeads(row: Row) {
        #expect(HTTPRequest.parse(Array(row.head.utf8)) == row.parsed)
    }

    /// Whatever comes is parsed, and more bytes never undo a verdict.
    @Test func rubbishIsParsed() throws {
        let seed = try RandomSeed.word()
        var random = FastRandom(seed: seed)
        let pieces = [
            "GET", " ", "/", "HTTP/1.1", "\r\n", "\n", "Host: a", ":", "\r", "\u{0}", "x", "?", "http://", "\r\n\r\n",
        ]
        var verdicts = 0
        for _ in 0..<5_000 {
            var bytes: [UInt8] = []
            var verdict = HTTPRequest.Parsed.incomplete
            for _ in 0..<random.below(24) {
                bytes += Array(pieces[Int(random.below(UInt32(pieces.count)))].utf8)
                let parsed = HTTPRequest.parse(bytes)
                #expect(verdict == .incomplete || parsed == verdict, "seed \(seed): \(bytes)")
                verdict = parsed
            }
            if verdict != .incomplete { verdicts += 1 }
        }
        #expect(verdicts > 0, "seed \(seed)")
    }

    @Test(arguments: [
        (Int64(0), "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
        (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        (-5, "Thu, 01 Jan 1970 00:00:00 GMT"),
    ]) func writesDates(seconds: Int64, text: String) {
        #expect(HTTPDate.text(Clock.Wall(seconds: seconds)) == text)
    }

    static func server(_ harness: StreamHarness) throws -> (HTTPServer, SocketAddress) {
        let server = HTTPServer(loop: harness.loop, clock: harness.clock.clock) { path, _ in
            switch path {
            case "/health": HTTPResponse(status: 200, text: "OK")
            case "/large": HTTPResponse(status: 200, contentType: "a/b", body: [UInt8](repeating: 65, count: 20 << 20))
            default: HTTPResponse(status: 404, text: "no \(path)\n")
            }
        }
        let listener = try StreamListener.listen(.loopback(port: 0))
        try server.serve(listener)
        harness.keep(server)
        return (server, listener.boundAddress)
    }

    static let headers =
        "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
    static let date = "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n"

    @Test(arguments: [
        ("GET /health HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n\(date)\(headers)OK"),
        ("HEAD /health HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n\(date)\(headers)"),
    ]) func answersExactly(request: String, answer: String) throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        let client = try harness.connect(to: address)
        // In pieces.
        for byte in request.utf8 {
            harness.send([byte], client)
            harness.loop.turn()
        }
        let (bytes, ended) = harness.receive(client)
        #expect(String(decoding: bytes, as: UTF8.self) == answer)
        #expect(ended)
        harness.close(client)
        #expect(harness.turn { server.connectionCount == 0 })
    }

    @Test(arguments: [
        ("GET /other HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 404 Not Found"),
        ("POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody", "HTTP/1.1 405 Method Not Allowed"),
        ("GET /health HTTP/3.0\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported"),
        ("rubbish\r\n\r\n", "HTTP/1.1 400 Bad Request"),
    ]) func refuses(request: String, status: String) throws {
        let harness = try StreamHarness()
        let (_, address) = try Self.server(harness)
        let client = try harness.connect(to: address)
        harness.send(Array(request.utf8), client)
        let (bytes, ended) = harness.receive(client)
        #expect(String(decoding: bytes.prefix { $0 != 13 }, as: UTF8.self) == status)
        #expect(String(decoding: bytes, as: UTF8.self).contains("\r\nConnection: close\r\n"))
        #expect(String(decoding: bytes, as: UTF8.self).contains("Allow: GET, HEAD") == status.contains("405"))
        #expect(ended)
    }

    @Test func longHeadsAreRefused() throws {
        let harness = try StreamHarness()
        let (_, address) = try Self.server(harness)
        let client = try harness.connect(to: address)
        harness.send(Array("GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\n".utf8), client)
        let (bytes, ended) = harness.receive(client)
        #expect(
            String(decoding: bytes.prefix { $0 != 13 }, as: UTF8.self) == "HTTP/1.1 431 Request Header Fields Too Large"
        )
        #expect(ended)
    }

    @Test func largeBodiesArriveWhole() throws {
        let harness = try StreamHarness()
        let (_, address) = try Self.server(harness)
        let client = try harness.connect(to: address)
        harness.send(Array("GET /large HTTP/1.1\r\nHost: a\r\n\r\n".utf8), client)
        let (bytes, ended) = harness.receive(client)
        #expect(ended)
        #expect(bytes.filter { $0 == 65 }.count >= 20 << 20)
        #expect(bytes.count > 20 << 20)
    }

    @Test(arguments: ["", "GET /health", "GET /large HTTP/1.1\r\nHost: a\r\n\r\n", "GET /health HTTP/1.0\r\n\r\n"])
    func slowClientsAreClosed(request: String) throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        let client = try harness.connect(to: address)
        harness.send(Array(request.utf8), client)
        #expect(harness.turn { server.connectionCount == 1 })
        for _ in 0..<3 { harness.loop.turn(maximumMilliseconds: 5) }
        harness.clock.advance(nanoseconds: HTTPServer.requestTimeout)
        harness.loop.turn()
        #expect(server.connectionCount == 0)
    }

    @Test func connectionsAreLimited() throws {
        let harness = try StreamHarness()
        let (server, address) = try Self.server(harness)
        for _ in 0..<HTTPServer.connectionLimit { _ = try harness.connect(to: address) }
        #expect(harness.turn { server.connectionCount == HTTPServer.connectionLimit })
        #expect(harness.receive(try harness.connect(to: address)).ended)
        server.close()
        #expect(harness.turn { server.connectionCount == 0 })
        #expect(throws: SystemError.self) { _ = try harness.connect(to: address) }
    }
}
