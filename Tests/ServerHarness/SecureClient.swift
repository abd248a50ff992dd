import Glibc
import LinuxIO

/// Asks over TLS (RFC 7858).
package final class SecureClient {
    package let session: TLSSession
    private let socket: ConnectedSocket
    private var pending: [UInt8] = []
    private var identifier: UInt16 = 0

    /// - Parameters:
    ///   - peer: whom the certificate has to be for.
    ///   - resumption: what the server has given before.
    package init(
        _ address: SocketAddress, _ context: TLSContext, peer: String = "127.0.0.1",
        resumption: TLSResumption = TLSResumption()
    ) throws {
        socket = try ConnectedSocket.open(.stream, to: address)
        guard let name = TLSPeerName(peer),
            let session = TLSSession(
                client: context, descriptor: socket.descriptor, peer: name, resumption: resumption)
        else {
            socket.close()
            throw ClientError(description: "no session for \(peer)")
        }
        self.session = session
    }

    deinit {
        session.end()
        socket.close()
    }

    /// What comes of a step that may wait for the socket.
    private func finish(_ step: () -> TLSSession.Outcome) throws -> TLSSession.Outcome {
        while true {
            let outcome = step()
            guard outcome == .needsReading || outcome == .needsWriting else { return outcome }
            let events = outcome == .needsReading ? POLLIN : POLLOUT
            var entry = pollfd(fd: socket.descriptor, events: Int16(events), revents: 0)
            guard poll(&entry, 1, ClientSocket.patience) > 0 else {
                throw ClientError(description: "nothing comes over TLS")
            }
        }
    }

    /// Leads the handshake to its end: nil, or why it has failed.
    package func handshake() throws -> String? {
        switch try finish({ session.handshake() }) {
        case .failed(let reason): reason
        case .ended: "the end"
        default: nil
        }
    }

    /// Sends bytes as they are.
    package func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            switch try finish({ bytes[sent...].withUnsafeBytes { session.write($0) } }) {
            case .done(let count): sent += count
            case .failed(let reason): throw ClientError(description: reason)
            default: throw ClientError(description: "the stream has ended")
            }
        }
    }

    /// The next frame's message; nil where the stream ends.
    package func receive() throws -> [UInt8]? {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            if pending.count >= 2 {
                let length = Int(pending[0]) << 8 | Int(pending[1])
                if pending.count >= 2 + length {
                    let message = Array(pending[2..<2 + length])
                    pending.removeFirst(2 + length)
                    return message
                }
            }
            let outcome = try finish { chunk.withUnsafeMutableBytes { session.read(into: $0) } }
            guard case .done(let count) = outcome else { return nil }
            pending += chunk[..<count]
        }
    }

    /// Asks and returns the answer.
    package func ask(_ question: DNSQuestion) throws -> DNSResponse {
        identifier &+= 1
        var question = question
        question.identifier = identifier
        if let reason = try handshake() { throw ClientError(description: reason) }
        try send(StreamClient.frame(question.bytes))
        guard let bytes = try receive() else {
            throw ClientError(description: "no answer over TLS for \(question.name) \(question.type)")
        }
        let response = try DNSResponse(bytes)
        guard response.identifier == identifier else {
            throw ClientError(description: "the answer to query \(response.identifier) came for \(identifier)")
        }
        return response
    }
}
