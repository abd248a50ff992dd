/// What an event of a watch says (`type` of a WatchEvent).
enum EventType: String, CaseIterable {
    case added = "ADDED"
    case modified = "MODIFIED"
    case deleted = "DELETED"
    case bookmark = "BOOKMARK"
    case error = "ERROR"

    /// The annotation of the bookmark that ends the initial events of a streaming list.
    static let initialEventsEnd = "k8s.io/initial-events-end"

    /// How the object of the event came; nil for events that are not about an object.
    var change: BodyEvent.Change? {
        switch self {
        case .added: .added
        case .modified: .modified
        case .deleted: .deleted
        case .bookmark, .error: nil
        }
    }

    /// The fault of an event of another type.
    static func unknown(_ found: String) -> BodyFault {
        BodyFault(
            "an event of type \"\(found.prefix(64))\", expected one of "
                + allCases.map(\.rawValue).joined(separator: ", "))
    }
}
