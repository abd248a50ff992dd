/// The kind of a query: four bits of the header (RFC 1035, section 4.1.1; RFC 6895, section 2.2).
package struct Opcode: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt8

    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable package static var query: Opcode { Opcode(rawValue: 0) }
    @inlinable package static var inverseQuery: Opcode { Opcode(rawValue: 1) }
    @inlinable package static var status: Opcode { Opcode(rawValue: 2) }
    @inlinable package static var notify: Opcode { Opcode(rawValue: 4) }
    @inlinable package static var update: Opcode { Opcode(rawValue: 5) }
}
