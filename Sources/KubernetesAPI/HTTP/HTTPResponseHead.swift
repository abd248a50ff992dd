/// What a response begins with.
package struct HTTPResponseHead: Sendable, Hashable {
    /// The status code.
    package let status: Int
    /// The media type in lower case, without parameters; empty where the server gives none.
    package let contentType: String
    /// Seconds of a Retry-After field; nil where there is none. An API server sends no dates in it.
    package let retryAfterSeconds: Int?

    /// A head.
    package init(status: Int, contentType: String, retryAfterSeconds: Int? = nil) {
        self.status = status
        self.contentType = contentType
        self.retryAfterSeconds = retryAfterSeconds
    }
}
