import DNSWire
import LinuxIO
import PluginKit

/// A finished response as the cache sees it: found by one walk over its records. The memory is the exchange's.
struct FinishedResponse {
    /// What it says, in CoreDNS's terms (plugin/pkg/response).
    enum Kind {
        case answer
        /// The name has no records of the type, and an SOA record says for how long.
        case noData
        case nameError
        /// SERVFAIL and NOTIMP.
        case serverError
        case delegation
        /// Never kept.
        case other
    }

    let message: UnsafeRawBufferPointer
    /// Where the records begin.
    let start: Int
    /// Where they end, the OPT record at the end left out.
    private(set) var end: Int
    let flags: UInt16
    let code: UInt16
    /// Number of the plugin that answered.
    let answeredBy: UInt8
    private(set) var answerCount: Int
    private(set) var authorityCount: Int
    private(set) var additionalCount: Int
    /// Whether the records could be walked, and an OPT record, if any, is the last one.
    private(set) var isWhole = false
    private var leastTTL = UInt32.max
    /// MINIMUM of the authority's SOA record.
    private var leastMinimum = UInt32.max
    private var hasSOA = false
    private var hasNameServers = false
    private var hasInvalidSignature = false

    /// Records of a message at most: a walk stops there, and the message is not kept.
    static let mostRecords = 4096

    /// Walks a finished response, and writes where its TTLs stand to `places`.
    init?(
        _ exchange: UnsafeMutablePointer<Exchange>, places: UnsafeMutableBufferPointer<UInt16>, wall: () -> Clock.Wall
    ) {
        let base = UnsafeRawPointer(exchange.pointee.writer.base)
        let length = exchange.pointee.responseLength
        start = exchange.pointee.request.questionEnd
        guard length >= Header.length, start <= length else { return nil }
        // SAFETY: the response is finished: `length` bytes at `base` with its header.
        message = UnsafeRawBufferPointer(start: base, count: length)
        end = start
        flags = Header.field(base, Header.flagsOffset)
        code = exchange.pointee.code.rawValue
        answeredBy = exchange.pointee.answeredBy
        answerCount = Int(Header.field(base, Header.answerCountOffset))
        authorityCount = Int(Header.field(base, Header.authorityCountOffset))
        additionalCount = Int(Header.field(base, Header.additionalCountOffset))
        walk(places, checksSignatures: exchange.pointee.request.dnssecOK, wall)
    }

    private mutating func walk(
        _ places: UnsafeMutableBufferPointer<UInt16>, checksSignatures: Bool, _ wall: () -> Clock.Wall
    ) {
        let total = answerCount + authorityCount + additionalCount
        var walk = RecordWalk(message: message, offset: start, remaining: total)
        var place = 0
        while let record = walk.next() {
            if record.type == .opt {
                // An OPT record is the hop's, not the answer's. In the middle it cannot be left out: names behind it may
                // be pointed at by their offsets.
                guard place == total - 1, additionalCount > 0 else { return }
                additionalCount -= 1
                isWhole = true
                return
            }
            guard place < places.count, record.fixed + 4 <= Int(UInt16.max) else { return }
            places[place] = UInt16(truncatingIfNeeded: record.fixed + 4)
            end = record.end
            leastTTL = min(leastTTL, value(record.fixed + 4))
            let isAuthority = place >= answerCount && place < answerCount + authorityCount
            if isAuthority, record.type == .ns { hasNameServers = true }
            if isAuthority, record.type == .soa {
                hasSOA = true
                // RFC 2308, section 5: a denial lasts as long as the lesser of the SOA record's TTL and its MINIMUM field,
                // which is the last of its data.
                if record.dataLength >= 22 { leastMinimum = min(leastMinimum, value(record.end - 4)) }
            }
            if checksSignatures, record.type == .rrsig, !ResponseClass.isValid(record, message, wall()) {
                hasInvalidSignature = true
            }
            place += 1
        }
        isWhole = place == total
    }

    private func value(_ offset: Int) -> UInt32 {
        // SAFETY: the walk has checked that the record lies within the message.
        UInt32(bigEndian: message.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// Whether the answer was cut.
    var isTruncated: Bool { flags & Header.truncated != 0 }
    var recordCount: Int { answerCount + authorityCount + additionalCount }

    /// The kind of the response to `question`, whose records `answersQuestion` has looked for.
    func kind(answersQuestion: Bool) -> Kind {
        guard isWhole, !hasInvalidSignature else { return .other }
        switch code {
        case 0:
            // Aliases that end nowhere are a denial where an SOA record says so (RFC 2308, section 2.2).
            if answerCount > 0 { return hasSOA && !answersQuestion ? .noData : .answer }
            return hasSOA ? .noData : hasNameServers ? .delegation : .answer
        // CoreDNS 1.14.7: of an alias's target too (RFC 2308, section 2.1).
        case 3: return .nameError
        case 2, 4: return .serverError
        default: return .other
        }
    }

    /// Whether a response of a kind may be kept.
    ///
    /// - Parameter wasRecursive: whether recursion was asked for. What a resolver says without it that is neither an answer nor a
    ///   denial (a referral, or that it does not do that) says nothing to those who ask for it, and has the same key.
    func mayBeKept(_ kind: Kind, answersQuestion: Bool, wasRecursive: Bool) -> Bool {
        if isTruncated { return false }
        switch kind {
        case .other: return false
        // RFC 2308, section 5: without an SOA record nobody knows for how long. CoreDNS: nor is kept what breaks off before it
        // has answered; the next one who asks may be luckier.
        case .nameError: return hasSOA
        case .answer: return answerCount == 0 ? wasRecursive || recordCount > 0 : answersQuestion
        case .noData: return true
        case .serverError, .delegation: return wasRecursive
        }
    }

    /// Seconds that the response may be kept, which is the TTL that it is given on with too.
    func ttl(_ kind: Kind, _ options: CacheOptions) -> UInt32 {
        let bounds: CacheOptions.Bounds
        switch kind {
        case .serverError: return options.failureTTL
        case .noData, .nameError: bounds = options.denial
        case .answer, .delegation, .other: bounds = options.success
        }
        // CoreDNS: five seconds where no record says anything, and for what is no answer.
        let hasNone = recordCount == 0
        let isShort = kind == .delegation || kind == .other
        let isDenial = kind == .noData || kind == .nameError
        let least = isDenial ? min(leastTTL, leastMinimum) : leastTTL
        let said = hasNone || isShort ? CacheOptions.Bounds.defaultShortestTTL : least
        return min(max(said, bounds.shortestTTL), bounds.longestTTL)
    }

    /// Makes an entry of the response.
    func entry(
        _ kind: CacheEntry.Kind, _ key: CacheKey, ttl: UInt32, now: UInt64, answersQuestion: Bool,
        places: UnsafeMutableBufferPointer<UInt16>
    ) -> CacheEntry.Pointer {
        let length = end - start
        let size = CacheEntry.size(recordCount: recordCount, nameLength: key.nameLength, length: length)
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: size, alignment: MemoryLayout<CacheEntry>.alignment)
        // SAFETY: the allocation has room for the head and the three parts behind it; the places are as many as the records.
        let entry = memory.bindMemory(to: CacheEntry.self, capacity: 1)
        entry.initialize(
            to: CacheEntry(
                storedAt: now, ttl: ttl, hash: key.hash, size: size, length: length, type: key.type,
                recordClass: key.recordClass, code: code,
                flags: flags & (Header.authenticData | Header.recursionAvailable),
                answerCount: UInt16(truncatingIfNeeded: answerCount),
                authorityCount: UInt16(truncatingIfNeeded: authorityCount),
                additionalCount: UInt16(truncatingIfNeeded: additionalCount),
                nameLength: UInt8(truncatingIfNeeded: key.nameLength), variant: key.variant, kind: kind,
                answersQuestion: answersQuestion, answeredBy: answeredBy))
        if let source = places.baseAddress {
            CacheEntry.places(entry).copyMemory(from: source, byteCount: recordCount * 2)
        }
        CacheEntry.name(entry).copyMemory(from: key.name, byteCount: key.nameLength)
        if length > 0, let base = message.baseAddress {
            CacheEntry.records(entry).copyMemory(from: base + start, byteCount: length)
        }
        return entry
    }
}
