/// Why a text is not a zone.
package struct ZoneError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was found and what was expected.
    package let message: String
    /// The message.
    package var description: String { message }
}

/// The zones that a plugin's zone argument stands for: lower-case, with a final dot. A scheme and a port are dropped; a
/// CIDR block gives its reverse zones, several where it ends off a label boundary (CoreDNS's plugin/normalize.go).
package func normalizedZones(_ text: String) throws(ZoneError) -> [String] {
    let (_, rest) = try TransportScheme.split(text)
    return try splitPort(rest).zones
}

/// Splits what follows the scheme into its zones and its port, if it has one.
func splitPort(_ text: String) throws(ZoneError) -> (zones: [String], port: UInt16?) {
    var bytes = Array(text.utf8)
    var port: UInt16?
    // The prefix length of a CIDR block comes before the port, so the last colon decides.
    if let colon = bytes.lastIndex(of: UInt8(ascii: ":")) {
        let tail = bytes[(colon + 1)...]
        if tail.isEmpty {
            throw ZoneError(message: "'\(text.inMessage)' ends in ':', expected a port after it")
        }
        let isNumber = tail.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        if isNumber {
            let number = String(decoding: tail, as: UTF8.self)
            guard let value = UInt16(number) else {
                throw ZoneError(
                    message: "port '\(number.inMessage)' in '\(text.inMessage)' is out of range, expected 0 to 65535")
            }
            port = value
            bytes.removeSubrange(colon...)
        } else if !bytes.contains(UInt8(ascii: "/")) {
            throw ZoneError(
                message: "port '\(String(decoding: tail, as: UTF8.self).inMessage)' in '\(text.inMessage)' is not a "
                    + "number, expected 0 to 65535")
        }
    }
    let name = String(decoding: bytes, as: UTF8.self)
    if let block = try AddressBlock(name) {
        return (block.reverseZones, port)
    }
    if bytes.contains(UInt8(ascii: ":")) {
        throw ZoneError(
            message: "'\(text.inMessage)' is not a zone, expected a name, or an address with its prefix length such as "
                + "2001:db8::/32")
    }
    return ([try normalizedName(bytes)], port)
}

/// A domain name in presentation form, lower-case and with its final dot. Only ASCII is folded (RFC 4343 section 3).
private func normalizedName(_ name: [UInt8]) throws(ZoneError) -> String {
    /// RFC 1035 section 2.3.4: labels are 63 octets or less, names 255 or less with length octets and the root.
    let longestLabel = 63
    let longestName = 255
    func invalid(_ reason: String) -> ZoneError {
        ZoneError(message: "'\(String(decoding: name, as: UTF8.self).inMessage)' is not a zone: \(reason)")
    }
    if name.isEmpty { throw ZoneError(message: "empty zone found, expected a name such as . or example.org") }
    if name == [UInt8(ascii: ".")] { return "." }

    var normalized: [UInt8] = []
    var wireLength = 1
    var label = 0
    var index = 0
    func endLabel() throws(ZoneError) {
        if label == 0 { throw invalid("empty label, expected text before every dot") }
        if label > longestLabel { throw invalid("label of \(label) octets, expected at most \(longestLabel)") }
        wireLength += label + 1
        if wireLength > longestName { throw invalid("longer than \(longestName) octets") }
        label = 0
    }
    while index < name.count {
        let byte = name[index]
        switch byte {
        case UInt8(ascii: "."):
            try endLabel()
            normalized.append(byte)
            index += 1
        case UInt8(ascii: "\\"):
            // RFC 1035 section 5.1: \DDD is one octet by its decimal value, \X is X itself.
            let rest = name[(index + 1)...]
            guard let first = rest.first else { throw invalid("'\\' at the end, expected a character after it") }
            let digits = rest.prefix(3)
            let isDecimal = digits.count == 3 && digits.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
            let length = isDecimal ? 4 : 2
            if !isDecimal && first >= 0x30 && first <= 0x39 {
                throw invalid("'\\' before a digit, expected three digits")
            }
            // RFC 1035, section 5.1: \DDD is an octet, so at most 255.
            if isDecimal, digits.reduce(0, { $0 * 10 + Int($1 - 0x30) }) > 255 {
                throw invalid("'\\' before a number above 255, expected an octet")
            }
            normalized += name[index..<(index + length)]
            label += 1
            index += length
        default:
            let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            normalized.append(isUpper ? byte | 0x20 : byte)
            label += 1
            index += 1
        }
    }
    if label > 0 {
        try endLabel()
        normalized.append(UInt8(ascii: "."))
    }
    return String(decoding: normalized, as: UTF8.self)
}
