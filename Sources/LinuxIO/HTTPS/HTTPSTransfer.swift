import CCurl

/// A handle of libcurl with all that belongs to it: it is for one request after the other.
final class HTTPSTransfer {
    // SAFETY: the handle and the text are made in `init` and freed in `deinit`, the handle first, which refers to the text.
    // HTTPSClient takes the handle out of its multi before it lets go of the object.
    let handle: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    private let limits: HTTPSLimits
    private let origin: String
    /// What the URL that is set has behind the origin.
    private var target = ""

    /// Whose request it is; nil where nobody wants to know about it any more.
    var ticket: UInt64?
    /// What came of it, once it has ended.
    var code = CURLE_OK
    /// The response's body.
    private(set) var body: [UInt8] = []
    private var headLength = 0
    private var age: UInt32 = 0
    /// What was wrong with the response while it came; nil where it was not.
    private var problem: String?

    /// A handle for requests to a server. nil where there is no memory for it.
    ///
    /// - Parameter owner: what libcurl gives back to `client`'s functions; it must outlive the connections.
    init?(_ server: HTTPSServer, limits: HTTPSLimits, owner: UnsafeMutableRawPointer) {
        guard let handle = curl_easy_init() else { return nil }
        self.handle = handle
        self.limits = limits
        origin = server.origin
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        guard apply(server, owner) else { return nil }
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(route)
        errorText.deallocate()
    }

    /// Where to connect.
    private var route: UnsafeMutablePointer<curl_slist>?

    /// Sets what is the same for all requests. False where libcurl refuses.
    private func apply(_ server: HTTPSServer, _ owner: UnsafeMutableRawPointer) -> Bool {
        var isFine = true
        func check(_ code: CURLcode) { isFine = isFine && code == CURLE_OK }
        func set(_ option: CURLoption, _ value: Int) { check(apodns_curl_set_long(handle, option, value)) }
        func set(_ option: CURLoption, _ value: String?) { check(apodns_curl_set_string(handle, option, value)) }
        check(apodns_curl_set_error_text(handle, errorText))
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_USERAGENT, "apodns")
        // Not nil, which would let libcurl look into the environment.
        set(CURLOPT_PROXY, "")
        // HTTP/2 where the server has it, one connection for many: so a request waits for one that is being made. A libcurl
        // without HTTP/2 refuses, and uses HTTP/1.1.
        _ = apodns_curl_set_long(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        set(CURLOPT_PIPEWAIT, 1)
        // How long connections are kept is for the client's owner to say.
        set(CURLOPT_MAXAGE_CONN, 1_000_000)
        check(apodns_curl_set_unanswered_limit(handle, limits.unacknowledgedMilliseconds))
        // Responses are small, and each request under way has so much memory.
        set(CURLOPT_BUFFERSIZE, 4096)
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        // Whom to trust is in the context that `setUp` completes; libcurl is to read no files.
        set(CURLOPT_CAINFO, nil)
        set(CURLOPT_CAPATH, nil)
        guard let route = curl_slist_append(nil, server.route) else { return false }
        self.route = route
        check(apodns_curl_set_list(handle, CURLOPT_CONNECT_TO, route))
        check(apodns_curl_set_pointer(handle, CURLOPT_SHARE, server.sessions))
        // SAFETY: the server outlives the handle: the client keeps both, and the handle goes first.
        check(
            apodns_curl_set_tls_function(
                handle,
                { _, context, server in
                    guard let context, let server else { return CURLE_SSL_CONNECT_ERROR }
                    let isSet = Unmanaged<HTTPSServer>.fromOpaque(server).takeUnretainedValue()
                        .setUp(OpaquePointer(context))
                    return isSet ? CURLE_OK : CURLE_SSL_CERTPROBLEM
                }, Unmanaged.passUnretained(server).toOpaque()))
        check(apodns_curl_set_socket_functions(handle, HTTPSClient.openSocket, HTTPSClient.closeSocket, owner))
        // SAFETY: the contexts are this object, which lives for as long as its handle. Both callbacks are given `count` bytes
        // (size is always 1) that stay for the call; another count than that ends the transfer.
        let own = Unmanaged.passUnretained(self).toOpaque()
        check(
            apodns_curl_set_receivers(
                handle,
                { bytes, _, count, context in
                    guard let bytes, let context else { return 0 }
                    let transfer = Unmanaged<HTTPSTransfer>.fromOpaque(context).takeUnretainedValue()
                    return transfer.receive(line: UnsafeRawBufferPointer(start: bytes, count: count))
                        ? count : count &+ 1
                },
                { bytes, _, count, context in
                    guard let bytes, let context else { return 0 }
                    let transfer = Unmanaged<HTTPSTransfer>.fromOpaque(context).takeUnretainedValue()
                    return transfer.receive(body: UnsafeRawBufferPointer(start: bytes, count: count))
                        ? count : count &+ 1
                }, own))
        return isFine
    }

    // MARK: The request

    /// Sets what a request says. False where libcurl refuses, which is only for lack of memory.
    func prepare(_ request: HTTPSRequest, _ fields: HTTPSFields) -> Bool {
        body.removeAll(keepingCapacity: body.capacity <= 4096)
        headLength = 0
        age = 0
        problem = nil
        errorText[0] = 0
        var isFine = true
        func check(_ code: CURLcode) { isFine = isFine && code == CURLE_OK }
        if target != request.target {
            target = request.target
            check(apodns_curl_set_string(handle, CURLOPT_URL, origin + target))
        }
        check(apodns_curl_set_long(handle, CURLOPT_TIMEOUT_MS, max(1, request.milliseconds)))
        check(apodns_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, max(1, request.milliseconds)))
        if let body = request.body {
            check(apodns_curl_set_long(handle, CURLOPT_POST, 1))
            check(apodns_curl_set_long(handle, CURLOPT_POSTFIELDSIZE, body.count))
            check(body.withUnsafeBytes { apodns_curl_set_pointer(handle, CURLOPT_COPYPOSTFIELDS, $0.baseAddress) })
            check(apodns_curl_set_list(handle, CURLOPT_HTTPHEADER, fields.forPost))
        } else {
            check(apodns_curl_set_long(handle, CURLOPT_HTTPGET, 1))
            check(apodns_curl_set_list(handle, CURLOPT_HTTPHEADER, fields.forGet))
        }
        return isFine
    }

    // MARK: The response

    private func receive(line: UnsafeRawBufferPointer) -> Bool {
        headLength += line.count
        guard headLength <= limits.headLength else {
            problem = "the head of the response is longer than \(limits.headLength) bytes"
            return false
        }
        let name: StaticString = "age:"
        guard line.count > name.utf8CodeUnitCount, line[0] | 0x20 == 0x61 else { return true }
        // SAFETY: the name has that many bytes.
        let expected = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        guard zip(line, expected).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) else { return true }
        // RFC 9111, section 1.2.2: a number beyond what can be held is as good as the greatest.
        var digits = line.dropFirst(expected.count).drop { $0 == 0x20 || $0 == 0x09 }
        var seconds: UInt64 = 0
        while let octet = digits.first, 0x30...0x39 ~= octet {
            seconds = min(UInt64(UInt32.max), seconds * 10 + UInt64(octet - 0x30))
            digits = digits.dropFirst()
        }
        age = UInt32(seconds)
        return true
    }

    private func receive(body bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count <= limits.bodyLength - body.count else {
            problem = "the response is longer than \(limits.bodyLength) bytes"
            return false
        }
        body.append(contentsOf: bytes)
        return true
    }

    /// Whether the request went over a connection that was made for it; nil where it had none.
    var hasNewConnection: Bool? {
        if apodns_curl_get_long(handle, CURLINFO_NUM_CONNECTS) > 0 { return true }
        return code == CURLE_OK ? false : nil
    }

    /// Calls with what came of the request.
    ///
    /// - Parameter openError: why a socket could not be opened, where one was needed.
    func withOutcome(_ peer: TLSPeerName, openError: SystemError?, _ call: (HTTPSOutcome) -> Void) {
        let status = apodns_curl_get_long(handle, CURLINFO_RESPONSE_CODE)
        guard code == CURLE_OK else {
            if code == CURLE_COULDNT_CONNECT, let openError {
                problem = "\(openError.call): \(openError.reason)"
            }
            return call(.failed(HTTPSFailure(code, status: status, of: self, problem: problem, peer)))
        }
        // SAFETY: the text is libcurl's, ends with a zero byte, and lasts until the next request.
        let type = apodns_curl_get_string(handle, CURLINFO_CONTENT_TYPE).map { String(cString: $0) } ?? ""
        let kind = type.prefix { $0 != ";" && $0 != " " && $0 != "\t" }.lowercased()
        body.withUnsafeBytes {
            call(.response(HTTPSResponse(status: status, contentType: kind, age: age, body: $0)))
        }
    }

    /// libcurl's own words about the failure.
    var detail: String {
        // SAFETY: libcurl ends the text with a zero byte within its room; the other is a constant string of libcurl.
        let text = String(cString: errorText)
        return text.isEmpty ? curl_easy_strerror(code).map { String(cString: $0) } ?? "error \(code.rawValue)" : text
    }
}
