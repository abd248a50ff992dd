extension RecordType: CustomStringConvertible {
    /// The mnemonic as CoreDNS writes it, "None" and "Reserved" for the two ends of the range included, or TYPE and the number
    /// (RFC 3597, section 5).
    public var description: String { mnemonic ?? generic }

    /// What stands in a zone file: like `description`, but TYPE0 and TYPE65535, as "NONE" is a class there.
    package var zoneFileForm: String {
        switch rawValue {
        case 0, UInt16.max: generic
        default: description
        }
    }

    /// A type from its mnemonic in either case, or from TYPE and its number.
    package init?(mnemonic: some StringProtocol) {
        self.init(mnemonicOctets: mnemonic.utf8)
    }

    init?(mnemonicOctets octets: some Collection<UInt8>) {
        guard let number = Mnemonic.number(octets, table: Self.numbers, prefix: "TYPE", as: UInt16.self) else {
            return nil
        }
        self.init(rawValue: number)
    }

    private var generic: String { "TYPE\(rawValue)" }

    /// Every number that has a mnemonic, by its mnemonic in upper case.
    private static let numbers: [String: UInt16] = Mnemonic.table(0...UInt16.max) { RecordType(rawValue: $0).mnemonic }

    /// The registry of RFC 6895, section 3.1, as far as miekg/dns knows it.
    private var mnemonic: String? {
        switch rawValue {
        case 0: "None"
        case 1: "A"
        case 2: "NS"
        case 3: "MD"
        case 4: "MF"
        case 5: "CNAME"
        case 6: "SOA"
        case 7: "MB"
        case 8: "MG"
        case 9: "MR"
        case 10: "NULL"
        case 12: "PTR"
        case 13: "HINFO"
        case 14: "MINFO"
        case 15: "MX"
        case 16: "TXT"
        case 17: "RP"
        case 18: "AFSDB"
        case 19: "X25"
        case 20: "ISDN"
        case 21: "RT"
        case 23: "NSAP-PTR"
        case 24: "SIG"
        case 25: "KEY"
        case 26: "PX"
        case 27: "GPOS"
        case 28: "AAAA"
        case 29: "LOC"
        case 30: "NXT"
        case 31: "EID"
        case 32: "NIMLOC"
        case 33: "SRV"
        case 34: "ATMA"
        case 35: "NAPTR"
        case 36: "KX"
        case 37: "CERT"
        case 39: "DNAME"
        case 41: "OPT"
        case 42: "APL"
        case 43: "DS"
        case 44: "SSHFP"
        case 45: "IPSECKEY"
        case 46: "RRSIG"
        case 47: "NSEC"
        case 48: "DNSKEY"
        case 49: "DHCID"
        case 50: "NSEC3"
        case 51: "NSEC3PARAM"
        case 52: "TLSA"
        case 53: "SMIMEA"
        case 55: "HIP"
        case 56: "NINFO"
        case 57: "RKEY"
        case 58: "TALINK"
        case 59: "CDS"
        case 60: "CDNSKEY"
        case 61: "OPENPGPKEY"
        case 62: "CSYNC"
        case 63: "ZONEMD"
        case 64: "SVCB"
        case 65: "HTTPS"
        case 99: "SPF"
        case 100: "UINFO"
        case 101: "UID"
        case 102: "GID"
        case 103: "UNSPEC"
        case 104: "NID"
        case 105: "L32"
        case 106: "L64"
        case 107: "LP"
        case 108: "EUI48"
        case 109: "EUI64"
        case 128: "NXNAME"
        case 249: "TKEY"
        case 250: "TSIG"
        case 251: "IXFR"
        case 252: "AXFR"
        case 253: "MAILB"
        case 254: "MAILA"
        case 255: "ANY"
        case 256: "URI"
        case 257: "CAA"
        case 258: "AVC"
        case 260: "AMTRELAY"
        case 261: "RESINFO"
        case 32768: "TA"
        case 32769: "DLV"
        case 65535: "Reserved"
        default: nil
        }
    }
}
