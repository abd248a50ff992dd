import Corefile
import DNSWire
import LinuxIO
import PluginKit

/// `whoami`: answers every question with the client's own address and port, in the additional section.
package final class WhoamiPlugin: Plugin {
    package static let directive = "whoami"

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.last(directives, setup)
        try directive.expectArguments(0)
        try directive.expectNoBlock()
    }

    package func makeStep(_ worker: WorkerContext) -> Step? {
        // There is nothing to remember: the context only has to be somewhere.
        // SAFETY: a step has to have a context; nothing is stored in this one, and `release` frees it.
        let context = UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)
        return Step(
            context: context,
            down: { _, exchange in
                WhoamiPlugin.answer(Step.exchange(exchange))
                return Verdict.answered.rawValue
            },
            release: { $0.deallocate() })
    }

    /// Length of the label `_udp` or `_tcp` with its length byte.
    private static var labelLength: Int { 5 }
    /// Priority, weight, port, and the root as the target.
    private static var serviceLength: Int { 7 }
    /// Type, class, TTL and data length.
    private static var recordHeadLength: Int { 10 }

    private static func answer(_ exchange: UnsafeMutablePointer<Exchange>) {
        let client = exchange.pointee.client
        let questionClass = exchange.pointee.request.recordClass.rawValue
        exchange.pointee.code = .noError
        exchange.pointee.flags = Header.authoritative

        let isIPv4 =
            switch client.family {
            case .ipv4: true
            case .ipv6: false
            }
        let addressLength = isIPv4 ? 4 : 16
        guard exchange.pointee.writer.hasRoom(2 &+ recordHeadLength &+ addressLength) else { return }
        exchange.pointee.writer.put16(ResponseWriter.questionPointer)
        head(
            &exchange.pointee.writer, isIPv4 ? RecordType.a : RecordType.aaaa, questionClass, dataLength: addressLength)
        if isIPv4 {
            exchange.pointee.writer.put32(UInt32(truncatingIfNeeded: client.low))
        } else {
            put64(&exchange.pointee.writer, client.high)
            put64(&exchange.pointee.writer, client.low)
        }
        exchange.pointee.writer.additionalCount &+= 1

        // A name that has no room for one more label has no service record.
        guard exchange.pointee.request.nameLength &+ labelLength <= QuestionName.longest,
            exchange.pointee.writer.hasRoom(labelLength &+ 2 &+ recordHeadLength &+ serviceLength)
        else { return }
        exchange.pointee.writer.put8(4)
        // "_udp" or "_tcp".
        switch exchange.pointee.clientTransport {
        case .udp: exchange.pointee.writer.put32(0x5F75_6470)
        case .tcp: exchange.pointee.writer.put32(0x5F74_6370)
        }
        exchange.pointee.writer.put16(ResponseWriter.questionPointer)
        head(&exchange.pointee.writer, RecordType.srv, questionClass, dataLength: serviceLength)
        exchange.pointee.writer.put32(0)
        exchange.pointee.writer.put16(client.port)
        exchange.pointee.writer.put8(0)
        exchange.pointee.writer.additionalCount &+= 1
    }

    /// What stands between the owner and the data: the class is the question's, the TTL is 0.
    private static func head(
        _ writer: inout ResponseWriter, _ type: RecordType, _ questionClass: UInt16, dataLength: Int
    ) {
        writer.put16(type.rawValue)
        writer.put16(questionClass)
        writer.put32(0)
        writer.put16(UInt16(truncatingIfNeeded: dataLength))
    }

    private static func put64(_ writer: inout ResponseWriter, _ value: UInt64) {
        writer.put32(UInt32(truncatingIfNeeded: value >> 32))
        writer.put32(UInt32(truncatingIfNeeded: value))
    }
}
