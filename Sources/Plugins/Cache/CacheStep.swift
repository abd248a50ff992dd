import DNSWire
import LinuxIO
import PluginKit

/// What the cache has for one chain of one worker: the memory of its step. Everything that the fast lane needs is here, as
/// plain values.
struct CacheStep {
    let chain: Unmanaged<CacheChain>
    /// The plugin's own.
    let number: UInt8
    let view: CacheView
    let counters: CacheCounters.View
    let zones: ZoneMatcherView
    let clusterZones: ZoneMatcherView
    /// The number of the `kubernetes` plugin.
    let kubernetes: UInt8
    /// Whether something can be asked of the server's own accord.
    let asks: Bool
    /// The longest TTLs of answers and of denials.
    let answerCap: UInt32
    let denialCap: UInt32
    let prefetchAmount: UInt32
    let prefetchSpan: UInt64
    let prefetchPercentage: UInt64
    let verifiesStale: Bool
    let staleTTL: UInt32
    let keepsTTL: Bool
    /// When the batch began, monotonic nanoseconds.
    var now: UInt64

    /// What an exchange remembers between the way down and the way up (`Exchange.cacheNotes`).
    enum Note {
        /// AD was set for the plugins below; the client had not set it.
        static var askedForAuthenticData: UInt8 { 1 }
        /// There is an expired answer, which is given out if there is no better one.
        static var verifies: UInt8 { 2 }
        /// That one is a denial.
        static var isDenial: UInt8 { 4 }
        /// The entry says that a refresh is on its way.
        static var isClaimed: UInt8 { 8 }
    }

    /// The cache's part in a query on its way down.
    @inline(__always)
    static func down(_ step: UnsafeMutablePointer<CacheStep>, _ exchange: UnsafeMutablePointer<Exchange>) -> Verdict {
        guard serves(step, exchange) else { return .next }
        let key = CacheKey(exchange, step.pointee.view.hash)
        let now = step.pointee.now
        let shard = step.pointee.view.shard(key.hash)
        shard.pointee.lock()
        guard let entry = step.pointee.view.choose(shard.pointee.find(key), now) else {
            shard.pointee.unlock()
            askForAuthenticData(exchange)
            return .next
        }
        let remaining = entry.pointee.remaining(now)
        if remaining <= 0, step.pointee.verifiesStale, entry.pointee.retryAfter <= now,
            entry.pointee.refreshedUntil <= now
        {
            return verify(step, exchange, key, entry, shard)
        }
        let isDue = isRefreshDue(step, entry, remaining, now)
        let kind = entry.pointee.kind
        give(step, exchange, entry, remaining)
        shard.pointee.unlock()
        if !exchange.pointee.isCounted(by: step.pointee.number) {
            step.pointee.counters.add(kind == .denial ? .denialHits : .successHits)
            if remaining <= 0 { step.pointee.counters.add(.servedStale) }
        }
        if isDue {
            step.pointee.chain._withUnsafeGuaranteedRef {
                $0.refresh(exchange, key, isStale: remaining <= 0)
            }
        }
        return .answered
    }

    /// Whether the question lies in a zone that is cached, and in none of the cluster's.
    @inline(__always)
    static func serves(_ step: UnsafeMutablePointer<CacheStep>, _ exchange: UnsafeMutablePointer<Exchange>) -> Bool {
        let name = exchange.pointee.name
        let request = exchange.pointee.request
        return step.pointee.zones.longestMatch(
            name, length: request.nameLength, labelCount: request.labelCount
        ).index >= 0
            && step.pointee.clusterZones.longestMatch(
                name, length: request.nameLength, labelCount: request.labelCount
            ).index < 0
    }

    /// CoreDNS: the plugins below are asked with AD, so that what is kept says whether it is authentic (RFC 6840,
    /// section 5.7).
    @inline(__always)
    static func askForAuthenticData(_ exchange: UnsafeMutablePointer<Exchange>) {
        let flags = exchange.pointee.request.flags
        if flags & Header.authenticData != 0 { return }
        exchange.pointee.cacheNotes |= Note.askedForAuthenticData
        let asked = flags | Header.authenticData
        exchange.pointee.request.flags = asked
        // SAFETY: every request has a header.
        exchange.pointee.writer.base.storeBytes(of: asked.bigEndian, toByteOffset: Header.flagsOffset, as: UInt16.self)
    }

    /// Whether the entry is to be asked for anew in the background; it is marked then. With the shard's lock held.
    @inline(__always)
    private static func isRefreshDue(
        _ step: UnsafeMutablePointer<CacheStep>, _ entry: CacheEntry.Pointer, _ remaining: Int, _ now: UInt64
    ) -> Bool {
        if remaining > 0 {
            if step.pointee.prefetchAmount == 0 { return false }
            let isGap = now &- entry.pointee.lastAsked > step.pointee.prefetchSpan && now > entry.pointee.lastAsked
            entry.pointee.asked = isGap ? 1 : entry.pointee.asked &+ 1
            entry.pointee.lastAsked = now
            // CoreDNS: rounded up, so that the last second counts at any percentage.
            let threshold = (UInt64(entry.pointee.ttl) &* step.pointee.prefetchPercentage &+ 99) / 100
            guard entry.pointee.asked >= step.pointee.prefetchAmount, UInt64(remaining) <= threshold else {
                return false
            }
        } else if step.pointee.verifiesStale || entry.pointee.retryAfter > now {
            return false
        }
        guard step.pointee.asks, entry.pointee.refreshedUntil <= now else { return false }
        entry.pointee.refreshedUntil = now &+ CacheEntry.longestRefresh
        return true
    }

    /// Gives out an entry. With the shard's lock held.
    @inline(__always)
    static func give(
        _ step: UnsafeMutablePointer<CacheStep>, _ exchange: UnsafeMutablePointer<Exchange>,
        _ entry: CacheEntry.Pointer, _ remaining: Int
    ) {
        entry.pointee.isUsed = true
        let isStale = remaining <= 0
        let ttl: UInt32
        if isStale, step.pointee.staleTTL > 0 {
            ttl = step.pointee.staleTTL
        } else if step.pointee.keepsTTL {
            ttl = entry.pointee.ttl
        } else {
            ttl = isStale ? 0 : UInt32(truncatingIfNeeded: remaining)
        }
        CacheEntry.write(entry, ttl: ttl, into: exchange)
        exchange.pointee.keptOf = entry.pointee.answeredBy
        setFlags(exchange, entry.pointee.flags)
    }

    /// CoreDNS: AA always, as some resolvers take nothing else; AD only where the client can do something with it.
    @inline(__always)
    private static func setFlags(_ exchange: UnsafeMutablePointer<Exchange>, _ flags: UInt16) {
        let request = exchange.pointee.request
        let wantsAuthenticData = request.dnssecOK || request.flags & Header.authenticData != 0
        exchange.pointee.flags =
            Header.authoritative | (wantsAuthenticData ? flags : flags & ~Header.authenticData)
    }

    /// The expired answer may only be given out if there is no better one. Releases the shard's lock.
    @inline(never)
    private static func verify(
        _ step: UnsafeMutablePointer<CacheStep>, _ exchange: UnsafeMutablePointer<Exchange>, _ key: CacheKey,
        _ entry: CacheEntry.Pointer, _ shard: UnsafeMutablePointer<CacheShard>
    ) -> Verdict {
        step.pointee.chain._withUnsafeGuaranteedRef { $0.verify(step, exchange, key, entry, shard) }
    }

    /// A finished response on its way up.
    @inline(__always)
    static func up(_ step: UnsafeMutablePointer<CacheStep>, _ exchange: UnsafeMutablePointer<Exchange>) {
        if exchange.pointee.answeredBy == step.pointee.kubernetes, !exceedsCap(step, exchange) { return }
        keep(step, exchange)
    }

    /// Whether a response of the cluster's has a TTL that the cache is to cap, as in CoreDNS: all of its records have that of the
    /// first.
    @inline(__always)
    private static func exceedsCap(
        _ step: UnsafeMutablePointer<CacheStep>, _ exchange: UnsafeMutablePointer<Exchange>
    ) -> Bool {
        let start = exchange.pointee.request.questionEnd
        let base = exchange.pointee.writer.base
        // The owner's pointer (RFC 1035, section 4.1.4), type, class, TTL and the data's length are 12 bytes.
        guard exchange.pointee.responseLength >= start + 12 else { return false }
        // SAFETY: the response has these bytes.
        guard base.load(fromByteOffset: start, as: UInt8.self) & 0xC0 == 0xC0 else { return false }
        let ttl = UInt32(bigEndian: base.loadUnaligned(fromByteOffset: start + 6, as: UInt32.self))
        let isAnswer = Header.field(base, Header.answerCountOffset) > 0
        return ttl > (isAnswer ? step.pointee.answerCap : step.pointee.denialCap)
    }

    @inline(never)
    private static func keep(_ step: UnsafeMutablePointer<CacheStep>, _ exchange: UnsafeMutablePointer<Exchange>) {
        step.pointee.chain._withUnsafeGuaranteedRef { $0.keep(step, exchange) }
    }
}
