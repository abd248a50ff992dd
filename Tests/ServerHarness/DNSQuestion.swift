import DNSWire

/// What a client asks.
package struct DNSQuestion: Sendable {
    /// In presentation form.
    package var name: String
    package var type: RecordType
    package var recordClass = RecordClass.internet
    package var identifier: UInt16 = 0
    /// The header's second 16 bits.
    package var flags = Header.recursionDesired
    /// The UDP size of the OPT record; nil for none.
    package var udpSize: UInt16?
    package var ednsVersion: UInt8 = 0
    package var dnssecOK = false

    package init(_ name: String, _ type: RecordType = .a, udpSize: UInt16? = 1232) {
        self.name = name
        self.type = type
        self.udpSize = udpSize
    }

    /// The query as a message. A name that is none becomes the root.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for word in [identifier, flags, 1, 0, 0, udpSize == nil ? 0 : 1] { bytes += Self.octets(word) }
        bytes += (try? DomainName(parsing: name))?.wire ?? [0]
        bytes += Self.octets(type.rawValue) + Self.octets(recordClass.rawValue)
        if let udpSize {
            bytes += [0] + Self.octets(RecordType.opt.rawValue) + Self.octets(udpSize)
            bytes += [0, ednsVersion, dnssecOK ? 0x80 : 0, 0, 0, 0]
        }
        return bytes
    }

    private static func octets(_ word: UInt16) -> [UInt8] { [UInt8(word >> 8), UInt8(word & 0xFF)] }
}
