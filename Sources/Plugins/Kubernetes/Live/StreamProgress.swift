import KubernetesAPI

/// How one stream of a watched cluster stands.
struct StreamProgress: Sendable {
    /// What the watcher said last.
    var state = WatchState.waiting
    /// Whether the stream was ever known whole.
    var wasSynced = false
    /// When something was last heard, monotonic nanoseconds; nil before the first time.
    var lastActivity: UInt64?
    /// Complete lists so far.
    var lists: UInt64 = 0

    /// Whether there is nothing to wait for: it is known whole, or the API server does not give it.
    var isSettled: Bool { wasSynced || state == .forbidden || state == .missing }
}
