import DNSWire

/// The query types that metrics tell apart: CoreDNS's list; all others are one.
enum QueryTypes {
    /// The types in the order of their places; "other" comes after them.
    static let all: [RecordType] = [
        .a, .aaaa, .srv, .ptr, .cname, .https, .svcb, .txt, .soa, .ns, .mx, .ds, .dnskey, .rrsig, .nsec, .nsec3, .ixfr,
        .axfr, .any,
    ]

    /// Number of places, that of the other types included.
    static var count: Int { 20 }

    /// The label of a place.
    static func label(_ place: Int) -> String { place < all.count ? all[place].description : "other" }

    /// The place of a type: the same order as `all`, which a test checks.
    static func place(_ type: RecordType) -> Int {
        switch type.rawValue {
        case 1: 0
        case 28: 1
        case 33: 2
        case 12: 3
        case 5: 4
        case 65: 5
        case 64: 6
        case 16: 7
        case 6: 8
        case 2: 9
        case 15: 10
        case 43: 11
        case 48: 12
        case 46: 13
        case 47: 14
        case 50: 15
        case 251: 16
        case 252: 17
        case 255: 18
        default: 19
        }
    }
}

/// The buckets of message sizes in bytes.
enum SizeBuckets {
    /// Upper bounds: CoreDNS's, its 8291 included.
    static let bounds: [Double] = [0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16e3, 32e3, 48e3, 64e3]

    /// Number of places, the one above all bounds included.
    static var count: Int { 15 }

    /// The place of a size: the same bounds as `bounds`, which a test checks.
    static func place(_ size: Int) -> Int {
        if size <= 511 {
            return size <= 200 ? (size <= 100 ? (size <= 0 ? 0 : 1) : 2) : size <= 300 ? 3 : size <= 400 ? 4 : 5
        }
        if size <= 4095 { return size <= 1023 ? 6 : size <= 2047 ? 7 : 8 }
        if size <= 16000 { return size <= 8291 ? 9 : 10 }
        return size <= 32000 ? 11 : size <= 48000 ? 12 : size <= 64000 ? 13 : 14
    }
}

/// The buckets of durations: from 0.25 ms on, each twice as long as the one before, up to about 8 s.
enum TimeBuckets {
    /// Upper bounds in seconds.
    static let bounds: [Double] = (0..<16).map { 0.00025 * Double(1 << $0) }

    /// Number of places, the one above all bounds included.
    static var count: Int { 17 }

    /// The place of a duration in nanoseconds.
    static func place(_ nanoseconds: UInt64) -> Int {
        var bound: UInt64 = 250_000
        var place = 0
        while place < 16, nanoseconds > bound {
            bound <<= 1
            place &+= 1
        }
        return place
    }
}
