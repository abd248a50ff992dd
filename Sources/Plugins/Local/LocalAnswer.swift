import DNSWire
import PluginKit

/// Writes what `local` answers.
enum LocalAnswer {
    /// CoreDNS's TTL in seconds: a week.
    private static var ttl: UInt32 { 604_800 }
    /// in-addr.arpa and one label more.
    private static var reverseLabels: Int { 3 }
    /// "localhost." in wire form, and the label "root" before it.
    private static var localhostLength: Int { 11 }
    private static var rootLength: Int { 5 }

    /// Writes the answer to the question about a name of this kind; the question's class is not looked at, as in CoreDNS.
    static func write(_ kind: LocalName, _ exchange: UnsafeMutablePointer<Exchange>) {
        exchange.pointee.code = .noError
        exchange.pointee.flags = 0
        let isLocalhost = kind == .apex || kind == .below
        switch exchange.pointee.request.type.rawValue {
        case 1 where isLocalhost:
            head(exchange, RecordType.a, dataLength: 4) { $0.put32(0x7F00_0001) }
        case 28 where isLocalhost:
            head(exchange, RecordType.aaaa, dataLength: 16) {
                $0.put32(0)
                $0.put32(0)
                $0.put32(0)
                $0.put32(1)
            }
        case 6 where kind == .apex || kind == .reverseApex:
            startOfAuthority(exchange, owner: ResponseWriter.questionPointer)
            exchange.pointee.writer.answerCount = 1
        case 2 where kind == .apex || kind == .reverseApex:
            head(exchange, RecordType.ns, dataLength: localhostLength, localhost)
        case 12 where kind == .loopback:
            head(exchange, RecordType.ptr, dataLength: localhostLength, localhost)
        default:
            if kind == .reverseOther { exchange.pointee.code = .nameError }
            // CoreDNS: below localhost the name itself is its zone.
            let isApex = kind != .loopback && kind != .reverseOther
            let owner =
                isApex
                ? ResponseWriter.questionPointer
                : ResponseWriter.pointer(
                    to: Header.length
                        + exchange.pointee.name.offset(
                            ofLabel: max(0, exchange.pointee.request.labelCount &- reverseLabels)))
            startOfAuthority(exchange, owner: owner)
            exchange.pointee.writer.authorityCount = 1
        }
    }

    /// One record of the answer section whose owner is the question's name. It fits into the smallest of messages: with the
    /// longest name there are 237 bytes left.
    private static func head(
        _ exchange: UnsafeMutablePointer<Exchange>, _ type: RecordType, dataLength: Int,
        _ data: (inout ResponseWriter) -> Void
    ) {
        guard exchange.pointee.writer.hasRoom(12 &+ dataLength) else { return }
        exchange.pointee.writer.putRecordHead(
            owner: ResponseWriter.questionPointer, type: type, ttl: ttl, dataLength: dataLength)
        data(&exchange.pointee.writer)
        exchange.pointee.writer.answerCount = 1
    }

    private static func localhost(_ writer: inout ResponseWriter) {
        text(&writer, "localhost")
        writer.put8(0)
    }

    private static func text(_ writer: inout ResponseWriter, _ label: StaticString) {
        writer.put8(UInt8(truncatingIfNeeded: label.utf8CodeUnitCount))
        // SAFETY: the string's bytes are in the program's own memory; callers have looked at the room.
        writer.put(label.utf8Start, label.utf8CodeUnitCount)
    }

    private static func startOfAuthority(_ exchange: UnsafeMutablePointer<Exchange>, owner: UInt16) {
        let length = localhostLength &+ rootLength &+ localhostLength &+ 20
        guard exchange.pointee.writer.hasRoom(12 &+ length) else { return }
        exchange.pointee.writer.putRecordHead(owner: owner, type: .soa, ttl: ttl, dataLength: length)
        localhost(&exchange.pointee.writer)
        text(&exchange.pointee.writer, "root")
        localhost(&exchange.pointee.writer)
        // Serial, refresh, retry, expire, minimum.
        exchange.pointee.writer.put32(1)
        for _ in 0..<3 { exchange.pointee.writer.put32(0) }
        exchange.pointee.writer.put32(ttl)
    }
}
