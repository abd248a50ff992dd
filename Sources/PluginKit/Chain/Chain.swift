import DNSWire

/// The plugins of one server block in CoreDNS's order, with the memory of one worker.
///
/// Belongs to its worker; made and freed by whoever starts that.
package final class Chain {
    private let steps: UnsafeMutablePointer<Step>
    private let count: Int
    /// Largest UDP response in bytes, whatever the client offers.
    private let udpSize: Int
    private let limitsLoopback: Bool
    /// Whether any of the steps may say `.later`.
    package let mayWait: Bool

    /// - Parameters:
    ///   - steps: the plugins' steps, each with the plugin's place in the order, in that order.
    ///   - udpSize: largest UDP response in bytes.
    ///   - limitsLoopback: whether that is so for clients on the same machine too.
    package init(_ steps: [(plugin: UInt8, step: Step)], udpSize: Int, limitsLoopback: Bool = true) {
        count = steps.count
        mayWait = steps.contains { $0.step.mayWait }
        self.limitsLoopback = limitsLoopback
        self.udpSize = udpSize
        self.steps = .allocate(capacity: max(1, steps.count))
        for (place, entry) in steps.enumerated() {
            var step = entry.step
            step.plugin = entry.plugin
            (self.steps + place).initialize(to: step)
        }
    }

    deinit {
        for place in 0..<count { steps[place].release(steps[place].context) }
        steps.deinitialize(count: count)
        steps.deallocate()
    }

    /// What a worker calls: valid for as long as the chain is kept.
    package var view: ChainView {
        ChainView(steps: steps, count: count, udpSize: udpSize, limitsLoopback: limitsLoopback)
    }
}

/// The calling side of a `Chain`.
package struct ChainView {
    private let steps: UnsafeMutablePointer<Step>
    /// Number of plugins.
    package let count: Int
    /// Largest UDP response in bytes.
    package let udpSize: Int
    /// Whether `udpSize` is for clients on the same machine too.
    package let limitsLoopback: Bool

    init(steps: UnsafeMutablePointer<Step>, count: Int, udpSize: Int, limitsLoopback: Bool) {
        self.limitsLoopback = limitsLoopback
        self.steps = steps
        self.count = count
        self.udpSize = udpSize
    }

    /// Leads an exchange down the chain until a plugin answers, and the finished answer up again through the plugins that
    /// were passed.
    ///
    /// - Returns: the length of the response in bytes, 0 where there is none to send, or none yet (`Exchange.isWaiting`).
    package func answer(_ exchange: UnsafeMutablePointer<Exchange>) -> Int {
        exchange.pointee.topPlace = 0
        return descend(exchange, from: 0)
    }

    /// Leads a question of the server's own down the plugins below the one that asks (`Exchange.asker`), and up again to
    /// that one, whose `up` is the last. Without that plugin there is no response.
    ///
    /// - Returns: as `answer`.
    package func answerBelowAsker(_ exchange: UnsafeMutablePointer<Exchange>) -> Int {
        var place = 0
        while place < count {
            if steps[place].plugin == exchange.pointee.asker {
                exchange.pointee.topPlace = place
                return descend(exchange, from: place &+ 1)
            }
            place &+= 1
        }
        return 0
    }

    /// Goes on with an exchange that waits, with what the step that it waited for says now.
    ///
    /// - Returns: as `answer`.
    package func resume(_ exchange: UnsafeMutablePointer<Exchange>, _ verdict: Verdict) -> Int {
        exchange.pointee.isWaiting = false
        let place = exchange.pointee.waitingPlace
        if exchange.pointee.waitsForAlias {
            exchange.pointee.waitsForAlias = false
            finishAlias(exchange)
            return climb(exchange, from: place)
        }
        if exchange.pointee.waitsOnWayUp {
            exchange.pointee.waitsOnWayUp = false
            return verdict == .drop ? 0 : climbFinished(exchange, from: place)
        }
        switch verdict {
        case .next: return descend(exchange, from: place &+ 1)
        case .answered: return answered(exchange, at: place)
        case .later, .drop: return 0
        }
    }

    @inline(__always)
    private func descend(_ exchange: UnsafeMutablePointer<Exchange>, from start: Int) -> Int {
        // SAFETY: `steps` has `count` elements, and the exchange belongs to the calling thread.
        var place = start
        while place < count {
            let step = steps + place
            place &+= 1
            guard let down = step.pointee.down else { continue }
            switch Verdict(rawValue: down(step.pointee.context, UnsafeMutableRawPointer(exchange))) {
            case .next: continue
            case .answered: return answered(exchange, at: place &- 1)
            case .later:
                exchange.pointee.isWaiting = true
                exchange.pointee.waitingPlace = place &- 1
                return 0
            case .drop, nil: return 0
            }
        }
        // CoreDNS: the chain has ended without an answer, and its last plugin is the one that misses a next.
        let last = count > 0 ? steps[count &- 1].plugin : Exchange.nobody
        exchange.pointee.fail(.serverFailure)
        exchange.pointee.failure = Exchange.Failure(plugin: last, message: "no next plugin found")
        return climb(exchange, from: count)
    }

    /// The step at `place` has answered.
    @inline(__always)
    private func answered(_ exchange: UnsafeMutablePointer<Exchange>, at place: Int) -> Int {
        exchange.pointee.answeredBy = steps[place].plugin
        if exchange.pointee.aliasTarget != 0, !followAlias(exchange) {
            exchange.pointee.isWaiting = true
            exchange.pointee.waitsForAlias = true
            exchange.pointee.waitingPlace = place
            return 0
        }
        return climb(exchange, from: place)
    }

    /// Has the target of an alias looked up, and lets the plugin that wrote the alias finish. False where the look-up waits.
    private func followAlias(_ exchange: UnsafeMutablePointer<Exchange>) -> Bool {
        if let lookup = exchange.pointee.aliasLookup, let context = exchange.pointee.aliasContext,
            !lookup(context, UnsafeMutableRawPointer(exchange))
        {
            return false
        }
        finishAlias(exchange)
        return true
    }

    private func finishAlias(_ exchange: UnsafeMutablePointer<Exchange>) {
        if let done = exchange.pointee.aliasDone, let context = exchange.pointee.aliasDoneContext {
            done(context, UnsafeMutableRawPointer(exchange))
        }
    }

    private func climb(_ exchange: UnsafeMutablePointer<Exchange>, from end: Int) -> Int {
        _ = exchange.pointee.finish()
        return climbFinished(exchange, from: end)
    }

    /// Leads a finished response up from the step at `end`, which has seen it.
    @inline(__always)
    private func climbFinished(_ exchange: UnsafeMutablePointer<Exchange>, from end: Int) -> Int {
        var place = end
        let top = exchange.pointee.topPlace
        while place > top {
            place &-= 1
            guard let up = steps[place].up else { continue }
            up(steps[place].context, UnsafeMutableRawPointer(exchange))
            if exchange.pointee.holdsResponse {
                exchange.pointee.holdsResponse = false
                exchange.pointee.heldBy = steps[place].plugin
                exchange.pointee.isWaiting = true
                exchange.pointee.waitsOnWayUp = true
                exchange.pointee.waitingPlace = place
                return 0
            }
        }
        return exchange.pointee.responseLength
    }

    /// Tells the plugins that a batch begins.
    package func beginBatch(_ now: UInt64) {
        var place = 0
        while place < count {
            if let begin = steps[place].beginBatch { begin(steps[place].context, now) }
            place &+= 1
        }
    }

    /// Tells the plugins that a batch has been answered.
    package func endBatch(_ now: UInt64) {
        var place = 0
        while place < count {
            if let end = steps[place].endBatch { end(steps[place].context, now) }
            place &+= 1
        }
    }
}
