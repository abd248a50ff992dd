/// What a plugin says on the way down.
package enum Verdict: UInt8, Sendable {
    /// Not mine, or only looked at: go on with the next plugin.
    case next
    /// The response's records, code and flags are in the exchange.
    case answered
    /// Not now. On the event loop the plugin has taken a `WaitingExchange` and will go on with it; on a worker's thread the
    /// query moves to the event loop, and goes down the chain there from the beginning.
    case later
    /// No response at all.
    case drop
}
