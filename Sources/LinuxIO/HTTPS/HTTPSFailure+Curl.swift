import CCurl
import COpenSSL

extension HTTPSFailure {
    /// What libcurl's `code` means.
    init(_ code: CURLcode, status: Int, of transfer: HTTPSTransfer, problem: String?, _ peer: TLSPeerName) {
        let isNew = apodns_curl_get_long(transfer.handle, CURLINFO_NUM_CONNECTS) > 0
        let isClosed: Bool
        let words: String
        switch code {
        case _ where problem != nil:
            isClosed = false
            words = problem ?? ""
        case CURLE_OPERATION_TIMEDOUT:
            isClosed = false
            words = "i/o timeout"
        case CURLE_COULDNT_CONNECT:
            isClosed = false
            let number = Int32(truncatingIfNeeded: apodns_curl_get_long(transfer.handle, CURLINFO_OS_ERRNO))
            words = number > 0 ? "connect: \(SystemError(call: "connect", code: number).reason)" : transfer.detail
        case CURLE_PEER_FAILED_VERIFICATION:
            isClosed = false
            let verdict = apodns_curl_get_long(transfer.handle, CURLINFO_SSL_VERIFYRESULT)
            // SAFETY: a constant string of OpenSSL.
            words =
                verdict == Int(X509_V_OK)
                ? "tls: \(transfer.detail)"
                : "tls: the certificate of \(peer) is not valid: "
                    + String(cString: X509_verify_cert_error_string(verdict))
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM:
            isClosed = false
            words = "tls: \(transfer.detail)"
        case CURLE_SEND_ERROR where transfer.detail.contains(" alert "),
            CURLE_RECV_ERROR where transfer.detail.contains(" alert "):
            // With TLS 1.3 the server looks at the client's certificate after the handshake has ended for the client.
            isClosed = false
            words = "tls: \(transfer.detail)"
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_HTTP2:
            isClosed = true
            words = "the connection was closed before there was a response (\(transfer.detail))"
        case CURLE_PARTIAL_FILE, CURLE_HTTP2_STREAM:
            isClosed = false
            words = "the response ended too early (\(transfer.detail))"
        default:
            isClosed = false
            words = transfer.detail
        }
        self.init(description: words, hasLostKeptConnection: isClosed && !isNew && status == 0)
    }
}
