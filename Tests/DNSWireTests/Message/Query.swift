import DNSWire
import Testing

/// A query as octets, part by part.
struct Query {
    var flags: UInt16 = 0x0100
    /// Questions, answers, authorities, additionals, as the header says.
    var counts: [UInt16] = [1, 0, 0, 0]
    var name: [UInt8] = [3, 0x77, 0x77, 0x77, 2, 0x65, 0x78, 0]
    var type: UInt16 = 1
    /// Whatever stands behind the question.
    var rest: [UInt8] = []

    var octets: [UInt8] {
        let header = [0xABCD, flags] + counts
        return header.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] } + name + [
            UInt8(type >> 8), UInt8(type & 0xFF), 0, 1,
        ] + rest
    }

    /// A query with `records` in the additional section.
    static func additional(_ records: [[UInt8]]) -> Query {
        Query(counts: [1, 0, 0, UInt16(records.count)], rest: records.flatMap { $0 })
    }

    /// An OPT record.
    static func opt(
        size: UInt16 = 1232, version: UInt8 = 0, flags: UInt16 = 0, options: [UInt8] = [], owner: [UInt8] = [0]
    ) -> [UInt8] {
        owner + [0, 41, UInt8(size >> 8), UInt8(size & 0xFF), 0, version, UInt8(flags >> 8), UInt8(flags & 0xFF)]
            + [UInt8(options.count >> 8), UInt8(options.count & 0xFF)] + options
    }

    /// A record of class ANY, as TSIG is one.
    static func record(type: UInt16, owner: [UInt8] = [1, 0x6B, 0], data: [UInt8] = [1, 2, 3]) -> [UInt8] {
        owner + [UInt8(type >> 8), UInt8(type & 0xFF), 0, 255, 0, 0, 0, 0, 0, UInt8(data.count)] + data
    }

    /// Labels of the lengths given, then the root label.
    static func name(_ lengths: Int...) -> [UInt8] {
        lengths.flatMap { [UInt8($0)] + [UInt8](repeating: 0x61, count: $0) } + [0]
    }
}

/// What reading a message came to.
struct Reading {
    var verdict: RequestVerdict
    var request: Request
    /// The lower-cased name.
    var name: [UInt8]
    /// The offsets of its labels, the root label's included.
    var labels: [Int]

    /// Reads a copy that ends where its memory ends.
    init(_ octets: [UInt8]) {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(octets.count, 1), alignment: 1)
        memory.copyMemory(from: octets, byteCount: octets.count)
        let scratch = QuestionName()
        request = Request()
        verdict = request.read(memory, length: octets.count, name: scratch)
        name = (0..<request.nameLength).map { scratch.bytes[$0] }
        labels = request.nameLength > 0 ? (0...request.labelCount).map { scratch.offset(ofLabel: $0) } : []
        scratch.deallocate()
        memory.deallocate()
    }
}
