/// Why a request has no whole response.
package struct HTTPClientFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What failed, for those who count or who act on it.
    package enum Kind: Sendable, Hashable, CaseIterable {
        /// The server's (or proxy's) name has no address.
        case resolve
        /// There is no connection.
        case connect
        /// The two sides do not trust each other, or do not speak TLS.
        case tls
        /// Connecting took too long.
        case timeout
        /// No byte came for the request's idle timeout.
        case idle
        /// The connection ended in the middle of a response, or before one.
        case closed
        /// There is no token or certificate to show.
        case credentials
        /// Anything else, such as a server that does not speak HTTP.
        case other
    }

    /// What failed.
    package let kind: Kind
    /// A sentence for people: where, what happened, what to look at.
    package let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
