import COpenSSL

/// Reading files in PEM form.
enum PEMFile {
    /// The bytes of a file.
    static func read(_ path: String, _ file: TLSFileError.File, limit: Int) throws(TLSFileError) -> [UInt8] {
        do throws(SystemError) {
            return try FileReader.read(path, limit: limit)
        } catch {
            throw TLSFileError(file, "\(error), expected a file in PEM form")
        }
    }

    /// Calls with a BIO * that reads the bytes; nil where there is no memory for one.
    static func withReader<Result>(
        _ bytes: UnsafeRawBufferPointer, _ body: (OpaquePointer) -> Result?
    ) -> Result? {
        // SAFETY: the BIO does not copy the bytes, which stay for as long as it does.
        guard let reader = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return nil }
        defer { BIO_free(reader) }
        return body(reader)
    }

    /// Certificates looked for in a file: several times as many as the world's authorities have.
    private static let mostCertificates = 10_000

    /// All certificates in the bytes, at least one; the caller frees them. One of the chain that cannot be read is an error; of
    /// authorities it is passed over (as in Go), as lists of them grow old.
    static func certificates(
        _ bytes: [UInt8], _ file: TLSFileError.File, _ path: String
    ) throws(TLSFileError) -> [OpaquePointer] {
        ERR_clear_error()
        var found: [OpaquePointer] = []
        var problem: UInt = 0
        bytes.withUnsafeBytes { bytes in
            _ = withReader(bytes) { reader in
                for _ in 0..<mostCertificates {
                    if let certificate = PEM_read_bio_X509(reader, nil, { _, _, _, _ in -1 }, nil) {
                        found.append(certificate)
                        continue
                    }
                    let code = ERR_peek_last_error()
                    ERR_clear_error()
                    // The end of the file: there is no further beginning of a certificate.
                    let isEnd = code == 0 || code & 0x7F_FFFF == UInt(PEM_R_NO_START_LINE)
                    if problem == 0, !isEnd || found.isEmpty { problem = code }
                    if isEnd { break }
                }
            }
        }
        if found.isEmpty || file != .authorities && problem != 0 {
            for certificate in found { X509_free(certificate) }
            let reason = problem == 0 ? "no reason given" : OpenSSLReason.text(problem)
            throw TLSFileError(
                file,
                "certificate \(found.count + 1) cannot be read from \(path) (\(reason)), expected PEM form, which begins "
                    + "with -----BEGIN CERTIFICATE-----")
        }
        return found
    }
}
