/// Domain names in presentation form (RFC 1035, section 5.1).
extension DomainName {
    /// A name from presentation text: labels separated by dots, `\DDD` for the octet with that decimal number, `\X` for the
    /// character X without special meaning. The dot at the end may be missing: every name is taken as fully qualified. "." is the
    /// root. Octets outside ASCII stand for themselves, and so do blanks and quotes: to split text into words is not done here.
    package init(parsing text: some StringProtocol) throws(NameError) {
        self = try DomainName(octets: text.utf8, origin: nil)
    }

    /// A name from the octets of presentation text, where a name without a dot at the end is completed with `origin` and "@"
    /// stands for `origin` itself (RFC 1035, section 5.1).
    package init(parsing text: some Sequence<UInt8>, relativeTo origin: DomainName) throws(NameError) {
        self = try DomainName(octets: text, origin: origin)
    }

    /// Both forms above: without an origin, "@" is a label like any other and a missing last dot is supplied.
    private init(octets text: some Sequence<UInt8>, origin: DomainName?) throws(NameError) {
        var wire: [UInt8] = [0]
        var labelStart = 0
        var isAbsolute = false
        var isFreeStandingAt = false
        var octets = 0
        var iterator = text.makeIterator()
        while let octet = iterator.next() {
            octets += 1
            // Behind a dot a new label begins; that dot was the last one only if nothing follows.
            if isAbsolute {
                guard wire.count > 1 else { throw .emptyLabel }
                labelStart = wire.count
                wire.append(0)
                isAbsolute = false
            }
            isFreeStandingAt = octet == UInt8(ascii: "@") && octets == 1
            if octet == UInt8(ascii: ".") {
                guard wire.count - labelStart > 1 || octets == 1 else { throw .emptyLabel }
                isAbsolute = true
                continue
            }
            var value = octet
            if octet == UInt8(ascii: "\\") {
                guard let escaped = OctetEscaping.escaped(&iterator) else { throw .badEscape }
                value = escaped
            }
            guard wire.count - labelStart <= Self.longestLabel else { throw .labelTooLong }
            // One octet stays free for the root label.
            guard wire.count < Self.longest - 1 else { throw .nameTooLong }
            wire.append(value)
            wire[labelStart] += 1
        }
        guard octets > 0 else { throw .empty }
        if isFreeStandingAt, let origin {
            self = origin
            return
        }
        if wire.count == 1 {
            // Nothing but a dot.
            self = .root
            return
        }
        if isAbsolute { wire.append(0) } else { wire.append(contentsOf: (origin ?? .root).wire) }
        guard wire.count <= Self.longest else { throw .nameTooLong }
        self.init(checked: wire)
    }
}
