import DNSWire
import PluginKit

/// What one chain of one worker answers zones with.
private struct FileWorker {
    /// Keeps what is behind the other members alive.
    let plugin: FilePlugin
    /// Replaced between batches only.
    var zones: ZoneSet
    var version: UInt64
    let matcher: ZoneMatcherView
}

extension FilePlugin {
    package func makeStep(_ worker: WorkerContext) -> Step? {
        let version = files.published.version
        let context = UnsafeMutablePointer<FileWorker>.allocate(capacity: 1)
        context.initialize(
            to: FileWorker(plugin: self, zones: files.published.current, version: version, matcher: zones.view))
        return Step(
            context: UnsafeMutableRawPointer(context),
            down: { context, exchange in
                // SAFETY: the context is the worker initialised above; the exchange is the calling worker's own.
                let worker = context.assumingMemoryBound(to: FileWorker.self)
                let exchange = Step.exchange(exchange)
                let zone = FilePlugin.zone(worker, exchange)
                guard zone >= 0 else { return Verdict.next.rawValue }
                return FilePlugin.respond(worker, exchange, zone).rawValue
            },
            beginBatch: { context, _ in
                // SAFETY: as above; no query of this worker is being answered between its batches.
                let worker = context.assumingMemoryBound(to: FileWorker.self)
                let version = worker.pointee.plugin.files.published.version
                guard version != worker.pointee.version else { return }
                worker.pointee.version = version
                worker.pointee.zones = worker.pointee.plugin.files.published.current
            },
            release: { context in
                // SAFETY: as above; this is the context's last use.
                let worker = context.assumingMemoryBound(to: FileWorker.self)
                worker.deinitialize(count: 1)
                worker.deallocate()
            })
    }

    /// The place of the longest zone that the question lies in; -1 where there is none.
    @inline(__always)
    private static func zone(
        _ worker: UnsafeMutablePointer<FileWorker>, _ exchange: UnsafeMutablePointer<Exchange>
    ) -> Int {
        worker.pointee.matcher.longestMatch(
            exchange.pointee.name, length: exchange.pointee.request.nameLength,
            labelCount: exchange.pointee.request.labelCount
        ).index
    }

    /// Answers for a zone. Unlike the way of a query that only passes, it allocates.
    @inline(never)
    private static func respond(
        _ worker: UnsafeMutablePointer<FileWorker>, _ exchange: UnsafeMutablePointer<Exchange>, _ place: Int
    ) -> Verdict {
        let request = exchange.pointee.request
        guard let zone = worker.pointee.zones.zones[place] else {
            exchange.pointee.fail(.serverFailure)
            return .answered
        }
        // CoreDNS: transfers are the transfer plugin's; without it they are refused.
        if request.type == .axfr || request.type == .ixfr {
            exchange.pointee.fail(.refused)
            return .answered
        }
        // The root where the question had none: the server does not lead such a request here.
        let name = exchange.pointee.questionName
        let found = ZoneAnswer(zone, name: name, type: request.type, withSignatures: request.dnssecOK)
        if found.answer.isEmpty, found.outcome == .nameError || found.outcome == .emptyNonTerminal {
            let plugin = worker.pointee.plugin
            let through = plugin.files.sources[plugin.sourceOfZone[place]].fallthroughZones.matcher.view.longestMatch(
                exchange.pointee.name, length: request.nameLength, labelCount: request.labelCount)
            if through.index >= 0 { return .next }
        }
        write(found, worker, exchange)
        return .answered
    }

    private static func write(
        _ found: ZoneAnswer, _ worker: UnsafeMutablePointer<FileWorker>, _ exchange: UnsafeMutablePointer<Exchange>
    ) {
        exchange.pointee.flags = Header.authoritative
        switch found.outcome {
        case .found, .noData, .emptyNonTerminal: break
        case .nameError: exchange.pointee.code = .nameError
        case .referral: if found.answer.isEmpty { exchange.pointee.flags = 0 }
        case .nameTooLong: exchange.pointee.code = ResponseCode(rawValue: 6)
        case .failed:
            exchange.pointee.fail(.serverFailure)
            return
        }
        var writer = SectionWriter(exchange)
        guard writer.append(found.answer, \.answerCount) else {
            exchange.pointee.writer.isTruncated = true
            return
        }
        if found.externalTarget != nil {
            followAlias(worker, exchange)
            return
        }
        let isWhole = writer.append(found.authority, \.authorityCount)
        let isGlued = isWhole && writer.append(found.additional, \.additionalCount)
        switch found.outcome {
        // RFC 9471, section 3.1: a referral without its glue is cut. A negative answer needs its SOA record.
        case .referral: if !isGlued { exchange.pointee.writer.isTruncated = true }
        case .noData, .emptyNonTerminal, .nameError: if !isWhole { exchange.pointee.writer.isTruncated = true }
        // RFC 2181, section 9: what is extra may be left out.
        case .found, .failed, .nameTooLong: break
        }
    }

    /// Has the server look up what the last record of the answer section points at, which lies in none of this zone's names.
    private static func followAlias(
        _ worker: UnsafeMutablePointer<FileWorker>, _ exchange: UnsafeMutablePointer<Exchange>
    ) {
        let message = UnsafeRawBufferPointer(
            start: exchange.pointee.writer.base, count: exchange.pointee.writer.position)
        var walk = RecordWalk(
            message: message, offset: exchange.pointee.request.questionEnd,
            remaining: Int(exchange.pointee.writer.answerCount))
        while let record = walk.next() {
            // Signatures stand behind the alias.
            if record.type == .cname { exchange.pointee.aliasTarget = record.data }
        }
        exchange.pointee.aliasDoneContext = UnsafeMutableRawPointer(worker)
        exchange.pointee.aliasDone = { context, exchange in
            // SAFETY: the context is the step's worker, which lives as long as the chain.
            FilePlugin.finishAlias(context.assumingMemoryBound(to: FileWorker.self), Step.exchange(exchange))
        }
    }

    /// Writes the authority section once the target of an alias has been looked up (CoreDNS: the code is that of the target,
    /// RFC 6604, section 3, and the section is that of the zone).
    private static func finishAlias(
        _ worker: UnsafeMutablePointer<FileWorker>, _ exchange: UnsafeMutablePointer<Exchange>
    ) {
        let place = zone(worker, exchange)
        guard place >= 0, let zone = worker.pointee.zones.zones[place] else { return }
        let code = exchange.pointee.aliasCode
        if code == .nameError || code == .serverFailure { exchange.pointee.code = code ?? .noError }
        guard !exchange.pointee.writer.isTruncated else { return }
        let isNegative = code == .nameError || code == .noError && exchange.pointee.aliasAnswerCount == 0
        guard let set = isNegative ? zone.authority : zone.apex.set(.ns) else { return }
        var writer = SectionWriter(exchange)
        let records = exchange.pointee.request.dnssecOK ? set.records + set.signatures : set.records
        _ = writer.append(records, \.authorityCount)
    }
}
