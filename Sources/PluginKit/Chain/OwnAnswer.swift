import DNSWire
import LinuxIO

/// What the plugins below the asker say to a question of its own: the subject of an `OwnQuery`.
///
/// `@unchecked Sendable`: made by the asker, and then used on the event loop's thread only.
package final class OwnAnswer: @unchecked Sendable {
    /// The response; nil where there was none, or none that can be read.
    package private(set) var message: ResponseMessage?
    /// Whether a plugin met an error that it answered with.
    package private(set) var hasFailed = false

    package init() {}

    /// Takes the response to a question of the plugin's own, on the way up: to be called first in the asker's `up`.
    ///
    /// - Returns: false where the exchange is a client's.
    package static func take(_ exchange: UnsafeMutablePointer<Exchange>, asker: UInt8) -> Bool {
        guard exchange.pointee.asker == asker, let subject = exchange.pointee.ownQuery else { return false }
        // SAFETY: the asker's questions have such a subject, which is kept for as long as the exchange.
        let answer = Unmanaged<OwnAnswer>.fromOpaque(subject).takeUnretainedValue()
        answer.hasFailed = exchange.pointee.failure != nil
        answer.message = ResponseMessage(exchange)
        return true
    }
}

extension OwnQuery {
    /// A question on behalf of a client's, with its flags and EDNS as the plugins below are to have them.
    ///
    /// - Parameters:
    ///   - name: what to ask about.
    ///   - exchange: the client's query, on its way down or up.
    package static func request(
        _ name: DomainName, _ type: RecordType, like exchange: UnsafeMutablePointer<Exchange>
    ) -> [UInt8] {
        let request = exchange.pointee.request
        let kept = request.flags & (Header.recursionDesired | Header.checkingDisabled)
        var bytes: [UInt8] = []
        func put(_ words: UInt16...) {
            for word in words { bytes += [UInt8(truncatingIfNeeded: word >> 8), UInt8(truncatingIfNeeded: word)] }
        }
        put(0, kept, 1, 0, 0, request.hasEDNS ? 1 : 0)
        bytes += name.wire
        put(type.rawValue, request.recordClass.rawValue)
        if request.hasEDNS {
            bytes.append(0)
            put(RecordType.opt.rawValue, ResponseWriter.announcedUDPSize, 0, request.dnssecOK ? 0x8000 : 0, 0)
        }
        return bytes
    }
}

extension Exchange {
    /// The name of the question as the client wrote it; nil where the request has none that can be read. Allocates.
    package var clientName: DomainName? {
        let message = UnsafeRawBufferPointer(start: writer.base, count: request.questionEnd)
        var offset = Header.length
        return try? DomainName.read(from: message, at: &offset)
    }
}
