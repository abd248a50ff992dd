/// The fixed 12 bytes at the start of every message (RFC 1035, section 4.1.1): where its fields are and what its bits mean.
public enum Header {
    /// Length of the header in bytes.
    @inlinable public static var length: Int { 12 }

    @inlinable public static var identifierOffset: Int { 0 }
    @inlinable public static var flagsOffset: Int { 2 }
    @inlinable public static var questionCountOffset: Int { 4 }
    @inlinable public static var answerCountOffset: Int { 6 }
    @inlinable public static var authorityCountOffset: Int { 8 }
    @inlinable public static var additionalCountOffset: Int { 10 }

    /// QR: set in a response.
    @inlinable public static var response: UInt16 { 0x8000 }
    /// The four bits of the opcode.
    @inlinable public static var opcodeMask: UInt16 { 0x7800 }
    /// AA: the answer comes from the authority for the name.
    @inlinable public static var authoritative: UInt16 { 0x0400 }
    /// TC: the answer section did not fit.
    @inlinable public static var truncated: UInt16 { 0x0200 }
    /// RD: the client asks for recursion; copied into the response.
    @inlinable public static var recursionDesired: UInt16 { 0x0100 }
    /// RA: recursion is offered.
    @inlinable public static var recursionAvailable: UInt16 { 0x0080 }
    /// AD: authentic data (RFC 4035).
    @inlinable public static var authenticData: UInt16 { 0x0020 }
    /// CD: checking disabled (RFC 4035); copied into the response.
    @inlinable public static var checkingDisabled: UInt16 { 0x0010 }
    /// The four bits of the response code.
    @inlinable public static var responseCodeMask: UInt16 { 0x000F }

    /// The 16-bit field at `offset` of the message that starts at `base`, in the machine's byte order.
    @inlinable public static func field(_ base: UnsafeRawPointer, _ offset: Int) -> UInt16 {
        // SAFETY: callers hold a message of at least `length` bytes and pass one of the offsets above.
        UInt16(bigEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }
}
