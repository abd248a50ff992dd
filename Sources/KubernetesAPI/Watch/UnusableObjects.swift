/// Says which objects cannot be used, without a line for each: a notice at once, then one every ten minutes.
struct UnusableObjects {
    /// Between two notices of one stream, in nanoseconds.
    private static let interval = 10 * MonotonicTime.minute

    private var saidAt: Int64?
    private var unsaid = 0

    /// Notes one, and makes a notice of it when it is time for one.
    mutating func note(_ key: ObjectKey, _ problem: String, _ stream: WatchStream, now: Int64) -> WatchNotice? {
        if let saidAt, MonotonicTime.span(from: saidAt, to: now) < Self.interval {
            unsaid &+= 1
            return nil
        }
        let more = unsaid > 0 ? " (and \(unsaid) more since the last such line)" : ""
        saidAt = now
        unsaid = 0
        let name = key.namespace.isEmpty ? key.name : "\(key.namespace)/\(key.name)"
        return WatchNotice(
            .unusable, stream, "\(stream.resource.kind) \(name) cannot be used and is left as it was: \(problem)\(more)"
        )
    }
}
