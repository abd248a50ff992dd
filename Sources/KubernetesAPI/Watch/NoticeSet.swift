/// The kinds of notices that were given since the stream was well, so that none is repeated.
struct NoticeSet: Sendable, Hashable {
    private var bits: UInt16 = 0

    var isEmpty: Bool { bits == 0 }

    /// Adds a kind and says whether it is new.
    mutating func insert(_ kind: WatchNotice.Kind) -> Bool {
        let bit = UInt16(1) << UInt16(kind.rawValue)
        defer { bits |= bit }
        return bits & bit == 0
    }
}
