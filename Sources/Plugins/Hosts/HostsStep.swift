import DNSWire
import PluginKit

/// What one chain of one worker answers hosts with.
private struct HostsWorker {
    /// Keeps what is behind the other members alive.
    let plugin: HostsPlugin
    /// Keeps the memory behind `fromFile` alive: replaced between batches only.
    var table: HostsTable
    var version: UInt64
    var fromFile: HostsView
    let inline: HostsView
    let zones: ZoneMatcherView
    let fallthroughZones: ZoneMatcherView
    let ttl: UInt32
    let passesOnOtherTypes: Bool
}

extension HostsPlugin {
    package func makeStep(_ worker: WorkerContext) -> Step? {
        let version = file.published.version
        let table = file.published.current
        let context = UnsafeMutablePointer<HostsWorker>.allocate(capacity: 1)
        context.initialize(
            to: HostsWorker(
                plugin: self, table: table, version: version, fromFile: table.view, inline: file.inline.view,
                zones: options.zones.matcher.view, fallthroughZones: options.fallthroughZones.matcher.view,
                ttl: options.ttl, passesOnOtherTypes: options.passesOnOtherTypes))
        return Step(
            context: UnsafeMutableRawPointer(context),
            down: { context, exchange in
                // SAFETY: the context is the worker initialised above; the exchange is the calling worker's own.
                let worker = context.assumingMemoryBound(to: HostsWorker.self)
                return HostsPlugin.answer(worker, Step.exchange(exchange)).rawValue
            },
            beginBatch: { context, _ in
                // SAFETY: as above; no query of this worker is being answered between its batches.
                let worker = context.assumingMemoryBound(to: HostsWorker.self)
                let version = worker.pointee.plugin.file.published.version
                guard version != worker.pointee.version else { return }
                worker.pointee.version = version
                worker.pointee.table = worker.pointee.plugin.file.published.current
                worker.pointee.fromFile = worker.pointee.table.view
            },
            release: { context in
                // SAFETY: as above; this is the context's last use.
                let worker = context.assumingMemoryBound(to: HostsWorker.self)
                worker.deinitialize(count: 1)
                worker.deallocate()
            })
    }

    /// The hosts plugin's part in a query.
    private static func answer(
        _ worker: UnsafeMutablePointer<HostsWorker>, _ exchange: UnsafeMutablePointer<Exchange>
    ) -> Verdict {
        let name = exchange.pointee.name
        let length = exchange.pointee.request.nameLength
        let labelCount = exchange.pointee.request.labelCount
        let type = exchange.pointee.request.type
        if type == .ptr {
            // CoreDNS: reverse zones need not be among the zones, and what has no name is always the next plugin's.
            let fromFile = worker.pointee.fromFile.find(name, length: length, labelCount: labelCount)
            let inline = worker.pointee.inline.find(name, length: length, labelCount: labelCount)
            let first = fromFile.own?.hostNames ?? .none
            let second = inline.own?.hostNames ?? .none
            guard first.count > 0 || second.count > 0 else { return .next }
            var owner = HostsOwner(exchange)
            if writeNames(first, &owner, worker.pointee.ttl, exchange) {
                _ = writeNames(second, &owner, worker.pointee.ttl, exchange)
            }
            exchange.pointee.flags = Header.authoritative
            return .answered
        }
        let match = worker.pointee.zones.longestMatch(name, length: length, labelCount: labelCount)
        guard match.index >= 0 else { return .next }
        let through = worker.pointee.fallthroughZones.longestMatch(name, length: length, labelCount: labelCount)
        let isAddressType = type == .a || type == .aaaa
        if !isAddressType, worker.pointee.passesOnOtherTypes, through.index >= 0 { return .next }
        let fromFile = worker.pointee.fromFile.find(name, length: length, labelCount: labelCount)
        let inline = worker.pointee.inline.find(name, length: length, labelCount: labelCount)
        guard fromFile.exists || inline.exists else {
            if through.index >= 0 { return .next }
            // CoreDNS: NXDOMAIN would need an SOA record, which hosts do not have.
            exchange.pointee.fail(.serverFailure)
            return .answered
        }
        exchange.pointee.flags = Header.authoritative
        guard isAddressType else { return .answered }
        var owner = HostsOwner(exchange)
        let size = type == .a ? 4 : 16
        // CoreDNS: what the Corefile says comes behind what the file says.
        let first = type == .a ? fromFile.ipv4 : fromFile.ipv6
        let second = type == .a ? inline.ipv4 : inline.ipv6
        if writeAddresses(first, size, &owner, worker.pointee.ttl, exchange) {
            _ = writeAddresses(second, size, &owner, worker.pointee.ttl, exchange)
        }
        return .answered
    }

    /// Writes addresses of `size` bytes each; false where one did not fit.
    private static func writeAddresses(
        _ run: HostsRecord.Run, _ size: Int, _ owner: inout HostsOwner, _ ttl: UInt32,
        _ exchange: UnsafeMutablePointer<Exchange>
    ) -> Bool {
        guard var address = run.start else { return true }
        var left = run.count
        while left > 0 {
            guard owner.head(exchange, ttl: ttl, dataLength: size) else { return false }
            // SAFETY: the run has `count` addresses of `size` bytes, and `head` has seen that one fits.
            exchange.pointee.writer.put(address, size)
            address += size
            left &-= 1
        }
        return true
    }

    /// Writes host names; false where one did not fit.
    private static func writeNames(
        _ run: HostsRecord.Run, _ owner: inout HostsOwner, _ ttl: UInt32, _ exchange: UnsafeMutablePointer<Exchange>
    ) -> Bool {
        guard var name = run.start else { return true }
        var left = run.count
        while left > 0 {
            // SAFETY: the run has `count` names, each behind its length.
            let length = Int(name.load(as: UInt8.self))
            guard owner.head(exchange, ttl: ttl, dataLength: length) else { return false }
            exchange.pointee.writer.put(name + 1, length)
            name += length &+ 1
            left &-= 1
        }
        return true
    }
}

/// The owner of an answer's records: the question's name in lower case, as CoreDNS writes it.
private struct HostsOwner {
    /// What stands for the name; 0 until it has been written.
    private var pointer: UInt16 = 0

    init(_ exchange: UnsafeMutablePointer<Exchange>) {
        // SAFETY: a question of `nameLength` bytes stands behind the header, and its copy in the exchange's name.
        let question = UnsafeRawPointer(exchange.pointee.writer.base) + Header.length
        if equalBytes(question, exchange.pointee.name.bytes, exchange.pointee.request.nameLength) {
            pointer = ResponseWriter.questionPointer
        }
    }

    /// Writes a record of the answer section as far as its data, which have room; false (and TC set) where it does not fit.
    mutating func head(_ exchange: UnsafeMutablePointer<Exchange>, ttl: UInt32, dataLength: Int) -> Bool {
        let nameLength = exchange.pointee.request.nameLength
        let type = exchange.pointee.request.type
        guard exchange.pointee.writer.hasRoom((pointer == 0 ? nameLength : 2) &+ 10 &+ dataLength) else {
            exchange.pointee.writer.isTruncated = true
            return false
        }
        if pointer == 0 {
            pointer = ResponseWriter.pointer(to: exchange.pointee.writer.position)
            // SAFETY: the name's memory holds `nameLength` bytes.
            exchange.pointee.writer.put(exchange.pointee.name.bytes, nameLength)
        } else {
            exchange.pointee.writer.put16(pointer)
        }
        exchange.pointee.writer.put16(type.rawValue)
        exchange.pointee.writer.put16(RecordClass.internet.rawValue)
        exchange.pointee.writer.put32(ttl)
        exchange.pointee.writer.put16(UInt16(truncatingIfNeeded: dataLength))
        exchange.pointee.writer.answerCount &+= 1
        return true
    }
}
