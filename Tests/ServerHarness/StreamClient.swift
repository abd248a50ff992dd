import DNSWire
import LinuxIO

/// Asks over TCP, in frames with two bytes of length (RFC 1035, section 4.2.2).
package final class StreamClient {
    private let socket: ClientSocket
    private var pending: [UInt8] = []
    private var identifier: UInt16 = 0

    package init(_ address: SocketAddress) throws {
        socket = try ClientSocket(ClientSocket.stream, to: address)
    }

    /// A message with its length in front.
    package static func frame(_ message: [UInt8]) -> [UInt8] {
        [UInt8(truncatingIfNeeded: message.count >> 8), UInt8(truncatingIfNeeded: message.count)] + message
    }

    /// Closes this side: the server may still send.
    package func finishSending() { socket.finishSending() }

    /// Sends bytes as they are.
    package func send(_ bytes: [UInt8]) throws { try socket.send(bytes) }

    /// The next frame's message; nil where the stream ends or nothing comes in time.
    package func receive(milliseconds: Int32 = ClientSocket.patience) throws -> [UInt8]? {
        while true {
            if pending.count >= 2 {
                let length = Int(pending[0]) << 8 | Int(pending[1])
                if pending.count >= 2 + length {
                    let message = Array(pending[2..<2 + length])
                    pending.removeFirst(2 + length)
                    return message
                }
            }
            guard let bytes = try socket.receive(limit: 1 << 17, milliseconds: milliseconds), !bytes.isEmpty else {
                return nil
            }
            pending += bytes
        }
    }

    /// Whether the server closes the stream without sending anything more.
    package func isClosedByServer() throws -> Bool {
        guard pending.isEmpty, let bytes = try socket.receive() else { return false }
        return bytes.isEmpty
    }

    /// Asks and returns the answer.
    package func ask(_ question: DNSQuestion) throws -> DNSResponse {
        identifier &+= 1
        var question = question
        question.identifier = identifier
        try socket.send(Self.frame(question.bytes))
        guard let bytes = try receive() else {
            throw ClientError(description: "no answer over TCP for \(question.name) \(question.type)")
        }
        let response = try DNSResponse(bytes)
        guard response.identifier == identifier else {
            throw ClientError(description: "the answer to query \(response.identifier) came for \(identifier)")
        }
        return response
    }
}
