import CCurl
import COpenSSL

/// libcurl as a whole.
package enum CurlLibrary {
    /// Set up once in this process, by whoever needs it first; it stays until the process ends. False where there is no memory
    /// or no TLS library.
    package static let isReady = apodns_curl_global_init() == CURLE_OK

    /// Why `HTTPSClient` cannot use this libcurl; nil where it can. It sets up libcurl's TLS contexts with the functions of the
    /// OpenSSL that this program is linked to, so both have to be the same.
    package static let problem: String? = {
        guard isReady else { return "libcurl cannot be started: not enough memory, or no TLS library" }
        // SAFETY: a constant string of libcurl.
        let found = String(cString: apodns_curl_tls_library())
        let version = "\(OPENSSL_version_major()).\(OPENSSL_version_minor()).\(OPENSSL_version_patch())"
        return found.hasPrefix("OpenSSL/\(version)") ? nil : "libcurl uses \(found), expected OpenSSL/\(version)"
    }()
}
