import DNSWire
import Foundation
import Glibc
import LinuxIO
import Synchronization

/// A DNS server over HTTP/1.1 for `forward` to ask, at a port of a loopback address, that does what a test says. Stopped when it
/// goes. A proxy in front of it makes it one over HTTP/2 (`HTTP2Front`).
package final class TestHTTPSUpstream: Sendable {
    /// What becomes of a request.
    package struct Reaction: Sendable {
        package var status = 200
        /// nil for none.
        package var contentType: String? = "application/dns-message"
        package var body: [UInt8] = []
        /// More lines of the head.
        package var fields: [String] = []
        /// How long after the request, in milliseconds.
        package var milliseconds: UInt64 = 0
        /// Bytes of the response (of its head, of its body) that are sent before the connection is closed; nil where all are, and
        /// it is not.
        package var closesAfter: Int?
        /// Whether nothing is ever sent.
        package var isSilent = false

        package static let silence = Reaction(isSilent: true)
        package static let close = Reaction(closesAfter: 0)

        package static func answer(_ body: [UInt8], after milliseconds: UInt64 = 0) -> Reaction {
            Reaction(body: body, milliseconds: milliseconds)
        }

        /// The whole response.
        package var bytes: [UInt8] {
            var head = "HTTP/1.1 \(status) Test\r\nContent-Length: \(body.count)\r\n"
            if let contentType { head += "Content-Type: \(contentType)\r\n" }
            for field in fields { head += field + "\r\n" }
            return Array((head + "\r\n").utf8) + body
        }
    }

    /// A request as it came.
    package struct Request: Sendable {
        package let method: String
        /// Path and query.
        package let target: String
        /// Names in lower case.
        package let fields: [String: String]
        /// The question in it.
        package let query: TestUpstream.Query
        let isResumed: Bool

        /// A response with one address for the question's name.
        package var answer: [UInt8] { query.response(["\(query.name) 300 IN A 192.0.2.80"]) }
    }

    private let loop: EventLoop
    private let thread: LinuxIO.Thread
    private let kept = Kept()
    private let isStopped = Atomic(false)
    package let address: SocketAddress

    /// `@unchecked Sendable`: but for the requests, it is used by the loop's thread, or once that has ended.
    private final class Kept: @unchecked Sendable {
        let requests = Mutex<[Request]>([])
        let connections = Atomic(0)
        var open: [Int32: Connection] = [:]
    }

    /// - Parameters:
    ///   - wanted: where to listen; a port of 0 is chosen by the system.
    ///   - tls: what its connections are encrypted with; nil for plain HTTP.
    ///   - react: called on the upstream's thread.
    package init(
        at wanted: SocketAddress = .loopback(port: 0), tls: TLSContext?,
        _ react: @escaping @Sendable (Request) -> Reaction = { .answer($0.answer) }
    ) throws {
        let listener = try StreamListener.listen(wanted)
        address = listener.boundAddress
        loop = try EventLoop()
        let loop = loop
        let kept = kept
        try loop.register(listener.descriptor, .readable) { [unowned loop, unowned kept] _ in
            guard case .connection(let socket, let client) = listener.accept() else { return }
            let connection = Connection(socket, client, tls, loop)
            kept.connections.wrappingAdd(1, ordering: .relaxed)
            kept.open[socket.descriptor] = connection
            let end = { [unowned kept] in kept.open[socket.descriptor] = nil }
            try? loop.register(socket.descriptor, .readable) { [unowned loop, unowned kept, weak connection] _ in
                guard let connection else { return }
                let requests = connection.receive()
                kept.requests.withLock { $0 += requests }
                for request in requests {
                    let reaction = react(request)
                    if reaction.isSilent { continue }
                    let send = { [weak connection] in
                        guard let connection else { return }
                        connection.send(reaction)
                        if connection.isOver { end() }
                    }
                    if reaction.milliseconds == 0 {
                        send()
                    } else {
                        loop.schedule(after: reaction.milliseconds * Clock.millisecond, send)
                    }
                }
                if connection.isOver { end() }
            }
        }
        thread = try LinuxIO.Thread.spawn(name: "https upstream") { loop.run() }
    }

    deinit { stop() }

    /// Closes all sockets. May be called more than once.
    package func stop() {
        guard !isStopped.exchange(true, ordering: .sequentiallyConsistent) else { return }
        loop.stop()
        thread.join()
        kept.open = [:]
        loop.forgetAll()
    }

    /// Closes all connections, without a word about it.
    package func closeConnections() {
        let kept = kept
        loop.execute { kept.open = [:] }
    }

    /// All requests so far, health checks left out.
    package var requests: [Request] { kept.requests.withLock { $0.filter { $0.query.name != "." } } }
    /// The health checks so far: questions about the root.
    package var checks: [Request] { kept.requests.withLock { $0.filter { $0.query.name == "." } } }
    /// Connections so far.
    package var connectionCount: Int { kept.connections.load(ordering: .relaxed) }
    /// Requests that came over a connection whose TLS session was resumed.
    package var resumedCount: Int { kept.requests.withLock { $0.count { $0.isResumed } } }

    /// One connection. Belongs to the loop's thread.
    private final class Connection {
        private let socket: StreamSocket
        private let client: SocketAddress
        private let session: TLSSession?
        private unowned let loop: EventLoop
        private var input: [UInt8] = []
        private(set) var isOver = false

        init(_ socket: StreamSocket, _ client: SocketAddress, _ tls: TLSContext?, _ loop: EventLoop) {
            self.socket = socket
            self.client = client
            self.loop = loop
            session = tls.flatMap { TLSSession(server: $0, descriptor: socket.descriptor) }
        }

        deinit {
            loop.unregister(socket.descriptor)
            socket.close()
        }

        /// The requests that are whole with what has come.
        func receive() -> [Request] {
            var room = [UInt8](repeating: 0, count: 1 << 16)
            var hasMore = true
            while hasMore {
                var count = 0
                if let session {
                    switch room.withUnsafeMutableBytes({ session.read(into: $0) }) {
                    case .done(let read): count = read
                    case .needsReading, .needsWriting: break
                    case .ended, .failed: isOver = true
                    }
                    hasMore = count > 0 && session.hasMore
                } else {
                    let (read, code) = room.withUnsafeMutableBytes { socket.read(into: $0) }
                    isOver = read == 0 || read < 0 && code != EAGAIN
                    count = max(0, read)
                    hasMore = false
                }
                input += room[..<count]
            }
            var requests: [Request] = []
            while let request = next() { requests.append(request) }
            return requests
        }

        private func next() -> Request? {
            guard let end = input.indices.first(where: { input[$0...].starts(with: Array("\r\n\r\n".utf8)) }) else {
                return nil
            }
            let lines = String(decoding: input[..<end], as: UTF8.self).split(separator: "\r\n")
            let words = lines.first?.split(separator: " ").map(String.init) ?? []
            guard words.count == 3 else { return nil }
            var fields: [String: String] = [:]
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts.count == 2 else { continue }
                fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
            }
            let start = end + 4
            let length = fields["content-length"].flatMap { Int($0) } ?? 0
            guard input.count >= start + length else { return nil }
            var message = Array(input[start..<start + length])
            input.removeFirst(start + length)
            if words[0] == "GET", let value = words[1].split(separator: "=", maxSplits: 1).last {
                var text = String(value.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
                while !text.utf8.count.isMultiple(of: 4) { text += "=" }
                message = Data(base64Encoded: text).map { Array($0) } ?? []
            }
            return Request(
                method: words[0], target: words[1], fields: fields,
                query: TestUpstream.Query(bytes: message, isStream: true, client: client),
                isResumed: session?.isResumed == true)
        }

        func send(_ reaction: Reaction) {
            let bytes = reaction.bytes
            var rest = bytes[..<min(bytes.count, reaction.closesAfter ?? bytes.count)]
            // The peer takes it all soon: it is a server on this machine.
            for _ in 0..<1000 where !rest.isEmpty && !isOver {
                let taken = rest.withUnsafeBytes { bytes -> Int in
                    guard let session else {
                        let (written, code) = socket.write(bytes)
                        isOver = isOver || written < 0 && code != EAGAIN
                        return max(0, written)
                    }
                    switch session.write(bytes) {
                    case .done(let count): return count
                    case .needsReading, .needsWriting: return 0
                    case .ended, .failed:
                        isOver = true
                        return 0
                    }
                }
                rest = rest.dropFirst(taken)
                if taken == 0, !isOver { usleep(1000) }
            }
            if reaction.closesAfter != nil { isOver = true }
        }
    }
}
