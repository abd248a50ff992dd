import Glibc
import Synchronization

/// A part of a block's cache: a table of entries with a lock of its own, which nobody holds for longer than a look-up and a
/// copy take.
struct CacheShard: ~Copyable {
    /// Entries of one kind, oldest first.
    struct AgeList {
        var oldest: CacheEntry.Pointer?
        var newest: CacheEntry.Pointer?
        var count = 0
        let capacity: Int

        init(capacity: Int) { self.capacity = capacity }

        mutating func append(_ entry: CacheEntry.Pointer) {
            entry.pointee.older = newest
            entry.pointee.newer = nil
            if let newest { newest.pointee.newer = entry } else { oldest = entry }
            newest = entry
            count &+= 1
        }

        mutating func remove(_ entry: CacheEntry.Pointer) {
            let (older, newer) = (entry.pointee.older, entry.pointee.newer)
            if let older { older.pointee.newer = newer } else { oldest = newer }
            if let newer { newer.pointee.older = older } else { newest = older }
            count &-= 1
        }
    }

    private let locked = Atomic<UInt32>(0)
    private let buckets: UnsafeMutablePointer<CacheEntry.Pointer?>
    private let mask: Int
    /// Successes, retained ones among them.
    private(set) var successes: AgeList
    private(set) var denials: AgeList

    /// - Parameters:
    ///   - successes: most entries of the kind.
    ///   - denials: the same.
    init(successes: Int, denials: Int) {
        var count = 16
        while count < min(successes &+ denials, Self.mostBuckets) { count *= 2 }
        buckets = .allocate(capacity: count)
        buckets.initialize(repeating: nil, count: count)
        mask = count - 1
        self.successes = AgeList(capacity: max(1, successes))
        self.denials = AgeList(capacity: max(1, denials))
    }

    deinit {
        for list in [successes, denials] {
            var next = list.oldest
            while let entry = next {
                next = entry.pointee.newer
                CacheEntry.free(entry)
            }
        }
        buckets.deallocate()
    }

    /// More buckets than this do not pay: the bytes allow hardly more entries.
    private static let mostBuckets = 1024

    // MARK: The lock

    /// How often a lock that is held is looked at before the processor is given away: its holder needs a fraction of a
    /// microsecond, unless the system has put it aside.
    private static var mostLooks: Int { 200 }

    @inline(__always)
    func lock() {
        if locked.exchange(1, ordering: .acquiring) != 0 { waitForLock() }
    }

    @inline(__always)
    func unlock() { locked.store(0, ordering: .releasing) }

    @inline(never)
    private func waitForLock() {
        while true {
            var looks = 0
            while looks < Self.mostLooks {
                if locked.load(ordering: .relaxed) == 0, locked.exchange(1, ordering: .acquiring) == 0 { return }
                looks &+= 1
            }
            sched_yield()
        }
    }

    // MARK: With the lock held

    /// The entries of one question.
    struct Found {
        var success: CacheEntry.Pointer?
        var denial: CacheEntry.Pointer?
        var retained: CacheEntry.Pointer?
    }

    @inline(__always)
    func find(_ key: CacheKey) -> Found {
        var found = Found()
        // SAFETY: a bucket's entries are linked by `next`, and all of them are kept while the lock is held.
        var next = buckets[bucket(key.hash)]
        while let entry = next {
            next = entry.pointee.next
            guard key.matches(entry) else { continue }
            switch entry.pointee.kind {
            case .success: found.success = entry
            case .denial: found.denial = entry
            case .retained: found.retained = entry
            }
        }
        return found
    }

    /// The low bits have chosen the shard.
    @inline(__always)
    private func bucket(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash >> 32) & mask }

    /// Adds an entry.
    mutating func insert(_ entry: CacheEntry.Pointer) {
        let place = bucket(entry.pointee.hash)
        entry.pointee.next = buckets[place]
        buckets[place] = entry
        if entry.pointee.kind == .denial { denials.append(entry) } else { successes.append(entry) }
    }

    /// Takes an entry out; it is not freed.
    mutating func remove(_ entry: CacheEntry.Pointer) {
        let place = bucket(entry.pointee.hash)
        if buckets[place] == entry {
            buckets[place] = entry.pointee.next
        } else {
            var previous = buckets[place]
            while let before = previous, before.pointee.next != entry { previous = before.pointee.next }
            previous?.pointee.next = entry.pointee.next
        }
        if entry.pointee.kind == .denial { denials.remove(entry) } else { successes.remove(entry) }
        entry.pointee.next = nil
    }

    /// How many entries that are in use are passed over: beyond, the next one goes whatever its use, so that an eviction takes
    /// constant time.
    private static var mostPassedOver: Int { 4 }

    /// Takes out an entry of a kind: one of the oldest that nobody has asked for lately. nil where there is none.
    mutating func evict(_ kind: CacheEntry.Kind) -> CacheEntry.Pointer? {
        var passed = 0
        while passed < Self.mostPassedOver {
            guard let oldest = kind == .denial ? denials.oldest : successes.oldest else { return nil }
            guard oldest.pointee.isUsed else { break }
            oldest.pointee.isUsed = false
            if kind == .denial {
                denials.remove(oldest)
                denials.append(oldest)
            } else {
                successes.remove(oldest)
                successes.append(oldest)
            }
            passed &+= 1
        }
        guard let oldest = kind == .denial ? denials.oldest : successes.oldest else { return nil }
        remove(oldest)
        return oldest
    }

    /// Whether a kind has as many entries as it may have.
    func isFull(_ kind: CacheEntry.Kind) -> Bool {
        kind == .denial ? denials.count >= denials.capacity : successes.count >= successes.capacity
    }
}
