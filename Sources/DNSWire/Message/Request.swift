/// What the header, the question and the OPT record of a request say. A plain value: the name itself stays in the request
/// buffer, and its lower-cased copy in the caller's scratch memory.
public struct Request {
    /// The header's second 16 bits as received.
    public var flags: UInt16 = 0
    /// Offset of the first byte behind the question; the answer section starts here. 12 where no question could be read.
    public var questionEnd = Header.length
    /// Length of the question's name in bytes, root label included; 0 where no question could be read.
    public var nameLength = 0
    /// Number of labels of the name, the root label not counted.
    public var labelCount = 0
    public var type = RecordType(rawValue: 0)
    public var recordClass = RecordClass(rawValue: 0)
    /// True where the request has an OPT record (RFC 6891): only then has the response one.
    public var hasEDNS = false
    /// EDNS version asked for.
    public var ednsVersion: UInt8 = 0
    /// The DO bit (RFC 3225).
    public var dnssecOK = false
    /// Whether the OPT record has an NSID option: the client asks which server answers (RFC 5001, section 2.1).
    public var asksServerIdentifier = false
    /// Largest UDP response that the client takes, in bytes: 512 without EDNS (RFC 1035, section 4.2.1).
    public var udpSize = Request.classicUDPSize

    /// The limit of a UDP message without EDNS (RFC 1035, section 4.2.1), and the least that an EDNS size means
    /// (RFC 6891, section 6.2.3).
    @inlinable public static var classicUDPSize: Int { 512 }

    @inlinable public init() {}

    @inlinable public var opcode: Opcode {
        Opcode(rawValue: UInt8(truncatingIfNeeded: (flags & Header.opcodeMask) >> 11))
    }

    /// Whether the client asked for recursion (RD).
    @inlinable public var recursionDesired: Bool { flags & Header.recursionDesired != 0 }
}

/// What is to be done with a request once its header, question and OPT record have been read.
public enum RequestVerdict: UInt8 {
    /// A well-formed query: find an answer.
    case answer
    /// No answer at all: too short for a header, or itself a response (RFC 1035, section 7.3: answering one is a loop).
    case drop
    /// FORMERR.
    case formatError
    /// NOTIMP: an opcode that this server does not know (RFC 1035, section 4.1.1).
    case notImplemented
    /// BADVERS: an EDNS version that this server does not know (RFC 6891, section 6.1.3).
    case badVersion
}
