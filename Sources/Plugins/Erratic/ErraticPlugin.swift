import Corefile
import DNSWire
import LinuxIO
import PluginKit
import Synchronization

/// `erratic { drop [AMOUNT]; truncate [AMOUNT]; delay [AMOUNT [DURATION]]; large }`: the same answer to all questions, some of
/// them not at all, late or truncated: for testing clients.
package final class ErraticPlugin: Plugin {
    package static let directive = "erratic"

    private let options: ErraticOptions
    private let queries = Atomic<UInt64>(0)
    /// Answers that are late.
    private let late = Atomic(0)

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        options = try ErraticOptions(directives)
    }

    /// CoreDNS: ready while it has had 3 or 4 queries, so that readiness can be seen to come and go.
    package var isReady: Bool? {
        let count = queries.load(ordering: .relaxed)
        return count >= 3 && count < 5
    }

    /// The memory of a step.
    private struct Context {
        let plugin: Unmanaged<ErraticPlugin>
        /// Only on the event loop's thread.
        let loop: Unmanaged<EventLoop>?
    }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        let context = UnsafeMutablePointer<Context>.allocate(capacity: 1)
        context.initialize(
            to: Context(plugin: .passRetained(self), loop: worker.loop.map { .passRetained($0) }))
        return Step(
            context: UnsafeMutableRawPointer(context),
            down: { context, exchange in
                // SAFETY: the context is the one allocated above, which `release` frees, as the references in it.
                let context = context.assumingMemoryBound(to: Context.self).pointee
                return context.plugin.takeUnretainedValue().take(
                    Step.exchange(exchange), context.loop?.takeUnretainedValue()
                ).rawValue
            },
            mayWait: options.delay > 0,
            release: { context in
                // SAFETY: as above; this is the context's last use.
                let context = context.assumingMemoryBound(to: Context.self)
                context.pointee.plugin.release()
                context.pointee.loop?.release()
                context.deallocate()
            })
    }

    /// Most answers that are late at a time. What comes beyond is dropped, as it might be on the way.
    private static let mostLate = 4096

    /// What is late waits on the event loop, where nobody has to wait behind it; so whatever may be late is answered there.
    private func take(_ exchange: UnsafeMutablePointer<Exchange>, _ loop: EventLoop?) -> Verdict {
        let waiting = WaitingExchange(exchange)
        if options.delay > 0, waiting == nil { return .later }
        let number = queries.wrappingAdd(1, ordering: .relaxed).oldValue
        if isHit(number, options.drop) { return .drop }
        guard isHit(number, options.delay), options.duration > 0, let loop, let waiting else {
            answer(exchange, number)
            return .answered
        }
        guard late.wrappingAdd(1, ordering: .relaxed).newValue <= Self.mostLate else {
            late.wrappingSubtract(1, ordering: .relaxed)
            return .drop
        }
        loop.schedule(after: options.duration) { [self] in
            late.wrappingSubtract(1, ordering: .relaxed)
            answer(waiting.exchange, number)
            waiting.resume(.answered)
        }
        return .later
    }

    private func answer(_ exchange: UnsafeMutablePointer<Exchange>, _ number: UInt64) {
        exchange.pointee.flags = Header.authoritative
        exchange.pointee.code = .noError
        let isTruncated = isHit(number, options.truncate)
        switch exchange.pointee.request.type {
        case .a:
            for _ in 0..<(options.isLarge ? Self.largeCount : 1) { address(exchange, .a, Self.ipv4) }
        case .aaaa: address(exchange, .aaaa, Self.ipv6)
        case .axfr: return transfer(exchange, isWhole: !isTruncated)
        default: return exchange.pointee.fail(.serverFailure)
        }
        if isTruncated { exchange.pointee.writer.isTruncated = true }
    }

    private func isHit(_ number: UInt64, _ amount: UInt64) -> Bool { amount > 0 && number % amount == 0 }

    /// CoreDNS's number of records of a large answer.
    private static let largeCount = 30
    /// 192.0.2.53 and 2001:db8::53.
    private static let ipv4: [UInt8] = [192, 0, 2, 53]
    private static let ipv6: [UInt8] = [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53]

    private func address(_ exchange: UnsafeMutablePointer<Exchange>, _ type: RecordType, _ bytes: [UInt8]) {
        let fits = bytes.withUnsafeBytes { bytes in
            exchange.pointee.writer.answerAddress(
                owner: ResponseWriter.questionPointer, type: type, ttl: 0,
                address: bytes.baseAddress ?? UnsafeRawPointer(exchange.pointee.writer.base), length: bytes.count)
        }
        if !fits { exchange.pointee.writer.isTruncated = true }
    }

    /// A small zone; without the SOA at its end where the transfer is to break off.
    private func transfer(_ exchange: UnsafeMutablePointer<Exchange>, isWhole: Bool) {
        let zone = exchange.pointee.questionName
        let soa = "\(zone) 0 IN SOA sns.dns.icann.org. noc.dns.icann.org. 2018050825 7200 3600 1209600 3600"
        let below = zone.isRoot ? "." : ".\(zone)"
        var lines = [
            soa, "\(zone) 0 IN NS b\(below)", "\(zone) 0 IN NS a\(below)", "a\(below) 0 IN AAAA 2001:bd8::53",
            "b\(below) 0 IN AAAA 2001:500::54",
        ]
        if isWhole { lines.append(soa) }
        let writer = exchange.pointee.writer
        var message = MessageBuffer(
            UnsafeMutableRawBufferPointer(start: writer.base, count: writer.limit), position: writer.position)
        var compressor = NameCompressor()
        compressor.register(nameAt: Header.length, in: message)
        for line in lines {
            // A name that has no room for one more label has no such records.
            guard let record = try? ResourceRecord.parse(line) else { continue }
            guard (try? RecordEncoder.encode(record, into: &message, compressor: &compressor)) != nil else {
                exchange.pointee.writer.isTruncated = true
                return
            }
            exchange.pointee.writer.position = message.position
            exchange.pointee.writer.answerCount &+= 1
        }
    }
}
