import DNSWire

/// A query as bytes.
enum Query {
    /// A query of number 0 for `name`, without EDNS.
    static func bytes(_ name: String, _ type: RecordType) throws(BenchFailure) -> [UInt8] {
        let question: DomainName
        do throws(NameError) { question = try DomainName(parsing: name) } catch {
            throw BenchFailure("\(name): \(error)")
        }
        // RD, one question.
        return [0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + question.wire
            + [UInt8(type.rawValue >> 8), UInt8(type.rawValue & 0xFF), 0, 1]
    }
}

/// The head of a response.
struct Reply: Equatable {
    var code: UInt8
    var answers: UInt16
}
