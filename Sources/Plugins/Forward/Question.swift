import DNSWire
import LinuxIO
import PluginKit

/// A question as it goes to an upstream.
struct Question {
    /// The message. Its id is not one: it has the stage and how it is to be asked, so that messages that are alike are
    /// questions that may share an answer.
    private(set) var message: [UInt8] = []
    /// Where the question ends.
    private(set) var end = 0

    /// No question yet.
    init() {}

    /// Makes it the client's question with its flags and its OPT record (CoreDNS passes the whole request on). What is offered
    /// as UDP size is what the client can be sent. The memory of the question before is kept.
    mutating func take(
        _ exchange: UnsafeMutablePointer<Exchange>, stage: Int, needsStream: Bool, retriesTruncated: Bool
    ) {
        let request = exchange.pointee.request
        let base = exchange.pointee.writer.base
        let end = max(Header.length, request.questionEnd)
        self.end = end
        // SAFETY: the request is still whole: nothing has answered it yet.
        let bytes = UnsafeRawBufferPointer(start: base, count: max(exchange.pointee.requestLength, end))
        let options = request.hasEDNS ? Self.options(bytes, request) : nil
        message.removeAll(keepingCapacity: true)
        message.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[..<end]))
        if let options {
            message.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[options.start..<options.end]))
        }
        let kept =
            request.flags
            & (Header.opcodeMask | Header.recursionDesired | Header.authenticData | Header.checkingDisabled)
        message.withUnsafeMutableBytes { message in
            guard message.count >= Header.length else { return }
            message.storeBytes(
                of: (UInt16(UInt8(truncatingIfNeeded: stage)) << 8 | (needsStream ? 1 : 0) | (retriesTruncated ? 2 : 0))
                    .bigEndian, as: UInt16.self)
            message.storeBytes(of: kept.bigEndian, toByteOffset: Header.flagsOffset, as: UInt16.self)
            message.storeBytes(of: UInt16(1).bigEndian, toByteOffset: Header.questionCountOffset, as: UInt16.self)
            message.storeBytes(of: 0, toByteOffset: Header.answerCountOffset, as: UInt32.self)
            message.storeBytes(
                of: UInt16(options == nil ? 0 : 1).bigEndian, toByteOffset: Header.additionalCountOffset,
                as: UInt16.self)
            let isDatagram = exchange.pointee.transport == .udp
            if options != nil, isDatagram || !needsStream, message.count >= end + 5 {
                // A client over TCP takes any size, but what is asked over UDP has to find room here.
                let size = min(
                    request.udpSize,
                    isDatagram
                        ? exchange.pointee.writer.limit + ResponseWriter.optLength : ForwardEngine.longestDatagram)
                message[end + 3] = UInt8(truncatingIfNeeded: size >> 8)
                message[end + 4] = UInt8(truncatingIfNeeded: size)
            }
        }
    }

    /// A number made of the message's bytes and a seed.
    func key(seed: UInt64) -> UInt64 {
        var key = seed
        func mix(_ word: UInt64) {
            // A full multiplication whose halves are folded (wyhash): every bit of the word reaches every bit of the key.
            let product = (key ^ word).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
            key = product.high ^ product.low ^ 0xE703_7ED1_A0B4_28DB
        }
        message.withUnsafeBytes { bytes in
            var place = 0
            while place + 8 <= bytes.count {
                mix(bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
                place += 8
            }
            var rest = UInt64(bytes.count)
            for octet in bytes[place...] { rest = rest << 8 | UInt64(octet) }
            mix(rest)
        }
        return key
    }

    private static func options(_ message: UnsafeRawBufferPointer, _ request: Request) -> RecordWalk.Record? {
        guard let base = message.baseAddress, message.count >= Header.length else { return nil }
        let counts = [Header.answerCountOffset, Header.authorityCountOffset, Header.additionalCountOffset]
        let total = counts.reduce(0) { $0 + Int(Header.field(base, $1)) }
        var walk = RecordWalk(message: message, offset: request.questionEnd, remaining: total)
        while let record = walk.next() {
            if record.type == .opt { return record }
        }
        return nil
    }

    /// A health check's question: the name servers of a name.
    init(checking name: [UInt8], recursionDesired: Bool) {
        self.init(name, .ns, recursionDesired: recursionDesired)
    }

    /// A question of the server's own, in class IN, about a name in wire form.
    init(_ name: [UInt8], _ type: RecordType, recursionDesired: Bool) {
        message =
            [0, 0, recursionDesired ? UInt8(Header.recursionDesired >> 8) : 0, 0, 0, 1, 0, 0, 0, 0, 0, 0] + name + [
                UInt8(type.rawValue >> 8), UInt8(type.rawValue & 0xFF), 0, 1,
            ]
        end = message.count
    }

    /// Whether a response has the question that was asked, whatever the case of its letters (RFC 4343). Servers that cannot read
    /// a question answer with none (which `UpstreamResponse` has checked).
    func isAnswered(by response: UnsafeRawBufferPointer) -> Bool {
        guard response.count >= Header.length else { return false }
        if response[Header.questionCountOffset] == 0, response[Header.questionCountOffset + 1] == 0 { return true }
        guard response.count >= end, message.count >= end, end >= Header.length + 5 else { return false }
        // RFC 1035, section 4.1.1: a response has its query's opcode.
        guard (response[Header.flagsOffset] ^ message[Header.flagsOffset]) & 0x78 == 0 else { return false }
        return message.withUnsafeBytes { question in
            // Most servers repeat it letter by letter.
            // SAFETY: both have `end` bytes.
            if let left = question.baseAddress, let right = response.baseAddress,
                equalBytes(left + Header.length, right + Header.length, end - Header.length)
            {
                return true
            }
            for place in Header.length..<end - 4 where response[place] != question[place] {
                // Letters differ in one bit; length octets are below them.
                let folded = question[place] | 0x20
                guard response[place] | 0x20 == folded, folded >= 0x61, folded <= 0x7A else { return false }
            }
            // Type and class.
            for place in end - 4..<end where response[place] != question[place] { return false }
            return true
        }
    }
}
