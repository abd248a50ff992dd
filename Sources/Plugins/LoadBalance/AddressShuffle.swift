import DNSWire
import LinuxIO
import PluginKit

/// Brings the addresses of a finished response into another order where they stand: every order is as likely. For answers as
/// they usually are, aliases and then addresses of one name; allocates nothing.
enum AddressShuffle {
    /// - Returns: false where the response is of another kind, and may need more: it is as it was then.
    @inline(__always)
    static func shuffle(_ exchange: UnsafeMutablePointer<Exchange>) -> Bool {
        let base = exchange.pointee.writer.base
        let length = exchange.pointee.responseLength
        guard length >= Header.length else { return true }
        // A single record has no order, be it an address, an SOA or an OPT record.
        guard Header.field(base, Header.authorityCountOffset) < 2, Header.field(base, Header.additionalCountOffset) < 2
        else { return false }
        let answers = Int(Header.field(base, Header.answerCountOffset))
        return answers < 2 || shuffleAnswers(exchange, base, length, answers)
    }

    private static func shuffleAnswers(
        _ exchange: UnsafeMutablePointer<Exchange>, _ base: UnsafeMutableRawPointer, _ length: Int, _ answers: Int
    ) -> Bool {
        var walk = RecordWalk(
            message: UnsafeRawBufferPointer(start: base, count: length),
            offset: exchange.pointee.request.questionEnd, remaining: answers)
        var run = AddressRun()
        var aliases = 0
        while let record = walk.next() {
            switch record.type {
            case .cname:
                guard run.count == 0 else { return false }
                aliases &+= 1
            case .a, .aaaa:
                guard run.extend(record, base) else { return false }
            default: return false
            }
        }
        // What is not whole stays as it is.
        if aliases &+ run.count == answers { run.shuffle(&exchange.pointee.random, base) }
        return true
    }
}
