import CCurl
import LinuxIO

/// One request under way: a handle of libcurl with all that belongs to it.
final class CurlTransfer {
    /// What libcurl needs to know for a request.
    struct Settings {
        /// The whole URL.
        var url: String
        /// The head's fields, each a line.
        var lines: [String]
        /// Whom to trust.
        var trust: ServerTrust
        /// PEM certificates where `trust` names authorities.
        var authorities: [UInt8]?
        /// The client's certificate chain and key, both PEM.
        var certificate: (chain: [UInt8], key: [UInt8])?
        /// Where to connect instead of the URL's host: HOST:PORT:HOST:PORT, as CURLOPT_CONNECT_TO has it.
        var connectTo: String?
        /// The way there.
        var proxy: ProxyChoice
        /// Whether no open connection may be used.
        var wantsNewConnection: Bool
        /// Seconds above which an open connection that nobody uses is too old to be used; nil: none is.
        var longestConnectionLife: Int?
    }

    /// What receives the response.
    protocol Receiver: AnyObject {
        /// A line of the head; false ends the transfer.
        func receive(line: UnsafeRawBufferPointer, of transfer: CurlTransfer) -> Bool
        /// Bytes of the body; false ends the transfer.
        func receive(body: UnsafeRawBufferPointer, of transfer: CurlTransfer) -> Bool
    }

    // SAFETY: the three are made in init and freed in deinit, and no one else frees them. The handle refers to the list
    // and the text, so it goes first. HTTPClient removes the transfer from its multi before it lets go of it.
    let handle: UnsafeMutableRawPointer
    private var list: UnsafeMutablePointer<curl_slist>?
    private var connectTo: UnsafeMutablePointer<curl_slist>?
    private let errorText: UnsafeMutablePointer<CChar>
    private unowned let receiver: any Receiver

    /// The request.
    let request: HTTPClientRequest
    /// Its number.
    let id: HTTPClientRequestID
    /// When it began, in monotonic nanoseconds.
    let startedAt: Int64
    /// When the last byte came; at first when it began.
    var lastByteAt: Int64
    /// The head, as far as it was read.
    var head = ResponseHeadReader()
    /// The response's status, once there is one.
    var status: Int?
    /// It was cancelled, or failed: nothing of it is delivered any more.
    var isOver = false

    /// A transfer, not yet added to a multi. Throws when libcurl refuses a setting.
    init(
        _ request: HTTPClientRequest, id: HTTPClientRequestID, now: Int64, settings: Settings, receiver: any Receiver
    ) throws(HTTPClientFailure) {
        guard let handle = curl_easy_init() else { throw HTTPClientFailure(.other, "not enough memory for a request") }
        self.handle = handle
        self.request = request
        self.id = id
        self.receiver = receiver
        startedAt = now
        lastByteAt = now
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        let problem = apply(settings)
        guard problem == CURLE_OK else {
            throw HTTPClientFailure(.other, "libcurl refuses a setting of the request: \(Self.description(problem))")
        }
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(list)
        curl_slist_free_all(connectTo)
        errorText.deallocate()
    }

    /// What libcurl says about the failure `code`, in its own words.
    func detail(of code: CURLcode) -> String {
        // SAFETY: libcurl ends the text with a zero byte within its room, which was all zeros before.
        let text = String(cString: errorText)
        return text.isEmpty ? Self.description(code) : text
    }

    /// The result of checking the server's certificate, as OpenSSL numbers it (X509_V_ERR_...); 0: nothing is wrong.
    var verifyResult: Int { apodns_curl_get_long(handle, CURLINFO_SSL_VERIFYRESULT) }
    /// The system's error number of a failed connection; 0: none.
    var systemError: Int32 { Int32(truncatingIfNeeded: apodns_curl_get_long(handle, CURLINFO_OS_ERRNO)) }

    private static func description(_ code: CURLcode) -> String {
        // SAFETY: a constant string of libcurl.
        curl_easy_strerror(code).map { String(cString: $0) } ?? "error \(code.rawValue)"
    }

    /// Sets everything; the first refusal, or CURLE_OK.
    private func apply(_ settings: Settings) -> CURLcode {
        var first = CURLE_OK
        func check(_ code: CURLcode) {
            if first == CURLE_OK { first = code }
        }
        func set(_ option: CURLoption, _ value: Int) { check(apodns_curl_set_long(handle, option, value)) }
        func set(_ option: CURLoption, _ value: String?) { check(apodns_curl_set_string(handle, option, value)) }
        func set(_ option: CURLoption, _ value: [UInt8]) {
            check(apodns_curl_set_bytes(handle, option, value, value.count))
        }
        check(apodns_curl_set_error_text(handle, errorText))
        set(CURLOPT_NOSIGNAL, 1)
        // A name still being resolved must not hold up a cancelled request.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_URL, settings.url)
        // The path is the API's, with nothing to tidy in it.
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_HTTPGET, 1)
        // An API server does not redirect, and a token is not to be carried elsewhere.
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_USERAGENT, "apodns")
        // HTTP/2 where TLS negotiates it, one connection for all: so a request waits for a connection that is being made.
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        if settings.url.hasPrefix("https:") { set(CURLOPT_PIPEWAIT, 1) }
        set(CURLOPT_CONNECTTIMEOUT_MS, HTTPClientTiming.connectMilliseconds)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_TCP_KEEPIDLE, HTTPClientTiming.keepAliveIdleSeconds)
        set(CURLOPT_TCP_KEEPINTVL, HTTPClientTiming.keepAliveIntervalSeconds)
        check(apodns_curl_set_unanswered_limit(handle, HTTPClientTiming.unansweredMilliseconds))
        if settings.wantsNewConnection { set(CURLOPT_FRESH_CONNECT, 1) }
        if let life = settings.longestConnectionLife { set(CURLOPT_MAXLIFETIME_CONN, life) }

        switch settings.trust {
        case .system:
            break
        case .authorities:
            set(CURLOPT_CAINFO_BLOB, settings.authorities ?? [])
            // Without this the system's authorities would be trusted besides those named.
            set(CURLOPT_CAPATH, nil)
        case .anyone:
            set(CURLOPT_SSL_VERIFYPEER, 0)
            set(CURLOPT_SSL_VERIFYHOST, 0)
        }
        if let (chain, key) = settings.certificate {
            set(CURLOPT_SSLCERTTYPE, "PEM")
            set(CURLOPT_SSLKEYTYPE, "PEM")
            set(CURLOPT_SSLCERT_BLOB, chain)
            set(CURLOPT_SSLKEY_BLOB, key)
        }
        switch settings.proxy {
        case .direct:
            // Not nil, which would let libcurl look into the environment by rules of its own.
            set(CURLOPT_PROXY, "")
        case .proxy(let url):
            set(CURLOPT_PROXY, url)
            // Not nil, for the same reason.
            set(CURLOPT_NOPROXY, "")
            set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        }
        for line in settings.lines { append(line, to: &list, check) }
        check(apodns_curl_set_list(handle, CURLOPT_HTTPHEADER, list))
        if let route = settings.connectTo {
            append(route, to: &connectTo, check)
            check(apodns_curl_set_list(handle, CURLOPT_CONNECT_TO, connectTo))
        }
        // SAFETY: the context is this object, which lives until it was removed from the multi: no callback comes after
        // that. Both callbacks are given `count` bytes (size is always 1) that stay for the call.
        check(
            apodns_curl_set_receivers(
                handle,
                { bytes, _, count, context in
                    guard let bytes, let context else { return 0 }
                    let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
                    let line = UnsafeRawBufferPointer(start: bytes, count: count)
                    // Another count than the one given ends the transfer.
                    return transfer.receiver.receive(line: line, of: transfer) ? count : count &+ 1
                },
                { bytes, _, count, context in
                    guard let bytes, let context else { return 0 }
                    let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
                    let body = UnsafeRawBufferPointer(start: bytes, count: count)
                    return transfer.receiver.receive(body: body, of: transfer) ? count : count &+ 1
                },
                Unmanaged.passUnretained(self).toOpaque()))
        return first
    }

    private func append(
        _ text: String, to list: inout UnsafeMutablePointer<curl_slist>?, _ check: (CURLcode) -> Void
    ) {
        // SAFETY: curl_slist_append copies the text; where there is no memory the old list stays as it was.
        guard let longer = curl_slist_append(list, text) else { return check(CURLE_OUT_OF_MEMORY) }
        list = longer
    }
}
