import PluginKit
import Synchronization

/// The bytes that the caches of all blocks may have together.
final class CacheBudget: Sendable {
    /// About 250 000 answers of ordinary size. Stock deployments limit the whole process to 170 MiB.
    static let defaultBytes = 64 << 20

    private struct State {
        var stores: [Weak] = []
        /// Which shard of which store gives way next.
        var turn = 0
    }

    private struct Weak: Sendable {
        weak let store: CacheStore?
    }

    let limit: Int
    private let bytes = Atomic<Int>(0)
    private let state = Mutex(State())

    init(limit: Int = CacheBudget.defaultBytes) { self.limit = limit }

    /// The budget of a process.
    static func of(_ process: ProcessContext) -> CacheBudget { process.shared { CacheBudget() } }

    /// Bytes in use.
    var used: Int { bytes.load(ordering: .relaxed) }

    func add(_ store: CacheStore) {
        state.withLock { state in
            state.stores.removeAll { $0.store == nil }
            state.stores.append(Weak(store: store))
        }
    }

    /// Gives bytes back.
    func release(_ count: Int) { bytes.wrappingSubtract(count, ordering: .relaxed) }

    /// How many shards are asked to give way for one entry.
    private static let mostShards = CacheStore.shardCount

    /// Takes bytes for an entry, for which others have to go where there are too many. The caller holds no lock of a shard.
    ///
    /// - Returns: false where there is no room.
    func take(_ count: Int, evicted: (CacheEntry.Kind) -> Void) -> Bool {
        guard count <= limit else { return false }
        if bytes.wrappingAdd(count, ordering: .relaxed).newValue <= limit { return true }
        var tries = 0
        while tries < Self.mostShards {
            // A store that is going away gives its bytes back itself.
            if let (store, shard) = next(), let kind = store.evict(shard) { evicted(kind) }
            if used <= limit { return true }
            tries += 1
        }
        release(count)
        return false
    }

    private func next() -> (CacheStore, Int)? {
        state.withLock { state in
            guard !state.stores.isEmpty else { return nil }
            state.turn &+= 1
            let turn = state.turn & Int.max
            let store = state.stores[turn % state.stores.count].store
            return store.map { ($0, turn / state.stores.count % CacheStore.shardCount) }
        }
    }
}
