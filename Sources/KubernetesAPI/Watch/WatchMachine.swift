/// Lists and watches one stream: what to ask for next, and when. No I/O, no clock, no chance of its own.
///
/// The rules are those of watch.md, cited by their numbers. Versions are opaque: they are kept and sent back, never compared
/// for order. The caller carries out the actions, calls again with what came of the request, and with `.tick` at `deadline`.
package struct WatchMachine: Sendable {
    /// What the machine is doing.
    enum Phase: Sendable, Hashable {
        case idle
        case pausing(until: Int64, Step)
        case listing
        case streaming
        case watching
    }

    /// What follows a pause.
    enum Step: Sendable, Hashable {
        /// A replacement from its beginning.
        case replace
        /// The page that failed, once more.
        case page
        /// A watch from the last version.
        case watch
    }

    /// The response to the request under way.
    struct Response: Sendable {
        /// The HTTP status, 0 before it is known.
        var code = 0
        var retryAfterSeconds: Int?
        var status: APIStatus?
        /// The end of the list or page, once it has come.
        var listEnd: (version: String, continueToken: String)?
        var sawEvent = false
        var startedAt: Int64

        var isGood: Bool { code == WatchMachine.goodStatus }
    }

    /// The replacement under way.
    struct Replacement: Sendable {
        /// Whether `beginReplace` was said.
        var isBegun = false
        /// The version of the first page: that of the whole list.
        var version = ""
        var continueToken = ""
        var pages = 0
        var pageFailures = 0
        /// Whether nothing but caution asks for it, so that watching on is as good.
        var isVoluntary = false
    }

    /// What is listed and watched.
    package let stream: WatchStream
    /// How the stream is.
    package internal(set) var state = WatchState.waiting
    /// Whether all objects have been known at some time; never taken back.
    package internal(set) var hasSynced = false
    /// How many replacements were completed; the first is the first sync.
    package internal(set) var replacements = 0

    let options: WatchOptions
    var phase = Phase.idle
    var response = Response(startedAt: 0)
    var replacement = Replacement()
    /// The version that a watch goes on from; empty before the first list.
    var version = ""
    /// Whether the next replacement must be a consistent read, as `version` is of no use for it (rule 1).
    var needsConsistentRead = false
    /// Whether an ADDED event moves the version (rule 3).
    var addedMovesVersion = true

    var backOff = BackOff()
    var failures = 0
    var failingSince: Int64 = 0
    var said = NoticeSet()
    var refusals = 0
    var internalErrorsSince: Int64?
    var brokenWatches = 0
    var expiredTokens = 0
    var incompleteStreams = 0
    var streamingAgainAt: Int64?
    var lastActivity: Int64 = 0
    var relistAt: Int64?

    /// A machine that has not begun: the first `.tick` starts it.
    package init(stream: WatchStream, options: WatchOptions = WatchOptions()) {
        self.stream = stream
        self.options = options
    }

    /// When to call with `.tick` next, in nanoseconds of the monotonic clock; nil when only the request matters.
    package var deadline: Int64? {
        switch phase {
        case .idle: .min
        case .pausing(let until, _): until
        case .listing: nil
        case .streaming: MonotonicTime.moment(lastActivity, after: Self.streamingSilence)
        case .watching:
            response.isGood
                ? watchDeadline
                : response.code == 0 ? MonotonicTime.moment(response.startedAt, after: Self.answerPatience) : nil
        }
    }

    /// The soonest of what an open watch waits for.
    private var watchDeadline: Int64? {
        var soonest = Int64.max
        if let relistAt { soonest = min(soonest, relistAt) }
        if let limit = options.silenceLimit { soonest = min(soonest, MonotonicTime.moment(lastActivity, after: limit)) }
        if isTroubled { soonest = min(soonest, MonotonicTime.moment(response.startedAt, after: Self.shortWatch)) }
        return soonest == .max ? nil : soonest
    }

    /// Takes in what happened at `now` (nanoseconds of the monotonic clock) and appends what is to be done.
    ///
    /// What comes when there is no request under way is ignored. Noting an object or a bookmark allocates nothing.
    package mutating func handle(
        _ input: WatchInput, now: Int64, using random: inout some RandomNumberGenerator,
        into actions: inout [WatchAction]
    ) {
        if case .tick = input { return tick(now, &random, &actions) }
        switch phase {
        case .idle, .pausing: return
        case .listing, .streaming, .watching: break
        }
        switch input {
        case .tick: break
        case .head(let status, let retryAfterSeconds):
            response.code = status
            response.retryAfterSeconds = retryAfterSeconds
            // Time without a connection is not a watch's silence.
            if phase == .watching, isTroubled { lastActivity = now }
        case .object(let change, let version):
            note(change, version, now, &actions)
        case .bookmark(let version, let endsInitialEvents):
            note(bookmark: version, endsInitialEvents, now, &random, &actions)
        case .status(let status):
            response.status = status
            // The rest of an error's body is read, so that the connection is kept.
            guard response.isGood else { return }
            actions.append(.cancel)
            fail(.refused(status.code), now, &random, &actions)
        case .listEnd(let version, let continueToken):
            guard phase == .listing, response.isGood else { return }
            begin(&actions)
            response.listEnd = (version, continueToken)
        case .finished:
            finish(now, &random, &actions)
        case .disconnected(let reason):
            fail(
                response.isGood || response.code == 0 ? .disconnected(reason) : .refused(response.code), now, &random,
                &actions)
        case .broken(let reason):
            fail(response.isGood ? .broken(reason) : .refused(response.code), now, &random, &actions)
        }
    }
}
