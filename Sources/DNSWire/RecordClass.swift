/// A record class or query class (RFC 1035, section 3.2.4).
package struct RecordClass: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    @inlinable package init(rawValue: UInt16) { self.rawValue = rawValue }

    @inlinable package static var internet: RecordClass { RecordClass(rawValue: 1) }
    @inlinable package static var chaos: RecordClass { RecordClass(rawValue: 3) }
    @inlinable package static var hesiod: RecordClass { RecordClass(rawValue: 4) }
    @inlinable package static var none: RecordClass { RecordClass(rawValue: 254) }
    @inlinable package static var any: RecordClass { RecordClass(rawValue: 255) }
}
