/// Reads the head of a response line by line, as libcurl gives it (also that of HTTP/2, which it writes as lines).
struct ResponseHeadReader {
    /// What a line led to.
    enum Step: Equatable {
        /// There is more to come.
        case more
        /// The head is whole.
        case whole(HTTPResponseHead, location: String?)
        /// This is not a head, or too large a one.
        case unusable(String)
    }

    private var status = 0
    private var contentType = ""
    private var retryAfter: Int?
    private var location: String?
    private var bytes = 0
    private(set) var isWhole = false

    /// Takes a line with its line end.
    mutating func take(_ line: some Collection<UInt8>) -> Step {
        // Fields behind a chunked body (RFC 9112 section 7.1.2) tell nothing that is needed.
        guard !isWhole else { return .more }
        bytes += line.count
        guard bytes <= HTTPClientTiming.maximumHeadBytes else {
            return .unusable("a response head of more than \(HTTPClientTiming.maximumHeadBytes) bytes")
        }
        // Only ASCII is looked at; what is not UTF-8 stays harmless.
        let text = Self.trimmed(String(decoding: line, as: UTF8.self)[...])
        if text.isEmpty { return ended() }
        if status == 0 {
            // RFC 9112 section 4: HTTP-version SP status-code SP [ reason-phrase ].
            let parts = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
            guard parts.count >= 2, parts[0].hasPrefix("HTTP/"), let code = Int(parts[1]), (100..<1000).contains(code)
            else { return .unusable("a response that does not begin with an HTTP status line") }
            status = code
            return .more
        }
        guard let colon = text.firstIndex(of: ":") else { return .more }
        let value = Self.trimmed(text[text.index(after: colon)...])
        switch text[..<colon].lowercased() {
        case "content-type":
            contentType = Self.trimmed(value.prefix { $0 != ";" }).lowercased()
        case "retry-after":
            if let seconds = Int(value), seconds >= 0 { retryAfter = seconds }
        case "location":
            location = String(value)
        default:
            break
        }
        return .more
    }

    private mutating func ended() -> Step {
        guard status >= 200 else {
            // RFC 9110 section 15.2: any number of interim responses may come before the final one.
            status = 0
            contentType = ""
            retryAfter = nil
            location = nil
            return .more
        }
        isWhole = true
        let head = HTTPResponseHead(status: status, contentType: contentType, retryAfterSeconds: retryAfter)
        return .whole(head, location: location)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first.isWhitespace { text = text.dropFirst() }
        while let last = text.last, last.isWhitespace { text = text.dropLast() }
        return text
    }
}
