import ClusterZone
import DNSWire
import RecordIndex

/// Answers as a worker writes them, without sockets: one request in, in memory of its own.
final class AnswerBench {
    /// Bytes of a message at most, which is as many as TCP carries.
    static let mostBytes = 65_535

    /// What an answer is.
    struct Answer {
        var code: UInt8 = 0
        /// Records of the answer section; nil: how many there are does not matter, but there are some.
        var answers: Int?
        var isTruncated = false

        /// Whether this is what was expected.
        func matches(_ expected: Answer) -> Bool {
            let isEnough = expected.answers.map { $0 == answers } ?? ((answers ?? 0) > 0)
            return code == expected.code && isTruncated == expected.isTruncated && isEnough
        }
    }

    private let snapshot: IndexSnapshot
    private let zones: ZoneMatcher
    private let zonesView: ZoneMatcherView
    private let reader: ClusterReader
    private let name = QuestionName()
    private let buffer: UnsafeMutableRawPointer
    /// Whether everything answered as it should, and something that depends on all results.
    private(set) var sum = 0

    init(_ snapshot: IndexSnapshot) throws(BenchFailure) {
        self.snapshot = snapshot
        var wires: [[UInt8]] = []
        for text in ["cluster.local.", "in-addr.arpa.", "ip6.arpa."] {
            do throws(NameError) { wires.append(try DomainName(parsing: text).wire) } catch {
                throw BenchFailure("\(error)")
            }
        }
        zones = ZoneMatcher(wires)
        zonesView = zones.view
        reader = ClusterReader(
            index: snapshot.view, options: ClusterOptions(), zones: zonesView, primaryZone: wires[0],
            localAddresses: [],
            answersLocalAddresses: false)
        buffer = .allocate(byteCount: Self.mostBytes, alignment: 16)
    }

    /// Gives the memory back; nothing may be asked afterwards.
    func deallocate() {
        reader.deallocate()
        name.deallocate()
        buffer.deallocate()
    }

    /// Copies a query, which is shorter than the buffer, and reads it.
    @inline(__always)
    private func take(_ query: [UInt8], _ request: inout Request) {
        // SAFETY: every query here has at most a name (255 bytes) and 16 bytes more; the buffer has 65,535.
        query.withUnsafeBytes { bytes in
            if let start = bytes.baseAddress, bytes.count <= Self.mostBytes {
                buffer.copyMemory(from: start, byteCount: bytes.count)
            }
        }
        if request.read(buffer, length: query.count, name: name) == .answer { sum &+= 1 }
    }

    /// Reads a request.
    func read(_ query: [UInt8]) {
        var request = Request()
        take(query, &request)
    }

    /// Reads a request and finds the service that its first two labels name.
    func find(_ query: [UInt8]) {
        var request = Request()
        take(query, &request)
        if reader.index.service(name.bytes, name.offset(ofLabel: 2)) != nil { sum &+= 1 }
    }

    /// Reads a request and writes the whole answer, of at most `limit` bytes.
    @inline(never)
    func answer(_ query: [UInt8], limit: Int) -> Answer {
        var request = Request()
        take(query, &request)
        var writer = ResponseWriter(base: buffer, position: request.questionEnd, limit: min(limit, Self.mostBytes))
        let match = zonesView.longestMatch(name, length: request.nameLength, labelCount: request.labelCount)
        let question = ClusterQuestion(
            name: name, request: request, labelsLeft: match.labelsLeft, isMulticluster: false)
        var target = 0
        let outcome = reader.answer(question, into: &writer, externalTarget: &target)
        if outcome == .noData || outcome == .nameError { reader.writeSOA(question, into: &writer) }
        let code: ResponseCode = outcome == .nameError ? .nameError : .noError
        let answers = Int(writer.answerCount)
        let isTruncated = writer.isTruncated
        sum &+= writer.finish(request, code: code, flags: Header.authoritative)
        return Answer(code: outcome == .nameError ? 3 : 0, answers: answers, isTruncated: isTruncated)
    }
}
