import Corefile
import DNSWire
import LinuxIO
import PluginKit

/// `nsid [DATA...]`: tells clients that ask for it which server answers (RFC 5001): DATA, or the machine's name.
package final class NSIDPlugin: Plugin {
    package static let directive = "nsid"

    /// Most bytes of DATA: more would leave no room for answers over UDP.
    static let longestData = 512
    /// Option code and option length.
    private static var optionHead: Int { 4 }

    private let data: [UInt8]

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.only(directives)
        try directive.expectNoBlock()
        let text =
            directive.arguments.isEmpty
            ? HostName.current() ?? "localhost" : directive.arguments.map(\.text).joined(separator: " ")
        data = Array(text.utf8)
        guard data.count <= Self.longestData else {
            throw directive.error("plugin/nsid: DATA of \(data.count) bytes, expected at most \(Self.longestData)")
        }
    }

    /// The memory of a step: this, and behind it the option as it is sent.
    private struct Context {
        /// Length of the option in bytes.
        let length: Int
    }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        let option: [UInt8] =
            [0, UInt8(truncatingIfNeeded: Request.serverIdentifierOption)]
            + [UInt8(truncatingIfNeeded: data.count >> 8), UInt8(truncatingIfNeeded: data.count)] + data
        let size = MemoryLayout<Context>.size
        let context = UnsafeMutableRawPointer.allocate(byteCount: size + option.count, alignment: 8)
        context.bindMemory(to: Context.self, capacity: 1).initialize(to: Context(length: option.count))
        // SAFETY: the option's bytes were allocated behind the length.
        option.withUnsafeBytes {
            (context + size).copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(context), byteCount: $0.count)
        }
        return Step(
            context: context,
            down: { context, exchange in
                let exchange = Step.exchange(exchange)
                guard exchange.pointee.request.asksServerIdentifier else { return Verdict.next.rawValue }
                // SAFETY: the context is the one allocated above, which `release` frees.
                let length = context.assumingMemoryBound(to: Context.self).pointee.length
                let limit = exchange.pointee.writer.limit &- length
                // Without room for the smallest of responses the answer is worth more than the identifier.
                if limit < exchange.pointee.request.questionEnd {
                    exchange.pointee.request.asksServerIdentifier = false
                } else {
                    exchange.pointee.writer.limit = limit
                }
                return Verdict.next.rawValue
            },
            up: { context, exchange in
                let exchange = Step.exchange(exchange)
                guard exchange.pointee.request.asksServerIdentifier else { return }
                // SAFETY: as above.
                let length = context.assumingMemoryBound(to: Context.self).pointee.length
                NSIDPlugin.add(context + MemoryLayout<Context>.size, length, exchange)
            },
            release: { $0.deallocate() })
    }

    /// Puts the option at the end of the response's OPT record, in the place of those that are there: an upstream that was
    /// asked for its identifier has said its own, and the client wants to know who answers it (CoreDNS).
    private static func add(
        _ option: UnsafeRawPointer, _ length: Int, _ exchange: UnsafeMutablePointer<Exchange>
    ) {
        let base = exchange.pointee.writer.base
        var total = exchange.pointee.responseLength
        // SAFETY: the response is finished: `total` bytes at `base` with its header.
        let message = UnsafeRawBufferPointer(start: base, count: total)
        let count =
            Int(Header.field(base, Header.answerCountOffset)) &+ Int(Header.field(base, Header.authorityCountOffset))
            &+ Int(Header.field(base, Header.additionalCountOffset))
        var walk = RecordWalk(message: message, offset: exchange.pointee.request.questionEnd, remaining: count)
        while let record = walk.next() {
            guard record.type.rawValue == 41 else { continue }
            let end = leaveOut(base, from: record.data, to: record.end)
            // SAFETY: what follows OPT is within the message, and moves to the front by what has been left out.
            (base + end).copyMemory(from: base + record.end, byteCount: total &- record.end)
            total &-= record.end &- end
            var dataLength = end &- record.data
            // The room that was set aside on the way down may have been used by whoever got the response from elsewhere.
            let attached = exchange.pointee.options.count
            if total <= exchange.pointee.writer.limit &+ ResponseWriter.optLength &+ attached,
                total &+ length <= exchange.pointee.capacity
            {
                // SAFETY: `length` bytes behind the limit and OPT were set aside on the way down; what follows OPT moves by
                // as much.
                (base + end + length).copyMemory(from: base + end, byteCount: total &- end)
                (base + end).copyMemory(from: option, byteCount: length)
                total &+= length
                dataLength &+= length
            }
            base.storeBytes(
                of: UInt16(truncatingIfNeeded: dataLength).bigEndian, toByteOffset: record.data &- 2, as: UInt16.self)
            exchange.pointee.responseLength = total
            exchange.pointee.writer.position = total
            return
        }
    }

    /// Takes the server identifiers out of the options between two places of the message. Options that are not whole stay as
    /// they came.
    ///
    /// - Returns: where the others end.
    private static func leaveOut(_ base: UnsafeMutableRawPointer, from start: Int, to end: Int) -> Int {
        var place = start
        var kept = start
        while place < end {
            var next = end
            var isIdentifier = false
            if end &- place >= optionHead {
                let whole = place &+ optionHead &+ Int(Header.field(base, place &+ 2))
                if whole <= end {
                    next = whole
                    isIdentifier = Header.field(base, place) == Request.serverIdentifierOption
                }
            }
            if !isIdentifier {
                // SAFETY: both places and their lengths are between `start` and `end`.
                (base + kept).copyMemory(from: base + place, byteCount: next &- place)
                kept &+= next &- place
            }
            place = next
        }
        return kept
    }
}
