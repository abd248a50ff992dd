import DNSWire
import Glibc
import LinuxIO
import ServerHarness
import Synchronization

/// Asks without pause over one transport, keeps so many questions in flight, and looks at each answer.
final class LoadClient: Sendable {
    /// A question for an address, and what is right as its answer.
    struct Question: Sendable {
        let name: String
        /// Says whether an address is right; `mark` is what `mark` of the client said when the question was sent.
        let isRight: @Sendable (_ address: UInt32, _ mark: Int) -> Bool
    }

    /// What has come of the questions.
    struct Outcome: Sendable {
        var answered = 0
        /// What is wrong with those that were not answered, or not rightly.
        var failures: [String] = []
    }

    /// How long an answer may take, in nanoseconds: what a person would wait.
    private static let patience = 5 * Clock.second
    /// Failures that are kept: the first tell all.
    private static let mostFailures = 10

    private struct Pending {
        let question: Int
        let mark: Int
        let sentAt: UInt64
    }

    private let address: SocketAddress
    private let isStream: Bool
    private let sockets: Int
    private let window: Int
    private let questions: [Question]
    private let mark: @Sendable () -> Int
    private let isEnding = Atomic(false)
    private let outcome = Mutex(Outcome())
    private let thread = Mutex<Thread?>(nil)

    /// - Parameters:
    ///   - sockets: or connections.
    ///   - window: questions in flight on each.
    ///   - mark: called as a question is sent.
    init(
        _ address: SocketAddress, isStream: Bool, sockets: Int, window: Int, _ questions: [Question],
        mark: @escaping @Sendable () -> Int
    ) {
        self.address = address
        self.isStream = isStream
        self.sockets = sockets
        self.window = window
        self.questions = questions
        self.mark = mark
    }

    /// Questions answered so far.
    var answered: Int { outcome.withLock { $0.answered } }

    func start() throws {
        let connections = try (0..<sockets).map { _ in
            Connection(try ClientSocket(isStream ? ClientSocket.stream : ClientSocket.datagram, to: address))
        }
        let spawned = try Thread.spawn(name: "load") { self.run(connections) }
        thread.withLock { $0 = spawned }
    }

    /// Asks nothing more, waits for the answers, and ends.
    func finish() -> Outcome {
        isEnding.store(true, ordering: .sequentiallyConsistent)
        thread.withLock { $0 }?.join()
        return outcome.withLock { $0 }
    }

    /// A socket with what is in flight on it. The client's thread alone uses it.
    private final class Connection: @unchecked Sendable {
        let socket: ClientSocket
        var pending: [UInt16: Pending] = [:]
        var next: UInt16 = 0
        var input: [UInt8] = []
        var isGone = false

        init(_ socket: ClientSocket) { self.socket = socket }
    }

    private func fail(_ text: String) {
        outcome.withLock { if $0.failures.count < Self.mostFailures { $0.failures.append(text) } }
    }

    private func run(_ connections: [Connection]) {
        let messages = questions.map { DNSQuestion($0.name, udpSize: nil).bytes }
        var turn = 0
        while true {
            let isEnding = isEnding.load(ordering: .sequentiallyConsistent)
            let now = Clock.system.monotonic()
            for connection in connections where !connection.isGone {
                if !isEnding { send(connection, messages, now, &turn) }
                expire(connection, now)
            }
            if isEnding, connections.allSatisfy({ $0.pending.isEmpty || $0.isGone }) { return }
            var entries = connections.filter { !$0.isGone }.map {
                pollfd(fd: $0.socket.descriptor, events: Int16(POLLIN), revents: 0)
            }
            if entries.isEmpty { return }
            poll(&entries, nfds_t(entries.count), 20)
            for connection in connections where !connection.isGone { receive(connection) }
        }
    }

    private func send(_ connection: Connection, _ messages: [[UInt8]], _ now: UInt64, _ turn: inout Int) {
        var bytes: [UInt8] = []
        while connection.pending.count < window {
            turn += 1
            let place = turn % messages.count
            connection.next &+= 1
            // An answer that is late might be taken for that of another question.
            if connection.pending[connection.next] != nil { continue }
            connection.pending[connection.next] = Pending(question: place, mark: mark(), sentAt: now)
            var message = messages[place]
            message[0] = UInt8(connection.next >> 8)
            message[1] = UInt8(connection.next & 0xFF)
            do {
                if isStream { bytes += StreamClient.frame(message) } else { try connection.socket.send(message) }
            } catch {
                fail("\(questions[place].name): \(error)")
            }
        }
        guard !bytes.isEmpty else { return }
        do { try connection.socket.send(bytes) } catch { end(connection, "\(error)") }
    }

    private func end(_ connection: Connection, _ reason: String) {
        connection.isGone = true
        fail("\(isStream ? "TCP" : "UDP"): \(reason) with \(connection.pending.count) in flight")
    }

    private func expire(_ connection: Connection, _ now: UInt64) {
        for (number, pending) in connection.pending where now > pending.sentAt + Self.patience {
            connection.pending[number] = nil
            fail("\(questions[pending.question].name) \(isStream ? "over TCP" : "over UDP"): no answer")
        }
    }

    private func receive(_ connection: Connection) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(connection.socket.descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count < 0 {
                if errno == EAGAIN || errno == EINTR { return }
                return end(connection, String(cString: strerror(errno)))
            }
            if !isStream {
                check(buffer[..<count], connection)
                continue
            }
            if count == 0 { return end(connection, "closed by the server") }
            connection.input += buffer[..<count]
            var start = 0
            while connection.input.count - start >= 2 {
                let length = Int(connection.input[start]) << 8 | Int(connection.input[start + 1])
                guard connection.input.count - start - 2 >= length else { break }
                check(connection.input[(start + 2)..<(start + 2 + length)], connection)
                start += 2 + length
            }
            connection.input.removeFirst(start)
        }
    }

    /// An answer without EDNS ends with the address.
    private func check(_ message: ArraySlice<UInt8>, _ connection: Connection) {
        let bytes = Array(message)
        guard bytes.count > 16 else { return fail("an answer of \(bytes.count) bytes") }
        let number = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
        guard let pending = connection.pending.removeValue(forKey: number) else {
            return fail("an answer with the id \(number), which nobody waits for")
        }
        let question = questions[pending.question]
        let address = bytes.suffix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard bytes[2] & 0x80 != 0, bytes[3] & 0xF == 0, bytes[7] > 0, question.isRight(address, pending.mark) else {
            return fail("\(question.name): code \(bytes[3] & 0xF), \(bytes[7]) answers, \(bytes.suffix(4))")
        }
        outcome.withLock { $0.answered += 1 }
    }
}
