import COpenSSL

/// Whom a client wants to speak to: what the server's certificate must be for.
package enum TLSPeerName: Hashable, Sendable, CustomStringConvertible {
    /// The name of a host, which the server is told too (RFC 6066, section 3: SNI).
    case host(String)
    /// An address (its port says nothing), which the server is not told.
    case address(SocketAddress)

    /// The longest name of a host (RFC 1035).
    private static let longestHost = 253

    /// A name as people write it: an address, or the name of a host, whose final dot does not count (as in Go).
    ///
    /// nil for what is neither.
    package init?(_ text: String) {
        if let address = SocketAddress.parse(host: text, port: 0) {
            self = .address(address)
            return
        }
        let name = text.hasSuffix(".") ? String(text.dropLast()) : text
        let isName = name.utf8.allSatisfy {
            // Letters, digits, hyphens and dots; the underscore is in use.
            0x61...0x7A ~= $0 | 0x20 || 0x30...0x39 ~= $0 || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
        }
        let hasEmptyLabel = name.isEmpty || name.hasPrefix(".") || name.hasSuffix(".") || name.contains("..")
        guard isName, !hasEmptyLabel, name.utf8.count <= Self.longestHost else { return nil }
        self = .host(name)
    }

    /// The name of the server at an address, where nobody has said another.
    package init(_ address: SocketAddress) {
        self = .address(address.withPort(0))
    }

    package var description: String {
        switch self {
        case .host(let name): name
        case .address(let address): address.host
        }
    }

    /// Has a session ask for this name and accept no other. False where OpenSSL does not take it.
    func apply(to session: OpaquePointer) -> Bool {
        guard let parameters = SSL_get0_param(session), accept(in: parameters) else { return false }
        guard case .host(let name) = self else { return true }
        return copenssl_set_server_name(session, name) == 1
    }

    /// Has the checks of a session or context (X509_VERIFY_PARAM *) accept no other name. False where OpenSSL does not take it.
    func accept(in parameters: OpaquePointer) -> Bool {
        switch self {
        case .host(let name):
            // RFC 6125, section 6.4, as Go reads it: only subject alternative names count, wildcards only as a whole label.
            X509_VERIFY_PARAM_set_hostflags(
                parameters,
                UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT) | UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            return X509_VERIFY_PARAM_set1_host(parameters, name, 0) == 1
        case .address(let address):
            let bytes = address.bytes
            return X509_VERIFY_PARAM_set1_ip(parameters, bytes, bytes.count) == 1
        }
    }
}
