/// What a person may choose about watching.
package struct WatchOptions: Sendable, Hashable {
    /// Objects on one page of a list; 0 for lists in one piece.
    package var pageSize = 500
    /// Whether streaming lists are tried before plain ones (watch.md, rule 9).
    package var usesStreamingLists = true
    /// How often everything is listed again to find what a watch left out, in nanoseconds, give or take a quarter; nil for
    /// never.
    package var consistencyInterval: Int64? = 30 * MonotonicTime.minute
    /// How long a watch may bring neither an event nor a bookmark before everything is listed again, in nanoseconds; nil for
    /// ever. API servers send a bookmark about every minute.
    package var silenceLimit: Int64? = 15 * MonotonicTime.minute

    /// The defaults.
    package init() {}
}
