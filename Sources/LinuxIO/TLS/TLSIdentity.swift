import COpenSSL

/// A certificate, those that lead from it to an authority, and its key, from files in PEM form.
package final class TLSIdentity {
    /// X509 *: the certificate first.
    private let chain: [OpaquePointer]
    /// EVP_PKEY *
    private let key: OpaquePointer

    /// Bytes of a file: chains have some kilobytes.
    private static let sizeLimit = 1 << 20

    /// Reads both files.
    ///
    /// - Throws: the first thing that is wrong with them, among it a key that is not the certificate's.
    package init(certificate: String, key keyPath: String) throws(TLSFileError) {
        let bytes = try PEMFile.read(certificate, .certificate, limit: Self.sizeLimit)
        // SAFETY: the certificates and the key belong to the identity, which frees them in `deinit` (or here, where it is not
        // made).
        let chain = try PEMFile.certificates(bytes, .certificate, certificate)
        let key: OpaquePointer
        do throws(TLSFileError) {
            key = try Self.readKey(keyPath)
        } catch {
            for part in chain { X509_free(part) }
            throw error
        }
        self.chain = chain
        self.key = key
        guard let first = chain.first, X509_check_private_key(first, key) == 1 else {
            ERR_clear_error()
            throw TLSFileError(
                .key,
                "the key in \(keyPath) does not belong to the certificate in \(certificate), expected the one it was "
                    + "made with")
        }
    }

    deinit {
        for part in chain { X509_free(part) }
        EVP_PKEY_free(key)
    }

    private static func readKey(_ path: String) throws(TLSFileError) -> OpaquePointer {
        let bytes = try PEMFile.read(path, .key, limit: sizeLimit)
        var isEncrypted = false
        // SAFETY: the BIO reads the bytes and is freed within their scope; the callback is given `isEncrypted` and called within
        // the call only. Without a callback OpenSSL would ask the terminal for a passphrase.
        let key = bytes.withUnsafeBytes { bytes in
            PEMFile.withReader(bytes) { reader in
                withUnsafeMutablePointer(to: &isEncrypted) { flag in
                    PEM_read_bio_PrivateKey(
                        reader, nil,
                        { _, _, _, flag in
                            flag?.assumingMemoryBound(to: Bool.self).pointee = true
                            return -1
                        }, flag)
                }
            }
        }
        let reason = OpenSSLReason.take()
        if let key { return key }
        if isEncrypted {
            throw TLSFileError(
                .key,
                "the key in \(path) is behind a passphrase, expected one without: openssl pkey -in KEY -out PLAINKEY")
        }
        throw TLSFileError(
            .key,
            "no key can be read from \(path) (\(reason ?? "no reason given")), expected one in PEM form, which begins "
                + "with -----BEGIN PRIVATE KEY-----")
    }

    /// Has a context use it.
    func use(in context: OpaquePointer, _ certificatePath: String) throws(TLSFileError) {
        guard let first = chain.first, SSL_CTX_use_certificate(context, first) == 1,
            SSL_CTX_use_PrivateKey(context, key) == 1,
            chain.dropFirst().allSatisfy({ copenssl_add_chain_certificate(context, $0) == 1 })
        else {
            // A key that is too short for OpenSSL's security level, say.
            let reason = OpenSSLReason.take() ?? "no reason given"
            throw TLSFileError(.certificate, "the certificate in \(certificatePath) cannot be used: \(reason)")
        }
    }
}
