import DNSWire

/// A response that came from elsewhere, checked as far as it has to be to stand behind another request with the same question:
/// that its records are whole. Compression pointers lead to the same places there, as header and question have the same length.
package struct UpstreamResponse {
    let message: UnsafeRawBufferPointer
    let questionEnd: Int
    /// Number of records by section.
    let counts: (answers: Int, authorities: Int, additionals: Int)
    /// The OPT record, and its number among all records.
    let options: (record: RecordWalk.Record, place: Int)?
    /// Behind the last record.
    let end: Int
    /// The header's second 16 bits.
    let flags: UInt16
    /// With the upper bits that the OPT record has.
    package let code: ResponseCode

    /// Whether the upstream has left records out for lack of room.
    package var isTruncated: Bool { flags & Header.truncated != 0 }
    /// Whether there is nothing in the answer section.
    package var hasNoAnswer: Bool { counts.answers == 0 }

    /// - Parameters:
    ///   - message: as it came. It must last as long as this is used.
    ///   - questionEnd: where the records begin behind the request's question.
    /// - Returns: nil where it is no response to a question of that length, or its records are not whole.
    package init?(_ message: UnsafeRawBufferPointer, questionEnd: Int) {
        guard message.count >= Header.length, let base = message.baseAddress else { return nil }
        flags = Header.field(base, Header.flagsOffset)
        guard flags & Header.response != 0 else { return nil }
        let questions = Header.field(base, Header.questionCountOffset)
        let all = (
            Int(Header.field(base, Header.answerCountOffset)), Int(Header.field(base, Header.authorityCountOffset)),
            Int(Header.field(base, Header.additionalCountOffset))
        )
        self.message = message
        // Servers that cannot read a query answer with a header alone.
        guard questions == 1 || questions == 0 && all.0 + all.1 == 0 else { return nil }
        let start = questions == 1 ? questionEnd : Header.length
        guard message.count >= start else { return nil }
        self.questionEnd = start
        var walk = RecordWalk(message: message, offset: start, remaining: all.0 + all.1 + all.2)
        var found: (RecordWalk.Record, Int)?
        var place = 0
        var end = start
        while let record = walk.next() {
            if place >= all.0 + all.1, record.type == .opt, found == nil { found = (record, place) }
            end = record.end
            place += 1
        }
        if place == all.0 + all.1 + all.2, questions == 1 || place == (found == nil ? 0 : 1) {
            counts = all
            options = found
            self.end = end
        } else if flags & Header.truncated != 0, questions == 1 {
            // CoreDNS: servers that cut in the middle of a record have said so; the client asks again over TCP.
            counts = (0, 0, 0)
            options = nil
            self.end = start
        } else {
            return nil
        }
        // RFC 6891, section 6.1.3: the upper eight bits of the code are the first of the OPT record's TTL.
        let upper = options.map { UInt16(message[$0.record.fixed + 4]) } ?? 0
        code = ResponseCode(rawValue: upper << 4 | flags & Header.responseCodeMask)
    }
}

extension Exchange {
    /// Makes a response from elsewhere this exchange's, behind its own header and question: records, code and flags are the
    /// response's; the id and the letters of the question's name are the client's. It has an OPT record where the client has
    /// sent one, with the options of the response's. Records that do not fit are left out from the end; TC says so where they
    /// are answers.
    package mutating func take(response: UpstreamResponse) {
        clearRecords()
        let size = writer.limit + (request.hasEDNS ? ResponseWriter.optLength : 0)
        var optionBytes = 0
        if request.hasEDNS {
            optionBytes = ResponseWriter.optLength
            // Options are extras: where they would take the room of the records, they go.
            if let options = response.options?.record, response.end + ResponseWriter.optLength <= size {
                optionBytes += options.dataLength
            }
        }
        var isTruncated = response.isTruncated
        let isLast = response.options.map { $0.record.end == response.end } ?? true
        let end = isLast ? response.options?.record.start ?? response.end : response.end
        if isLast, end + optionBytes <= size {
            copy(response, end: end, sections: response.counts, hadOptions: response.options != nil)
        } else if isLast {
            isTruncated = copyWhatFits(response, room: size - optionBytes) || isTruncated
        } else {
            isTruncated = encodeAgain(response, room: size - optionBytes) || isTruncated
        }
        writer.isTruncated = isTruncated
        code = response.code
        flags = response.flags & (Header.authoritative | Header.recursionAvailable | Header.authenticData)
        if request.hasEDNS { writeOptions(response, optionBytes - ResponseWriter.optLength) }
        writeHeader(response)
        wholeLength = writer.position
    }

    /// Copies all records but a last OPT record as they are.
    private mutating func copy(
        _ response: UpstreamResponse, end: Int, sections: (answers: Int, authorities: Int, additionals: Int),
        hadOptions: Bool
    ) {
        let length = end - response.questionEnd
        if length > 0, let start = response.message.baseAddress {
            // SAFETY: `end` is within the message, and the caller has found that there is room.
            writer.put(start + response.questionEnd, length)
        }
        writer.answerCount = UInt16(truncatingIfNeeded: sections.answers)
        writer.authorityCount = UInt16(truncatingIfNeeded: sections.authorities)
        writer.additionalCount = UInt16(truncatingIfNeeded: sections.additionals - (hadOptions ? 1 : 0))
    }

    /// Whether a response of which only so many answers and authorities fit is a truncated one. RFC 2181, section 9: where what
    /// was asked for is cut, which of a denial or a referral is the authority section; and RFC 4035, section 3.1.1: for who
    /// wants proof, always.
    private func isCut(_ response: UpstreamResponse, answers: Int, authorities: Int) -> Bool {
        answers < response.counts.answers
            || authorities < response.counts.authorities && (response.counts.answers == 0 || request.dnssecOK)
    }

    /// Copies as many records from the first on as end before `room`. Says whether something was left out that counts.
    private mutating func copyWhatFits(_ response: UpstreamResponse, room: Int) -> Bool {
        let counts = response.counts
        let total = counts.answers + counts.authorities + counts.additionals - (response.options == nil ? 0 : 1)
        var walk = RecordWalk(message: response.message, offset: response.questionEnd, remaining: total)
        var fitting = 0
        var end = response.questionEnd
        while let record = walk.next(), record.end <= room {
            fitting += 1
            end = record.end
        }
        let answers = min(counts.answers, fitting)
        let authorities = min(counts.authorities, fitting - answers)
        copy(
            response, end: end,
            sections: (answers: answers, authorities: authorities, additionals: fitting - answers - authorities),
            hadOptions: false)
        return isCut(response, answers: answers, authorities: authorities)
    }

    /// Writes the records anew, for a response whose OPT record stands before others: pointers lead over it. Says whether
    /// something was left out that counts.
    private mutating func encodeAgain(_ response: UpstreamResponse, room: Int) -> Bool {
        var buffer = MessageBuffer(
            UnsafeMutableRawBufferPointer(start: writer.base, count: max(writer.position, room)),
            position: writer.position)
        var compressor = NameCompressor()
        compressor.register(nameAt: Header.length, in: buffer)
        let counts = response.counts
        var offset = response.questionEnd
        for place in 0..<(counts.answers + counts.authorities + counts.additionals) {
            do throws(WireError) {
                let record = try ResourceRecord.read(from: response.message, at: &offset)
                if place == response.options?.place { continue }
                try RecordEncoder.encode(record, into: &buffer, compressor: &compressor)
            } catch {
                return isCut(response, answers: place, authorities: place - counts.answers)
            }
            writer.position = buffer.position
            if place < counts.answers {
                writer.answerCount &+= 1
            } else if place < counts.answers + counts.authorities {
                writer.authorityCount &+= 1
            } else {
                writer.additionalCount &+= 1
            }
        }
        return false
    }

    /// The OPT record: size and DO are between this server and its client, the options are the upstream's.
    private mutating func writeOptions(_ response: UpstreamResponse, _ length: Int) {
        writer.put8(0)
        writer.put16(RecordType.opt.rawValue)
        writer.put16(ResponseWriter.announcedUDPSize)
        writer.put8(UInt8(truncatingIfNeeded: code.rawValue >> 4))
        writer.put8(0)
        writer.put16(request.dnssecOK ? 0x8000 : 0)
        writer.put16(UInt16(truncatingIfNeeded: length))
        if length > 0, let start = response.message.baseAddress, let options = response.options?.record {
            writer.put(start + options.data, length)
        }
        writer.additionalCount &+= 1
    }

    private mutating func writeHeader(_ response: UpstreamResponse) {
        // RD and CD are what the upstream says they are, as in CoreDNS.
        let kept = response.flags & ~Header.truncated
        let end = writer.position
        writer.position = Header.flagsOffset
        writer.put16(kept | (writer.isTruncated ? Header.truncated : 0))
        writer.put16(1)
        writer.put16(writer.answerCount)
        writer.put16(writer.authorityCount)
        writer.put16(writer.additionalCount)
        writer.position = end
    }
}
