/// SVCB and HTTPS data from presentation text (RFC 9460, section 2.1 and appendix A).
extension ServiceBinding {
    static func parse(_ fields: inout RecordFields) throws(PresentationError) -> ServiceBinding {
        let priority = try fields.number("the priority", as: UInt16.self)
        let target = try fields.name("the target")
        var parameters: [ServiceParameter] = []
        var tokens: [PresentationToken] = []
        while fields.upcoming != nil {
            let token = try fields.next("a parameter")
            parameters.append(try ServiceParameter.parse(token))
            tokens.append(token)
        }
        do throws(ServiceBindingError) {
            return try ServiceBinding(priority: priority, target: target, parameters: parameters)
        } catch {
            // The last parameter with the key at fault: of two, the second one is too much.
            let index = parameters.lastIndex { $0.key == error.parameter }
            throw index.map { tokens[$0] }?.error(expected: error.expected) ?? fields.missing(error.expected)
        }
    }
}

extension ServiceBindingError {
    /// The parameter that breaks the rule.
    fileprivate var parameter: ServiceParameterKey {
        switch self {
        case .repeatedKey(let key), .badValue(let key): key
        case .repeatedMandatory, .missingMandatory: .mandatory
        }
    }

    fileprivate var expected: String {
        switch self {
        case .repeatedKey(let key): "the key \(key) only once"
        case .repeatedMandatory(let key): "the key \(key) only once in the list"
        case .missingMandatory(let key): "only keys that have a parameter, which \(key) has not"
        case .badValue(.mandatory): "a list of keys other than mandatory itself"
        case .badValue(let key): "a value that \(key) allows"
        }
    }
}

extension ServiceParameter {
    /// `key=value`, `key="value"` or `key`.
    fileprivate static func parse(_ token: PresentationToken) throws(PresentationError) -> ServiceParameter {
        let parts = token.octets.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(decoding: parts.first ?? [], as: UTF8.self)
        guard !token.isQuoted, let key = ServiceParameterKey(mnemonic: name) else {
            throw token.error(expected: "a parameter such as alpn=h2, port=443 or key667=value")
        }
        guard let value = OctetEscaping.octets(of: parts.dropFirst().first ?? []) else {
            throw token.error(expected: "\\DDD up to \\255, or a character behind a backslash")
        }
        if name != key.description {
            // RFC 9460, section 2.1: behind keyNNNNN, also of a key that has a name, stands the value as on the wire.
            return try parse(key, wire: value, token)
        }
        guard let parameter = parse(key, value) else { throw token.error(expected: expected(key)) }
        return parameter
    }

    private static func parse(
        _ key: ServiceParameterKey, wire value: [UInt8], _ token: PresentationToken
    ) throws(PresentationError) -> ServiceParameter {
        do throws(WireError) {
            return try value.withUnsafeBytes { bytes in
                // SAFETY: `bytes` lives as long as this closure, and nothing of it is kept.
                Result { () throws(WireError) in try read(key, from: bytes, at: 0, length: bytes.count) }
            }.get()
        } catch {
            throw token.error(expected: "octets that are a valid value of \(key) (\(error))")
        }
    }

    /// A parameter from its value, escapes of strings already replaced.
    private static func parse(_ key: ServiceParameterKey, _ value: [UInt8]) -> ServiceParameter? {
        switch key {
        case .mandatory:
            var keys: [ServiceParameterKey] = []
            for name in plainItems(value) {
                guard let key = ServiceParameterKey(mnemonic: String(decoding: name, as: UTF8.self)) else { return nil }
                keys.append(key)
            }
            return .mandatory(keys)
        case .alpn:
            guard let identifiers = items(value), identifiers.allSatisfy({ (1...255).contains($0.count) }) else {
                return nil
            }
            return .alpn(identifiers)
        case .noDefaultALPN: return value.isEmpty ? .noDefaultALPN : nil
        case .port:
            guard let port = DecimalNumber.parse(value, as: UInt16.self) else { return nil }
            return .port(port)
        case .ipv4Hint:
            var addresses: [IPv4Address] = []
            for item in plainItems(value) {
                guard let address = IPv4Address(octets: item) else { return nil }
                addresses.append(address)
            }
            return .ipv4Hint(addresses)
        case .ipv6Hint:
            var addresses: [IPv6Address] = []
            for item in plainItems(value) {
                guard let address = IPv6Address(octets: item) else { return nil }
                addresses.append(address)
            }
            return .ipv6Hint(addresses)
        case .ech:
            guard let octets = Base64.octets(of: value), !octets.isEmpty else { return nil }
            return .ech(octets)
        default: return .other(key, value)
        }
    }

    /// What a value must be, for an error.
    private static func expected(_ key: ServiceParameterKey) -> String {
        switch key {
        case .mandatory: "\(key)= and a list of keys"
        case .alpn: "\(key)= and a list of protocol identifiers of 1 to 255 octets"
        case .noDefaultALPN: "\(key) without a value"
        case .port: "\(key)= and a number from 0 to 65535"
        case .ipv4Hint: "\(key)= and a list of IPv4 addresses"
        case .ipv6Hint: "\(key)= and a list of IPv6 addresses"
        default: "\(key)= and octets in base 64"
        }
    }

    /// The items of a list in which nothing is escaped; an empty value has one empty item, which no caller takes.
    private static func plainItems(_ value: [UInt8]) -> [ArraySlice<UInt8>] {
        value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    }

    /// The items of a list in which a backslash stands before a comma or a backslash that belongs to an item; nothing if it
    /// stands before anything else (RFC 9460, appendix A.1).
    private static func items(_ value: [UInt8]) -> [[UInt8]]? {
        var items: [[UInt8]] = [[]]
        var iterator = value.makeIterator()
        while let octet = iterator.next() {
            var octet = octet
            if octet == UInt8(ascii: ",") {
                items.append([])
                continue
            }
            if octet == UInt8(ascii: "\\") {
                guard let next = iterator.next(), next == UInt8(ascii: ",") || next == UInt8(ascii: "\\") else {
                    return nil
                }
                octet = next
            }
            items[items.count - 1].append(octet)
        }
        return items
    }
}
