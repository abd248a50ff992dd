import COpenSSL
import Glibc

/// One TLS connection over a non-blocking socket: a state machine that does what it can and says what it waits for. Reading
/// leads the handshake on; a client leads it on by `handshake`, so as to know when it is over.
///
/// Belongs to one thread.
package final class TLSSession {
    /// What has come of a call.
    package enum Outcome: Equatable {
        /// So many bytes were read or written; a handshake that is over is 0.
        case done(Int)
        /// The socket has to become readable first.
        case needsReading
        /// The socket has to become writable first.
        case needsWriting
        /// The peer has ended the stream.
        case ended
        /// It is over; the words say why.
        case failed(String)
    }

    /// SSL *
    private let session: OpaquePointer
    private let context: TLSContext
    private let peer: TLSPeerName?
    private let resumption: TLSResumption?
    private var hasFailed = false
    private var lastReadGaveBytes = false
    /// Whether the stream's end was found behind bytes that were read with it.
    private var owesEnd = false

    /// Whether reading waits for the socket to become writable: only a handshake does that.
    package private(set) var readingNeedsWriting = false

    /// A server's end. nil where there is no memory for it.
    package convenience init?(server context: TLSContext, descriptor: Int32) {
        self.init(context, descriptor, nil, nil)
        SSL_set_accept_state(session)
    }

    /// A client's end, which accepts no other peer than the one named. nil where there is no memory for it.
    ///
    /// - Parameter resumption: what the server has given before; kept by the session, which adds to it.
    package convenience init?(
        client context: TLSContext, descriptor: Int32, peer: TLSPeerName, resumption: TLSResumption
    ) {
        self.init(context, descriptor, peer, resumption)
        SSL_set_connect_state(session)
        guard peer.apply(to: session) else { return nil }
        SSL_set_ex_data(session, TLSContext.ownPlace, Unmanaged.passUnretained(resumption).toOpaque())
        resumption.resume(session)
    }

    private init?(_ context: TLSContext, _ descriptor: Int32, _ peer: TLSPeerName?, _ resumption: TLSResumption?) {
        guard let session = SSL_new(context.context) else { return nil }
        guard let bio = TLSSocketMethod.open(descriptor) else {
            SSL_free(session)
            return nil
        }
        // SAFETY: the session belongs to this object, which frees it in `deinit`, and the BIO to the session.
        SSL_set_bio(session, bio, bio)
        self.session = session
        self.context = context
        self.peer = peer
        self.resumption = resumption
    }

    deinit {
        // Without this OpenSSL takes the connection for broken off, and the tickets that came with it for void.
        if !hasFailed, isEstablished { SSL_set_shutdown(session, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN) }
        SSL_free(session)
    }

    /// Whether the handshake is over.
    package var isEstablished: Bool { SSL_is_init_finished(session) == 1 }
    /// Whether the session was resumed.
    package var isResumed: Bool { SSL_session_reused(session) == 1 }
    /// The protocol that both ends have agreed on by ALPN; "" for none.
    package var protocolName: String {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(session, &name, &length)
        // SAFETY: OpenSSL says so many bytes are there, which stay as long as the session.
        return String(decoding: UnsafeBufferPointer(start: name, count: name == nil ? 0 : Int(length)), as: UTF8.self)
    }
    /// The protocol's version, such as "TLSv1.3".
    package var version: String { String(cString: SSL_get_version(session)) }
    /// Whether the peer has sent a certificate.
    package var hasPeerCertificate: Bool { SSL_get0_peer_certificate(session) != nil }

    /// Whether bytes that have arrived may be read without waiting for the socket, which has nothing more to say about them.
    package var hasMore: Bool { owesEnd || lastReadGaveBytes && SSL_has_pending(session) == 1 }

    /// Leads the handshake on: `.done(0)` once it is over.
    package func handshake() -> Outcome {
        outcome { SSL_do_handshake(session) }
    }

    /// Reads what is there, as much as fits, in several records' steps.
    package func read(into bytes: UnsafeMutableRawBufferPointer) -> Outcome {
        var filled = 0
        while filled < bytes.count {
            let room = Int32(clamping: bytes.count - filled)
            let result = outcome { SSL_read(session, bytes.baseAddress.map { $0 + filled }, room) }
            readingNeedsWriting = result == .needsWriting
            guard case .done(let count) = result, count > 0 else {
                lastReadGaveBytes = false
                // What came before is told first; the end comes up again with the next call.
                owesEnd = filled > 0 && result != .needsReading && result != .needsWriting
                return filled > 0 ? .done(filled) : result
            }
            filled += count
            lastReadGaveBytes = true
            if SSL_has_pending(session) == 0 { break }
        }
        return .done(filled)
    }

    /// Writes what the socket takes. Where that is not all, the rest has to be given again as it is, with more behind it or
    /// without.
    package func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        var taken = 0
        while taken < bytes.count {
            let rest = Int32(clamping: bytes.count - taken)
            let result = outcome { SSL_write(session, bytes.baseAddress.map { $0 + taken }, rest) }
            guard case .done(let count) = result, count > 0 else {
                if taken > 0, result == .needsWriting { return .done(taken) }
                // Once the handshake is over only renegotiation would need reading, and there is none.
                return result == .needsReading && isEstablished ? .failed("tls: write waits for the peer") : result
            }
            taken += count
        }
        return .done(taken)
    }

    /// Tells the peer that nothing more comes, as far as the socket takes it at once (RFC 7858, section 3.4, leaves it to TLS).
    package func end() {
        guard !hasFailed, isEstablished else { return }
        _ = outcome { SSL_shutdown(session) }
    }

    private func outcome(_ call: () -> Int32) -> Outcome {
        if hasFailed { return .ended }
        ERR_clear_error()
        errno = 0
        let result = call()
        if result > 0 { return .done(Int(result)) }
        let code = errno
        switch SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ: return .needsReading
        case SSL_ERROR_WANT_WRITE: return .needsWriting
        case SSL_ERROR_ZERO_RETURN: return .ended
        case SSL_ERROR_SYSCALL:
            hasFailed = true
            guard code != 0 else { return .ended }
            return .failed(SystemError(call: "read", code: code).reason)
        default:
            hasFailed = true
            return .failed(failure())
        }
    }

    private func failure() -> String {
        let reason = OpenSSLReason.take() ?? "no reason given"
        let verdict = SSL_get_verify_result(session)
        guard let peer, verdict != Int(X509_V_OK) else { return "tls: \(reason)" }
        // SAFETY: a constant string of OpenSSL.
        let words = String(cString: X509_verify_cert_error_string(verdict))
        return "tls: the certificate of \(peer) is not valid: \(words)"
    }
}
