import DNSWire
import LinuxIO
import PluginKit

/// One answer in the cache: a head, and behind it in the same allocation the places of its TTLs, its name, and its records as
/// they stood in the message. Only who holds the lock of its shard may touch it.
struct CacheEntry: BitwiseCopyable {
    typealias Pointer = UnsafeMutablePointer<CacheEntry>

    /// What an answer says, which is what tells apart the entries of one question.
    enum Kind: UInt8 {
        case success = 0
        /// NXDOMAIN, NODATA, and server failures.
        case denial = 1
        /// A success that answered its question, kept where a later one does not (`serve_stale_policy prefer_positive`).
        case retained = 2
    }

    /// The next entry of the same bucket; of a list to be freed outside of the shard.
    var next: Pointer?
    /// Neighbours in the order of age.
    var newer: Pointer?
    var older: Pointer?
    /// Monotonic time in nanoseconds.
    var storedAt: UInt64
    /// When it was last asked for, and how often without a gap: for `prefetch`.
    var lastAsked: UInt64 = 0
    var asked: UInt32 = 0
    /// Seconds for which it may be given out.
    let ttl: UInt32
    /// No refresh before this time, after one that failed.
    var retryAfter: UInt64 = 0
    /// Until when a refresh counts as being on its way.
    var refreshedUntil: UInt64 = 0
    let hash: UInt64
    /// Bytes of the whole allocation.
    let size: Int
    /// Bytes of the records.
    let length: Int
    let type: UInt16
    let recordClass: UInt16
    let code: UInt16
    /// AD and RA as they came.
    let flags: UInt16
    let answerCount: UInt16
    let authorityCount: UInt16
    let additionalCount: UInt16
    let nameLength: UInt8
    /// `CacheKey.variant`.
    let variant: UInt8
    var kind: Kind
    /// Whether it was given out since it was last passed over by an eviction.
    var isUsed = false
    /// Whether it has records of the type asked for, where the aliases lead.
    let answersQuestion: Bool
    /// Number of the plugin that answered.
    let answeredBy: UInt8

    init(
        storedAt: UInt64, ttl: UInt32, hash: UInt64, size: Int, length: Int, type: UInt16, recordClass: UInt16,
        code: UInt16, flags: UInt16, answerCount: UInt16, authorityCount: UInt16, additionalCount: UInt16,
        nameLength: UInt8, variant: UInt8, kind: Kind, answersQuestion: Bool, answeredBy: UInt8
    ) {
        self.storedAt = storedAt
        self.ttl = ttl
        self.hash = hash
        self.size = size
        self.length = length
        self.type = type
        self.recordClass = recordClass
        self.code = code
        self.flags = flags
        self.answerCount = answerCount
        self.authorityCount = authorityCount
        self.additionalCount = additionalCount
        self.nameLength = nameLength
        self.variant = variant
        self.kind = kind
        self.answersQuestion = answersQuestion
        self.answeredBy = answeredBy
    }

    /// Number of records.
    var recordCount: Int { Int(answerCount) &+ Int(authorityCount) &+ Int(additionalCount) }

    /// Seconds left: 0 and less once it has expired.
    func remaining(_ now: UInt64) -> Int {
        // Workers take the time once a batch, so that an entry may be a little younger than now.
        let age = now > storedAt ? (now &- storedAt) / Clock.second : 0
        return Int(ttl) &- Int(truncatingIfNeeded: age)
    }

    /// How long a refresh counts as being on its way if its end is not heard of, in nanoseconds: more than any plugin waits.
    static var longestRefresh: UInt64 { 30 &* Clock.second }

    /// Bytes of an allocation: with what the allocator adds itself.
    static func size(recordCount: Int, nameLength: Int, length: Int) -> Int {
        MemoryLayout<CacheEntry>.size &+ recordCount &* 2 &+ nameLength &+ length &+ allocatorOverhead
    }

    /// What malloc keeps for itself, about.
    private static var allocatorOverhead: Int { 16 }

    // SAFETY of the three below: the allocation has room for all parts, as `size` says.

    /// The places of the TTLs in the message, in order.
    static func places(_ entry: Pointer) -> UnsafeMutableRawPointer { UnsafeMutableRawPointer(entry + 1) }
    /// The lower-cased name.
    static func name(_ entry: Pointer) -> UnsafeMutableRawPointer { places(entry) + entry.pointee.recordCount &* 2 }
    /// The records, whose compression pointers count from the beginning of the message.
    static func records(_ entry: Pointer) -> UnsafeMutableRawPointer {
        name(entry) + Int(entry.pointee.nameLength)
    }

    /// Frees an entry that is in no shard any more.
    static func free(_ entry: Pointer) { UnsafeMutableRawPointer(entry).deallocate() }

    /// Writes the entry's answer behind the question of an exchange: every TTL is `ttl` seconds. What does not fit is left
    /// out. Allocates nothing.
    static func write(_ entry: Pointer, ttl: UInt32, into exchange: UnsafeMutablePointer<Exchange>) {
        let start = exchange.pointee.request.questionEnd
        var length = entry.pointee.length
        var records = entry.pointee.recordCount
        exchange.pointee.writer.answerCount = entry.pointee.answerCount
        exchange.pointee.writer.authorityCount = entry.pointee.authorityCount
        exchange.pointee.writer.additionalCount = entry.pointee.additionalCount
        exchange.pointee.writer.isTruncated = false
        if start &+ length > exchange.pointee.writer.limit {
            (length, records) = fitting(entry, exchange)
        }
        let base = exchange.pointee.writer.base
        // SAFETY: the records fit; the places are those of their TTLs.
        (base + start).copyMemory(from: CacheEntry.records(entry), byteCount: length)
        let places = places(entry)
        var place = 0
        while place < records {
            let offset = Int(places.loadUnaligned(fromByteOffset: place &* 2, as: UInt16.self))
            base.storeBytes(of: ttl.bigEndian, toByteOffset: offset, as: UInt32.self)
            place &+= 1
        }
        exchange.pointee.writer.position = start &+ length
        exchange.pointee.code = ResponseCode(rawValue: entry.pointee.code)
    }

    /// The bytes and the number of the records that fit, whole ones from the first on; sets the counts and TC to match.
    @inline(never)
    private static func fitting(_ entry: Pointer, _ exchange: UnsafeMutablePointer<Exchange>) -> (Int, Int) {
        let start = exchange.pointee.request.questionEnd
        let room = exchange.pointee.writer.limit &- start
        let places = places(entry)
        let source = records(entry)
        var count = 0
        var end = 0
        while count < entry.pointee.recordCount {
            let ttl = Int(places.loadUnaligned(fromByteOffset: count &* 2, as: UInt16.self)) &- start
            // Behind the TTL stand the length of the data and the data (RFC 1035, section 3.2.1).
            let dataLength = Int(UInt16(bigEndian: source.loadUnaligned(fromByteOffset: ttl &+ 4, as: UInt16.self)))
            let next = ttl &+ 6 &+ dataLength
            if next > room { break }
            end = next
            count &+= 1
        }
        let answers = min(count, Int(entry.pointee.answerCount))
        let authorities = min(count &- answers, Int(entry.pointee.authorityCount))
        exchange.pointee.writer.answerCount = UInt16(truncatingIfNeeded: answers)
        exchange.pointee.writer.authorityCount = UInt16(truncatingIfNeeded: authorities)
        exchange.pointee.writer.additionalCount = UInt16(truncatingIfNeeded: count &- answers &- authorities)
        // RFC 2181, section 9: TC where what was asked for does not fit, which of a referral or a denial is the authority, and
        // for who wants proof always is (RFC 4035, section 3.1.1).
        exchange.pointee.writer.isTruncated =
            answers < Int(entry.pointee.answerCount)
            || authorities < Int(entry.pointee.authorityCount)
                && (entry.pointee.answerCount == 0 || exchange.pointee.request.dnssecOK)
        return (end, count)
    }
}
