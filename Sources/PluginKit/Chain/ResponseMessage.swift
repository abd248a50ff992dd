import DNSWire

/// A finished response taken apart, to be changed and written again with the question that the exchange has by then. Allocates.
package struct ResponseMessage {
    package var answer: [ResourceRecord] = []
    package var authority: [ResourceRecord] = []
    /// Without the OPT record.
    package var additional: [ResourceRecord] = []
    package var opt: ResourceRecord?
    /// With the eight bits that stand in the OPT record.
    package var code: ResponseCode
    /// Whether something was left out.
    package var isTruncated: Bool
    /// The other flags of the header.
    package var flags: UInt16

    /// Reads the response of an exchange; nil where it cannot be read.
    package init?(_ exchange: UnsafeMutablePointer<Exchange>) {
        let message = UnsafeRawBufferPointer(
            start: exchange.pointee.writer.base, count: exchange.pointee.responseLength)
        guard let base = message.baseAddress, message.count >= exchange.pointee.request.questionEnd else { return nil }
        let header = Header.field(base, Header.flagsOffset)
        flags = header & ~(Header.responseCodeMask | Header.truncated)
        isTruncated = header & Header.truncated != 0
        code = ResponseCode(rawValue: header & Header.responseCodeMask)
        var offset = exchange.pointee.request.questionEnd
        for section in 0..<3 {
            for _ in 0..<Header.field(base, Header.answerCountOffset + 2 * section) {
                guard let record = try? ResourceRecord.read(from: message, at: &offset) else { return nil }
                switch section {
                case 0: answer.append(record)
                case 1: authority.append(record)
                default:
                    if record.type == .opt { opt = record } else { additional.append(record) }
                }
            }
        }
        // RFC 6891, section 6.1.3: the upper eight bits of the TTL are those of the code.
        if let opt { code = ResponseCode(rawValue: code.rawValue | UInt16(truncatingIfNeeded: opt.ttl >> 24) << 4) }
    }

    /// Writes the response over the message of an exchange, behind the question of `request`. What does not fit is left out.
    ///
    /// - Parameter request: the message that the question is taken from: the one that the exchange's `request` was read from.
    package func write(_ exchange: UnsafeMutablePointer<Exchange>, request: [UInt8]) {
        // RFC 6891, section 6.1.1: an OPT record is for who has sent one.
        let opt = exchange.pointee.request.hasEDNS ? opt : nil
        let room = exchange.pointee.writer.limit
        let end = room + (exchange.pointee.request.hasEDNS ? ResponseWriter.optLength : 0)
        Self.copyQuestion(of: request, exchange)
        var optBytes = Self.encode(opt, code)
        if exchange.pointee.writer.position + optBytes.count > end { optBytes = [] }
        exchange.pointee.writer.limit = end - optBytes.count
        writeRecords(exchange)
        exchange.pointee.writer.limit = end
        optBytes.withUnsafeBytes { bytes in
            // SAFETY: the limit left these bytes free.
            if let start = bytes.baseAddress { exchange.pointee.writer.put(start, bytes.count) }
        }
        if !optBytes.isEmpty { exchange.pointee.writer.additionalCount &+= 1 }
        exchange.pointee.writer.limit = room
        exchange.pointee.responseLength = exchange.pointee.writer.position
        exchange.pointee.code = code
        let writer = exchange.pointee.writer
        let header =
            flags | code.rawValue & Header.responseCodeMask
            | (isTruncated || writer.isTruncated ? Header.truncated : 0)
        for (value, offset) in [
            (header, Header.flagsOffset), (1, Header.questionCountOffset),
            (writer.answerCount, Header.answerCountOffset), (writer.authorityCount, Header.authorityCountOffset),
            (writer.additionalCount, Header.additionalCountOffset),
        ] {
            // SAFETY: the offsets are those of the header, which every message has.
            writer.base.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
        }
    }

    /// Changes every record but OPT.
    package mutating func changeRecords(_ change: (inout ResourceRecord) -> Void) {
        for place in answer.indices { change(&answer[place]) }
        for place in authority.indices { change(&authority[place]) }
        for place in additional.indices { change(&additional[place]) }
    }

    /// Changes the options of the OPT record, if there is one.
    package mutating func changeOptions(_ change: (inout [RecordData.Option]) -> Void) {
        guard var record = opt, case .opt(var options) = record.data else { return }
        change(&options)
        record.data = .opt(options)
        opt = record
    }

    /// Copies the question of `request` into the message, and forgets all records.
    package static func copyQuestion(of request: [UInt8], _ exchange: UnsafeMutablePointer<Exchange>) {
        exchange.pointee.clearRecords()
        let question = min(exchange.pointee.request.questionEnd, request.count)
        request.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress, question > Header.length else { return }
            // SAFETY: the request stood in this memory before.
            (exchange.pointee.writer.base + Header.length)
                .copyMemory(from: start + Header.length, byteCount: question - Header.length)
        }
    }

    private func writeRecords(_ exchange: UnsafeMutablePointer<Exchange>) {
        var records = RecordWriter(exchange)
        for record in answer {
            guard records.write(record, exchange) else {
                exchange.pointee.writer.isTruncated = true
                return
            }
            exchange.pointee.writer.answerCount &+= 1
        }
        records.write(authority: authority, additional: additional, exchange)
    }

    /// The OPT record in wire form; nothing for none.
    private static func encode(_ opt: ResourceRecord?, _ code: ResponseCode) -> [UInt8] {
        guard let opt, case .opt(let options) = opt.data else { return [] }
        let ttl = opt.ttl & 0x00FF_FFFF | UInt32(code.rawValue >> 4) << 24
        var data: [UInt8] = []
        for option in options {
            data += octets(option.code) + octets(UInt16(truncatingIfNeeded: option.octets.count)) + option.octets
        }
        return [0] + octets(RecordType.opt.rawValue) + octets(opt.recordClass.rawValue)
            + octets(UInt16(truncatingIfNeeded: ttl >> 16)) + octets(UInt16(truncatingIfNeeded: ttl))
            + octets(UInt16(truncatingIfNeeded: data.count)) + data
    }

    private static func octets(_ word: UInt16) -> [UInt8] { [UInt8(word >> 8), UInt8(word & 0xFF)] }
}
