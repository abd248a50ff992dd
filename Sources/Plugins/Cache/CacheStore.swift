import LinuxIO
import RecordIndex
import Synchronization

/// The answers that one block keeps, in shards.
///
/// `@unchecked Sendable`: each shard has a lock, and what is behind it is touched with the lock held.
final class CacheStore: @unchecked Sendable {
    /// A power of two. Many times the number of workers, so that two hardly ever want the same.
    static let shardCount = 64
    /// CoreDNS: 256 shards of at least four answers, and the capacity rounded down to a multiple of that.
    private static let capacityUnit = 256
    private static let leastCapacity = 1024

    /// What decides which answer is given out.
    struct Rules: BitwiseCopyable {
        /// Seconds for which an expired answer may be given out; 0 for none.
        let stale: Int
        let prefersPositive: Bool
    }

    let hash = SeededHash()
    let rules: Rules
    let budget: CacheBudget
    private let shards: UnsafeMutablePointer<CacheShard>
    private let successCount = Atomic<Int>(0)
    private let denialCount = Atomic<Int>(0)

    init(_ options: CacheOptions, budget: CacheBudget) {
        self.budget = budget
        rules = Rules(stale: Int(options.stale?.longest ?? 0), prefersPositive: options.prefersPositive)
        shards = .allocate(capacity: Self.shardCount)
        for place in 0..<Self.shardCount {
            (shards + place).initialize(
                to: CacheShard(
                    successes: Self.capacity(options.success) / Self.shardCount,
                    denials: Self.capacity(options.denial) / Self.shardCount))
        }
        budget.add(self)
    }

    deinit {
        var bytes = 0
        for place in 0..<Self.shardCount {
            for list in [shards[place].successes, shards[place].denials] {
                var next = list.oldest
                while let entry = next {
                    bytes += entry.pointee.size
                    next = entry.pointee.newer
                }
            }
        }
        shards.deinitialize(count: Self.shardCount)
        shards.deallocate()
        budget.release(bytes)
    }

    private static func capacity(_ bounds: CacheOptions.Bounds) -> Int {
        max(leastCapacity, bounds.capacity / capacityUnit * capacityUnit)
    }

    /// How many entries of a kind there are; retained ones are successes.
    func count(_ kind: CacheEntry.Kind) -> Int {
        kind == .denial ? denialCount.load(ordering: .relaxed) : successCount.load(ordering: .relaxed)
    }

    private func add(_ amount: Int, _ kind: CacheEntry.Kind) {
        if kind == .denial {
            denialCount.wrappingAdd(amount, ordering: .relaxed)
        } else {
            successCount.wrappingAdd(amount, ordering: .relaxed)
        }
    }

    /// What workers look answers up through: valid for as long as the store is kept.
    var view: CacheView { CacheView(shards: shards, hash: hash, rules: rules) }

    /// Puts an entry of its question in the place of the one before it, and takes over its memory.
    ///
    /// - Parameter evicted: called for each entry that had to give way.
    func insert(
        _ entry: CacheEntry.Pointer, _ key: CacheKey, isRefresh: Bool, evicted: (CacheEntry.Kind) -> Void
    ) {
        guard budget.take(entry.pointee.size, evicted: evicted) else { return CacheEntry.free(entry) }
        var garbage: CacheEntry.Pointer?
        func discard(_ gone: CacheEntry.Pointer) {
            gone.pointee.next = garbage
            garbage = gone
        }
        let kind = entry.pointee.kind
        let shard = view.shard(key.hash)
        shard.pointee.lock()
        let found = shard.pointee.find(key)
        if let old = kind == .denial ? found.denial : found.success {
            if isRefresh {
                entry.pointee.asked = old.pointee.asked
                entry.pointee.lastAsked = entry.pointee.storedAt
            }
            shard.pointee.remove(old)
            // CoreDNS: the last answer that was one stays where the new one is none.
            if kind == .success, rules.prefersPositive, !entry.pointee.answersQuestion, old.pointee.answersQuestion {
                if let retained = found.retained {
                    shard.pointee.remove(retained)
                    discard(retained)
                }
                old.pointee.kind = .retained
                shard.pointee.insert(old)
            } else {
                discard(old)
            }
        }
        if kind == .success {
            if entry.pointee.answersQuestion, let retained = found.retained {
                shard.pointee.remove(retained)
                discard(retained)
            }
            // CoreDNS: what a refresh has found replaces a denial; so does, with prefer_positive, any answer. And an expired
            // denial (`serve_stale`) would hide what is newer than itself.
            if let denial = found.denial,
                rules.prefersPositive
                    ? entry.pointee.answersQuestion
                    : isRefresh || denial.pointee.remaining(entry.pointee.storedAt) <= 0
            {
                shard.pointee.remove(denial)
                discard(denial)
            }
        }
        if shard.pointee.isFull(kind), let gone = shard.pointee.evict(kind) {
            discard(gone)
            evicted(kind)
        }
        shard.pointee.insert(entry)
        shard.pointee.unlock()
        add(1, kind)
        free(garbage)
    }

    private func free(_ garbage: CacheEntry.Pointer?) {
        var next = garbage
        while let gone = next {
            next = gone.pointee.next
            add(-1, gone.pointee.kind)
            budget.release(gone.pointee.size)
            CacheEntry.free(gone)
        }
    }

    /// Has a shard give up an entry of the kind that has more of them; what kind that was, nil where there is none.
    func evict(_ place: Int) -> CacheEntry.Kind? {
        let shard = shards + place
        shard.pointee.lock()
        let kind: CacheEntry.Kind =
            shard.pointee.denials.count > shard.pointee.successes.count ? .denial : .success
        let gone = shard.pointee.evict(kind)
        shard.pointee.unlock()
        free(gone)
        return gone == nil ? nil : kind
    }

    /// Ends the refresh of a question's entries.
    ///
    /// - Parameter retryAfter: none before this time; 0 for no limit.
    func endRefresh(_ key: CacheKey, retryAfter: UInt64) {
        let shard = view.shard(key.hash)
        shard.pointee.lock()
        let found = shard.pointee.find(key)
        for entry in [found.success, found.denial, found.retained] {
            guard let entry else { continue }
            entry.pointee.refreshedUntil = 0
            entry.pointee.retryAfter = retryAfter
        }
        shard.pointee.unlock()
    }
}

/// The reading side of a `CacheStore`.
struct CacheView {
    private let shards: UnsafeMutablePointer<CacheShard>
    let hash: SeededHash
    let rules: CacheStore.Rules

    init(shards: UnsafeMutablePointer<CacheShard>, hash: SeededHash, rules: CacheStore.Rules) {
        self.shards = shards
        self.hash = hash
        self.rules = rules
    }

    /// The shard of a hash.
    @inline(__always)
    func shard(_ hash: UInt64) -> UnsafeMutablePointer<CacheShard> {
        // SAFETY: there are `shardCount` of them.
        shards + Int(truncatingIfNeeded: hash & UInt64(CacheStore.shardCount &- 1))
    }

    /// Which entry of a question is given out at `now`; nil for none. With the shard's lock held.
    @inline(__always)
    func choose(_ found: CacheShard.Found, _ now: UInt64) -> CacheEntry.Pointer? {
        if rules.prefersPositive, rules.stale > 0 {
            let success = found.success
            if let good = success?.pointee.answersQuestion == true ? success : found.retained, isUsable(good, now) {
                return good
            }
        }
        if let denial = found.denial, isUsable(denial, now) {
            // CoreDNS: a server failure passes, so it does not hide an answer that is there.
            if denial.pointee.code == 2, let success = found.success, isUsable(success, now) { return success }
            return denial
        }
        if let success = found.success, isUsable(success, now) { return success }
        return nil
    }

    @inline(__always)
    private func isUsable(_ entry: CacheEntry.Pointer, _ now: UInt64) -> Bool {
        let remaining = entry.pointee.remaining(now)
        return remaining > 0 || (rules.stale > 0 && -remaining < rules.stale)
    }
}
