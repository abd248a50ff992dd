/// SVCB and HTTPS data from the wire (RFC 9460, section 2.2).
extension ServiceBinding {
    static func read(_ reader: inout WireReader) throws(WireError) -> ServiceBinding {
        let priority = try reader.readUInt16()
        // RFC 9460, section 2.2: the target is written in full.
        reader.acceptsPointers = false
        let target = try reader.readName()
        var parameters: [ServiceParameter] = []
        while reader.remaining > 0 {
            let key = ServiceParameterKey(rawValue: try reader.readUInt16())
            let length = Int(try reader.readUInt16())
            // RFC 9460, section 2.2: keys that do not strictly ascend make the record malformed.
            if let previous = parameters.last, previous.key >= key { throw .badRecordData }
            guard length <= reader.remaining else { throw .badRecordLength }
            parameters.append(try ServiceParameter.read(key, from: reader.message, at: reader.position, length: length))
            reader.skip(length)
        }
        do throws(ServiceBindingError) {
            return try ServiceBinding(priority: priority, target: target, parameters: parameters)
        } catch {
            throw .badRecordData
        }
    }
}

extension ServiceParameter {
    /// The value of a parameter, `length` octets at `offset` of a message; it must fill that length exactly.
    static func read(
        _ key: ServiceParameterKey, from message: UnsafeRawBufferPointer, at offset: Int, length: Int
    ) throws(WireError) -> ServiceParameter {
        guard offset >= 0, length >= 0, offset <= message.count, length <= message.count - offset else {
            throw .truncated
        }
        var reader = WireReader(message: message, position: offset, end: offset + length, shortage: .badRecordLength)
        let parameter = try read(key, &reader)
        guard reader.remaining == 0 else { throw .badRecordLength }
        return parameter
    }

    private static func read(
        _ key: ServiceParameterKey, _ reader: inout WireReader
    ) throws(WireError) -> ServiceParameter {
        switch key {
        case .mandatory:
            var keys: [ServiceParameterKey] = []
            while reader.remaining > 0 {
                let next = ServiceParameterKey(rawValue: try reader.readUInt16())
                // RFC 9460, section 8: in strictly ascending order on the wire.
                if let previous = keys.last, previous >= next { throw .badRecordData }
                keys.append(next)
            }
            return .mandatory(keys)
        case .alpn:
            var identifiers: [[UInt8]] = []
            while reader.remaining > 0 { identifiers.append(try reader.readCharacterString()) }
            return .alpn(identifiers)
        case .noDefaultALPN: return .noDefaultALPN
        case .port: return .port(try reader.readUInt16())
        case .ipv4Hint:
            var addresses: [IPv4Address] = []
            while reader.remaining > 0 { addresses.append(IPv4Address(bits: try reader.readUInt32())) }
            return .ipv4Hint(addresses)
        case .ech: return .ech(try reader.readRest())
        case .ipv6Hint:
            var addresses: [IPv6Address] = []
            while reader.remaining > 0 {
                let high = try reader.readUInt64()
                addresses.append(IPv6Address(high: high, low: try reader.readUInt64()))
            }
            return .ipv6Hint(addresses)
        default: return .other(key, try reader.readRest())
        }
    }
}
