import ClusterZone
import DNSWire
import PluginKit
import RecordIndex

/// What one chain of one worker answers cluster names with.
private struct KubernetesWorker {
    let index: RecordIndex
    /// Keeps the memory behind `reader.index` alive: replaced between batches only.
    var snapshot: IndexSnapshot
    var version: UInt64
    var reader: ClusterReader
    let zones: ZoneMatcherView
    let multiclusterZones: ZoneMatcherView
    let fallthroughZones: ZoneMatcherView
    /// Keeps the matchers behind the views alive.
    let plugin: KubernetesPlugin
}

extension KubernetesPlugin {
    package func makeStep(_ worker: WorkerContext) -> Step? {
        let version = index.version
        let snapshot = index.snapshot
        let context = UnsafeMutablePointer<KubernetesWorker>.allocate(capacity: 1)
        context.initialize(
            to: KubernetesWorker(
                index: index, snapshot: snapshot, version: version,
                reader: ClusterReader(
                    index: snapshot.view, options: options.answers, zones: zones.view, primaryZone: primaryZone,
                    localAddresses: localAddresses,
                    // A saved cluster knows nothing of this machine: its own addresses are no name server of it.
                    answersLocalAddresses: options.isLive),
                zones: zones.view, multiclusterZones: multiclusterZones.view, fallthroughZones: fallthroughZones.view,
                plugin: self))
        return Step(
            context: UnsafeMutableRawPointer(context),
            down: { context, exchange in
                // SAFETY: the context is the worker initialised above; the exchange is the calling worker's own.
                let worker = context.assumingMemoryBound(to: KubernetesWorker.self)
                return KubernetesPlugin.answer(worker, Step.exchange(exchange)).rawValue
            },
            beginBatch: { context, _ in
                // SAFETY: as above; no query of this worker is being answered between its batches.
                let worker = context.assumingMemoryBound(to: KubernetesWorker.self)
                let version = worker.pointee.index.version
                guard version != worker.pointee.version else { return }
                worker.pointee.version = version
                worker.pointee.snapshot = worker.pointee.index.snapshot
                worker.pointee.reader.index = worker.pointee.snapshot.view
            },
            release: { context in
                // SAFETY: as above; this is the context's last use.
                let worker = context.assumingMemoryBound(to: KubernetesWorker.self)
                worker.pointee.reader.deallocate()
                worker.deinitialize(count: 1)
                worker.deallocate()
            })
    }

    /// The kubernetes plugin's part in a query.
    private static func answer(
        _ worker: UnsafeMutablePointer<KubernetesWorker>, _ exchange: UnsafeMutablePointer<Exchange>
    ) -> Verdict {
        let name = exchange.pointee.name
        let match = worker.pointee.zones.longestMatch(
            name, length: exchange.pointee.request.nameLength, labelCount: exchange.pointee.request.labelCount)
        guard match.index >= 0 else { return .next }
        var question = ClusterQuestion(
            name: name, request: exchange.pointee.request, labelsLeft: match.labelsLeft)
        question.rotation = exchange.pointee.rotation
        if worker.pointee.multiclusterZones.count > 0 {
            let multicluster = worker.pointee.multiclusterZones.longestMatch(
                name, length: exchange.pointee.request.nameLength, labelCount: exchange.pointee.request.labelCount)
            question.isMulticluster = multicluster.index >= 0 && multicluster.labelsLeft == match.labelsLeft
        }
        var externalTarget = 0
        let outcome = worker.pointee.reader.answer(
            question, into: &exchange.pointee.writer, externalTarget: &externalTarget)
        exchange.pointee.flags = Header.authoritative
        switch outcome {
        case .answered:
            exchange.pointee.aliasTarget = externalTarget
        case .noData:
            guard worker.pointee.reader.isCertain(outcome, question) else { return notKnown(exchange) }
            worker.pointee.reader.writeSOA(question, into: &exchange.pointee.writer)
        case .nameError:
            guard worker.pointee.reader.isCertain(outcome, question) else { return notKnown(exchange) }
            let through = worker.pointee.fallthroughZones.longestMatch(
                name, length: exchange.pointee.request.nameLength, labelCount: exchange.pointee.request.labelCount)
            if through.index >= 0 {
                exchange.pointee.flags = 0
                return .next
            }
            exchange.pointee.code = .nameError
            worker.pointee.reader.writeSOA(question, into: &exchange.pointee.writer)
        case .refused:
            // CoreDNS: transfers are the transfer plugin's; here they are refused.
            exchange.pointee.fail(.refused)
        }
        return .answered
    }

    /// Never NXDOMAIN, and nothing from the next plugin either, for a name that may well exist: resolvers would keep it
    /// (kubernetes/kubernetes#57111).
    private static func notKnown(_ exchange: UnsafeMutablePointer<Exchange>) -> Verdict {
        exchange.pointee.fail(.serverFailure)
        return .answered
    }
}
