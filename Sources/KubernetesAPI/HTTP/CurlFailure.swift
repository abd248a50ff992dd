import CCurl
import LinuxIO

extension HTTPClientFailure {
    /// What libcurl's `code` means for people who run an API server, with libcurl's words behind it.
    init(_ code: CURLcode, of transfer: CurlTransfer, to server: APIServer) {
        let detail = server.proxy.withoutSecrets(transfer.detail(of: code))
        let (kind, what) = Self.meaning(code, of: transfer, to: server, detail)
        self.init(kind, "\(server.url.authority): \(what) (\(detail))")
    }

    private static func meaning(
        _ code: CURLcode, of transfer: CurlTransfer, to server: APIServer, _ detail: String
    ) -> (Kind, String) {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST:
            (.resolve, "the API server's name has no address: check the URL, and the name server of this host")
        case CURLE_COULDNT_RESOLVE_PROXY:
            (.resolve, "the proxy's name has no address: check proxy-url or the variable HTTPS_PROXY")
        case CURLE_COULDNT_CONNECT:
            (.connect, "no connection to the API server\(reason("connect", transfer.systemError))")
        case CURLE_PROXY:
            (.connect, "the proxy does not connect to the API server")
        case CURLE_OPERATION_TIMEDOUT:
            (
                .timeout,
                "no connection to the API server within \(HTTPClientTiming.connectMilliseconds / 1000) seconds: is a "
                    + "firewall or network policy in the way?"
            )
        case CURLE_PEER_FAILED_VERIFICATION:
            (.tls, distrust(transfer.verifyResult, detail, server))
        case CURLE_SSL_CACERT_BADFILE:
            (.tls, "the certificates of the authorities (\(server.trust.name)) cannot be used, expected PEM")
        case CURLE_SSL_CERTPROBLEM:
            (.tls, "the client's certificate and key cannot be used, expected PEM, and one made for the other")
        case CURLE_SSL_CONNECT_ERROR:
            isAlert(detail)
                ? (.tls, "the API server refuses the client's certificate, or wants one")
                : (.tls, "no TLS with the API server: is it https that it speaks?")
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR:
            // With TLS 1.3 the server looks at the client's certificate after the handshake has ended for the client.
            isAlert(detail)
                ? (.tls, "the API server refuses the client's certificate, or wants one")
                : (.closed, broken(transfer, server))
        case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING:
            (.closed, "the API server closed the connection before the response ended")
        case CURLE_HTTP2, CURLE_HTTP2_STREAM:
            (.closed, "the API server ended the response too early")
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY:
            (.other, "what answers there does not speak HTTP: check the URL")
        default:
            (.other, "the request failed")
        }
    }

    /// What to say of a connection that ended before it should.
    private static func broken(_ transfer: CurlTransfer, _ server: APIServer) -> String {
        let text = "the connection broke\(reason("receive", transfer.systemError))"
        // A server that closes with something unread resets the connection, which may overtake its alert.
        guard server.url.isTLS, transfer.status == nil else { return text }
        return text + " before there was a response, as it does where the server refuses the client's certificate"
    }

    private static func reason(_ call: String, _ code: Int32) -> String {
        code == 0 ? "" : ", \(SystemError(call: call, code: code))"
    }

    /// Whether the other side ended the handshake with an alert about a certificate.
    private static func isAlert(_ detail: String) -> Bool {
        detail.contains("alert") && (detail.contains("certificate") || detail.contains("unknown ca"))
    }

    /// Why the server's certificate is not trusted, by OpenSSL's number for it (x509_vfy.h).
    private static func distrust(_ result: Int, _ detail: String, _ server: APIServer) -> String {
        switch result {
        case 10:
            return "the API server's certificate has expired: renew it, or check this host's clock"
        case 9:
            return "the API server's certificate is not yet valid: check this host's clock"
        case 2, 18, 19, 20, 21:
            return "the API server's certificate is signed by an authority that is not among those of "
                + "\(server.trust.name)"
        default:
            let name = server.serverName ?? server.url.host
            return detail.contains("subject name")
                ? "the API server's certificate is for other names than \(name): use one of its names, or tls-server-name"
                : "the API server's certificate is not trusted"
        }
    }
}

extension ServerTrust {
    /// Where the trusted authorities are, for people.
    var name: String {
        switch self {
        case .system: "the system"
        case .authorities(let source): source.name
        case .anyone: "anyone"
        }
    }
}
