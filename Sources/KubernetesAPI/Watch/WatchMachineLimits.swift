/// The limits of the watch machine, each with its reason.
extension WatchMachine {
    /// The only status of a list or watch that is one.
    static let goodStatus = 200
    /// A watch that ends sooner without an event is a failure (rule 6); watches begin at most this often otherwise.
    static let shortWatch = MonotonicTime.second
    /// A watch whose connection breaks after that long went well: the pause before the next one is the first of a back-off.
    static let soundWatch = 10 * MonotonicTime.second
    /// Seconds for which a watch is asked: at random, so that not all of them end together (rule 2).
    static let watchSeconds = 300...600
    /// What a client waits beyond the server's own end of a watch (rule 11).
    static let idleMargin = 10 * MonotonicTime.second
    /// How long a list may be silent: API servers give up on one after 60 s.
    static let listSilence = 65 * MonotonicTime.second
    /// How long a streaming list may bring no object before its end: a server that ignores the wish never ends it.
    static let streamingSilence = 60 * MonotonicTime.second
    /// How long a watch may be without an answer: an API server answers at once, or after it has let the request wait in a
    /// queue. Its idle timeout would be ten minutes of silence from a proxy that takes connections for nobody.
    static let answerPatience = 65 * MonotonicTime.second
    /// Streaming lists in a row that do not complete before plain lists are used (rule 9).
    static let incompleteStreamLimit = 2
    /// How long plain lists are used then: a server may be upgraded.
    static let streamingPause = 6 * 60 * MonotonicTime.minute
    /// Expired continue tokens before the list is asked for in one piece, which cannot expire.
    static let expiredTokenLimit = 2
    /// Failures of one page before the list begins anew.
    static let pageFailureLimit = 3
    /// Pages of one list; a server that goes on for ever is not to be believed. 5 million objects at 500 each.
    static let pageLimit = 10_000
    /// Watches in a row with broken bodies before everything is listed anew: a re-watch may break at the same event for ever.
    static let brokenWatchLimit = 3
    /// How long InternalError events are answered by watching again before everything is listed anew (rule 5).
    static let internalErrorPatience = MonotonicTime.minute
    /// The longest Retry-After that is followed, in seconds.
    static let retryAfterCap = 60
    /// How often a missing API is tried: an API server that starts up may say 404 for a custom resource too.
    static let missingPause = MonotonicTime.minute
    /// How often the Namespace object of one namespace is tried once it was forbidden: a Role cannot allow it. One that
    /// could be read before is tried as often as anything else.
    static let namespaceObjectPause = 10 * MonotonicTime.minute
    /// Failures in a row before a stream that has synced is said to be failing: one hiccup is nobody's concern.
    static let failingThreshold = 3
    /// When a relist that nothing but caution asked for is tried again after the server would not have it.
    static let relistPutOff = 5 * MonotonicTime.minute
}
