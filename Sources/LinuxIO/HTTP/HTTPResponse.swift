/// An answer of an `HTTPServer`.
package struct HTTPResponse: Equatable, Sendable {
    /// The status code, such as 200.
    package var status: Int
    /// The Content-Type, such as "text/plain; charset=utf-8".
    package var contentType: String
    /// The body.
    package var body: [UInt8]

    /// Plain text, as the health and ready plugins answer.
    package static let plainText = "text/plain; charset=utf-8"

    /// An answer with a body of bytes.
    package init(status: Int, contentType: String = Self.plainText, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// An answer with a body of text.
    package init(status: Int, contentType: String = Self.plainText, text: String) {
        self.init(status: status, contentType: contentType, body: Array(text.utf8))
    }

    /// The answer that only says its status.
    static func refusal(_ status: Int) -> HTTPResponse {
        HTTPResponse(status: status, text: "\(status) \(reason(status))\n")
    }

    /// The reason phrase of a status code (RFC 9110 section 15); "Status" for those that are not used here.
    static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 204: "No Content"
        case 400: "Bad Request"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }

    /// The answer as it is sent. `withBody` is false for HEAD, whose answer has the headers of GET's (RFC 9110 section
    /// 9.3.2).
    func encoded(withBody: Bool, date: Clock.Wall) -> [UInt8] {
        var head = "HTTP/1.1 \(status) \(Self.reason(status))\r\n"
        // RFC 9110 section 6.6.1: a server with a clock sends the date.
        head += "Date: \(HTTPDate.text(date))\r\n"
        // RFC 9110 section 15.5.6: with 405 goes what is allowed.
        if status == 405 { head += "Allow: GET, HEAD\r\n" }
        head += "Content-Type: \(contentType)\r\nContent-Length: \(body.count)\r\nConnection: close\r\n\r\n"
        return withBody ? Array(head.utf8) + body : Array(head.utf8)
    }
}
