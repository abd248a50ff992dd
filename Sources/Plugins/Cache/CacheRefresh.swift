import PluginKit

/// A question that the cache asks of its own accord, for an entry that expires soon or has expired.
///
/// `@unchecked Sendable`: made by the worker that gives out the entry; everything else happens on the event loop's thread.
final class CacheRefresh: @unchecked Sendable {
    /// Whether the entry has expired, so that only something better may take its place.
    let isStale: Bool
    private let store: CacheStore
    private let name: [UInt8]
    private let type: UInt16
    private let recordClass: UInt16
    private let variant: UInt8
    private let keepsAnswer: Bool
    /// Whether an answer has come that may take the entry's place.
    private(set) var hasSucceeded = false
    /// That answer, where somebody waits for it.
    private(set) var answer: CacheEntry.Pointer?

    init(_ store: CacheStore, _ key: CacheKey, isStale: Bool, keepsAnswer: Bool = false) {
        self.store = store
        self.isStale = isStale
        self.keepsAnswer = keepsAnswer
        // SAFETY: a key's name has `nameLength` bytes.
        name = Array(UnsafeRawBufferPointer(start: key.name, count: key.nameLength))
        type = key.type
        recordClass = key.recordClass
        variant = key.variant
    }

    deinit {
        if let answer { CacheEntry.free(answer) }
    }

    /// A response has come.
    func succeeded(_ isBetter: Bool, _ makeAnswer: () -> CacheEntry.Pointer) {
        hasSucceeded = isBetter || !isStale
        if keepsAnswer, isBetter, answer == nil { answer = makeAnswer() }
    }

    /// It is over: the entry, if it is still there, may be refreshed again, but after one that failed not before
    /// `retryAfter`.
    func end(retryAfter: UInt64) {
        name.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            let key = CacheKey(
                name: start, nameLength: bytes.count, type: type, recordClass: recordClass, variant: variant,
                store.hash)
            store.endRefresh(key, retryAfter: hasSucceeded ? 0 : retryAfter)
        }
    }
}
