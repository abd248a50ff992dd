/// The data of a resource record, by type. Equality is exact: names compare with their case.
///
/// Character strings (of TXT, HINFO and NAPTR) have at most 255 octets each (RFC 1035, section 3.3); a longer one cannot be
/// written and makes `RecordEncoder` throw `badRecordLength`.
package enum RecordData: Hashable, Sendable {
    /// RFC 1035, section 3.4.1.
    case a(IPv4Address)
    /// RFC 3596, section 2.2.
    case aaaa(IPv6Address)
    /// RFC 1035, section 3.3.11.
    case ns(DomainName)
    /// RFC 1035, section 3.3.1.
    case cname(DomainName)
    /// RFC 1035, section 3.3.12.
    case ptr(DomainName)
    /// RFC 6672, section 2.1.
    case dname(DomainName)
    /// RFC 1035, section 3.3.13.
    case soa(StartOfAuthority)
    /// RFC 1035, section 3.3.9.
    case mx(preference: UInt16, exchange: DomainName)
    /// RFC 1035, section 3.3.14: one or more strings.
    case txt([[UInt8]])
    /// RFC 1035, section 3.3.2.
    case hinfo(processor: [UInt8], system: [UInt8])
    /// RFC 2782.
    case srv(priority: UInt16, weight: UInt16, port: UInt16, target: DomainName)
    /// RFC 3403, section 4.
    case naptr(NamingAuthorityPointer)
    /// RFC 4034, section 5.1; the digest is not empty.
    case ds(keyTag: UInt16, algorithm: UInt8, digestType: UInt8, digest: [UInt8])
    /// RFC 4034, section 2.1; the key is not empty.
    case dnskey(flags: UInt16, keyProtocol: UInt8, algorithm: UInt8, publicKey: [UInt8])
    /// RFC 9460, section 2.
    case svcb(ServiceBinding)
    /// RFC 9460, section 9.
    case https(ServiceBinding)
    /// RFC 8659, section 4.1: the tag is one to 255 ASCII letters and digits.
    case caa(flags: UInt8, tag: [UInt8], value: [UInt8])
    /// RFC 6891, section 6.1.2: the options as they came.
    case opt([Option])
    /// Any other type, as octets (RFC 3597). A type that has a case of its own does not belong here.
    case unknown(type: RecordType, octets: [UInt8])

    /// One option of an OPT record, not interpreted (RFC 6891, section 6.1.2).
    package struct Option: Hashable, Sendable {
        /// The number of the option in the registry.
        package var code: UInt16
        /// At most 65,535 octets.
        package var octets: [UInt8]

        package init(code: UInt16, octets: [UInt8]) {
            self.code = code
            self.octets = octets
        }
    }

    /// The type that the data are for.
    package var type: RecordType {
        switch self {
        case .a: .a
        case .aaaa: .aaaa
        case .ns: .ns
        case .cname: .cname
        case .ptr: .ptr
        case .dname: .dname
        case .soa: .soa
        case .mx: .mx
        case .txt: .txt
        case .hinfo: .hinfo
        case .srv: .srv
        case .naptr: .naptr
        case .ds: .ds
        case .dnskey: .dnskey
        case .svcb: .svcb
        case .https: .https
        case .caa: .caa
        case .opt: .opt
        case .unknown(let type, _): type
        }
    }

    /// Whether an octet may stand in the tag of a CAA record (RFC 8659, section 4.1).
    static func isTagOctet(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
