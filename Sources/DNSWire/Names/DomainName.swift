/// A fully qualified domain name in uncompressed wire form: length-prefixed labels, the root label last (RFC 1035, section 3.1).
///
/// `==` and hashing are over the exact octets, so that the case somebody wrote is kept and told apart; use
/// `equalsIgnoringCase` or `lowercased()` for the comparison the DNS makes (RFC 4343, section 3). A value always keeps the
/// limits: labels of 1 to 63 octets, at most 255 octets in all.
package struct DomainName: Hashable, Sendable {
    /// The octets of the name, the root label included: 1 to 255 of them.
    package let wire: [UInt8]

    /// Most octets of a name in wire form (RFC 1035, section 2.3.4).
    @inlinable package static var longest: Int { 255 }
    /// Most octets of a label (RFC 1035, section 2.3.4).
    @inlinable package static var longestLabel: Int { 63 }

    /// The root of the tree, ".".
    package static var root: DomainName { DomainName(checked: [0]) }

    /// Takes over bytes that are known to keep every limit.
    init(checked wire: [UInt8]) { self.wire = wire }

    /// A name from uncompressed wire bytes, which must be the whole name and nothing else.
    package init(wire: [UInt8]) throws(NameError) {
        guard !wire.isEmpty else { throw .empty }
        guard wire.count <= Self.longest else { throw .nameTooLong }
        var position = 0
        while wire[position] != 0 {
            guard wire[position] <= Self.longestLabel else { throw .badLabelType }
            position += 1 + Int(wire[position])
            guard position < wire.count else { throw .notTerminated }
        }
        guard position == wire.count - 1 else { throw .notTerminated }
        self.wire = wire
    }

    /// Whether this is the root.
    package var isRoot: Bool { wire.count == 1 }

    /// The labels from left to right, without the root label.
    package var labels: [ArraySlice<UInt8>] {
        var labels: [ArraySlice<UInt8>] = []
        var position = 0
        while position < wire.count - 1 {
            let end = position + 1 + Int(wire[position])
            labels.append(wire[(position + 1)..<end])
            position = end
        }
        return labels
    }

    /// How many labels the name has, without the root label: 0 to 127.
    package var labelCount: Int {
        var count = 0
        var position = 0
        while position < wire.count - 1 {
            position += 1 + Int(wire[position])
            count += 1
        }
        return count
    }

    /// The name without its leftmost label; nothing above the root.
    package var parent: DomainName? {
        guard !isRoot else { return nil }
        return DomainName(checked: Array(wire[(1 + Int(wire[0]))...]))
    }

    /// The name with A to Z turned into a to z, octet by octet (RFC 4343, section 3: no other octet has a case).
    package func lowercased() -> DomainName {
        DomainName(checked: wire.map(Self.folded))
    }

    /// Whether both names are the same to the DNS (RFC 4343, section 3).
    package func equalsIgnoringCase(_ other: DomainName) -> Bool {
        wire.count == other.wire.count && endsIgnoringCase(with: other, from: 0)
    }

    /// Whether this name is `ancestor` or lies below it, whatever the case of either. Every name is below the root.
    package func isSubdomain(of ancestor: DomainName) -> Bool {
        let start = wire.count - ancestor.wire.count
        guard start >= 0 else { return false }
        var position = 0
        while position < start { position += 1 + Int(wire[position]) }
        // Only a label boundary counts: "ab." does not lie below "b.".
        return position == start && endsIgnoringCase(with: ancestor, from: start)
    }

    /// This name's labels followed by those of `suffix`: a relative name completed with its origin.
    package func appending(_ suffix: DomainName) throws(NameError) -> DomainName {
        guard wire.count - 1 + suffix.wire.count <= Self.longest else { throw .nameTooLong }
        return DomainName(checked: wire.dropLast() + suffix.wire)
    }

    /// The name one label below this one; the octets of `label` are taken as they are, without escapes.
    package func prepending(label: some Collection<UInt8>) throws(NameError) -> DomainName {
        guard !label.isEmpty else { throw .emptyLabel }
        guard label.count <= Self.longestLabel else { throw .labelTooLong }
        guard 1 + label.count + wire.count <= Self.longest else { throw .nameTooLong }
        var longer = [UInt8(truncatingIfNeeded: label.count)]
        longer.reserveCapacity(1 + label.count + wire.count)
        longer.append(contentsOf: label)
        longer.append(contentsOf: wire)
        return DomainName(checked: longer)
    }

    /// Whether the octets from `start` on are those of `suffix`; the caller has seen that the lengths agree. Length octets are
    /// at most 63 and so never change by folding.
    private func endsIgnoringCase(with suffix: DomainName, from start: Int) -> Bool {
        for index in suffix.wire.indices
        where Self.folded(wire[start + index]) != Self.folded(suffix.wire[index]) {
            return false
        }
        return true
    }

    /// `octet` in lower case if it is an upper-case ASCII letter (RFC 4343, section 3).
    @inlinable package static func folded(_ octet: UInt8) -> UInt8 {
        octet &- 0x41 < 26 ? octet | 0x20 : octet
    }
}
