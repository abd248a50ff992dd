/// Writes resource records into messages (RFC 1035, section 4.1.3).
package enum RecordEncoder {
    /// Appends a record. Its owner is compressed, and so are names in the data of NS, CNAME, PTR, SOA and MX; in all other types
    /// names are written in full (RFC 3597, section 4).
    ///
    /// Throws `noSpace` if the record does not fit, `badRecordLength` if a string or the data as a whole are too long for their
    /// length field, `badRecordData` if a CAA tag is not letters and digits; buffer and compressor are then as they were.
    package static func encode(
        _ record: ResourceRecord, into buffer: inout MessageBuffer, compressor: inout NameCompressor
    ) throws(WireError) {
        let mark = buffer.position
        let knownNames = compressor
        do throws(WireError) {
            try compressor.write(record.owner, compressing: true, to: &buffer)
            try buffer.append(record.type.rawValue)
            try buffer.append(record.recordClass.rawValue)
            try buffer.append(record.ttl)
            let length = buffer.position
            try buffer.append(UInt16(0))
            try encode(record.data, into: &buffer, compressor: &compressor)
            try buffer.closeLength(at: length)
        } catch {
            buffer.roll(back: mark)
            compressor = knownNames
            throw error
        }
    }

    /// Appends the data of a record without the length before them; on an error, part of them may have been written.
    private static func encode(
        _ data: RecordData, into buffer: inout MessageBuffer, compressor: inout NameCompressor
    ) throws(WireError) {
        switch data {
        case .a(let address): try buffer.append(address.bits)
        case .aaaa(let address):
            try buffer.append(address.high)
            try buffer.append(address.low)
        case .ns(let name), .cname(let name), .ptr(let name):
            try compressor.write(name, compressing: true, to: &buffer)
        case .dname(let name):
            // RFC 6672, section 2.1: the target is never compressed.
            try buffer.append(name.wire)
        case .soa(let authority):
            try compressor.write(authority.primary, compressing: true, to: &buffer)
            try compressor.write(authority.mailbox, compressing: true, to: &buffer)
            try buffer.append(authority.serial)
            try buffer.append(authority.refresh)
            try buffer.append(authority.retry)
            try buffer.append(authority.expire)
            try buffer.append(authority.minimum)
        case .mx(let preference, let exchange):
            try buffer.append(preference)
            try compressor.write(exchange, compressing: true, to: &buffer)
        case .txt(let strings):
            // RFC 1035, section 3.3.14: one or more.
            guard !strings.isEmpty else { throw .badRecordLength }
            for string in strings { try append(characterString: string, to: &buffer) }
        case .hinfo(let processor, let system):
            try append(characterString: processor, to: &buffer)
            try append(characterString: system, to: &buffer)
        case .srv(let priority, let weight, let port, let target):
            try buffer.append(priority)
            try buffer.append(weight)
            try buffer.append(port)
            // RFC 2782: name compression is not to be used for the target.
            try buffer.append(target.wire)
        case .naptr(let pointer):
            try buffer.append(pointer.order)
            try buffer.append(pointer.preference)
            try append(characterString: pointer.flags, to: &buffer)
            try append(characterString: pointer.services, to: &buffer)
            try append(characterString: pointer.regularExpression, to: &buffer)
            try buffer.append(pointer.replacement.wire)
        case .ds(let keyTag, let algorithm, let digestType, let digest):
            guard !digest.isEmpty else { throw .badRecordLength }
            try buffer.append(keyTag)
            try buffer.append(algorithm)
            try buffer.append(digestType)
            try buffer.append(digest)
        case .dnskey(let flags, let keyProtocol, let algorithm, let publicKey):
            guard !publicKey.isEmpty else { throw .badRecordLength }
            try buffer.append(flags)
            try buffer.append(keyProtocol)
            try buffer.append(algorithm)
            try buffer.append(publicKey)
        case .svcb(let binding), .https(let binding): try append(binding, to: &buffer)
        case .caa(let flags, let tag, let value):
            guard !tag.isEmpty, tag.allSatisfy(RecordData.isTagOctet) else { throw .badRecordData }
            try buffer.append(flags)
            try append(characterString: tag, to: &buffer)
            try buffer.append(value)
        case .opt(let options):
            for option in options {
                try buffer.append(option.code)
                try append(octets: option.octets, to: &buffer)
            }
        case .unknown(_, let octets): try buffer.append(octets)
        }
    }

    /// A length octet and at most 255 octets (RFC 1035, section 3.3).
    private static func append(characterString octets: [UInt8], to buffer: inout MessageBuffer) throws(WireError) {
        guard let length = UInt8(exactly: octets.count) else { throw .badRecordLength }
        try buffer.append(length)
        try buffer.append(octets)
    }

    /// Two octets of length and at most 65,535 octets.
    private static func append(octets: [UInt8], to buffer: inout MessageBuffer) throws(WireError) {
        guard let length = UInt16(exactly: octets.count) else { throw .badRecordLength }
        try buffer.append(length)
        try buffer.append(octets)
    }

    /// RFC 9460, section 2.2; the binding keeps its parameters in the order of the wire.
    private static func append(_ binding: ServiceBinding, to buffer: inout MessageBuffer) throws(WireError) {
        try buffer.append(binding.priority)
        try buffer.append(binding.target.wire)
        for parameter in binding.parameters {
            try buffer.append(parameter.key.rawValue)
            let length = buffer.position
            try buffer.append(UInt16(0))
            switch parameter {
            case .mandatory(let keys): for key in keys { try buffer.append(key.rawValue) }
            case .alpn(let identifiers):
                for identifier in identifiers { try append(characterString: identifier, to: &buffer) }
            case .noDefaultALPN: break
            case .port(let port): try buffer.append(port)
            case .ipv4Hint(let addresses): for address in addresses { try buffer.append(address.bits) }
            case .ipv6Hint(let addresses):
                for address in addresses {
                    try buffer.append(address.high)
                    try buffer.append(address.low)
                }
            case .ech(let octets), .other(_, let octets): try buffer.append(octets)
            }
            try buffer.closeLength(at: length)
        }
    }
}
