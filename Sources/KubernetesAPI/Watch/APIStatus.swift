/// A v1 Status: how a request failed.
package struct APIStatus: Sendable, Hashable {
    /// The HTTP status code; 0 where it is not given.
    package let code: Int
    /// `reason`, one word: Expired, Forbidden, TooManyRequests.
    package let reason: String
    /// `message`, a sentence for people.
    package let message: String
    /// `details.retryAfterSeconds`; nil where it is not given.
    package let retryAfterSeconds: Int?

    /// A status.
    package init(code: Int, reason: String = "", message: String = "", retryAfterSeconds: Int? = nil) {
        self.code = code
        self.reason = reason
        self.message = message
        self.retryAfterSeconds = retryAfterSeconds
    }
}
