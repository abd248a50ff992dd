/// Finds the longest of a fixed set of zones that a name belongs to. The zones stand in raw memory, longest first, so that
/// a look-up counts no references.
///
/// `@unchecked Sendable`: written by `init` only.
public final class ZoneMatcher: @unchecked Sendable {
    private let memory: UnsafeMutableRawPointer
    private let count: Int

    /// - Parameter zones: names in wire form, any case; a look-up answers with the index into this array.
    public init(_ zones: [[UInt8]]) {
        let sorted = zones.enumerated().sorted { $0.element.count > $1.element.count }
        let entrySize = ZoneMatcherView.entrySize
        memory = .allocate(byteCount: max(1, sorted.count * entrySize), alignment: 8)
        count = sorted.count
        for (place, (index, zone)) in sorted.enumerated() {
            // SAFETY: one entry a zone; a name has at most 255 bytes, which is what an entry holds.
            let entry = memory + place * entrySize
            let bytes = zone.prefix(QuestionName.longest)
            entry.storeBytes(of: UInt32(truncatingIfNeeded: index), as: UInt32.self)
            entry.storeBytes(of: UInt16(truncatingIfNeeded: bytes.count), toByteOffset: 4, as: UInt16.self)
            entry.storeBytes(
                of: UInt16(truncatingIfNeeded: ZoneMatcher.labelCount(bytes)), toByteOffset: 6, as: UInt16.self)
            for (offset, octet) in bytes.enumerated() {
                let folded = octet >= 0x41 && octet <= 0x5A ? octet | 0x20 : octet
                entry.storeBytes(of: folded, toByteOffset: 8 + offset, as: UInt8.self)
            }
        }
    }

    deinit { memory.deallocate() }

    /// What to look names up through: valid for as long as the matcher is kept.
    public var view: ZoneMatcherView { ZoneMatcherView(base: UnsafeRawPointer(memory), count: count) }

    private static func labelCount(_ name: ArraySlice<UInt8>) -> Int {
        var count = 0
        var offset = name.startIndex
        while offset < name.endIndex, name[offset] != 0 {
            offset += Int(name[offset]) + 1
            count += 1
        }
        return count
    }
}

/// The reading side of a `ZoneMatcher`.
public struct ZoneMatcherView {
    @usableFromInline let base: UnsafeRawPointer
    /// Number of zones.
    public let count: Int

    /// Index (4), length (2), labels (2), name (255), one byte free.
    @inlinable static var entrySize: Int { 264 }

    @usableFromInline init(base: UnsafeRawPointer, count: Int) {
        self.base = base
        self.count = count
    }

    /// A zone that a name belongs to.
    public struct Match {
        /// Index into the array that the matcher was made from; -1 where no zone matches.
        public var index: Int
        /// Number of the name's labels to the left of the zone.
        public var labelsLeft: Int

        @inlinable init(index: Int, labelsLeft: Int) {
            self.index = index
            self.labelsLeft = labelsLeft
        }
    }

    /// The longest zone that the lower-cased `name` of `length` bytes and `labelCount` labels lies in.
    @inlinable public func longestMatch(_ name: QuestionName, length: Int, labelCount: Int) -> Match {
        var place = 0
        while place < count {
            // SAFETY: entries are those that ZoneMatcher wrote.
            let entry = base + place &* ZoneMatcherView.entrySize
            let zoneLength = Int(entry.load(fromByteOffset: 4, as: UInt16.self))
            let left = labelCount &- Int(entry.load(fromByteOffset: 6, as: UInt16.self))
            if left >= 0, zoneLength <= length, name.offset(ofLabel: left) == length &- zoneLength,
                equalBytes(entry + 8, name.bytes + (length &- zoneLength), zoneLength)
            {
                return Match(index: Int(entry.load(as: UInt32.self)), labelsLeft: left)
            }
            place &+= 1
        }
        return Match(index: -1, labelsLeft: 0)
    }

    /// The index of the shortest zone but the root that the name lies in; the root's where it lies in no other, and -1 where
    /// it lies in none at all.
    public func shortestMatch(_ name: QuestionName, length: Int, labelCount: Int) -> Int {
        var found = -1
        var place = 0
        while place < count {
            let entry = base + place &* ZoneMatcherView.entrySize
            let only = ZoneMatcherView(base: entry, count: 1)
            let zoneLength = entry.load(fromByteOffset: 4, as: UInt16.self)
            // Longest come first, so the last match is the shortest. The root's length is 1.
            let match = only.longestMatch(name, length: length, labelCount: labelCount)
            if match.index >= 0, zoneLength > 1 || found < 0 { found = match.index }
            place &+= 1
        }
        return found
    }
}
