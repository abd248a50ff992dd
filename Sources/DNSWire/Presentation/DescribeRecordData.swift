extension RecordData: CustomStringConvertible {
    /// The data as they stand in a zone file and in dig's output, but with hexadecimal and base 64 text in one piece. OPT, which
    /// no zone file holds, and unknown types have the generic form of RFC 3597, section 5.
    package var description: String {
        switch self {
        case .a(let address): "\(address)"
        case .aaaa(let address): "\(address)"
        case .ns(let name), .cname(let name), .ptr(let name), .dname(let name): "\(name)"
        case .soa(let authority):
            "\(authority.primary) \(authority.mailbox) \(authority.serial) \(authority.refresh) \(authority.retry) "
                + "\(authority.expire) \(authority.minimum)"
        case .mx(let preference, let exchange): "\(preference) \(exchange)"
        case .txt(let strings): strings.map(OctetEscaping.quoted).joined(separator: " ")
        case .hinfo(let processor, let system): OctetEscaping.quoted(processor) + " " + OctetEscaping.quoted(system)
        case .srv(let priority, let weight, let port, let target): "\(priority) \(weight) \(port) \(target)"
        case .naptr(let pointer):
            "\(pointer.order) \(pointer.preference) \(OctetEscaping.quoted(pointer.flags)) "
                + "\(OctetEscaping.quoted(pointer.services)) \(OctetEscaping.quoted(pointer.regularExpression)) "
                + "\(pointer.replacement)"
        case .ds(let keyTag, let algorithm, let digestType, let digest):
            "\(keyTag) \(algorithm) \(digestType) \(Hexadecimal.text(digest))"
        case .dnskey(let flags, let keyProtocol, let algorithm, let publicKey):
            "\(flags) \(keyProtocol) \(algorithm) \(Base64.text(publicKey))"
        case .svcb(let binding), .https(let binding): "\(binding)"
        case .caa(let flags, let tag, let value):
            "\(flags) \(String(decoding: tag, as: UTF8.self)) \(OctetEscaping.quoted(value))"
        case .opt(let options): Self.generic(options.flatMap(\.wire))
        case .unknown(_, let octets): Self.generic(octets)
        }
    }

    /// `\#`, the number of octets, and the octets (RFC 3597, section 5).
    private static func generic(_ octets: [UInt8]) -> String {
        octets.isEmpty ? "\\# 0" : "\\# \(octets.count) \(Hexadecimal.text(octets))"
    }
}

extension RecordData.Option {
    /// Code, length and octets, as in a message.
    fileprivate var wire: [UInt8] {
        let length = UInt16(truncatingIfNeeded: octets.count)
        return [UInt8(code >> 8), UInt8(code & 0xFF), UInt8(length >> 8), UInt8(length & 0xFF)] + octets
    }
}

extension ServiceBinding: CustomStringConvertible {
    /// Priority, target and parameters (RFC 9460, section 2.1).
    package var description: String {
        parameters.reduce("\(priority) \(target)") { "\($0) \($1)" }
    }
}

extension ServiceParameter: CustomStringConvertible {
    /// `key=value`, or the key alone where there is no value; as dig, quotes around strings only.
    package var description: String {
        switch self {
        case .mandatory(let keys): "\(key)=" + keys.map(\.description).joined(separator: ",")
        case .alpn(let identifiers):
            "\(key)=" + OctetEscaping.quoted(identifiers.map(Self.escapedItem).joined(separator: [UInt8(ascii: ",")]))
        case .noDefaultALPN: "\(key)"
        case .port(let port): "\(key)=\(port)"
        case .ipv4Hint(let addresses): "\(key)=" + addresses.map(\.description).joined(separator: ",")
        case .ipv6Hint(let addresses): "\(key)=" + addresses.map(\.description).joined(separator: ",")
        case .ech(let octets): "\(key)=\(Base64.text(octets))"
        case .other(let key, let octets): octets.isEmpty ? "\(key)" : "\(key)=\(OctetEscaping.quoted(octets))"
        }
    }

    /// An item of a list, with a backslash before the separator and before the backslash itself (RFC 9460, appendix A.1); the
    /// escapes of strings come on top.
    private static func escapedItem(_ item: [UInt8]) -> [UInt8] {
        item.flatMap { octet in
            octet == UInt8(ascii: ",") || octet == UInt8(ascii: "\\") ? [UInt8(ascii: "\\"), octet] : [octet]
        }
    }
}
