/// A resource record (RFC 1035, section 4.1.3). Equality is exact: names compare with their case.
package struct ResourceRecord: Hashable, Sendable {
    package var owner: DomainName
    /// In an OPT record the sender's UDP payload size (RFC 6891, section 6.1.2).
    package var recordClass: RecordClass
    /// In seconds; in an OPT record the extended response code, version and flags (RFC 6891, section 6.1.3).
    package var ttl: UInt32
    package var data: RecordData

    package init(owner: DomainName, recordClass: RecordClass = .internet, ttl: UInt32, data: RecordData) {
        self.owner = owner
        self.recordClass = recordClass
        self.ttl = ttl
        self.data = data
    }

    /// The type, which the data determine.
    package var type: RecordType { data.type }

    /// The record that begins at `offset` of a message; `offset` moves behind it, and stays where it is when an error is thrown.
    package static func read(
        from message: UnsafeRawBufferPointer, at offset: inout Int
    ) throws(WireError) -> ResourceRecord {
        var reader = WireReader(message: message, position: offset, end: message.count)
        let owner = try reader.readName()
        let type = RecordType(rawValue: try reader.readUInt16())
        let recordClass = RecordClass(rawValue: try reader.readUInt16())
        let ttl = try reader.readUInt32()
        let length = Int(try reader.readUInt16())
        guard length <= reader.remaining else { throw .truncated }
        let start = reader.position
        let data = try RecordData.read(type: type, from: message, at: start, length: length)
        offset = start + length
        return ResourceRecord(owner: owner, recordClass: recordClass, ttl: ttl, data: data)
    }
}
