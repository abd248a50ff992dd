import DNSWire
import LinuxIO
import PluginKit

/// The cache's part in one chain of one worker, away from the fast lane: what is kept, and what is asked anew.
///
/// `@unchecked Sendable`: used by the chain's worker only.
final class CacheChain: @unchecked Sendable {
    let plugin: CachePlugin
    let counters: CacheCounters
    let loop: EventLoop?
    let ask: (@Sendable (OwnQuery) -> Void)?
    /// The number of the `cache` plugin.
    let number = PluginTable.number(of: CachePlugin.directive) ?? Exchange.nobody

    init(plugin: CachePlugin, worker: WorkerContext, counters: CacheCounters) {
        self.plugin = plugin
        self.counters = counters
        loop = worker.loop
        ask = worker.ask
    }

    /// The memory of a step, with what is done when it is given up.
    private struct Context {
        var step: CacheStep
        let release: (CacheCounters) -> Void
    }

    /// - Parameter release: called when the step is given up.
    func makeStep(_ release: @escaping (CacheCounters) -> Void) -> Step {
        let options = plugin.options
        let stale = options.stale
        let context = UnsafeMutablePointer<Context>.allocate(capacity: 1)
        context.initialize(
            to: Context(
                step: CacheStep(
                    chain: .passRetained(self), number: number, view: plugin.store.view, counters: counters.view,
                    zones: plugin.zones.view, clusterZones: plugin.clusterZones.view,
                    kubernetes: PluginTable.number(of: KubernetesPlugin.directive) ?? Exchange.nobody,
                    asks: ask != nil, answerCap: options.success.longestTTL, denialCap: options.denial.longestTTL,
                    prefetchAmount: options.prefetchAmount, prefetchSpan: options.prefetchSpan,
                    prefetchPercentage: UInt64(options.prefetchPercentage),
                    verifiesStale: stale?.verifies ?? false, staleTTL: stale?.responseTTL ?? 0,
                    keepsTTL: options.keepsTTL, now: plugin.clock.monotonic()),
                release: release))
        // SAFETY of all four: the context is the one initialised above, whose first part is the step.
        return Step(
            context: UnsafeMutableRawPointer(context),
            down: { context, exchange in
                CacheStep.down(context.assumingMemoryBound(to: CacheStep.self), Step.exchange(exchange)).rawValue
            },
            up: { context, exchange in
                CacheStep.up(context.assumingMemoryBound(to: CacheStep.self), Step.exchange(exchange))
            },
            beginBatch: { context, now in context.assumingMemoryBound(to: CacheStep.self).pointee.now = now },
            // Queries that wait for a free refresh, or for an answer, do so on the event loop.
            mayWait: stale?.verifies ?? false,
            release: { context in
                let context = context.assumingMemoryBound(to: Context.self)
                let chain = context.pointee.step.chain
                context.pointee.release(chain.takeUnretainedValue().counters)
                chain.release()
                context.deinitialize(count: 1)
                context.deallocate()
            })
    }

    // MARK: Keeping

    /// Looks at a finished response: caps its TTLs, keeps it where it may be kept, and puts an expired answer in its place
    /// where it is none.
    func keep(_ step: UnsafeMutablePointer<CacheStep>, _ exchange: UnsafeMutablePointer<Exchange>) {
        let notes = exchange.pointee.cacheNotes
        exchange.pointee.cacheNotes = 0
        if notes & CacheStep.Note.askedForAuthenticData != 0 {
            exchange.pointee.request.flags &= ~Header.authenticData
        }
        let name = exchange.pointee.name
        let request = exchange.pointee.request
        // A zone transfer is to arrive as it is.
        guard request.type != .axfr, request.type != .ixfr,
            plugin.zones.view.longestMatch(name, length: request.nameLength, labelCount: request.labelCount).index >= 0
        else { return }
        var refresh: CacheRefresh?
        if exchange.pointee.asker == number, let subject = exchange.pointee.ownQuery {
            // SAFETY: what this plugin asks has a refresh as its subject, which is kept for as long as the exchange.
            refresh = Unmanaged<CacheRefresh>.fromOpaque(subject).takeUnretainedValue()
        }
        let isCluster =
            plugin.clusterZones.view.longestMatch(
                name, length: request.nameLength, labelCount: request.labelCount
            ).index >= 0
        let verifies = notes & CacheStep.Note.verifies != 0
        if !exchange.pointee.isCounted(by: number) {
            if verifies {
                counters.view.add(notes & CacheStep.Note.isDenial != 0 ? .denialHits : .successHits)
            } else if refresh == nil, !isCluster {
                counters.view.add(.misses)
            }
        }
        let isKept = withUnsafeTemporaryAllocation(of: UInt16.self, capacity: FinishedResponse.mostRecords) { places in
            // An alias that leads into the cluster's zones (of any block) is as fresh as what it leads to.
            keep(
                step, exchange, places, refresh, mayKeep: !isCluster && !exchange.pointee.aliasLedToCluster,
                mustBeBetter: verifies)
        }
        guard verifies else { return }
        if notes & CacheStep.Note.isClaimed != 0 {
            plugin.store.endRefresh(
                CacheKey(exchange, plugin.store.hash), retryAfter: isKept ? 0 : retryAfter(isStale: true))
        }
        if !isKept, giveStale(step, exchange) { _ = exchange.pointee.finish() }
    }

    /// - Returns: whether the response may take the place of an expired answer.
    private func keep(
        _ step: UnsafeMutablePointer<CacheStep>, _ exchange: UnsafeMutablePointer<Exchange>,
        _ places: UnsafeMutableBufferPointer<UInt16>, _ refresh: CacheRefresh?, mayKeep: Bool, mustBeBetter: Bool
    ) -> Bool {
        guard let response = FinishedResponse(exchange, places: places, wall: plugin.clock.wall) else { return false }
        let request = exchange.pointee.request
        let answers = response.answersQuestion(
            type: request.type.rawValue, recordClass: request.recordClass.rawValue)
        // What a plugin could not answer is no answer of anybody's (CoreDNS keeps messages, and an error is none).
        let kind = exchange.pointee.failure == nil ? response.kind(answersQuestion: answers) : .other
        let isBetter = replacesStale(response, kind, answers)
        // RFC 8767, section 4: only an answer or a denial takes the place of an expired answer.
        let replaces = mustBeBetter || refresh?.isStale == true
        if replaces, !isBetter, !plugin.options.prefersPositive { return false }
        let ttl = response.ttl(kind, plugin.options)
        cap(response, ttl, places)
        if mayKeep, ttl > 0,
            response.mayBeKept(kind, answersQuestion: answers, wasRecursive: request.recursionDesired)
        {
            keep(step, exchange, response, kind, ttl, answers, places, isRefresh: refresh != nil)
        }
        if !request.dnssecOK, request.flags & Header.authenticData == 0 { clearAuthenticData(exchange) }
        if let refresh {
            let key = CacheKey(exchange, plugin.store.hash)
            refresh.succeeded(isBetter) {
                response.entry(
                    .success, key, ttl: ttl, now: step.pointee.now, answersQuestion: answers, places: places)
            }
        }
        return isBetter
    }

    private func replacesStale(_ response: FinishedResponse, _ kind: FinishedResponse.Kind, _ answers: Bool) -> Bool {
        if response.isTruncated { return false }
        if plugin.options.prefersPositive { return kind == .answer && answers }
        // NOERROR and NXDOMAIN.
        return response.isWhole && kind != .other && (response.code == 0 || response.code == 3)
    }

    private func keep(
        _ step: UnsafeMutablePointer<CacheStep>, _ exchange: UnsafeMutablePointer<Exchange>,
        _ response: FinishedResponse, _ kind: FinishedResponse.Kind, _ ttl: UInt32, _ answers: Bool,
        _ places: UnsafeMutableBufferPointer<UInt16>, isRefresh: Bool
    ) {
        let entryKind: CacheEntry.Kind
        let exceptions: ZoneMatcher
        switch kind {
        case .other: return
        case .answer, .delegation: (entryKind, exceptions) = (.success, plugin.successExceptions)
        case .noData, .nameError, .serverError: (entryKind, exceptions) = (.denial, plugin.denialExceptions)
        }
        let request = exchange.pointee.request
        guard
            exceptions.view.longestMatch(
                exchange.pointee.name, length: request.nameLength, labelCount: request.labelCount
            ).index < 0
        else { return }
        let key = CacheKey(exchange, plugin.store.hash)
        let entry = response.entry(
            entryKind, key, ttl: ttl, now: step.pointee.now, answersQuestion: answers, places: places)
        let counters = counters.view
        plugin.store.insert(entry, key, isRefresh: isRefresh) { kind in
            counters.add(kind == .denial ? .denialEvictions : .successEvictions)
        }
    }

    /// CoreDNS: a response has the TTL that it is kept with from the beginning, in all of its records.
    private func cap(_ response: FinishedResponse, _ ttl: UInt32, _ places: UnsafeMutableBufferPointer<UInt16>) {
        guard response.isWhole, let base = response.message.baseAddress else { return }
        for place in 0..<response.recordCount {
            // SAFETY: the places are those of the TTLs of a message that the exchange owns.
            UnsafeMutableRawPointer(mutating: base)
                .storeBytes(of: ttl.bigEndian, toByteOffset: Int(places[place]), as: UInt32.self)
        }
    }

    private func clearAuthenticData(_ exchange: UnsafeMutablePointer<Exchange>) {
        exchange.pointee.flags &= ~Header.authenticData
        let base = exchange.pointee.writer.base
        let flags = Header.field(base, Header.flagsOffset) & ~Header.authenticData
        // SAFETY: every response has a header.
        base.storeBytes(of: flags.bigEndian, toByteOffset: Header.flagsOffset, as: UInt16.self)
    }
}
