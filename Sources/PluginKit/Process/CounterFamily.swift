import Synchronization

/// A counter of the Prometheus text format, told apart by labels, that workers count without disturbing each other.
package final class CounterFamily: Sendable {
    private struct State {
        var live: [ObjectIdentifier: WorkerCounters] = [:]
        /// What was counted by workers that are gone, so that no counter ever goes back.
        var past: [[String]: UInt64] = [:]
    }

    /// The names of the labels, in the order in which they are written.
    private let labels: [String]
    private let state = Mutex(State())

    /// Exported from now on. As in CoreDNS, labels that nothing was counted for yet are left out.
    package init(_ metrics: MetricsRegistry, _ name: String, help: String, labels: [String]) {
        self.labels = labels
        metrics.register(name, help: help, kind: .counter) { [weak self] in self?.samples() ?? [] }
    }

    fileprivate func add(_ counters: WorkerCounters) {
        state.withLock { $0.live[ObjectIdentifier(counters)] = counters }
    }

    fileprivate func remove(_ counters: WorkerCounters) {
        state.withLock { state in
            guard state.live.removeValue(forKey: ObjectIdentifier(counters)) != nil else { return }
            state.past.merge(counters.totals(self), uniquingKeysWith: &+)
        }
    }

    private func samples() -> [MetricsRegistry.Sample] {
        let totals = state.withLock { state in
            var totals = state.past
            for counters in state.live.values { totals.merge(counters.totals(self), uniquingKeysWith: &+) }
            return totals
        }
        return totals.filter { $0.value > 0 || labels.isEmpty }.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map
        {
            MetricsRegistry.Sample(labels: Array(zip(labels, $0.key)), value: Double($0.value))
        }
    }
}

/// The counters of one step of one worker, in memory of its own.
///
/// `@unchecked Sendable`: the words are atomics with one writer; everything else is written by `init` only.
package final class WorkerCounters: @unchecked Sendable {
    /// x86-64 fetches cache lines in pairs.
    private static let alignment = 128

    private let entries: [(family: CounterFamily, labels: [String])]
    private let words: UnsafeMutablePointer<Atomic<UInt64>>

    /// One counter for each entry, whose labels' values are in the order of the family's names; to be ended with `giveBack`.
    package init(_ entries: [(family: CounterFamily, labels: [String])]) {
        self.entries = entries
        let size = (max(1, entries.count) * 8 + Self.alignment - 1) / Self.alignment * Self.alignment
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: Self.alignment)
        words = memory.bindMemory(to: Atomic<UInt64>.self, capacity: entries.count)
        for place in entries.indices { (words + place).initialize(to: Atomic(0)) }
        for entry in entries { entry.family.add(self) }
    }

    deinit { words.deallocate() }

    /// Ends the counting: the families keep the numbers. The view must not be used afterwards.
    package func giveBack() {
        for entry in entries { entry.family.remove(self) }
    }

    /// What the worker counts through: valid until `giveBack`.
    package var view: WorkerCountersView { WorkerCountersView(words: words) }

    fileprivate func totals(_ family: CounterFamily) -> [[String]: UInt64] {
        var totals: [[String]: UInt64] = [:]
        for (place, entry) in entries.enumerated() where entry.family === family {
            totals[entry.labels, default: 0] &+= words[place].load(ordering: .relaxed)
        }
        return totals
    }
}

/// The counting side of `WorkerCounters`, for one worker.
package struct WorkerCountersView {
    fileprivate let words: UnsafeMutablePointer<Atomic<UInt64>>

    /// Counts for the entry at `place`. Without a lock prefix, as there is only one writer.
    package func count(_ place: Int) {
        // SAFETY: the plugin that made the counters passes the places of its entries.
        words[place].store(words[place].load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    }
}
