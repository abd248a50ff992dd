import DNSWire

/// Octets from hexadecimal text, in which blanks are for the eye; a row that is no such text fails its test by being empty.
func octets(_ hex: String) -> [UInt8] {
    let digits = hex.filter { !$0.isWhitespace }.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// Octets as hexadecimal text in lower case.
func hex(_ octets: some Sequence<UInt8>) -> String {
    octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// A name that the test itself has got right.
func name(_ text: String) throws -> DomainName { try DomainName(parsing: text) }

/// Reads a name at an offset; the offset afterwards is the second result.
func readName(_ message: [UInt8], at offset: Int) -> (Result<DomainName, WireError>, Int) {
    var position = offset
    let result = message.withUnsafeBytes { bytes in
        Result { () throws(WireError) in try DomainName.read(from: bytes, at: &position) }
    }
    return (result, position)
}

/// Reads a record at an offset; the offset afterwards is the second result.
func readRecord(_ message: [UInt8], at offset: Int = 0) -> (Result<ResourceRecord, WireError>, Int) {
    var position = offset
    let result = message.withUnsafeBytes { bytes in
        Result { () throws(WireError) in try ResourceRecord.read(from: bytes, at: &position) }
    }
    return (result, position)
}

/// Reads the data of a record, which are all of `octets`.
func readData(_ type: RecordType, _ octets: [UInt8]) -> Result<RecordData, WireError> {
    octets.withUnsafeBytes { bytes in
        Result { () throws(WireError) in try RecordData.read(type: type, from: bytes, at: 0, length: bytes.count) }
    }
}

/// What `body` writes into a buffer of `capacity` octets, or why it could not.
func written(
    capacity: Int = 65_535, _ body: (inout MessageBuffer, inout NameCompressor) throws(WireError) -> Void
) -> Result<[UInt8], WireError> {
    // One octet more than asked for, so that an overrun by one is seen and does no harm.
    var memory = [UInt8](repeating: 0xAA, count: capacity + 1)
    let result = memory.withUnsafeMutableBytes { bytes in
        Result { () throws(WireError) in
            var buffer = MessageBuffer(bytes, limit: capacity)
            var compressor = NameCompressor()
            try body(&buffer, &compressor)
            return [UInt8](buffer.written)
        }
    }
    precondition(memory[capacity] == 0xAA, "an append wrote behind the limit")
    return result
}

/// Records as one after the other in a message, compressed.
func encoded(_ records: [ResourceRecord], capacity: Int = 65_535) -> Result<[UInt8], WireError> {
    written(capacity: capacity) { (buffer, compressor) throws(WireError) in
        for record in records { try RecordEncoder.encode(record, into: &buffer, compressor: &compressor) }
    }
}

/// The data of a record on their own, as written behind the root as the owner.
func encoded(_ data: RecordData) -> Result<[UInt8], WireError> {
    encoded([ResourceRecord(owner: .root, ttl: 0, data: data)]).map { Array($0.dropFirst(11)) }
}
