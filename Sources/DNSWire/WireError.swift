/// Why bytes of a message could not be read, or a record could not be written. A trivial enum: throwing it allocates nothing.
package enum WireError: Error, Hashable, Sendable {
    /// The message ends before the field does.
    case truncated
    /// A name is longer than 255 octets once its pointers are followed (RFC 1035, section 2.3.4).
    case nameTooLong
    /// A compression pointer does not lead strictly backwards, or stands where none is allowed (RFC 1035, section 4.1.4;
    /// RFC 9460, section 2.2).
    case badPointer
    /// A label of the reserved types 01 or 10 (RFC 1035, section 4.1.4; RFC 6891, section 5).
    case badLabelType
    /// RDLENGTH, or a length inside the data, does not fit the type's format.
    case badRecordLength
    /// The length is right, but the content breaks a rule of the type (a tag that is not letters and digits, say).
    case badRecordData
    /// The record does not fit in what is left of the buffer; nothing of it was kept.
    case noSpace
}
