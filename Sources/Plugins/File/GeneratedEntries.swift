import DNSWire

/// The entries that `$GENERATE START-STOP[/STEP] OWNER [TTL] [CLASS] TYPE DATA` stands for: `$` in the words behind the range is
/// the number, `${OFFSET,WIDTH,BASE}` the number with an offset, leading zeros and in another base (d, o, x or X), and `\$` a
/// dollar sign (BIND 9 Administrator Reference Manual, "BIND Primary File Extension").
struct GeneratedEntries: Sequence, IteratorProtocol {
    /// Most entries of one line: a /16 network's addresses.
    private static let most = 65_536
    /// Most digits of a number.
    private static let widest = 63

    private let template: PresentationEntry
    private var numbers: StrideThrough<Int>.Iterator
    /// What was wrong with a word as soon as that is found; then the entries end.
    private(set) var failure: PresentationError?

    /// - Parameter entry: the line, `$GENERATE` included.
    init(_ entry: PresentationEntry) throws(PresentationError) {
        guard entry.tokens.count >= 3 else {
            throw PresentationError(
                line: entry.endLine, column: entry.endColumn, found: "the end of the line",
                expected: "a range such as 1-254 and a record")
        }
        let range = entry.tokens[1]
        let expected = "a range START-STOP or START-STOP/STEP of at most \(Self.most) numbers"
        let parts = String(decoding: range.octets, as: UTF8.self).split(
            separator: "/", omittingEmptySubsequences: false)
        let bounds = parts[0].split(separator: "-", omittingEmptySubsequences: false).map { UInt32($0) }
        guard parts.count <= 2, bounds.count == 2, let first = bounds[0], let last = bounds[1], first <= last,
            let step = parts.count == 2 ? UInt32(parts[1]) : 1, step > 0,
            (last - first) / step < UInt32(Self.most)
        else { throw range.error(expected: expected) }
        numbers = stride(from: Int(first), through: Int(last), by: Int(step)).makeIterator()
        var template = entry
        template.tokens.removeFirst(2)
        template.beginsWithBlank = false
        self.template = template
    }

    mutating func next() -> PresentationEntry? {
        guard failure == nil, let number = numbers.next() else { return nil }
        var entry = template
        do throws(PresentationError) {
            for index in entry.tokens.indices { try Self.fill(&entry.tokens[index], number) }
            return entry
        } catch {
            failure = error
            return nil
        }
    }

    private static func fill(_ token: inout PresentationToken, _ number: Int) throws(PresentationError) {
        guard token.octets.contains(UInt8(ascii: "$")) else { return }
        var filled: [UInt8] = []
        var rest = token.octets[...]
        while let octet = rest.popFirst() {
            if octet == UInt8(ascii: "\\"), let escaped = rest.popFirst() {
                filled += [octet, escaped]
            } else if octet != UInt8(ascii: "$") {
                filled.append(octet)
            } else if rest.first != UInt8(ascii: "{") {
                filled += Array(String(number).utf8)
            } else {
                let inside = rest.dropFirst().prefix { $0 != UInt8(ascii: "}") }
                guard inside.endIndex < rest.endIndex, let text = text(number, String(decoding: inside, as: UTF8.self))
                else {
                    throw token.error(expected: "${OFFSET,WIDTH,BASE} with a number of 0 or more as the outcome")
                }
                filled += Array(text.utf8)
                rest = rest[(inside.endIndex + 1)...]
            }
        }
        token.octets = filled
    }

    /// The number as the modifiers between the braces say; nil where they are none.
    private static func text(_ number: Int, _ modifiers: String) -> String? {
        let parts = modifiers.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count <= 3, let offset = parts.first.flatMap({ Int32($0) }) else { return nil }
        let width = parts.count > 1 ? Int(parts[1]) : 0
        let base = parts.count > 2 ? parts[2] : "d"
        guard let width, (0...widest).contains(width), number + Int(offset) >= 0 else { return nil }
        let radix: Int
        switch base {
        case "d": radix = 10
        case "o": radix = 8
        case "x", "X": radix = 16
        default: return nil
        }
        let digits = String(number + Int(offset), radix: radix, uppercase: base == "X")
        return String(repeating: "0", count: Swift.max(0, width - digits.utf8.count)) + digits
    }
}
