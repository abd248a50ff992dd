/// A record class or query class (RFC 1035, section 3.2.4).
public struct RecordClass: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

    @inlinable public static var internet: RecordClass { RecordClass(rawValue: 1) }
    @inlinable public static var chaos: RecordClass { RecordClass(rawValue: 3) }
    @inlinable public static var hesiod: RecordClass { RecordClass(rawValue: 4) }
    @inlinable public static var none: RecordClass { RecordClass(rawValue: 254) }
    @inlinable public static var any: RecordClass { RecordClass(rawValue: 255) }
}
