import COpenSSL

/// Which certificate the server shows.
package enum ScriptedCertificate: String, CaseIterable, Sendable, Hashable {
    /// For localhost, 127.0.0.1 and ::1, by the authority of the tests.
    case valid
    /// The same, but its time is over.
    case expired
    /// For another host.
    case wrongHost
    /// For the right host, by an authority that nobody knows.
    case unknownAuthority
    /// For name servers, as clients ask for `dns.corp.example.com`.
    case nameServer
}

/// Whether the server asks for a client's certificate.
package enum ScriptedClientCertificates: Sendable, Hashable {
    case ignored
    case optional
    case required
}

/// A context of OpenSSL for the server's side.
///
/// `@unchecked Sendable`: OpenSSL counts references to a context and locks it.
final class ServerContext: @unchecked Sendable {
    let pointer: OpaquePointer

    init(_ certificate: ScriptedCertificate, clients: ScriptedClientCertificates) throws(ScriptedAPIError) {
        let files = try ScriptedCertificates.shared()
        guard let pointer = SSL_CTX_new(TLS_server_method()) else { throw Self.failure("SSL_CTX_new") }
        self.pointer = pointer
        copenssl_set_modes(pointer)
        guard
            SSL_CTX_use_certificate_chain_file(pointer, files.serverCertificate(certificate)) == 1,
            SSL_CTX_use_PrivateKey_file(pointer, files.serverKey(certificate), SSL_FILETYPE_PEM) == 1
        else { throw Self.failure("server certificate") }
        if clients != .ignored {
            guard SSL_CTX_load_verify_locations(pointer, files.authority, nil) == 1 else {
                throw Self.failure("authority of clients")
            }
            // Clients choose among their certificates by the names that the server sends.
            SSL_CTX_set_client_CA_list(pointer, SSL_load_client_CA_file(files.authority))
            let required = clients == .required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0
            SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER | required, nil)
            _ = SSL_CTX_set_session_id_context(pointer, "scripted", 8)
        }
    }

    deinit { SSL_CTX_free(pointer) }

    static func failure(_ what: String) -> ScriptedAPIError {
        let code = ERR_get_error()
        guard let text = ERR_reason_error_string(code) else {
            return ScriptedAPIError("\(what): OpenSSL error \(code)")
        }
        return ScriptedAPIError("\(what): \(String(cString: text))")
    }
}
