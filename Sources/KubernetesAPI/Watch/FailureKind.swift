/// The failures that the watch machine tells apart.
enum FailureKind: Sendable, Hashable {
    /// 410: the version or the continue token is too old.
    case expired
    /// The version is newer than the server's own: of another server, or from before a restore (rule 1).
    case tooLarge
    case unauthorized
    case forbidden
    case missing
    /// Another 4xx: the request itself is wrong for this server.
    case badRequest
    /// 500 in an ERROR event or a response (rule 5).
    case internalError
    /// Throttled, overloaded, unreachable, broken.
    case other

    init(_ failure: WatchMachine.Failure, _ status: APIStatus?) {
        guard case .refused(let code) = failure else {
            self = .other
            return
        }
        // The reasons are those of k8s.io/apimachinery's StatusReason.
        switch (code, status?.reason ?? "") {
        case (410, _), (_, "Expired"), (_, "Gone"): self = .expired
        case (401, _): self = .unauthorized
        case (403, _): self = .forbidden
        case (404, _): self = .missing
        case (408, _), (429, _): self = .other
        case (400..<500, _): self = .badRequest
        default:
            // A 504 with this text in servers since 1.17 (see watch-future-pb), a 500 in older ones.
            if let message = status?.message, message.lowercased().contains("too large resource version") {
                self = .tooLarge
            } else {
                self = code == 500 ? .internalError : .other
            }
        }
    }
}
