import COpenSSL
import Glibc

/// What all TLS sessions of a server, or all of a client, have in common: certificates, keys, authorities. TLS 1.2 and later,
/// with OpenSSL's choice of ciphers; the protocol "dot" is offered and taken (RFC 7858's ALPN name), and none is insisted on.
///
/// `@unchecked Sendable`: set up by `init`, and only read after that; OpenSSL counts references to it atomically.
package final class TLSContext: @unchecked Sendable {
    /// SSL_CTX *
    let context: OpaquePointer
    private let keyLog: TLSKeyLog?

    /// Bytes of a file of authorities: those of the whole world take some 200 KiB.
    private static let authoritiesLimit = 16 << 20

    /// The place in OpenSSL's objects that is the application's own.
    static let ownPlace: Int32 = 0

    /// A server's.
    ///
    /// - Parameters:
    ///   - certificate, key: the paths of PEM files.
    ///   - authorities: the path of a PEM file with those who sign clients' certificates; nil for the system's.
    ///   - clients: what is wanted of them.
    ///   - keyLog: where the sessions' secrets are written.
    package init(
        serverCertificate certificate: String, key: String, authorities: String? = nil,
        clients: TLSClientAuthentication = .noCertificate, keyLog: TLSKeyLog? = nil
    ) throws(TLSFileError) {
        context = try Self.make(TLS_server_method())
        self.keyLog = keyLog
        try TLSIdentity(certificate: certificate, key: key).use(in: context, certificate)
        // Read even where no certificate is asked for: a file that cannot be read is an error.
        if let authorities {
            try trust(authorities, tellsClients: true)
        } else if clients.verifies {
            trustSystem()
        }
        var mode = clients == .noCertificate ? SSL_VERIFY_NONE : SSL_VERIFY_PEER
        if clients.requires { mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT }
        SSL_CTX_set_verify(context, mode, nil)
        if !clients.verifies { SSL_CTX_set_cert_verify_callback(context, { _, _ in 1 }, nil) }
        // Sessions are resumed by tickets, which the clients keep: no table of the server's, and no lock around one. OpenSSL
        // resumes sessions with a client's certificate only within a context of this name; the key is the context's own, so that
        // another configuration takes none of this one's tickets.
        let name = Array("apodns".utf8)
        _ = SSL_CTX_set_session_id_context(context, name, UInt32(name.count))
        copenssl_set_session_cache_mode(context, Int(SSL_SESS_CACHE_OFF))
        // SAFETY: the callback reads `length` bytes of what the client offers, and points into them.
        SSL_CTX_set_alpn_select_cb(
            context,
            { _, chosen, chosenLength, offered, length, _ in
                guard let chosen, let chosenLength, let offered,
                    let place = TLSContext.place(
                        ofProtocolIn: UnsafeBufferPointer(start: offered, count: Int(length)))
                else { return SSL_TLSEXT_ERR_NOACK }
                chosen.pointee = offered + place
                chosenLength.pointee = UInt8(TLSContext.protocolName.count)
                return SSL_TLSEXT_ERR_OK
            }, nil)
        if let keyLog {
            SSL_CTX_set_ex_data(context, Self.ownPlace, Unmanaged.passUnretained(keyLog).toOpaque())
            // SAFETY: the context keeps the log, and sessions keep the context (TLSSession).
            SSL_CTX_set_keylog_callback(context) { session, line in
                guard let line, let data = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(session), TLSContext.ownPlace) else {
                    return
                }
                Unmanaged<TLSKeyLog>.fromOpaque(data).takeUnretainedValue().add(line)
            }
        }
    }

    /// A client's, which checks its servers.
    ///
    /// - Parameters:
    ///   - identity: the paths of the PEM files with its own certificate and key; nil where it has none.
    ///   - authorities: the path of a PEM file with those who sign servers' certificates; nil for the system's.
    package init(
        client identity: (certificate: String, key: String)?, authorities: String? = nil
    ) throws(TLSFileError) {
        context = try Self.make(TLS_client_method())
        keyLog = nil
        if let identity {
            try TLSIdentity(certificate: identity.certificate, key: identity.key).use(in: context, identity.certificate)
        }
        if let authorities { try trust(authorities, tellsClients: false) } else { trustSystem() }
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        let offered = [UInt8(Self.protocolName.count)] + Self.protocolName
        _ = SSL_CTX_set_alpn_protos(context, offered, UInt32(offered.count))
        // Tickets go to the session's `TLSResumption`.
        copenssl_set_session_cache_mode(context, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
        SSL_CTX_sess_set_new_cb(context) { session, resumable in
            // SAFETY: the session keeps its resumption for as long as it is itself (TLSSession).
            guard let session, let resumable, SSL_SESSION_is_resumable(resumable) == 1,
                let data = SSL_get_ex_data(session, TLSContext.ownPlace)
            else { return 0 }
            Unmanaged<TLSResumption>.fromOpaque(data).takeUnretainedValue().add(resumable)
            return 1
        }
    }

    deinit { SSL_CTX_free(context) }

    private static func make(_ method: OpaquePointer?) throws(TLSFileError) -> OpaquePointer {
        ERR_clear_error()
        guard let context = SSL_CTX_new(method) else {
            throw TLSFileError(.certificate, "OpenSSL: \(OpenSSLReason.take() ?? "no memory")")
        }
        // CoreDNS: TLS 1.2 at least.
        _ = copenssl_set_lowest_version(context, TLS1_2_VERSION)
        copenssl_set_modes(context)
        copenssl_release_buffers(context)
        copenssl_add_nothing_to_chain(context)
        // A record's head and body are read with one call.
        copenssl_read_ahead(context)
        // Nobody needs renegotiation, which costs a handshake for a few bytes (as in Go).
        copenssl_set_restrictions(context)
        return context
    }

    /// RFC 7858's name in IANA's list of ALPN protocols.
    private static let protocolName = Array("dot".utf8)

    /// Where in a list of protocols, each with its length before it, ours is.
    private static func place(ofProtocolIn list: UnsafeBufferPointer<UInt8>) -> Int? {
        var start = 0
        while start < list.count {
            let end = start + 1 + Int(list[start])
            guard end <= list.count else { return nil }
            if list[(start + 1)..<end].elementsEqual(protocolName) { return start + 1 }
            start = end
        }
        return nil
    }

    /// Has another client's context (SSL_CTX *) trust whom this one trusts, show what it shows, and accept no other peer. False
    /// where OpenSSL refuses.
    func lend(to other: OpaquePointer, for peer: TLSPeerName) -> Bool {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard let parameters = SSL_CTX_get0_param(other), peer.accept(in: parameters) else { return false }
        // The store is counted once more: reading the authorities anew for each connection would take milliseconds.
        SSL_CTX_set1_cert_store(other, SSL_CTX_get_cert_store(context))
        copenssl_add_nothing_to_chain(other)
        copenssl_set_restrictions(other)
        guard let certificate = SSL_CTX_get0_certificate(context), let key = SSL_CTX_get0_privatekey(context) else {
            return true
        }
        return SSL_CTX_use_certificate(other, certificate) == 1 && SSL_CTX_use_PrivateKey(other, key) == 1
            && copenssl_copy_chain(context, other) == 1
    }

    // MARK: Authorities

    private func trust(_ path: String, tellsClients: Bool) throws(TLSFileError) {
        let bytes = try PEMFile.read(path, .authorities, limit: Self.authoritiesLimit)
        let certificates = try PEMFile.certificates(bytes, .authorities, path)
        defer { for certificate in certificates { X509_free(certificate) } }
        let store = SSL_CTX_get_cert_store(context)
        for certificate in certificates {
            X509_STORE_add_cert(store, certificate)
            if tellsClients { SSL_CTX_add_client_CA(context, certificate) }
        }
        // As in Go: who is in the list is trusted, also where somebody else has signed them.
        X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        ERR_clear_error()
    }

    /// Where systems keep their authorities in one file, for an OpenSSL that was built to look elsewhere (Go's list).
    private static let knownBundles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
        "/etc/pki/tls/cacert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
    ]

    /// The system's authorities: those of SSL_CERT_FILE and SSL_CERT_DIR, or else where OpenSSL or the system keep them. Those of
    /// a directory are read when they are needed.
    private func trustSystem() {
        SSL_CTX_set_default_verify_paths(context)
        let isSaid = getenv(X509_get_default_cert_file_env()) != nil || getenv(X509_get_default_cert_dir_env()) != nil
        let usual = [X509_get_default_cert_file(), X509_get_default_cert_dir()]
        // SAFETY: plain calls with constant strings of OpenSSL.
        if !isSaid, !usual.contains(where: { $0.map { access($0, R_OK) == 0 } ?? false }),
            let bundle = Self.knownBundles.first(where: { access($0, R_OK) == 0 })
        {
            SSL_CTX_load_verify_locations(context, bundle, nil)
        }
        ERR_clear_error()
    }
}
