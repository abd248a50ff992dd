import DNSWire
import PluginKit
import RecordIndex

/// What answers are kept under: the lower-cased name, type and class of a question, and its DO and CD bits. Valid for as long
/// as the name's memory.
struct CacheKey {
    let hash: UInt64
    let name: UnsafeRawPointer
    let nameLength: Int
    let type: UInt16
    let recordClass: UInt16
    /// 1 with DO, 2 with CD.
    let variant: UInt8

    /// The key of an exchange's question.
    init(_ exchange: UnsafeMutablePointer<Exchange>, _ hash: SeededHash) {
        let request = exchange.pointee.request
        self.init(
            name: UnsafeRawPointer(exchange.pointee.name.bytes), nameLength: request.nameLength,
            type: request.type.rawValue, recordClass: request.recordClass.rawValue,
            variant: (request.dnssecOK ? 1 : 0) | (request.flags & Header.checkingDisabled != 0 ? 2 : 0), hash)
    }

    init(
        name: UnsafeRawPointer, nameLength: Int, type: UInt16, recordClass: UInt16, variant: UInt8, _ hash: SeededHash
    ) {
        self.name = name
        self.nameLength = nameLength
        self.type = type
        self.recordClass = recordClass
        self.variant = variant
        let rest = UInt64(type) << 32 | UInt64(recordClass) << 8 | UInt64(variant)
        // The name's hash is keyed; an odd factor and a fold spread the rest over all bits.
        let product = (hash.hash(name, nameLength) ^ rest).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        self.hash = product.high ^ product.low
    }

    /// Whether an entry is one of this question.
    @inline(__always)
    func matches(_ entry: CacheEntry.Pointer) -> Bool {
        // SAFETY: both names have `nameLength` bytes.
        entry.pointee.hash == hash && entry.pointee.type == type && entry.pointee.recordClass == recordClass
            && entry.pointee.variant == variant && Int(entry.pointee.nameLength) == nameLength
            && equalBytes(CacheEntry.name(entry), name, nameLength)
    }
}
