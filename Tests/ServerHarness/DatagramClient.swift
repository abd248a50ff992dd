import DNSWire
import LinuxIO

/// Asks over UDP, one query after the other.
package final class DatagramClient {
    private let socket: ClientSocket
    private var identifier: UInt16 = 0
    /// How often a query is sent: once, and twice more where no answer comes.
    private static let attempts = 3

    package init(_ address: SocketAddress) throws {
        socket = try ClientSocket(ClientSocket.datagram, to: address)
    }

    /// Sends a message as it is.
    package func send(_ bytes: [UInt8]) throws { try socket.send(bytes) }

    /// The next datagram; nil where none comes in time.
    package func receive(milliseconds: Int32 = ClientSocket.patience) throws -> [UInt8]? {
        try socket.receive(milliseconds: milliseconds)
    }

    /// Asks and returns the answer. Answers to earlier queries are passed over.
    package func ask(_ question: DNSQuestion) throws -> DNSResponse {
        identifier &+= 1
        var question = question
        question.identifier = identifier
        for _ in 0..<Self.attempts {
            try socket.send(question.bytes)
            while let bytes = try socket.receive() {
                let response = try DNSResponse(bytes)
                if response.identifier == identifier { return response }
            }
        }
        throw ClientError(description: "no answer for \(question.name) \(question.type)")
    }
}
