import Glibc
import LinuxIO

/// What an upstream over TLS is spoken to with.
final class UpstreamTLS {
    private let context: TLSContext
    /// Whom its certificate must be for.
    let peer: TLSPeerName
    /// Tickets that it has given.
    let resumption = TLSResumption()

    init(context: TLSContext, peer: TLSPeerName) {
        self.context = context
        self.peer = peer
    }

    /// Begins a session over a socket, which is closed where that fails.
    func open(_ socket: ConnectedSocket) throws(SystemError) -> TLSSession {
        guard
            let session = TLSSession(
                client: context, descriptor: socket.descriptor, peer: peer, resumption: resumption)
        else {
            socket.close()
            throw SystemError(call: "tls", code: ENOMEM)
        }
        return session
    }
}
