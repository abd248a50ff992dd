extension ResourceRecord {
    /// A record from one entry of presentation text: owner, then TTL and class in either order, both optional, then type and
    /// data (RFC 1035, section 5.1). Names without a dot at the end are completed with `origin`; without a `defaultTTL`, the text
    /// must have one.
    package static func parse(
        _ text: String, origin: DomainName = .root, defaultTTL: UInt32? = nil, defaultClass: RecordClass = .internet
    ) throws(PresentationError) -> ResourceRecord {
        var lexer = PresentationLexer(Array(text.utf8))
        guard let entry = try lexer.nextEntry() else {
            throw PresentationError(line: 1, column: 1, found: "no text", expected: "a resource record")
        }
        let record = try parse(
            entry, origin: origin, previousOwner: nil, defaultTTL: defaultTTL, defaultClass: defaultClass)
        if let extra = try lexer.nextEntry()?.tokens.first { throw extra.error(expected: "the end of the text") }
        return record
    }

    /// A record from an entry of a zone file; one that begins with a blank belongs to `previousOwner`.
    package static func parse(
        _ entry: PresentationEntry, origin: DomainName, previousOwner: DomainName?, defaultTTL: UInt32?,
        defaultClass: RecordClass
    ) throws(PresentationError) -> ResourceRecord {
        var fields = RecordFields(entry, origin: origin)
        let owner: DomainName
        if entry.beginsWithBlank {
            let expected = "an owner at the start of the line, as there is none before it"
            guard let previousOwner else {
                throw fields.upcoming?.error(expected: expected) ?? fields.missing(expected)
            }
            owner = previousOwner
        } else {
            owner = try fields.name("the owner")
        }
        var ttl: UInt32?
        var recordClass: RecordClass?
        while true {
            let token = try fields.next(typeExpected)
            // ANY is a class and a type, and here the type, as the class is written CLASS255; NONE is the class.
            let type = token.isQuoted ? nil : RecordType(mnemonicOctets: token.octets)
            if ttl == nil, type == nil, let seconds = RecordFields.seconds(token) {
                ttl = seconds
            } else if recordClass == nil, !token.isQuoted, type == nil || type?.rawValue == 0,
                let named = RecordClass(mnemonicOctets: token.octets)
            {
                recordClass = named
            } else {
                guard let type else { throw token.error(expected: typeExpected) }
                guard let ttl = ttl ?? defaultTTL else { throw token.error(expected: "a TTL, as there is no default") }
                let data = try RecordData.parse(type: type, &fields)
                try fields.finish()
                return ResourceRecord(owner: owner, recordClass: recordClass ?? defaultClass, ttl: ttl, data: data)
            }
        }
    }

    private static var typeExpected: String { "a TTL, a class or a type" }
}
