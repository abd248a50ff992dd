/// What a plugin says on the way down.
package enum Verdict: UInt8, Sendable {
    /// Not mine, or only looked at: go on with the next plugin.
    case next
    /// The response's records, code and flags are in the exchange.
    case answered
    /// Parked: the plugin completes the exchange from the event loop.
    case later
    /// No response at all.
    case drop
}
