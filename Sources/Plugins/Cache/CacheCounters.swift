import Synchronization

/// What the cache steps of one worker's chain have counted: atomics that this worker alone writes, with a load and a store,
/// and a scrape reads.
///
/// `@unchecked Sendable`: the memory is atomics, freed when nobody has the counters any more.
final class CacheCounters: @unchecked Sendable {
    /// The numbers are places of 64-bit words.
    enum Count: Int, CaseIterable {
        case successHits
        case denialHits
        case misses
        case prefetches
        case drops
        case servedStale
        case successEvictions
        case denialEvictions
    }

    /// What the numbers are about.
    struct Labels: Hashable, Sendable {
        let server: String
        /// The zones, with commas between them.
        let zones: String
        /// The name of the block's view; empty where it has none.
        let view: String
    }

    let labels: Labels
    let store: CacheStore
    /// A cache line's words and more, so that no two workers write to the same line.
    private let words: UnsafeMutablePointer<Atomic<UInt64>>

    init(_ labels: Labels, _ store: CacheStore) {
        self.labels = labels
        self.store = store
        let count = Count.allCases.count
        let memory = UnsafeMutableRawPointer.allocate(byteCount: count * 8 + 128, alignment: 128)
        words = memory.bindMemory(to: Atomic<UInt64>.self, capacity: count)
        for place in 0..<count { (words + place).initialize(to: Atomic(0)) }
    }

    deinit { words.deallocate() }

    /// What a worker counts through; valid for as long as the counters are kept.
    var view: View { View(words: words) }

    /// The counting side.
    struct View {
        fileprivate let words: UnsafeMutablePointer<Atomic<UInt64>>

        @inline(__always)
        func add(_ count: Count) {
            // SAFETY: there is a word for each case. One worker writes, so no increment is lost.
            let value = words[count.rawValue].load(ordering: .relaxed)
            words[count.rawValue].store(value &+ 1, ordering: .relaxed)
        }
    }

    /// The numbers as they stand.
    var totals: [UInt64] { Count.allCases.map { words[$0.rawValue].load(ordering: .relaxed) } }
}
