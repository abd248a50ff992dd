/// What a watch machine wants done, in this order.
package enum WatchAction: Sendable, Hashable {
    /// Make this request; there is none under way.
    case request(WatchRequest)
    /// Give up the request under way.
    case cancel
    /// What is not applied until `endReplace` is gone then. One that follows another without an end between them starts
    /// over: marks of the first count no more.
    case beginReplace
    /// The replacement is complete.
    case endReplace
    /// The stream's state is another one now.
    case changed(WatchState)
    /// The credentials were refused: get new ones before the next request.
    case refreshCredentials
    /// For the log.
    case notice(WatchNotice)
}
