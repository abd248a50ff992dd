import DNSWire
import LinuxIO
import PluginKit

extension CacheChain {
    /// When a refresh that fails now is tried again; 0 for at once.
    func retryAfter(isStale: Bool) -> UInt64 {
        let recheck = isStale ? plugin.options.stale?.failureRecheck ?? 0 : 0
        return recheck == 0 ? 0 : plugin.clock.monotonic() &+ recheck
    }

    /// Asks anew in the background for an entry that has been marked so.
    func refresh(_ exchange: UnsafeMutablePointer<Exchange>, _ key: CacheKey, isStale: Bool) {
        guard let ask else { return }
        counters.view.add(.prefetches)
        let refresh = CacheRefresh(plugin.store, key, isStale: isStale)
        ask(
            ownQuery(exchange, refresh) { [self] in refresh.end(retryAfter: retryAfter(isStale: isStale)) })
    }

    /// The client's question, as the plugins below have it.
    private func ownQuery(
        _ exchange: UnsafeMutablePointer<Exchange>, _ refresh: CacheRefresh, _ ended: @escaping @Sendable () -> Void
    ) -> OwnQuery {
        let request = exchange.pointee.request
        let kept = request.flags & (Header.recursionDesired | Header.checkingDisabled) | Header.authenticData
        var bytes: [UInt8] = []
        func put(_ words: UInt16...) {
            for word in words { bytes += [UInt8(truncatingIfNeeded: word >> 8), UInt8(truncatingIfNeeded: word)] }
        }
        put(0, kept, 1, 0, 0, request.hasEDNS ? 1 : 0)
        // SAFETY: header and question stand where they are for as long as the exchange lives.
        bytes += UnsafeRawBufferPointer(start: exchange.pointee.writer.base, count: request.questionEnd)
            .dropFirst(Header.length)
        if request.hasEDNS {
            bytes.append(0)
            put(RecordType.opt.rawValue, ResponseWriter.announcedUDPSize, 0, request.dnssecOK ? 0x8000 : 0, 0)
        }
        return OwnQuery(
            request: bytes, asker: number, client: exchange.pointee.client, local: exchange.pointee.local,
            transport: exchange.pointee.clientTransport, subject: refresh, ended: ended)
    }

    /// There is an expired answer only, and the source is to be asked first. With the shard's lock held, which it releases.
    func verify(
        _ step: UnsafeMutablePointer<CacheStep>, _ exchange: UnsafeMutablePointer<Exchange>, _ key: CacheKey,
        _ entry: CacheEntry.Pointer, _ shard: UnsafeMutablePointer<CacheShard>
    ) -> Verdict {
        let stale = plugin.options.stale ?? CacheOptions.Stale()
        // CoreDNS: one refresh at a time where those that fail are to have a pause; or else every query asks.
        let claims = stale.failureRecheck > 0
        let isDenial = entry.pointee.kind == .denial
        if claims || stale.verifyTimeout > 0, exchange.pointee.resumption == nil {
            // Whoever marks the entry must see the end of it: on the event loop.
            shard.pointee.unlock()
            return .later
        }
        if claims { entry.pointee.refreshedUntil = step.pointee.now &+ CacheEntry.longestRefresh }
        shard.pointee.unlock()
        if stale.verifyTimeout > 0, let ask, let loop, let waiting = WaitingExchange(exchange) {
            counters.view.add(isDenial ? .denialHits : .successHits)
            let refresh = CacheRefresh(plugin.store, key, isStale: true, keepsAnswer: true)
            let verification = CacheVerification(self, step, waiting, refresh)
            ask(
                ownQuery(exchange, refresh) { [self] in
                    if claims { refresh.end(retryAfter: retryAfter(isStale: true)) }
                    verification.end()
                })
            if verification.isOver { return giveStale(step, exchange) ? .answered : .next }
            verification.start(loop, timeout: stale.verifyTimeout)
            return .later
        }
        exchange.pointee.cacheNotes |=
            CacheStep.Note.verifies | (isDenial ? CacheStep.Note.isDenial : 0)
            | (claims ? CacheStep.Note.isClaimed : 0)
        CacheStep.askForAuthenticData(exchange)
        return .next
    }

    /// Gives out the expired answer after all, in place of what may have been written.
    ///
    /// - Returns: false where it is gone.
    func giveStale(_ step: UnsafeMutablePointer<CacheStep>, _ exchange: UnsafeMutablePointer<Exchange>) -> Bool {
        let view = plugin.store.view
        let key = CacheKey(exchange, view.hash)
        let shard = view.shard(key.hash)
        shard.pointee.lock()
        defer { shard.pointee.unlock() }
        guard let entry = view.choose(shard.pointee.find(key), step.pointee.now) else { return false }
        let remaining = entry.pointee.remaining(step.pointee.now)
        exchange.pointee.fail(.noError)
        exchange.pointee.failure = nil
        exchange.pointee.aliasTarget = 0
        exchange.pointee.answeredBy = number
        CacheStep.give(step, exchange, entry, remaining)
        if remaining <= 0 { counters.view.add(.servedStale) }
        return true
    }
}
