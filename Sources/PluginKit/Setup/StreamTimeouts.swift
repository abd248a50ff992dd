/// What `timeouts` says about TCP connections; nil where it says nothing.
package struct StreamTimeouts: Sendable, Equatable {
    /// How long the first query of a connection may take to come, in nanoseconds.
    package var read: UInt64?
    /// How long a client may take to accept its answers, in nanoseconds.
    package var write: UInt64?
    /// How long a connection may wait for its next query, in nanoseconds.
    package var idle: UInt64?
    /// How many queries a connection is served; `.max` for any number.
    package var queries: Int?

    package init() {}

    /// What `other` says takes the place of what was said before.
    package mutating func take(_ other: StreamTimeouts) {
        read = other.read ?? read
        write = other.write ?? write
        idle = other.idle ?? idle
        queries = other.queries ?? queries
    }
}
