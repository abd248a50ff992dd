/// A request that the watch machine asks for.
package struct WatchRequest: Sendable, Hashable {
    /// What is asked.
    package enum Kind: Sendable, Hashable {
        /// A list or a page of one; a `limit` of 0 is none, an empty `continueToken` says the first page.
        case list(limit: Int, continueToken: String)
        /// A watch for `timeoutSeconds`; with `initialEvents` a streaming list, which is a watch afterwards.
        case watch(timeoutSeconds: Int, initialEvents: Bool)
    }

    /// What is asked.
    package let kind: Kind
    /// `resourceVersion`; nil where it is left out, which asks for the most recent state.
    package let resourceVersion: String?
    /// Whether `resourceVersionMatch=NotOlderThan` goes with it.
    package let notOlderThan: Bool
    /// How long the response may be silent, in nanoseconds.
    package let idleTimeout: Int64

    /// A request.
    package init(kind: Kind, resourceVersion: String?, notOlderThan: Bool, idleTimeout: Int64) {
        self.kind = kind
        self.resourceVersion = resourceVersion
        self.notOlderThan = notOlderThan
        self.idleTimeout = idleTimeout
    }

    /// Whether the response is a series of events.
    package var isWatch: Bool {
        if case .watch = kind { true } else { false }
    }
}
