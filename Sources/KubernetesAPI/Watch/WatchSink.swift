/// Takes what a watcher finds. All calls come from the watcher's thread, none after its `stop()` has returned.
///
/// One thing is in order for each stream: `beginReplace`, what is there, `endReplace`, then changes. A replacement that
/// cannot be completed is begun once more; until `endReplace` nothing is gone.
package protocol WatchSink: AnyObject, Sendable {
    /// An object is there, or (`.deleted`) is not any more.
    ///
    /// - Parameters:
    ///   - version: its `metadata.resourceVersion`.
    ///   - triggerTime: when the change happened, in nanoseconds since 1970; nil where the object does not say.
    func apply(_ change: BodyEvent.Change, _ object: WatchedObject, version: String, triggerTime: Int64?)
    /// What is not applied or kept until `endReplace` is gone then. One that follows another without an end between them
    /// starts over: marks of the first count no more.
    func beginReplace(_ stream: WatchStream)
    /// All that there is was applied or kept since `beginReplace`.
    func endReplace(_ stream: WatchStream)
    /// An object that cannot be used is there: what is known of it stays.
    func keep(_ key: ObjectKey, _ stream: WatchStream)
    /// What came together is all applied: time to publish it.
    func flush()
    /// The stream's state is another one. It begins as `.waiting`, of which nothing is said.
    func changed(_ stream: WatchStream, _ state: WatchState)
    /// Events or bookmarks came.
    func sawActivity(_ stream: WatchStream)
}
