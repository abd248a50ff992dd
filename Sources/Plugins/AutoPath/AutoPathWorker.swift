import DNSWire
import LinuxIO
import PluginKit
import RecordIndex

/// What one chain of one worker completes names by: plain values, so that looking at a response counts no references.
struct AutoPathWorker {
    let chain: Unmanaged<AutoPathChain>
    let zones: ZoneMatcherView
    /// The first search domain; none where `kubernetes` knows it.
    let first: ZoneMatcherView
    /// Nil unless the search list is that of the client's pod.
    var cluster: Cluster?
    let counters: WorkerCountersView

    /// What is needed of a `kubernetes` plugin.
    struct Cluster {
        let index: RecordIndex
        let zones: ZoneMatcherView
        /// Keeps the memory behind `view` alive: replaced between batches only.
        var snapshot: IndexSnapshot
        var version: UInt64
        var view: IndexView
    }

    /// Takes up a new state of the cluster.
    static func beginBatch(_ worker: UnsafeMutablePointer<AutoPathWorker>) {
        guard worker.pointee.cluster != nil else { return }
        refresh(&worker.pointee.cluster)
    }

    private static func refresh(_ cluster: inout Cluster?) {
        guard let version = cluster?.index.version, version != cluster?.version, let snapshot = cluster?.index.snapshot
        else { return }
        cluster?.version = version
        cluster?.snapshot = snapshot
        cluster?.view = snapshot.view
    }

    /// How many labels of the question stand before the client's first search domain; nil where the name does not lie below
    /// it, or there is none.
    @inline(__always)
    static func baseLabels(
        _ worker: UnsafeMutablePointer<AutoPathWorker>, _ exchange: UnsafeMutablePointer<Exchange>
    ) -> Int {
        let name = exchange.pointee.name
        let length = exchange.pointee.request.nameLength
        let labelCount = exchange.pointee.request.labelCount
        guard worker.pointee.zones.longestMatch(name, length: length, labelCount: labelCount).index >= 0 else {
            return 0
        }
        if worker.pointee.first.count > 0 {
            let match = worker.pointee.first.longestMatch(name, length: length, labelCount: labelCount)
            return match.index >= 0 ? match.labelsLeft : 0
        }
        guard worker.pointee.cluster != nil else { return 0 }
        return clusterLabels(&worker.pointee.cluster, exchange)
    }

    /// The same for a pod, whose first search domain is NAMESPACE.svc.ZONE: whether the client is one of that namespace.
    private static func clusterLabels(
        _ cluster: inout Cluster?, _ exchange: UnsafeMutablePointer<Exchange>
    ) -> Int {
        guard let zones = cluster?.zones, let view = cluster?.view else { return 0 }
        let name = exchange.pointee.name
        let request = exchange.pointee.request
        let match = zones.longestMatch(name, length: request.nameLength, labelCount: request.labelCount)
        guard match.index >= 0, match.labelsLeft >= 3 else { return 0 }
        // SAFETY: a label's place is within the name, and so are as many bytes behind it as it says.
        let service = UnsafeRawPointer(name.bytes + name.offset(ofLabel: match.labelsLeft &- 1))
        // The label `svc`, with its length: at any place in memory.
        guard service.loadUnaligned(as: UInt32.self).bigEndian == 0x0373_7663 else { return 0 }
        let label = name.bytes + name.offset(ofLabel: match.labelsLeft &- 2)
        let namespace = view.namespace(label + 1, Int(label.pointee))
        let client = exchange.pointee.client
        guard namespace >= 0,
            view.podCount(AddressKey(high: client.high, low: client.low), namespace: namespace) > 0
        else { return 0 }
        return match.labelsLeft &- 2
    }
}
