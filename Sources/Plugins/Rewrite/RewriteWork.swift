import DNSWire
import PluginKit

/// A query while the rules go over it, and then what the way up has to know of it.
struct RewriteWork {
    /// The question as the rules have made it so far.
    struct Question {
        /// In lower case: what rules match.
        var name: String
        /// As it stands in the message.
        var writtenName: String
        var type: RecordType
        var recordClass: RecordClass
    }

    /// The new name is no name.
    struct InvalidName: Error {}

    var question: Question
    private let original: Question
    /// nil where there is no OPT record.
    var options: [RecordData.Option]?
    private let originalOptions: [RecordData.Option]?
    private let opt: ResourceRecord?
    private let otherRecords: [[ResourceRecord]]
    private let header: [UInt8]
    /// Of the request in bytes.
    private let length: Int
    private(set) var responseRules: [ResponseRule] = []
    /// Options that responses are to carry.
    private(set) var echoed: Set<UInt16> = []

    /// Reads the request of an exchange, whose name's text is `name`; nil where its records cannot be read.
    init?(_ exchange: UnsafeMutablePointer<Exchange>, name: String) {
        let request = exchange.pointee.request
        let message = UnsafeRawBufferPointer(
            start: exchange.pointee.writer.base, count: exchange.pointee.requestLength)
        guard let base = message.baseAddress, message.count >= request.questionEnd else { return nil }
        var offset = Header.length
        guard let written = try? DomainName.read(from: message, at: &offset) else { return nil }
        question = Question(
            name: name, writtenName: "\(written)", type: request.type, recordClass: request.recordClass)
        original = question
        header = Array(message.prefix(Header.length))
        length = message.count
        offset = request.questionEnd
        var found: ResourceRecord?
        var sections: [[ResourceRecord]] = []
        for section in 0..<3 {
            var records: [ResourceRecord] = []
            for _ in 0..<Header.field(base, Header.answerCountOffset + 2 * section) {
                guard let record = try? ResourceRecord.read(from: message, at: &offset) else { return nil }
                if record.type == .opt { found = record } else { records.append(record) }
            }
            sections.append(records)
        }
        opt = found
        otherRecords = sections
        if let found, case .opt(let options) = found.data { self.options = options }
        originalOptions = options
    }

    /// Whether the request has to be written anew.
    var changesRequest: Bool {
        question.writtenName != original.writtenName || question.type != original.type
            || question.recordClass != original.recordClass || options != originalOptions
    }

    /// Carries out a rule; false where it is not for this query.
    mutating func apply(
        _ rule: RewriteRule, _ exchange: UnsafeMutablePointer<Exchange>
    ) throws(InvalidName) -> Bool {
        if let names = rule.names {
            if case .name(let rewrite) = rule.action { return try apply(rewrite, names) }
            guard names.matches(question.name) else { return false }
        }
        switch rule.action {
        case .name: return false
        case .type(let from, let to):
            guard question.type == from else { return false }
            question.type = to
        case .recordClass(let from, let to):
            guard question.recordClass == from else { return false }
            question.recordClass = to
        case .options(let rewrite):
            let (isDone, undo) = rewrite.apply(&options, question, exchange)
            guard isDone else { return false }
            if rewrite.isEchoed { echoed.insert(rewrite.code) }
            if let undo { responseRules.append(undo) }
        case .response(let rule): responseRules.append(rule)
        }
        return true
    }

    private mutating func apply(_ rewrite: NameRewrite, _ names: NameMatch) throws(InvalidName) -> Bool {
        guard let name = names.replacing(question.name, with: rewrite.replacement) else { return false }
        guard !name.isEmpty, let parsed = try? DomainName(parsing: name) else { throw InvalidName() }
        let old = question.name
        question.writtenName = name
        question.name = "\(parsed.lowercased())"
        if rewrite.restores {
            responseRules.append(.names(.remap(from: name, to: old)))
            responseRules.append(.values(.remap(from: name, to: old)))
        }
        responseRules += rewrite.responseRules
        return true
    }

    /// CoreDNS: the UDP size of an OPT record that the client did not send.
    private static let ownUDPSize: UInt16 = 4096

    /// How many bytes a rewritten request may be longer than the old one, options aside: a name written in full for each of
    /// the five records that a request may have, and an OPT record.
    private static let mostAdded = 6 * QuestionName.longest + 11

    /// The request in wire form; nil where it cannot be written.
    func message() -> [UInt8]? {
        guard let name = try? DomainName(parsing: question.writtenName) else { return nil }
        let optionLength = (options ?? []).reduce(0) { $0 + 4 + $1.octets.count }
        let storage = UnsafeMutableRawBufferPointer.allocate(
            byteCount: min(length + Self.mostAdded + optionLength, MessageBuffer.longest), alignment: 8)
        defer { storage.deallocate() }
        storage.copyBytes(from: header)
        var buffer = MessageBuffer(storage, position: header.count)
        var sections = otherRecords
        if sections.count == 3, options != nil || opt != nil {
            sections[2].append(
                ResourceRecord(
                    owner: .root, recordClass: opt?.recordClass ?? RecordClass(rawValue: Self.ownUDPSize),
                    ttl: opt?.ttl ?? 0, data: .opt(options ?? [])))
        }
        do throws(WireError) {
            try buffer.append(name.wire)
            try buffer.append(question.type.rawValue)
            try buffer.append(question.recordClass.rawValue)
            var compressor = NameCompressor()
            for record in sections.joined() { try RecordEncoder.encode(record, into: &buffer, compressor: &compressor) }
        } catch {
            return nil
        }
        var message = Array(buffer.written)
        for (place, section) in sections.enumerated() {
            message[Header.answerCountOffset + 2 * place] = UInt8(truncatingIfNeeded: section.count >> 8)
            message[Header.answerCountOffset + 2 * place + 1] = UInt8(truncatingIfNeeded: section.count)
        }
        return message
    }
}
