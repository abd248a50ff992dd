/// A resource record type or query type: an unsigned 16-bit number of the IANA registry (RFC 6895, section 3.1).
public struct RecordType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

    @inlinable public static var a: RecordType { RecordType(rawValue: 1) }
    @inlinable public static var ns: RecordType { RecordType(rawValue: 2) }
    @inlinable public static var cname: RecordType { RecordType(rawValue: 5) }
    @inlinable public static var soa: RecordType { RecordType(rawValue: 6) }
    @inlinable public static var ptr: RecordType { RecordType(rawValue: 12) }
    @inlinable public static var hinfo: RecordType { RecordType(rawValue: 13) }
    @inlinable public static var mx: RecordType { RecordType(rawValue: 15) }
    @inlinable public static var txt: RecordType { RecordType(rawValue: 16) }
    @inlinable public static var aaaa: RecordType { RecordType(rawValue: 28) }
    @inlinable public static var srv: RecordType { RecordType(rawValue: 33) }
    @inlinable public static var naptr: RecordType { RecordType(rawValue: 35) }
    @inlinable public static var dname: RecordType { RecordType(rawValue: 39) }
    @inlinable public static var opt: RecordType { RecordType(rawValue: 41) }
    @inlinable public static var ds: RecordType { RecordType(rawValue: 43) }
    @inlinable public static var rrsig: RecordType { RecordType(rawValue: 46) }
    @inlinable public static var nsec: RecordType { RecordType(rawValue: 47) }
    @inlinable public static var dnskey: RecordType { RecordType(rawValue: 48) }
    @inlinable public static var nsec3: RecordType { RecordType(rawValue: 50) }
    @inlinable public static var svcb: RecordType { RecordType(rawValue: 64) }
    @inlinable public static var https: RecordType { RecordType(rawValue: 65) }
    @inlinable public static var ixfr: RecordType { RecordType(rawValue: 251) }
    @inlinable public static var axfr: RecordType { RecordType(rawValue: 252) }
    @inlinable public static var any: RecordType { RecordType(rawValue: 255) }
    @inlinable public static var caa: RecordType { RecordType(rawValue: 257) }
}
