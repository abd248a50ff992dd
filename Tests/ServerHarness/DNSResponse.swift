import DNSWire

/// A response, read with the codec of DNSWire to its last byte.
package struct DNSResponse: Sendable {
    package let bytes: [UInt8]
    package let identifier: UInt16
    /// The header's second 16 bits.
    package let flags: UInt16
    /// With the upper bits that the OPT record has.
    package let code: ResponseCode
    /// The question's name as it stands in the response; nil where the response has no question.
    package let name: DomainName?
    package let type: RecordType?
    /// The three sections, OPT left out.
    package let answer: [ResourceRecord]
    package let authority: [ResourceRecord]
    package let additional: [ResourceRecord]
    /// The version of EDNS; nil where there is no OPT record.
    package let ednsVersion: UInt8?

    /// What is wrong with the bytes of a response.
    package struct Malformed: Error, CustomStringConvertible {
        package let description: String
    }

    package init(_ bytes: [UInt8]) throws {
        self.bytes = bytes
        guard bytes.count >= Header.length else { throw Malformed(description: "\(bytes.count) bytes are no header") }
        func word(_ offset: Int) -> UInt16 { UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1]) }
        identifier = word(Header.identifierOffset)
        flags = word(Header.flagsOffset)
        var offset = Header.length
        var name: DomainName?
        var type: RecordType?
        var sections: [[ResourceRecord]] = []
        try bytes.withUnsafeBytes { message in
            for _ in 0..<word(Header.questionCountOffset) {
                name = try DomainName.read(from: message, at: &offset)
                guard offset + 4 <= message.count else { throw Malformed(description: "the question is cut") }
                type = RecordType(rawValue: word(offset))
                offset += 4
            }
            for count in [Header.answerCountOffset, Header.authorityCountOffset, Header.additionalCountOffset] {
                sections.append(
                    try (0..<word(count)).map { _ in try ResourceRecord.read(from: message, at: &offset) })
            }
        }
        guard offset == bytes.count else {
            throw Malformed(description: "\(bytes.count - offset) bytes behind the records")
        }
        self.name = name
        self.type = type
        answer = sections[0]
        authority = sections[1]
        let options = sections[2].filter { $0.type == .opt }
        guard options.count <= 1 else { throw Malformed(description: "\(options.count) OPT records") }
        additional = sections[2].filter { $0.type != .opt }
        ednsVersion = options.first.map { UInt8(truncatingIfNeeded: $0.ttl >> 16) }
        let upper = UInt16(truncatingIfNeeded: (options.first?.ttl ?? 0) >> 24)
        code = ResponseCode(rawValue: upper << 4 | flags & Header.responseCodeMask)
    }

    package var isTruncated: Bool { flags & Header.truncated != 0 }

    /// The flags that are set, by name and sorted, CD left out.
    package var flagNames: [String] {
        let names: [(UInt16, String)] = [
            (Header.response, "QR"), (Header.authoritative, "AA"), (Header.truncated, "TC"),
            (Header.recursionDesired, "RD"), (Header.recursionAvailable, "RA"), (Header.authenticData, "AD"),
        ]
        return names.filter { flags & $0.0 != 0 }.map(\.1).sorted()
    }

    /// The records of a section as sorted lines of owner, TTL, type and data; the serial of a SOA is a moment in time and left
    /// out.
    package static func lines(_ section: [ResourceRecord]) -> [String] {
        section.map { record in
            var data = "\(record.data)".split(separator: " ").map(String.init)
            if record.type == .soa, data.count > 2 { data[2] = "SERIAL" }
            return "\(record.owner) \(record.ttl) \(record.type) \(data.joined(separator: " "))"
        }.sorted()
    }

    /// The lines of the answer section.
    package var answerLines: [String] { Self.lines(answer) }
}
