/// A GET to the API server.
package struct HTTPClientRequest: Sendable {
    /// What is asked for, with its query, percent-encoded: "/api/v1/services?limit=500".
    package let path: String
    /// The media types wanted, as the Accept field has them.
    package let accept: String
    /// Nanoseconds without a byte after which the request fails with `.idle`, connecting included; nil: it never does. Of
    /// a watch the head must come within 30 s in any case.
    package let idleTimeout: Int64?
    /// Whether this is a watch: it is not held up by `apiserver_qps`, as in client-go, and does not end by itself.
    package let isWatch: Bool

    /// A request.
    package init(path: String, accept: String, idleTimeout: Int64?, isWatch: Bool = false) {
        self.path = path
        self.accept = accept
        self.idleTimeout = idleTimeout
        self.isWatch = isWatch
    }
}
