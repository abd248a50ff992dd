import DNSWire
import PluginKit

extension FinishedResponse {
    /// How many aliases are followed: more than any resolver does. What needs more is no answer.
    private static let mostAliases = 32

    /// Whether the answer section has a record of the type asked for at the name where its aliases lead, beginning with the
    /// question's (RFC 1034, section 3.6.2). Aliases that lead round in a circle or to several places lead nowhere.
    func answersQuestion(type: UInt16, recordClass: UInt16) -> Bool {
        guard code == 0, answerCount > 0 else { return false }
        var owner = Header.length
        var followed = 0
        while followed <= Self.mostAliases {
            var alias: Int?
            var hasType = false
            var walk = RecordWalk(message: message, offset: start, remaining: answerCount)
            while let record = walk.next() {
                guard isClass(record, recordClass), sameName(record.start, owner) else { continue }
                if record.type.rawValue == type || type == RecordType.any.rawValue { hasType = true }
                guard record.type == .cname else { continue }
                // RFC 2181, section 10.1: an alias has one canonical name.
                if let other = alias, !sameName(other, record.data) { return false }
                alias = record.data
            }
            // A question for the alias itself, or for everything there is, does not follow it.
            if type == RecordType.cname.rawValue || type == RecordType.any.rawValue { return hasType }
            guard let alias else { return hasType }
            owner = alias
            followed += 1
        }
        return false
    }

    private func isClass(_ record: RecordWalk.Record, _ wanted: UInt16) -> Bool {
        // 255 is ANY. SAFETY: type and class stand within the message.
        wanted == 255
            || UInt16(bigEndian: message.loadUnaligned(fromByteOffset: record.fixed + 2, as: UInt16.self)) == wanted
    }

    /// Whether the names at two offsets are the same but for the case of letters (RFC 4343).
    private func sameName(_ left: Int, _ right: Int) -> Bool {
        var left = left
        var right = right
        var labels = 0
        while labels <= QuestionName.mostLabels {
            guard let leftLabel = label(left), let rightLabel = label(right) else { return false }
            if leftLabel == rightLabel { return true }
            let length = message[leftLabel]
            guard length == message[rightLabel] else { return false }
            if length == 0 { return true }
            var place = 1
            while place <= Int(length) {
                guard lowered(leftLabel + place) == lowered(rightLabel + place) else { return false }
                place += 1
            }
            left = leftLabel + 1 + Int(length)
            right = rightLabel + 1 + Int(length)
            labels += 1
        }
        return false
    }

    /// Pointers in a row that are followed; a chain of more is not made by anybody who means well.
    private static let mostPointers = 16

    /// Where the label stands that the one at `offset` is or points to; nil where there is none within the message.
    private func label(_ offset: Int) -> Int? {
        var offset = offset
        var pointers = 0
        while offset >= 0, offset < message.count {
            let octet = message[offset]
            if octet < 0x40 { return offset + Int(octet) < message.count ? offset : nil }
            guard octet >= 0xC0, offset + 1 < message.count, pointers < Self.mostPointers else { return nil }
            // RFC 1035, section 4.1.4: the other 14 bits are the offset.
            offset = Int(octet & 0x3F) << 8 | Int(message[offset + 1])
            pointers += 1
        }
        return nil
    }

    private func lowered(_ offset: Int) -> UInt8 {
        let octet = message[offset]
        return octet &- 0x41 < 26 ? octet | 0x20 : octet
    }
}
