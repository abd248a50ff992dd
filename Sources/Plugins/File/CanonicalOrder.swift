import DNSWire

/// The order of names in a signed zone (RFC 4034, section 6.1): by labels from the right, each by its octets in lower case.
enum CanonicalOrder {
    /// Whether `left` stands before `right`; both in lower case.
    static func precedes(_ left: DomainName, _ right: DomainName) -> Bool {
        let (first, second) = (left.labels, right.labels)
        for (one, other) in zip(first.reversed(), second.reversed()) where one != other {
            return one.lexicographicallyPrecedes(other)
        }
        return first.count < second.count
    }
}
