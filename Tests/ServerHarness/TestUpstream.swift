import DNSWire
import Glibc
import LinuxIO
import Synchronization

/// A DNS server for `forward` to ask, over UDP and TCP at one port of a loopback address, that does what a test says: answers, answers
/// late, lies or keeps silent. Stopped when it goes.
package final class TestUpstream: Sendable {
    /// What becomes of a query.
    package struct Reaction: Sendable {
        /// Messages to send, in order.
        package var messages: [[UInt8]]
        /// How long after the query, in milliseconds.
        package var milliseconds: UInt64
        /// Whether a connection is closed instead.
        package var closes = false

        package static let silence = Reaction(messages: [], milliseconds: 0)
        package static let close = Reaction(messages: [], milliseconds: 0, closes: true)

        package static func answer(_ messages: [UInt8]..., after milliseconds: UInt64 = 0) -> Reaction {
            Reaction(messages: messages, milliseconds: milliseconds)
        }
    }

    /// A query as it came.
    package struct Query: Sendable {
        package let bytes: [UInt8]
        package let isStream: Bool
        /// Who asked: address and port.
        package let client: SocketAddress

        package var identifier: UInt16 { UInt16(bytes[0]) << 8 | UInt16(bytes[1]) }

        /// A response with these records, in presentation form.
        package func response(
            _ answer: [String] = [], authority: [String] = [], additional: [String] = [],
            code: ResponseCode = .noError, flags: UInt16 = Header.authoritative
        ) -> [UInt8] {
            var message = Array(bytes.prefix(questionEnd))
            let sections = [answer, authority, additional].map { $0.compactMap { try? ResourceRecord.parse($0) } }
            let counts = sections.map { UInt16($0.count) }
            let recursion = UInt16(bytes[2]) << 8 & Header.recursionDesired
            let header = Header.response | recursion | flags | code.rawValue & 0xF
            var words = [header, 1] + counts
            let hasOptions = questionEnd < bytes.count
            if hasOptions { words[4] += 1 }
            for (place, word) in words.enumerated() {
                message[2 + 2 * place] = UInt8(word >> 8)
                message[3 + 2 * place] = UInt8(word & 0xFF)
            }
            var room = [UInt8](repeating: 0, count: 65_535)
            let length = room.withUnsafeMutableBytes { room -> Int in
                room.copyBytes(from: message)
                var buffer = MessageBuffer(room, position: message.count)
                var compressor = NameCompressor()
                compressor.register(nameAt: Header.length, in: buffer)
                for record in sections.flatMap({ $0 }) {
                    try? RecordEncoder.encode(record, into: &buffer, compressor: &compressor)
                }
                return buffer.position
            }
            message = Array(room[..<length])
            if hasOptions { message += [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0] }
            return message
        }

        /// Where the question ends.
        package var questionEnd: Int {
            var offset = Header.length
            while offset < bytes.count, bytes[offset] != 0 { offset += Int(bytes[offset]) + 1 }
            return min(offset + 5, bytes.count)
        }

        /// The question's name in lower case.
        package var name: String {
            var offset = Header.length
            let name = bytes.withUnsafeBytes { try? DomainName.read(from: $0, at: &offset) }
            return name.map { "\($0.lowercased())" } ?? ""
        }

        package var type: RecordType {
            let end = questionEnd
            return RecordType(rawValue: UInt16(bytes[end - 4]) << 8 | UInt16(bytes[end - 3]))
        }
    }

    private let loop: EventLoop
    private let thread: Thread
    private let kept = Kept()
    private let isStopped = Atomic(false)
    package let address: SocketAddress

    /// `@unchecked Sendable`: but for the queries, it is set before the loop runs and used by its thread, or once that has ended.
    private final class Kept: @unchecked Sendable {
        let queries = Mutex<[Query]>([])
        var server: LengthPrefixedServer?
        var socket: DatagramSocket?
    }

    /// - Parameters:
    ///   - wanted: where to listen; a port of 0 is chosen by the system.
    ///   - tls: what its connections are encrypted with; nil for plain TCP.
    ///   - react: called on the upstream's thread.
    package init(
        at wanted: SocketAddress = .loopback(port: 0), tls: TLSContext? = nil,
        _ react: @escaping @Sendable (Query) -> Reaction
    ) throws {
        let (listener, socket) = try Self.open(wanted)
        address = wanted.withPort(listener.boundAddress.port)
        loop = try EventLoop()
        let loop = loop
        let kept = kept
        let server = LengthPrefixedServer(loop: loop) { [unowned kept] frame, length, client, _ in
            let query = Query(
                bytes: Array(UnsafeRawBufferPointer(start: frame, count: length)), isStream: true, client: client)
            kept.queries.withLock { $0.append(query) }
            let reaction = react(query)
            if reaction.closes { return -1 }
            guard let first = reaction.messages.first else { return 0 }
            if reaction.milliseconds == 0 {
                UnsafeMutableRawBufferPointer(start: frame, count: 65_535).copyBytes(from: first)
                return first.count
            }
            guard let reply = kept.server?.takeReply() else { return 0 }
            loop.schedule(after: reaction.milliseconds * Clock.millisecond) { [unowned kept] in
                first.withUnsafeBytes { kept.server?.reply(reply, $0) }
            }
            return 0
        }
        server.tls = tls
        try server.serve(listener)
        kept.server = server
        kept.socket = socket
        try loop.register(socket.descriptor, .readable) { [unowned kept] _ in
            Self.receive(socket, loop, kept, react)
        }
        thread = try Thread.spawn(name: "upstream") { loop.run() }
    }

    private static func open(_ wanted: SocketAddress) throws -> (StreamListener, DatagramSocket) {
        var tries = 0
        while true {
            tries += 1
            let listener = try StreamListener.listen(wanted)
            do {
                return (listener, try DatagramSocket.bind(wanted.withPort(listener.boundAddress.port)))
            } catch {
                // The port may be some other program's over UDP.
                guard wanted.port == 0, tries < 8 else { throw error }
            }
        }
    }

    private static func receive(
        _ socket: DatagramSocket, _ loop: EventLoop, _ kept: Kept, _ react: @Sendable (Query) -> Reaction
    ) {
        var buffer = [UInt8](repeating: 0, count: 65_535)
        var from = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let count = withUnsafeMutablePointer(to: &from) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(socket.descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT), $0, &size)
            }
        }
        guard count >= Header.length else { return }
        let client = Self.address(from)
        let query = Query(bytes: Array(buffer[..<count]), isStream: false, client: client)
        kept.queries.withLock { $0.append(query) }
        let reaction = react(query)
        let send = {
            for message in reaction.messages { _ = message.withUnsafeBytes { socket.send($0, to: client) } }
        }
        if reaction.milliseconds == 0 {
            send()
        } else {
            loop.schedule(after: reaction.milliseconds * Clock.millisecond, send)
        }
    }

    /// Whose datagram it is. The form of the shorter addresses begins like that of the longer ones.
    private static func address(_ form: sockaddr_in6) -> SocketAddress {
        guard form.sin6_family == sa_family_t(AF_INET6) else {
            return withUnsafePointer(to: form) { pointer in
                pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    SocketAddress(
                        ipv4: UInt32(bigEndian: $0.pointee.sin_addr.s_addr),
                        port: UInt16(bigEndian: $0.pointee.sin_port))
                }
            }
        }
        let halves = withUnsafeBytes(of: form.sin6_addr) { bytes in
            (bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        return SocketAddress(
            high: UInt64(bigEndian: halves.0), low: UInt64(bigEndian: halves.1),
            port: UInt16(bigEndian: form.sin6_port))
    }

    deinit { stop() }

    /// Closes all sockets. May be called more than once.
    package func stop() {
        guard !isStopped.exchange(true, ordering: .sequentiallyConsistent) else { return }
        let loop = loop
        let kept = kept
        loop.execute {
            kept.server?.close { loop.stop() }
            loop.schedule(after: Clock.second) { loop.stop() }
        }
        thread.join()
        loop.forgetAll()
        kept.server = nil
        kept.socket = nil
    }

    /// All queries so far, health checks left out.
    package var queries: [Query] { kept.queries.withLock { $0.filter { $0.name != "." } } }
    /// The health checks so far: questions about the root.
    package var checks: [Query] { kept.queries.withLock { $0.filter { $0.name == "." } } }
}
