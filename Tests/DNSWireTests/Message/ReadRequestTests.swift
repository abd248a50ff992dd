import DNSWire
import Testing

@Suite("Reading requests")
struct ReadRequestTests {
    @Test("the header: length, QR, opcode and counts, in this order")
    func header() {
        let rows: [(Query, RequestVerdict)] = [
            (Query(), .answer), (Query(flags: 0), .answer), (Query(flags: 0x8100), .drop),
            (Query(flags: 0x8000 | 0x2800), .drop),
            (Query(flags: 0x0780), .answer), (Query(flags: 0x000F), .answer), (Query(flags: 0x07FF), .answer),
            (Query(counts: [0, 0, 0, 0]), .formatError), (Query(counts: [2, 0, 0, 0]), .formatError),
            (Query(counts: [0xFFFF, 0, 0, 0]), .formatError), (Query(counts: [1, 2, 0, 0]), .formatError),
            (Query(counts: [1, 0, 2, 0]), .formatError), (Query(counts: [1, 0, 0, 3]), .formatError),
            (Query(counts: [1, 0, 0, 0xFFFF]), .formatError), (Query(counts: [1, 1, 0, 0]), .formatError),
            (Query(counts: [1, 1, 0, 0], rest: Query.record(type: 1)), .answer),
            (Query(counts: [1, 0, 1, 0], rest: Query.record(type: 6)), .answer),
            (Query(counts: [1, 1, 1, 2], rest: (1...4).flatMap { Query.record(type: $0) }), .answer),
        ]
        for (query, verdict) in rows {
            let reading = Reading(query.octets)
            #expect(reading.verdict == verdict, "\(query)")
            #expect(reading.request.flags == query.flags)
        }
        for opcode in UInt16(1)...15 {
            // The opcode comes before the counts: what is not a query need not look like one.
            let query = Query(flags: opcode << 11, counts: [0, 9, 9, 9])
            #expect(Reading(query.octets).verdict == .notImplemented)
            #expect(Reading(Array(query.octets.prefix(12))).verdict == .notImplemented)
            #expect(Reading(query.octets).request.opcode.rawValue == UInt8(opcode))
        }
        for length in 0..<12 { #expect(Reading(Array(Query().octets.prefix(length))).verdict == .drop) }
    }

    @Test("the limits of names, and label types other than plain ones")
    func names() {
        let rows: [([UInt8], RequestVerdict)] = [
            ([0], .answer), (Query.name(1), .answer), (Query.name(63), .answer), (Query.name(63, 63, 63, 61), .answer),
            (Query.name(63, 63, 63, 62), .formatError), (Query.name(63, 63, 63, 63), .formatError),
            ([UInt8](repeating: 1, count: 2 * 127) + [0], .answer),
            ([UInt8](repeating: 1, count: 2 * 128) + [0], .formatError),
            ([UInt8](repeating: 1, count: 2 * 126) + [2, 1, 1, 0], .formatError),
            ([64] + [UInt8](repeating: 0x61, count: 64) + [0], .formatError), ([0x41, 0x61, 0], .formatError),
            ([0x80, 0x61, 0], .formatError), ([0xC0, 0x0C], .formatError), ([0xC0, 0x00], .formatError),
            ([1, 0x61, 0xC0, 0x0C], .formatError), ([1, 0x61, 0xFF, 0xFF], .formatError), ([0xBF, 0], .formatError),
        ]
        for (name, verdict) in rows {
            let reading = Reading(Query(name: name).octets)
            #expect(reading.verdict == verdict, "\(hex(name))")
            guard verdict == .answer else {
                #expect(reading.request.nameLength == 0 && reading.request.questionEnd == 12)
                continue
            }
            #expect(reading.name == name)
            #expect(reading.request.questionEnd == 12 + name.count + 4)
            var offsets = [0]
            while let last = offsets.last, name[last] != 0 { offsets.append(last + 1 + Int(name[last])) }
            #expect(reading.labels == offsets)
        }
    }

    @Test("letters are folded, and nothing else; the message keeps its own")
    func folding() {
        let all = (0...255).map { UInt8($0) }
        for start in stride(from: 0, to: 256, by: 32) {
            let label = Array(all[start..<(start + 32)])
            let reading = Reading(Query(name: [32] + label + [0]).octets)
            #expect(reading.verdict == .answer)
            #expect(reading.name == [32] + label.map { $0 >= 0x41 && $0 <= 0x5A ? $0 + 0x20 : $0 } + [0])
        }
    }

    @Test("a query cut at any place is silence or FORMERR, and never what it was")
    func truncation() {
        let whole = Query.additional([
            Query.opt(options: [0, 10, 0, 4, 1, 2, 3, 4, 0, 3, 0, 0]),
            Query.record(type: 250, owner: [1, 0x6B, 0xC0, 12]),
        ]).octets
        #expect(Reading(whole).verdict == .answer)
        for length in 0..<whole.count {
            #expect(Reading(Array(whole.prefix(length))).verdict == (length < 12 ? .drop : .formatError), "\(length)")
        }
        // Octets behind the last record are nobody's.
        #expect(Reading(whole + [1, 2, 3]).verdict == .answer)
        #expect(Reading(Query().octets + [0xFF]).verdict == .answer)
    }

    @Test("OPT")
    func edns() {
        let tsig = Query.record(type: 250)
        let rows: [(what: String, records: [[UInt8]], verdict: RequestVerdict, size: Int, dnssec: Bool)] = [
            ("size", [Query.opt(size: 4096)], .answer, 4096, false),
            ("small", [Query.opt(size: 511)], .answer, 512, false),
            ("none", [Query.opt(size: 0)], .answer, 512, false),
            ("largest", [Query.opt(size: 65_535)], .answer, 65_535, false),
            ("DO", [Query.opt(flags: 0x8000)], .answer, 1232, true),
            ("Z", [Query.opt(flags: 0x7FFF)], .answer, 1232, false),
            ("version 1", [Query.opt(version: 1)], .badVersion, 1232, false),
            ("version 255, DO", [Query.opt(version: 255, flags: 0x8000)], .badVersion, 1232, true),
            ("unknown option", [Query.opt(options: [0xFF, 0xFE, 0, 1, 9])], .answer, 1232, false),
            ("empty option", [Query.opt(options: [0, 3, 0, 0])], .answer, 1232, false),
            ("option too long", [Query.opt(options: [0, 3, 0, 1])], .formatError, 1232, false),
            ("option cut", [Query.opt(options: [0, 3, 0])], .formatError, 1232, false),
            ("octets behind an option", [Query.opt(options: [0, 3, 0, 1, 9, 9])], .formatError, 1232, false),
            ("longest option", [Query.opt(options: [0, 3, 0xFF, 0xFF])], .formatError, 1232, false),
            ("ill-formed of version 1", [Query.opt(version: 1, options: [9])], .formatError, 1232, false),
            ("two", [Query.opt(), Query.opt()], .formatError, 1232, false),
            ("owner", [Query.opt(owner: [1, 0x61, 0])], .formatError, 512, false),
            ("owner is a pointer to the root", [Query.opt(owner: [0xC0, 19])], .formatError, 512, false),
            ("behind TSIG", [tsig, Query.opt(size: 600)], .answer, 600, false),
            ("before TSIG", [Query.opt(size: 600), tsig], .answer, 600, false),
            ("only TSIG", [tsig], .answer, 512, false),
            (
                "compressed owner", [Query.record(type: 250, owner: [0xC0, 12]), Query.opt(size: 600)], .answer, 600,
                false
            ),
            ("reserved label", [Query.record(type: 250, owner: [0x80, 0])], .formatError, 512, false),
            ("longest owner", [Query.record(type: 250, owner: Query.name(63, 63, 63, 61))], .answer, 512, false),
            ("owner too long", [Query.record(type: 250, owner: Query.name(63, 63, 63, 62))], .formatError, 512, false),
        ]
        for row in rows {
            let reading = Reading(Query.additional(row.records).octets)
            #expect(reading.verdict == row.verdict, "\(row.what)")
            #expect(reading.request.udpSize == row.size, "\(row.what)")
            #expect(reading.request.dnssecOK == row.dnssec, "\(row.what)")
            #expect(reading.request.questionEnd == 24, "\(row.what): the question was read in any case")
        }
        // OPT in another section is a record like any other.
        let elsewhere = Reading(Query(counts: [1, 1, 0, 0], rest: Query.opt()).octets)
        #expect(elsewhere.verdict == .answer && !elsewhere.request.hasEDNS)
    }

    @Test("a request's values do not stay for the next")
    func reuse() {
        let scratch = QuestionName()
        defer { scratch.deallocate() }
        var request = Request()
        let first = Query.additional([Query.opt(size: 4000, version: 3, flags: 0x8000)]).octets
        #expect(
            first.withUnsafeBytes { $0.baseAddress.map { request.read($0, length: first.count, name: scratch) } }
                == .badVersion)
        let second = Query(flags: 0, name: [0], type: 28).octets
        #expect(
            second.withUnsafeBytes { $0.baseAddress.map { request.read($0, length: second.count, name: scratch) } }
                == .answer)
        #expect(!request.hasEDNS && !request.dnssecOK && request.udpSize == 512 && request.ednsVersion == 0)
        #expect(
            request.type == .aaaa && request.labelCount == 0 && request.nameLength == 1 && !request.recursionDesired)
    }
}
