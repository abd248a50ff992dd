/// The kind of a query: four bits of the header (RFC 1035, section 4.1.1; RFC 6895, section 2.2).
public struct Opcode: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable public static var query: Opcode { Opcode(rawValue: 0) }
    @inlinable public static var inverseQuery: Opcode { Opcode(rawValue: 1) }
    @inlinable public static var status: Opcode { Opcode(rawValue: 2) }
    @inlinable public static var notify: Opcode { Opcode(rawValue: 4) }
    @inlinable public static var update: Opcode { Opcode(rawValue: 5) }
}
