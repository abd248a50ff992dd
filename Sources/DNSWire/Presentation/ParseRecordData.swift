extension RecordData {
    /// Data of the given type from presentation text, which may go over several lines within parentheses. Names without a dot at
    /// the end are completed with `origin`. The generic form of RFC 3597 is read for every type.
    package static func parse(
        type: RecordType, _ text: String, origin: DomainName = .root
    ) throws(PresentationError) -> RecordData {
        var lexer = PresentationLexer(Array(text.utf8))
        let end = PresentationEntry(tokens: [], beginsWithBlank: false, endLine: 1, endColumn: 1)
        var fields = RecordFields(try lexer.nextEntry() ?? end, origin: origin)
        let data = try parse(type: type, &fields)
        try fields.finish()
        if let extra = try lexer.nextEntry()?.tokens.first { throw extra.error(expected: "the end of the text") }
        return data
    }

    /// Data of the given type from the fields behind the type.
    static func parse(type: RecordType, _ fields: inout RecordFields) throws(PresentationError) -> RecordData {
        if let token = fields.upcoming, !token.isQuoted, token.octets == Array("\\#".utf8) {
            return try parseGeneric(type: type, &fields)
        }
        switch type {
        case .a:
            let token = try fields.next(ipv4Expected)
            guard let address = IPv4Address(octets: token.octets) else { throw token.error(expected: ipv4Expected) }
            return .a(address)
        case .aaaa:
            let token = try fields.next(ipv6Expected)
            guard let address = IPv6Address(octets: token.octets) else { throw token.error(expected: ipv6Expected) }
            return .aaaa(address)
        case .ns: return .ns(try fields.name("the name server"))
        case .cname: return .cname(try fields.name("the canonical name"))
        case .ptr: return .ptr(try fields.name("the name of the host"))
        case .dname: return .dname(try fields.name("the target"))
        case .soa: return try parseStartOfAuthority(&fields)
        case .mx:
            let preference = try fields.number("the preference", as: UInt16.self)
            return .mx(preference: preference, exchange: try fields.name("the mail exchange"))
        case .txt:
            var strings: [[UInt8]] = []
            repeat { strings.append(try fields.characterString("text")) } while fields.upcoming != nil
            return .txt(strings)
        case .hinfo:
            let processor = try fields.characterString("the processor")
            return .hinfo(processor: processor, system: try fields.characterString("the operating system"))
        case .srv:
            let priority = try fields.number("the priority", as: UInt16.self)
            let weight = try fields.number("the weight", as: UInt16.self)
            let port = try fields.number("the port", as: UInt16.self)
            return .srv(priority: priority, weight: weight, port: port, target: try fields.name("the target"))
        case .naptr: return try parseNamingAuthorityPointer(&fields)
        case .ds:
            let keyTag = try fields.number("the key tag", as: UInt16.self)
            let algorithm = try fields.number("the algorithm", as: UInt8.self)
            let digestType = try fields.number("the digest type", as: UInt8.self)
            let digest = try fields.rest("the digest, pairs of hexadecimal digits", Hexadecimal.octets)
            return .ds(keyTag: keyTag, algorithm: algorithm, digestType: digestType, digest: digest)
        case .dnskey:
            let flags = try fields.number("the flags", as: UInt16.self)
            let keyProtocol = try fields.number("the protocol", as: UInt8.self)
            let algorithm = try fields.number("the algorithm", as: UInt8.self)
            let publicKey = try fields.rest("the public key in base 64", Base64.octets)
            return .dnskey(flags: flags, keyProtocol: keyProtocol, algorithm: algorithm, publicKey: publicKey)
        case .svcb: return .svcb(try ServiceBinding.parse(&fields))
        case .https: return .https(try ServiceBinding.parse(&fields))
        case .caa: return try parseCertificationAuthority(&fields)
        default:
            if let layout = RecordLayout(type) { return .unknown(type: type, octets: try layout.parse(&fields)) }
            let expected = "\\# and the number of octets, as \(type.zoneFileForm) has no other form here"
            throw try fields.next(expected).error(expected: expected)
        }
    }

    private static var ipv4Expected: String { "an IPv4 address" }
    private static var ipv6Expected: String { "an IPv6 address" }

    /// `\#`, the number of octets, and pairs of hexadecimal digits, split by blanks as one likes (RFC 3597, section 5). Data of a
    /// known type become that type's own, and must be right for it.
    private static func parseGeneric(
        type: RecordType, _ fields: inout RecordFields
    ) throws(PresentationError) -> RecordData {
        let marker = try fields.next("\\#")
        let length = Int(try fields.number("the number of octets", as: UInt16.self))
        var octets: [UInt8] = []
        if length > 0 || fields.upcoming != nil {
            let expected = "\(length) octets as pairs of hexadecimal digits"
            let first = fields.upcoming
            octets = try fields.rest(expected, Hexadecimal.octets)
            if octets.count != length, let first { throw first.error(expected: expected) }
        }
        do throws(WireError) {
            return try octets.withUnsafeBytes { bytes in
                // SAFETY: `bytes` lives as long as this closure, and nothing of it is kept.
                Result { () throws(WireError) in
                    try read(type: type, from: bytes, at: 0, length: bytes.count, acceptsPointers: false)
                }
            }.get()
        } catch {
            throw marker.error(expected: "octets that are valid data of type \(type.zoneFileForm) (\(error))")
        }
    }

    private static func parseStartOfAuthority(_ fields: inout RecordFields) throws(PresentationError) -> RecordData {
        let primary = try fields.name("the primary server")
        let mailbox = try fields.name("the mailbox")
        let serial = try fields.number("the serial number", as: UInt32.self)
        let refresh = try fields.seconds("the refresh time")
        let retry = try fields.seconds("the retry time")
        let expire = try fields.seconds("the expiry time")
        let minimum = try fields.seconds("the minimum")
        return .soa(
            StartOfAuthority(
                primary: primary, mailbox: mailbox, serial: serial, refresh: refresh, retry: retry, expire: expire,
                minimum: minimum))
    }

    private static func parseNamingAuthorityPointer(
        _ fields: inout RecordFields
    ) throws(PresentationError) -> RecordData {
        let order = try fields.number("the order", as: UInt16.self)
        let preference = try fields.number("the preference", as: UInt16.self)
        let flags = try fields.characterString("the flags")
        let services = try fields.characterString("the services")
        let regularExpression = try fields.characterString("the regular expression")
        let replacement = try fields.name("the replacement")
        return .naptr(
            NamingAuthorityPointer(
                order: order, preference: preference, flags: flags, services: services,
                regularExpression: regularExpression, replacement: replacement))
    }

    private static func parseCertificationAuthority(
        _ fields: inout RecordFields
    ) throws(PresentationError) -> RecordData {
        let flags = try fields.number("the flags", as: UInt8.self)
        let expected = "the tag, 1 to 255 letters and digits"
        let tag = try fields.next(expected)
        // RFC 8659, section 4.1.1: the tag is letters and digits, so it has no escapes.
        guard (1...255).contains(tag.octets.count), tag.octets.allSatisfy(isTagOctet) else {
            throw tag.error(expected: expected)
        }
        return .caa(flags: flags, tag: tag.octets, value: try fields.string("the value", longest: Int(UInt16.max)))
    }
}
