import DNSWire

/// One use of `template`: which queries it takes, and what it makes of them.
struct TemplateRule: Sendable {
    let recordClass: RecordClass
    let type: RecordType
    /// Fully qualified, in lower case.
    let zones: [String]
    let zoneMatcher: ZoneMatcher
    /// Empty where every name matches.
    var patterns: [RegularExpression] = []
    var answer: [GoTemplate] = []
    var authority: [GoTemplate] = []
    var additional: [GoTemplate] = []
    /// `var`: names and what they stand for, in order; each may use those before it.
    var variables: [(name: String, expression: Expression)] = []
    /// `expr`: what has to be true.
    var conditions: [Expression] = []
    /// What the next `var` or `expr` may name.
    var scope = ExpressionScope(hasGroups: true)
    var code = ResponseCode.noError
    /// The options of the response's OPT record, in wire form: an extended error (RFC 8914), or nothing.
    var options: OptionBytes?
    /// The zones whose names go on where no pattern matches; nil without `fallthrough`.
    var fallthroughZones: ZoneMatcher?

    /// Whether there is more to a match than the name.
    var hasExpressions: Bool { !variables.isEmpty || !conditions.isEmpty }

    /// The label of the metrics and `.Class`: the question's, or where that is ANY the rule's.
    func className(_ request: Request) -> String {
        "\(request.recordClass == .any ? recordClass : request.recordClass)"
    }

    /// The label of the metrics and `.Type`.
    func typeName(_ request: Request) -> String {
        "\(request.type == .any ? type : request.type)"
    }
}

/// Options of an OPT record in memory that does not move.
///
/// `@unchecked Sendable`: written by `init` only.
final class OptionBytes: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer

    /// An extended error (RFC 8914, section 2): code 15, its length, the information code and the text.
    init(extendedError code: UInt16, reason: String) {
        // The text is cut where it would not fit into what is sensible for a response without fragments.
        let text = reason.utf8.prefix(Self.longestReason)
        let length = UInt16(truncatingIfNeeded: 2 + text.count)
        let octets = [0, 15, UInt8(length >> 8), UInt8(length & 0xFF), UInt8(code >> 8), UInt8(code & 0xFF)] + text
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: octets.count, alignment: 1)
        memory.copyBytes(from: octets)
        bytes = UnsafeRawBufferPointer(memory)
    }

    deinit { bytes.deallocate() }

    /// Longest text of an extended error in bytes.
    private static let longestReason = 255
}
