import DNSWire
import Glibc
import LinuxIO
import PluginKit

/// A question to one server, and its answer: over UDP, and once more over TCP where the answer is truncated. Blocks.
struct ResolverExchange {
    /// How long a server may take for a question over UDP or TCP (CoreDNS: the same).
    static let patience = 2 * Clock.second
    /// Room for any message.
    private static let longestMessage = 65_535
    /// The length before a message over TCP (RFC 1035, section 4.2.2).
    private static let lengthBytes = 2

    /// What a server has said.
    struct Answer {
        let code: ResponseCode
        /// Those of its A and AAAA records, with port 0.
        let addresses: [SocketAddress]
        let isTruncated: Bool
    }

    enum Failure: Error, CustomStringConvertible {
        case timedOut
        /// The connection was closed before the answer was there.
        case closed
        case system(SystemError)
        /// The process is about to end.
        case stopped

        var description: String {
            switch self {
            case .timedOut: "timed out"
            case .closed: "the connection was closed"
            case .system(let error): error.reason
            case .stopped: "stopped"
            }
        }
    }

    let server: SocketAddress
    let clock: Clock
    let stopper: Stopper
    /// When to give up, by the clock.
    let deadline: UInt64
    /// See `Self.patience`.
    let patience: UInt64

    func ask(_ question: Question) throws(Failure) -> Answer {
        let answer = try askOverUDP(question)
        guard answer.isTruncated else { return answer }
        do throws(Failure) {
            return try askOverTCP(question)
        } catch {
            // Some addresses are better than none.
            if answer.addresses.isEmpty { throw error }
            return answer
        }
    }

    private func askOverUDP(_ question: Question) throws(Failure) -> Answer {
        // The system chooses the port, at random, and lets in only what the server sends.
        let socket = try open(.datagram)
        defer { socket.close() }
        let end = min(deadline, clock.monotonic() &+ patience)
        let (identifier, message) = Self.message(question)
        let (sent, code) = message.withUnsafeBytes { socket.send($0) }
        guard sent == message.count else { throw failure("send", code) }
        var room = [UInt8](repeating: 0, count: Self.longestMessage)
        while true {
            try wait(socket, until: end)
            let (count, code) = room.withUnsafeMutableBytes { socket.receive(into: $0) }
            if count < 0, code == EAGAIN { continue }
            guard count >= 0 else { throw failure("recv", code) }
            // What is no answer to this question is somebody else's attempt: the server's may still come.
            if let answer = Self.read(room[..<count], identifier, question) { return answer }
        }
    }

    private func askOverTCP(_ question: Question) throws(Failure) -> Answer {
        let socket = try open(.stream)
        defer { socket.close() }
        let end = min(deadline, clock.monotonic() &+ patience)
        try wait(socket, toWrite: true, until: end)
        let pending = socket.pendingError
        if pending != 0 { throw failure("connect", pending) }
        let (identifier, message) = Self.message(question)
        var rest = ([UInt8(message.count >> 8), UInt8(message.count & 0xFF)] + message)[...]
        while !rest.isEmpty {
            let (sent, code) = rest.withUnsafeBytes { socket.send($0) }
            if sent < 0, code != EAGAIN { throw failure("send", code) }
            rest = rest.dropFirst(max(0, sent))
            if !rest.isEmpty { try wait(socket, toWrite: true, until: end) }
        }
        var received: [UInt8] = []
        var room = [UInt8](repeating: 0, count: Self.longestMessage + Self.lengthBytes)
        while true {
            try wait(socket, until: end)
            let (count, code) = room.withUnsafeMutableBytes { socket.receive(into: $0) }
            if count < 0, code == EAGAIN { continue }
            guard count >= 0 else { throw failure("recv", code) }
            guard count > 0 else { throw .closed }
            received += room[..<count]
            guard received.count >= Self.lengthBytes else { continue }
            let length = Int(received[0]) << 8 | Int(received[1])
            guard received.count >= Self.lengthBytes + length else { continue }
            // A server that sends something else first is none to go on with.
            let frame = received[Self.lengthBytes..<Self.lengthBytes + length]
            guard let answer = Self.read(frame, identifier, question) else { throw .closed }
            return answer
        }
    }

    private func open(_ kind: ConnectedSocket.Kind) throws(Failure) -> ConnectedSocket {
        do throws(SystemError) {
            return try ConnectedSocket.open(kind, to: server)
        } catch {
            throw .system(error)
        }
    }

    private func wait(_ socket: ConnectedSocket, toWrite: Bool = false, until end: UInt64) throws(Failure) {
        while true {
            let now = clock.monotonic()
            guard now < end else { throw .timedOut }
            let milliseconds = Int32(clamping: clock.wait(end - now) / Clock.millisecond + 1)
            switch stopper.wait(for: socket, toWrite: toWrite, milliseconds: milliseconds) {
            case .stopped: throw .stopped
            case .ready: return
            case .timeIsOver: continue
            }
        }
    }

    private func failure(_ call: String, _ code: Int32) -> Failure {
        .system(SystemError(call: call, code: code, subject: server.description))
    }

    /// The question with an id that nobody can guess.
    private static func message(_ question: Question) -> (identifier: UInt16, bytes: [UInt8]) {
        var numbers = UnguessableNumbers()
        let identifier = numbers.next()
        var bytes = question.message
        if bytes.count >= Header.length {
            bytes[0] = UInt8(identifier >> 8)
            bytes[1] = UInt8(identifier & 0xFF)
        }
        return (identifier, bytes)
    }

    /// Reads an answer; nil where it is none to the question.
    static func read(_ bytes: ArraySlice<UInt8>, _ identifier: UInt16, _ question: Question) -> Answer? {
        bytes.withUnsafeBytes { message in
            guard message.count >= Header.length, let base = message.baseAddress,
                Header.field(base, Header.identifierOffset) == identifier, question.isAnswered(by: message),
                let response = UpstreamResponse(message, questionEnd: question.end)
            else { return nil }
            var addresses: [SocketAddress] = []
            // Whatever aliases lead to the records, and whoever owns them, as in CoreDNS.
            var walk = RecordWalk(
                message: message, offset: question.end,
                remaining: Int(Header.field(base, Header.answerCountOffset)))
            while let record = walk.next() {
                guard record.fixed + 4 <= message.count,
                    UInt16(message[record.fixed + 2]) << 8 | UInt16(message[record.fixed + 3])
                        == RecordClass.internet.rawValue,
                    let address = address(record.type, message[record.data..<record.end])
                else { continue }
                addresses.append(address)
            }
            return Answer(code: response.code, addresses: addresses, isTruncated: response.isTruncated)
        }
    }

    private static func address(_ type: RecordType, _ data: Slice<UnsafeRawBufferPointer>) -> SocketAddress? {
        func number(_ octets: some Sequence<UInt8>) -> UInt64 { octets.reduce(0) { $0 << 8 | UInt64($1) } }
        switch (type, data.count) {
        case (.a, 4): return SocketAddress(ipv4: UInt32(truncatingIfNeeded: number(data)), port: 0)
        case (.aaaa, 16): return SocketAddress(high: number(data.prefix(8)), low: number(data.suffix(8)), port: 0)
        default: return nil
        }
    }
}
