import LinuxIO
import PluginKit

/// A question on its way to the upstreams, with everybody who waits for its answer.
final class Flight {
    /// One try: where the question went, and until when its answer is waited for.
    struct Attempt {
        let channel: UpstreamChannel
        let identifier: UInt16
        let upstream: Upstream
        let sentAt: UInt64
        let expiresAt: UInt64
    }

    /// Its place among the flights, and which of those that had the place it is.
    private(set) var ticket: UInt64
    /// The stage that it belongs to; a health check has one too.
    private(set) var stage: Int
    /// The question as it is sent, but for the id. A health check's may be joined by nobody.
    private(set) var message: [UInt8]
    /// A number made of the message.
    private(set) var key: UInt64
    /// Where the question ends.
    private(set) var questionEnd: Int
    /// Whether it has to go over a stream.
    var needsStream: Bool
    /// Whether it is asked again over a stream where the answer over UDP is truncated.
    var retriesTruncated = false
    /// Whether that truncated answer will do where the stream has none.
    var keepsTruncated = false
    var truncated: (message: [UInt8], upstream: Upstream)?
    private(set) var startedAt: UInt64
    /// When everything is over.
    private(set) var deadline: UInt64
    /// The upstreams as they were when it began, and the one to begin with.
    private(set) var upstreams: [Upstream]
    private(set) var first: Int
    /// The upstream whose health is checked.
    private(set) var checked: Upstream?

    /// Who waits. All have asked the same.
    var clients: [WaitingExchange] = []
    /// When the first of them waits no more (`cancel`).
    var firstClientLeaves = UInt64.max
    /// The attempts that an answer may still come for.
    var outstanding: [Attempt] = []
    /// The place of the next upstream in this flight's order.
    var next = 0
    /// Upstreams passed over because they are down, one after the other.
    var passedOver = 0
    /// Attempts begun.
    var attempts = 0
    /// Attempts allowed.
    var mostAttempts: Int
    /// Answers given up for the next upstream's.
    var failovers = 0
    /// Connections that were closed before they answered and that did not count as attempts.
    var freeRetries = 0
    /// When the next attempt may begin.
    var nextAttemptAt: UInt64 = 0
    /// When it is looked at next; nil where it is not.
    var wakesAt: UInt64?
    var isOver = false
    /// What went wrong last.
    var failure = ""

    init(
        ticket: UInt64, stage: Int, message: [UInt8], key: UInt64 = 0, questionEnd: Int, needsStream: Bool,
        startedAt: UInt64,
        deadline: UInt64, upstreams: [Upstream], first: Int, mostAttempts: Int, checked: Upstream? = nil
    ) {
        self.ticket = ticket
        self.stage = stage
        self.message = message
        self.key = key
        self.questionEnd = questionEnd
        self.needsStream = needsStream
        self.startedAt = startedAt
        self.deadline = deadline
        self.upstreams = upstreams
        self.first = first
        self.mostAttempts = mostAttempts
        self.checked = checked
    }

    /// Makes the object that of another question, once nothing knows it any more as what it was: its memory is kept.
    func begin(
        ticket: UInt64, stage: Int, message: [UInt8], key: UInt64, questionEnd: Int, needsStream: Bool,
        startedAt: UInt64, deadline: UInt64, upstreams: [Upstream], first: Int, mostAttempts: Int
    ) {
        self.ticket = ticket
        self.stage = stage
        self.message = message
        self.key = key
        self.questionEnd = questionEnd
        self.needsStream = needsStream
        self.startedAt = startedAt
        self.deadline = deadline
        self.upstreams = upstreams
        self.first = first
        self.mostAttempts = mostAttempts
        checked = nil
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
