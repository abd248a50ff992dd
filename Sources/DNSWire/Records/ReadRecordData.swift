extension RecordData {
    /// The data of a record of the given type, `length` octets at `offset` of a message; they must fill that length exactly.
    ///
    /// Names may be compressed in every type but SVCB and HTTPS: senders may do so only in the types of RFC 1035, but receivers
    /// should cope with it in the other old types (RFC 3597, section 4).
    package static func read(
        type: RecordType, from message: UnsafeRawBufferPointer, at offset: Int, length: Int
    ) throws(WireError) -> RecordData {
        try read(type: type, from: message, at: offset, length: length, acceptsPointers: true)
    }

    /// The same, or with names written in full only, as the generic form of presentation text wants it (RFC 3597, section 5).
    static func read(
        type: RecordType, from message: UnsafeRawBufferPointer, at offset: Int, length: Int, acceptsPointers: Bool
    ) throws(WireError) -> RecordData {
        guard offset >= 0, length >= 0, offset <= message.count, length <= message.count - offset else {
            throw .truncated
        }
        var reader = WireReader(message: message, position: offset, end: offset + length, shortage: .badRecordLength)
        reader.acceptsPointers = acceptsPointers
        let data = try read(type: type, &reader)
        guard reader.remaining == 0 else { throw .badRecordLength }
        return data
    }

    private static func read(type: RecordType, _ reader: inout WireReader) throws(WireError) -> RecordData {
        switch type {
        case .a: return .a(IPv4Address(bits: try reader.readUInt32()))
        case .aaaa:
            let high = try reader.readUInt64()
            return .aaaa(IPv6Address(high: high, low: try reader.readUInt64()))
        case .ns: return .ns(try reader.readName())
        case .cname: return .cname(try reader.readName())
        case .ptr: return .ptr(try reader.readName())
        case .dname: return .dname(try reader.readName())
        case .soa: return try readStartOfAuthority(&reader)
        case .mx:
            let preference = try reader.readUInt16()
            return .mx(preference: preference, exchange: try reader.readName())
        case .txt: return try readText(&reader)
        case .hinfo:
            let processor = try reader.readCharacterString()
            return .hinfo(processor: processor, system: try reader.readCharacterString())
        case .srv:
            let (priority, weight) = (try reader.readUInt16(), try reader.readUInt16())
            let port = try reader.readUInt16()
            return .srv(priority: priority, weight: weight, port: port, target: try reader.readName())
        case .naptr: return try readNamingAuthorityPointer(&reader)
        case .ds:
            let keyTag = try reader.readUInt16()
            let (algorithm, digestType) = (try reader.readUInt8(), try reader.readUInt8())
            let digest = try reader.readRest()
            guard !digest.isEmpty else { throw .badRecordLength }
            return .ds(keyTag: keyTag, algorithm: algorithm, digestType: digestType, digest: digest)
        case .dnskey:
            let flags = try reader.readUInt16()
            let (keyProtocol, algorithm) = (try reader.readUInt8(), try reader.readUInt8())
            let publicKey = try reader.readRest()
            guard !publicKey.isEmpty else { throw .badRecordLength }
            return .dnskey(flags: flags, keyProtocol: keyProtocol, algorithm: algorithm, publicKey: publicKey)
        case .svcb: return .svcb(try ServiceBinding.read(&reader))
        case .https: return .https(try ServiceBinding.read(&reader))
        case .caa:
            let flags = try reader.readUInt8()
            let tag = try reader.readCharacterString()
            guard !tag.isEmpty, tag.allSatisfy(isTagOctet) else { throw .badRecordData }
            return .caa(flags: flags, tag: tag, value: try reader.readRest())
        case .opt: return try readOptions(&reader)
        default: return .unknown(type: type, octets: try reader.readRest())
        }
    }

    private static func readStartOfAuthority(_ reader: inout WireReader) throws(WireError) -> RecordData {
        let primary = try reader.readName()
        let mailbox = try reader.readName()
        let serial = try reader.readUInt32()
        let refresh = try reader.readUInt32()
        let retry = try reader.readUInt32()
        let expire = try reader.readUInt32()
        let minimum = try reader.readUInt32()
        return .soa(
            StartOfAuthority(
                primary: primary, mailbox: mailbox, serial: serial, refresh: refresh, retry: retry, expire: expire,
                minimum: minimum))
    }

    private static func readText(_ reader: inout WireReader) throws(WireError) -> RecordData {
        var strings: [[UInt8]] = []
        // RFC 1035, section 3.3.14: one or more, so that no data at all are an error.
        repeat { strings.append(try reader.readCharacterString()) } while reader.remaining > 0
        return .txt(strings)
    }

    private static func readNamingAuthorityPointer(_ reader: inout WireReader) throws(WireError) -> RecordData {
        let (order, preference) = (try reader.readUInt16(), try reader.readUInt16())
        let flags = try reader.readCharacterString()
        let services = try reader.readCharacterString()
        let regularExpression = try reader.readCharacterString()
        let replacement = try reader.readName()
        return .naptr(
            NamingAuthorityPointer(
                order: order, preference: preference, flags: flags, services: services,
                regularExpression: regularExpression, replacement: replacement))
    }

    private static func readOptions(_ reader: inout WireReader) throws(WireError) -> RecordData {
        var options: [Option] = []
        while reader.remaining > 0 {
            let code = try reader.readUInt16()
            let length = Int(try reader.readUInt16())
            options.append(Option(code: code, octets: try reader.readOctets(length)))
        }
        return .opt(options)
    }
}
