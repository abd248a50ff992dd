/// How a stream is.
///
/// Whether it has ever been complete is another matter: that stays so once `.synced` was said, whatever comes after, and
/// what was known is served on. Listing anew does not leave `.synced`.
package enum WatchState: String, Sendable, Hashable, CaseIterable {
    /// The first list is not there yet, and nothing went wrong so far.
    case waiting
    /// All objects are known, and changes come in.
    case synced
    /// The API cannot be reached, or fails; what is known may be out of date.
    case failing
    /// The API server does not allow it (403).
    case forbidden
    /// The API server has no such resource (404).
    case missing
}
