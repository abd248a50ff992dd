import Corefile
import DNSWire
import PluginKit

/// `any`: answers questions of type ANY with one short HINFO record (RFC 8482, section 4.2).
package final class AnyPlugin: Plugin {
    package static let directive = "any"

    /// CoreDNS's TTL, in seconds.
    private static var ttl: UInt32 { 8482 }
    private static var anyType: UInt16 { 255 }
    /// The two character-strings of the record.
    private static var hardware: StaticString { "ANY obsoleted" }
    private static var system: StaticString { "See RFC 8482" }

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.last(directives, setup)
        try directive.expectArguments(0)
        try directive.expectNoBlock()
    }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        // SAFETY: a step has to have a context; nothing is stored in this one, and `release` frees it.
        let context = UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)
        return Step(
            context: context,
            down: { _, exchange in
                let exchange = Step.exchange(exchange)
                guard exchange.pointee.request.type.rawValue == AnyPlugin.anyType else { return Verdict.next.rawValue }
                AnyPlugin.answer(exchange)
                return Verdict.answered.rawValue
            },
            release: { $0.deallocate() })
    }

    private static func answer(_ exchange: UnsafeMutablePointer<Exchange>) {
        exchange.pointee.code = .noError
        exchange.pointee.flags = 0
        let length = 2 &+ hardware.utf8CodeUnitCount &+ system.utf8CodeUnitCount
        guard exchange.pointee.writer.hasRoom(12 &+ length) else {
            exchange.pointee.writer.isTruncated = true
            return
        }
        exchange.pointee.writer.putRecordHead(
            owner: ResponseWriter.questionPointer, type: .hinfo, ttl: ttl, dataLength: length)
        for text in [hardware, system] {
            exchange.pointee.writer.put8(UInt8(truncatingIfNeeded: text.utf8CodeUnitCount))
            // SAFETY: the string's bytes are in the program's own memory; the room was looked at above.
            exchange.pointee.writer.put(text.utf8Start, text.utf8CodeUnitCount)
        }
        exchange.pointee.writer.answerCount &+= 1
    }
}
