import LinuxIO
import PluginKit

/// A question on its way to the upstreams, with everybody who waits for its answer. The object is one question's after the
/// other's, so that its memory is kept (`FlightPool`).
final class Flight {
    /// One try: where the question went, and until when its answer is waited for.
    struct Attempt {
        let channel: UpstreamChannel
        let identifier: UInt16
        let upstream: Upstream
        let sentAt: UInt64
        let expiresAt: UInt64
    }

    /// Bits of a ticket that say which place in the pool a flight has.
    static let placeBits: UInt64 = 24

    /// The place that a ticket is for.
    static func place(_ ticket: UInt64) -> Int { Int(ticket & (1 << placeBits - 1)) }

    /// Its place among the flights, and which of those that had the place it is.
    private(set) var ticket: UInt64 = 0
    /// The stage that it belongs to; a health check has one too.
    private(set) var stage = 0
    // `@exclusivity(unchecked)` here and below: the properties of an object that one thread alone has to do with, each of which
    // is changed in statements that call nobody who could come back to it. The checks cost more than what they watch.
    /// The question as it is sent, but for the id. A health check's may be joined by nobody.
    @exclusivity(unchecked) var question = Question()
    /// A number made of the question.
    private(set) var key: UInt64 = 0
    /// Whether it has to go over a stream.
    var needsStream = false
    /// Whether it is asked again over a stream where the answer over UDP is truncated.
    var retriesTruncated = false
    /// Whether that truncated answer will do where the stream has none.
    var keepsTruncated = false
    var truncated: (message: [UInt8], upstream: Upstream)?
    private(set) var startedAt: UInt64 = 0
    /// When everything is over.
    private(set) var deadline: UInt64 = 0
    /// The upstreams as they were when it began, and the one to begin with.
    private(set) var upstreams: [Upstream] = []
    private(set) var first = 0
    /// The upstream whose health is checked.
    private(set) var checked: Upstream?

    /// Who waits. All have asked the same.
    @exclusivity(unchecked) var clients: [WaitingExchange] = []
    /// When the first of them waits no more (`cancel`).
    var firstClientLeaves = UInt64.max
    /// The attempts that an answer may still come for.
    @exclusivity(unchecked) var outstanding: [Attempt] = []
    /// The place of the next upstream in this flight's order.
    var next = 0
    /// Upstreams passed over because they are down, one after the other.
    var passedOver = 0
    /// Attempts begun.
    var attempts = 0
    /// Attempts allowed.
    var mostAttempts = 0
    /// Answers given up for the next upstream's.
    var failovers = 0
    /// Connections that were closed before they answered and that did not count as attempts.
    var freeRetries = 0
    /// When the next attempt may begin.
    var nextAttemptAt: UInt64 = 0
    /// When it is looked at next; nil where it is not.
    var wakesAt: UInt64?
    var isOver = true
    /// What went wrong last.
    var failure = ""

    /// Its place in the pool.
    var place: Int { Self.place(ticket) }

    /// Makes the object that of another question, which it has already.
    func begin(
        ticket: UInt64, stage: Int, key: UInt64 = 0, needsStream: Bool, startedAt: UInt64, deadline: UInt64,
        upstreams: [Upstream], first: Int, mostAttempts: Int, checked: Upstream? = nil
    ) {
        self.ticket = ticket
        self.stage = stage
        self.key = key
        self.needsStream = needsStream
        self.startedAt = startedAt
        self.deadline = deadline
        self.upstreams = upstreams
        self.first = first
        self.mostAttempts = mostAttempts
        self.checked = checked
        retriesTruncated = false
        keepsTruncated = false
        truncated = nil
        firstClientLeaves = .max
        next = 0
        passedOver = 0
        attempts = 0
        failovers = 0
        freeRetries = 0
        nextAttemptAt = 0
        wakesAt = nil
        isOver = false
        failure = ""
    }

    /// The upstream at a place of this flight's order: the first one, then the others as they stand (CoreDNS's round robin).
    func upstream(at place: Int) -> Upstream {
        upstreams[place == 0 ? first : place <= first ? place - 1 : place]
    }
}
