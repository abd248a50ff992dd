/// What a reader of response bodies finds, one after the other as the bytes arrive.
package enum BodyEvent: Sendable, Hashable {
    /// How an object came: as an item of a list, or in an event of a watch.
    package enum Change: UInt8, Sendable, Hashable {
        case listed
        case added
        case modified
        case deleted
    }

    /// An object.
    ///
    /// - Parameters:
    ///   - version: its `metadata.resourceVersion`.
    ///   - triggerTime: when the change that an EndpointSlice shows happened, in nanoseconds since 1970, from its
    ///     annotation `endpoints.kubernetes.io/last-change-trigger-time`; nil where there is none.
    case object(Change, WatchedObject, version: String, triggerTime: Int64?)
    /// An object that cannot be used: what is wrong with it, for the log. It counts as one that is there, unchanged.
    case unusable(Change, ObjectKey, version: String, problem: String)
    /// A watch's bookmark: nothing before `version` is still to come. `endsInitialEvents` says that the initial events of a
    /// streaming list are all there (annotation `k8s.io/initial-events-end`).
    case bookmark(version: String, endsInitialEvents: Bool)
    /// A Status in an ERROR event of a watch, or in place of what was asked for.
    case status(APIStatus)
    /// The end of a list or of one of its pages; an empty `continueToken` says that there are no more.
    case listEnd(version: String, continueToken: String)
}
