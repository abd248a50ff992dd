import DNSWire
import LinuxIO
import PluginKit

/// What kind of answer a response is, as `log` tells them apart: CoreDNS's plugin/pkg/response. The raw value is a bit.
enum ResponseClass: UInt8, CaseIterable, Sendable {
    /// An answer, a referral, or nothing said against the question.
    case success = 1
    /// The name does not exist, or has no records of the type.
    case denial = 2
    /// Everything else, zone transfers included.
    case error = 4

    /// The classes that a word of the Corefile stands for, as bits.
    static func bits(named name: String) -> UInt8? {
        switch name {
        case "all": allCases.reduce(0) { $0 | $1.rawValue }
        case "success": success.rawValue
        case "denial": denial.rawValue
        case "error": error.rawValue
        default: nil
        }
    }

    /// The class of a finished response; `wall` is asked only where signatures are to be checked. Allocates nothing.
    static func of(_ exchange: UnsafeMutablePointer<Exchange>, wall: () -> Clock.Wall) -> ResponseClass {
        // Numbers, not names: == of another module's type is a call through its witness table, and this runs for every
        // query of a block that logs errors only, as stock Corefiles do.
        // CoreDNS has messages about transfers (IXFR, AXFR) in a type of their own, which belongs to no other class.
        let type = exchange.pointee.request.type.rawValue
        if type == 251 || type == 252 { return .error }
        let code = exchange.pointee.code.rawValue
        let base = UnsafeRawPointer(exchange.pointee.writer.base)
        let length = exchange.pointee.responseLength
        let start = exchange.pointee.request.questionEnd
        guard length >= Header.length, start <= length else { return .error }
        // SAFETY: the response is finished: `length` bytes at `base` with its header.
        let message = UnsafeRawBufferPointer(start: base, count: length)
        let answers = Int(Header.field(base, Header.answerCountOffset))
        let authorities = Int(Header.field(base, Header.authorityCountOffset))
        if exchange.pointee.request.dnssecOK {
            let additionals = Int(Header.field(base, Header.additionalCountOffset))
            var walk = RecordWalk(message: message, offset: start, remaining: answers + authorities + additionals)
            while let record = walk.next() {
                // CoreDNS: a response with signatures that are not valid now is an error.
                if record.type.rawValue == 46, !isValid(record, message, wall()) { return .error }
            }
        }
        if answers > 0 {
            if code == noError { return .success }
            if code == nameError { return .error }
        }
        if code == nameError { return .denial }
        guard code == noError else { return .error }
        var walk = RecordWalk(message: message, offset: start, remaining: answers + authorities)
        var place = 0
        while let record = walk.next() {
            if place >= answers, record.type.rawValue == 6 { return .denial }
            place &+= 1
        }
        return .success
    }

    private static var noError: UInt16 { 0 }
    private static var nameError: UInt16 { 3 }

    /// Whether `wall` lies between the inception and the expiration of a signature (RFC 4034, section 3.1.5: numbers that
    /// compare in serial arithmetic).
    static func isValid(
        _ record: RecordWalk.Record, _ message: UnsafeRawBufferPointer, _ wall: Clock.Wall
    ) -> Bool {
        // Type (2), algorithm (1), labels (1), TTL (4), then the two times.
        guard record.dataLength >= 16 else { return false }
        // SAFETY: the walk has checked that the data lie within the message.
        let expiration = UInt32(bigEndian: message.loadUnaligned(fromByteOffset: record.data + 8, as: UInt32.self))
        let inception = UInt32(bigEndian: message.loadUnaligned(fromByteOffset: record.data + 12, as: UInt32.self))
        let now = UInt32(truncatingIfNeeded: wall.seconds)
        return Int32(bitPattern: now &- inception) >= 0 && Int32(bitPattern: expiration &- now) >= 0
    }
}

extension ResponseClass {
    /// What CoreDNS calls the type of a finished response (plugin/pkg/response).
    static func typeName(_ exchange: UnsafeMutablePointer<Exchange>, wall: () -> Clock.Wall) -> String {
        let type = exchange.pointee.request.type
        if type == .axfr || type == .ixfr { return "META" }
        let code = exchange.pointee.code
        switch of(exchange, wall: wall) {
        case .denial: return code == .nameError ? "NXDOMAIN" : "NODATA"
        case .success:
            // SAFETY: the response is finished, and has a header.
            let base = UnsafeRawPointer(exchange.pointee.writer.base)
            let hasAnswer = Header.field(base, Header.answerCountOffset) > 0
            return hasAnswer || !hasNameServers(exchange) ? "NOERROR" : "DELEGATION"
        case .error: return code == .serverFailure || code == .notImplemented ? "SERVERERROR" : "OTHERERROR"
        }
    }

    private static func hasNameServers(_ exchange: UnsafeMutablePointer<Exchange>) -> Bool {
        let message = UnsafeRawBufferPointer(
            start: exchange.pointee.writer.base, count: exchange.pointee.responseLength)
        guard let base = message.baseAddress, message.count >= Header.length else { return false }
        var walk = RecordWalk(
            message: message, offset: exchange.pointee.request.questionEnd,
            remaining: Int(Header.field(base, Header.authorityCountOffset)))
        while let record = walk.next() {
            if record.type == .ns { return true }
        }
        return false
    }
}
