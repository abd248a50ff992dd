import LinuxIO

/// A way to an upstream, with the questions that wait for answers on it.
class UpstreamChannel {
    unowned let upstream: Upstream
    let openedAt: UInt64
    /// When it was last of use.
    var usedAt: UInt64
    /// Who waits, by id. (`@exclusivity(unchecked)`: one thread, and statements that call nobody who could come back.)
    @exclusivity(unchecked) var waiting = FlightTable()
    /// Whether it takes no more questions; closed when nobody waits any more.
    var isRetired = false
    var isClosed = false

    init(upstream: Upstream, now: UInt64) {
        self.upstream = upstream
        openedAt = now
        usedAt = now
    }

    /// What it is called when it has failed.
    var ends: String { upstream.name }

    /// Nobody waits any more for the answer with an id.
    func forget(_ identifier: UInt16) { waiting.remove(identifier) }
}
