import LinuxIO

@testable import KubernetesAPI

/// What came of a request: its events, with copies of what they carry.
struct Exchange {
    var head: HTTPResponseHead?
    var body: [UInt8] = []
    var failure: HTTPClientFailure?
    var isFinished = false
    /// Whether the body began after the head, and nothing came after the end.
    var isInOrder = true

    var isOver: Bool { isFinished || failure != nil }
    var text: String { String(decoding: body, as: UTF8.self) }

    mutating func note(_ event: HTTPClientEvent) {
        if isOver { isInOrder = false }
        switch event {
        case .head(let head):
            if self.head != nil { isInOrder = false }
            self.head = head
        case .body(let bytes):
            if head == nil { isInOrder = false }
            body += bytes
        case .finished: isFinished = true
        case .failed(let failure): self.failure = failure
        }
    }
}

extension HTTPClient {
    /// The longest time that a test waits for anything, in nanoseconds.
    static let patience: UInt64 = 20 * Clock.second

    /// Runs until all of these requests are over, or patience is.
    func exchanges(_ requests: [HTTPClientRequest]) -> [Exchange] {
        let ids = requests.map { start($0) }
        var found = Dictionary(uniqueKeysWithValues: ids.map { ($0, Exchange()) })
        let end = Int64(Clock.system.monotonic() + Self.patience)
        while found.values.contains(where: { !$0.isOver }), Int64(Clock.system.monotonic()) < end {
            run(until: end) { id, event in found[id]?.note(event) }
        }
        return ids.compactMap { found[$0] }
    }

    /// Runs until a request for this path is over.
    func exchange(_ path: String = "/api", idleTimeout: Int64? = nil) -> Exchange {
        exchanges([HTTPClientRequest(path: path, accept: "application/json", idleTimeout: idleTimeout)])[0]
    }
}

/// No environment at all.
func noEnvironment(_ name: String) -> String? { nil }

/// A client of a plain server on this host.
func plainClient(port: UInt16, host: String = "127.0.0.1", limits: RequestLimits = unlimited) throws -> HTTPClient {
    try HTTPClient(
        .endpoint("http://\(host):\(port)", environment: noEnvironment), limits: limits, clock: .system)
}

/// Limits that hold nothing up.
let unlimited = RequestLimits(queriesPerSecond: 100_000, burst: 100_000)

/// A response with a length.
func response(_ body: String, status: String = "200 OK", fields: String = "") -> String {
    "HTTP/1.1 \(status)\r\nContent-Type: Application/JSON; charset=utf-8\r\nContent-Length: \(body.utf8.count)\r\n"
        + "\(fields)\r\n\(body)"
}
