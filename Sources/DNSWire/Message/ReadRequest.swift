extension Request {
    /// Most records that a request may carry: a NOTIFY has one in the answer section, an IXFR one in the authority section,
    /// and the additional section holds OPT and TSIG. Anything more is not a query.
    static let mostAnswers: UInt16 = 1
    static let mostAuthorities: UInt16 = 1
    static let mostAdditionals: UInt16 = 2

    /// Reads header, question and OPT record of the `length` bytes at `base`, checks them in the order of RFC 1035 (QR,
    /// opcode, counts) before anything else is looked at, and writes the lower-cased name to `name`.
    ///
    /// Nothing is allocated, and `self` holds as much as could be read when the verdict is not `answer`.
    package mutating func read(_ base: UnsafeRawPointer, length: Int, name: QuestionName) -> RequestVerdict {
        self = Request()
        guard length >= Header.length else { return .drop }
        // SAFETY: the header's 12 bytes are there; every later read is behind a comparison with `length`.
        flags = Header.field(base, Header.flagsOffset)
        if flags & Header.response != 0 { return .drop }
        if opcode != .query { return .notImplemented }
        guard Header.field(base, Header.questionCountOffset) == 1,
            Header.field(base, Header.answerCountOffset) <= Request.mostAnswers,
            Header.field(base, Header.authorityCountOffset) <= Request.mostAuthorities,
            Header.field(base, Header.additionalCountOffset) <= Request.mostAdditionals
        else { return .formatError }

        guard readQuestion(base, length: length, name: name) else { return .formatError }
        return readRecords(base, length: length)
    }

    /// Reads the one question at offset 12. A compression pointer has nothing before it to point at and is refused.
    @inline(__always)
    private mutating func readQuestion(_ base: UnsafeRawPointer, length: Int, name: QuestionName) -> Bool {
        let source = base.assumingMemoryBound(to: UInt8.self)
        var offset = Header.length
        var count = 0
        while true {
            guard offset < length else { return false }
            let labelLength = Int(source[offset])
            let start = offset &- Header.length
            // RFC 1035, section 2.3.4: a label has at most 63 bytes; the two high bits mark pointers and reserved types.
            guard labelLength <= QuestionName.longestLabel else { return false }
            // The name may have 255 bytes with its root label, so a further label must leave one byte for that.
            guard start &+ labelLength &+ 1 <= QuestionName.longest else { return false }
            // SAFETY: start < 255 and count <= 127, as every label takes two bytes or more of the 255.
            name.labels[count] = UInt8(truncatingIfNeeded: start)
            if labelLength == 0 {
                name.bytes[start] = 0
                offset &+= 1
                break
            }
            guard start &+ labelLength &+ 2 <= QuestionName.longest, offset &+ labelLength < length else {
                return false
            }
            // RFC 4343: names compare without regard to ASCII case. Length bytes are below "A", so one pass folds them all.
            name.bytes[start] = UInt8(truncatingIfNeeded: labelLength)
            var index = 1
            while index <= labelLength {
                name.bytes[start &+ index] = Request.lowerCased(source[offset &+ index])
                index &+= 1
            }
            count &+= 1
            offset &+= labelLength &+ 1
        }
        guard offset &+ 4 <= length else { return false }
        nameLength = offset &- Header.length
        labelCount = count
        type = RecordType(rawValue: Header.field(base, offset))
        recordClass = RecordClass(rawValue: Header.field(base, offset &+ 2))
        questionEnd = offset &+ 4
        return true
    }

    /// Walks the records behind the question and reads the OPT record, wherever it stands in the additional section.
    @inline(__always)
    private mutating func readRecords(_ base: UnsafeRawPointer, length: Int) -> RequestVerdict {
        let before =
            Int(Header.field(base, Header.answerCountOffset)) &+ Int(Header.field(base, Header.authorityCountOffset))
        let total = before &+ Int(Header.field(base, Header.additionalCountOffset))
        var offset = questionEnd
        var index = 0
        while index < total {
            let ownerLength = Request.skipName(base, at: offset, length: length)
            guard ownerLength > 0, offset &+ ownerLength &+ 10 <= length else { return .formatError }
            let fixed = offset &+ ownerLength
            let dataLength = Int(Header.field(base, fixed &+ 8))
            guard fixed &+ 10 &+ dataLength <= length else { return .formatError }
            if index >= before, RecordType(rawValue: Header.field(base, fixed)) == .opt {
                // RFC 6891, section 6.1.1: at most one OPT, and its name is the root.
                guard !hasEDNS, ownerLength == 1 else { return .formatError }
                hasEDNS = true
                udpSize = max(Int(Header.field(base, fixed &+ 2)), Request.classicUDPSize)
                let versionAndFlags = (Header.field(base, fixed &+ 4), Header.field(base, fixed &+ 6))
                ednsVersion = UInt8(truncatingIfNeeded: versionAndFlags.0)
                dnssecOK = versionAndFlags.1 & 0x8000 != 0
                guard readOptions(base, at: fixed &+ 10, length: dataLength) else { return .formatError }
            }
            offset = fixed &+ 10 &+ dataLength
            index &+= 1
        }
        // RFC 6891, section 6.1.3: only version 0 is known; the answer says so with BADVERS.
        return hasEDNS && ednsVersion != 0 ? .badVersion : .answer
    }

    /// Length in bytes that the name at `offset` takes, 0 where it is not one.
    private static func skipName(_ base: UnsafeRawPointer, at start: Int, length: Int) -> Int {
        var offset = start
        while offset < length {
            let octet = base.load(fromByteOffset: offset, as: UInt8.self)
            if octet == 0 { return offset &+ 1 &- start }
            if octet & 0xC0 == 0xC0 {
                // A pointer ends a name (RFC 1035, section 4.1.4); where it leads to is of no interest here.
                return offset &+ 2 <= length ? offset &+ 2 &- start : 0
            }
            guard octet <= 63 else { return 0 }
            offset &+= Int(octet) &+ 1
            guard offset &- start < QuestionName.longest else { return 0 }
        }
        return 0
    }

    /// Whether the options fill the OPT record's data exactly (RFC 6891, section 6.1.2). An option that is not known is
    /// ignored, and none is echoed.
    private mutating func readOptions(_ base: UnsafeRawPointer, at start: Int, length: Int) -> Bool {
        var offset = 0
        while offset < length {
            guard offset &+ 4 <= length else { return false }
            if Header.field(base, start &+ offset) == Request.serverIdentifierOption { asksServerIdentifier = true }
            offset &+= 4 &+ Int(Header.field(base, start &+ offset &+ 2))
        }
        return offset == length
    }

    /// The code of the NSID option (RFC 5001, section 2.3).
    public static var serverIdentifierOption: UInt16 { 3 }

    @inline(__always)
    private static func lowerCased(_ octet: UInt8) -> UInt8 {
        octet &- 0x41 < 26 ? octet | 0x20 : octet
    }
}
