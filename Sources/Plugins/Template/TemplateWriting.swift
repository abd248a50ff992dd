import DNSWire
import PluginKit

/// The records of a template's answer as they are written, one after the other: what an alias leads to stands behind it, and may
/// have to be waited for.
final class TemplateWriting {
    private let answer: [ResourceRecord]
    private let authority: [ResourceRecord]
    private let additional: [ResourceRecord]
    private let exchange: UnsafeMutablePointer<Exchange>
    /// Nil on a worker's thread.
    private let waiting: WaitingExchange?
    private var place = 0

    init(
        _ answer: [ResourceRecord], authority: [ResourceRecord], additional: [ResourceRecord],
        _ exchange: UnsafeMutablePointer<Exchange>
    ) {
        self.answer = answer
        self.authority = authority
        self.additional = additional
        self.exchange = exchange
        waiting = WaitingExchange(exchange)
    }

    /// Writes what is left. False where there is something to wait for: on the event loop it goes on by itself after that, and
    /// resumes the exchange in the end.
    func run() -> Bool {
        var records = RecordWriter(exchange)
        let type = exchange.pointee.request.type
        while place < answer.count {
            let record = answer[place]
            place += 1
            guard records.write(record, exchange) else {
                exchange.pointee.writer.isTruncated = true
                return true
            }
            exchange.pointee.writer.answerCount &+= 1
            // CoreDNS: where an address is asked for, an alias is followed.
            guard record.type == .cname, type == .a || type == .aaaa else { continue }
            exchange.pointee.aliasTarget = records.dataStart
            let isOver = Exchange.lookUpAlias(exchange) { [self] in
                exchange.pointee.aliasTarget = 0
                if run() { waiting?.resume(.answered) }
            }
            guard isOver else { return false }
            exchange.pointee.aliasTarget = 0
            records = RecordWriter(exchange)
        }
        records.write(authority: authority, additional: additional, exchange)
        return true
    }
}
