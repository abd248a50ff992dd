import Corefile
import DNSWire
import LinuxIO
import PluginKit

/// `minimal`: leaves out what is in the authority and additional sections of answers that need it not: those that succeed and
/// are no referrals.
package final class MinimalPlugin: Plugin {
    package static let directive = "minimal"

    private let clock: Clock

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.last(directives, setup)
        try directive.expectArguments(0)
        try directive.expectNoBlock()
        clock = setup.process.clock
    }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        Step(
            context: Unmanaged.passRetained(self).toOpaque(),
            up: { context, exchange in
                let exchange = Step.exchange(exchange)
                // SAFETY: the context is the reference taken above, which `release` gives back.
                let plugin = Unmanaged<MinimalPlugin>.fromOpaque(context)
                let found = ResponseClass.of(exchange) { plugin._withUnsafeGuaranteedRef { $0.wall() } }
                if found.rawValue == ResponseClass.success.rawValue { MinimalPlugin.cut(exchange) }
            },
            release: { Unmanaged<MinimalPlugin>.fromOpaque($0).release() })
    }

    @inline(never)
    private func wall() -> Clock.Wall { clock.wall() }

    private static var nameServerType: UInt16 { 2 }
    private static var optType: UInt16 { 41 }

    /// Takes the two sections away, but for OPT, which is about the message and no record.
    private static func cut(_ exchange: UnsafeMutablePointer<Exchange>) {
        let base = exchange.pointee.writer.base
        let length = exchange.pointee.responseLength
        // SAFETY: the response is finished: `length` bytes at `base` with its header.
        let message = UnsafeRawBufferPointer(start: base, count: length)
        let answers = Int(Header.field(base, Header.answerCountOffset))
        let authorities = Int(Header.field(base, Header.authorityCountOffset))
        let total = answers &+ authorities &+ Int(Header.field(base, Header.additionalCountOffset))
        var walk = RecordWalk(message: message, offset: exchange.pointee.request.questionEnd, remaining: total)
        var end = walk.offset
        var optStart = 0
        var optLength = 0
        var place = 0
        while let record = walk.next() {
            if place < answers {
                end = record.end
            } else if place < answers &+ authorities {
                // CoreDNS: a referral stays whole.
                if answers == 0, record.type.rawValue == nameServerType { return }
            } else if record.type.rawValue == optType {
                optStart = record.start
                optLength = record.end &- record.start
            }
            place &+= 1
        }
        // A message that ends early is left as it came.
        guard place == total else { return }
        if optLength > 0, optStart != end {
            // SAFETY: both places and their lengths are within the message; OPT's owner is the root, so no name moves.
            (base + end).copyMemory(from: base + optStart, byteCount: optLength)
        }
        let additionals: UInt16 = optLength > 0 ? 1 : 0
        base.storeBytes(of: 0, toByteOffset: Header.authorityCountOffset, as: UInt16.self)
        base.storeBytes(of: additionals.bigEndian, toByteOffset: Header.additionalCountOffset, as: UInt16.self)
        exchange.pointee.responseLength = end &+ optLength
        exchange.pointee.writer.position = end &+ optLength
        exchange.pointee.writer.authorityCount = 0
        exchange.pointee.writer.additionalCount = additionals
    }
}
