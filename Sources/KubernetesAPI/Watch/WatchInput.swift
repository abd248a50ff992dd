/// What happens to the request of a watch machine.
package enum WatchInput: Sendable, Hashable {
    /// The machine's deadline has come (or not: then nothing happens).
    case tick
    /// The response begins.
    case head(status: Int, retryAfterSeconds: Int?)
    /// An object came, of use or not; only its version is looked at.
    case object(BodyEvent.Change, version: String)
    /// A bookmark came.
    case bookmark(version: String, endsInitialEvents: Bool)
    /// A Status came, in an ERROR event or as the body.
    case status(APIStatus)
    /// A list or a page of it is complete.
    case listEnd(version: String, continueToken: String)
    /// The response is over, and nothing of it is missing.
    case finished
    /// The request could not be made or its response broke off; `reason` is a sentence for people.
    case disconnected(reason: String)
    /// The bytes of the response are not what they should be, or end inside an object.
    case broken(reason: String)
}
