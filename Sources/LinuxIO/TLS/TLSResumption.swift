import COpenSSL

/// What one server has given its client to resume sessions with: a handshake then needs no certificates and no signatures.
///
/// Belongs to the thread of its sessions.
package final class TLSResumption {
    /// Tickets kept: as many as connections are opened at a time.
    static let mostKept = 8

    /// SSL_SESSION *, the newest last.
    private var sessions: [OpaquePointer] = []

    package init() {}

    deinit { for session in sessions { SSL_SESSION_free(session) } }

    /// Tickets that are there.
    package var count: Int { sessions.count }

    /// Takes over a session.
    func add(_ session: OpaquePointer) {
        sessions.append(session)
        if sessions.count > Self.mostKept { SSL_SESSION_free(sessions.removeFirst()) }
    }

    /// Has a session that is to begin resume the newest one.
    func resume(_ session: OpaquePointer) {
        guard let last = sessions.last else { return }
        SSL_set_session(session, last)
        // RFC 8446, appendix C.4: a ticket that is used once tells nobody that two connections have the same client.
        if SSL_SESSION_get_protocol_version(last) >= TLS1_3_VERSION {
            sessions.removeLast()
            SSL_SESSION_free(last)
        }
    }

    /// Forgets everything: a server that has failed may not know its tickets any more.
    package func forget() {
        for session in sessions { SSL_SESSION_free(session) }
        sessions = []
    }
}
