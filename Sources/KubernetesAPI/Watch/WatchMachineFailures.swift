/// What the machine makes of failures.
extension WatchMachine {
    /// How a request failed.
    enum Failure: Sendable, Hashable {
        /// By the status of the response or in an ERROR event; more is in `response`.
        case refused(Int)
        case disconnected(String)
        case broken(String)
        /// A watch that ended at once (rule 6).
        case shortWatch
        /// A streaming list that ended, or stood still, before the bookmark that ends the initial events (rule 9).
        case incompleteStream
    }

    mutating func fail(
        _ failure: Failure, _ now: Int64, _ random: inout some RandomNumberGenerator, _ actions: inout [WatchAction]
    ) {
        if failures == 0 { failingSince = now }
        failures = min(failures &+ 1, Int.max - 1)
        let wasStreaming = phase == .streaming
        var step = stepAfterFailure(failure, now)
        let kind = FailureKind(failure, response.status)
        if wasStreaming, streamingAgainAt == nil, countsAgainstStreaming(failure, kind) {
            incompleteStreams &+= 1
            if incompleteStreams >= Self.incompleteStreamLimit || kind == .badRequest {
                stopStreaming(kind, failure, now, &actions)
                // The server does not know streaming lists: nothing is wrong, and the plain list need not wait.
                if kind == .badRequest { return take(.replace, now, &random, &actions) }
            }
        }
        if case .disconnected = failure, phase == .watching, response.isGood,
            MonotonicTime.span(from: response.startedAt, to: now) >= Self.soundWatch
        {
            // client-go takes a connection that breaks for the watch's end (rule 8). Load balancers cut what is silent for
            // half a minute: with a back-off that grows, as it is never quiet for two minutes, such a stream would soon
            // spend half of its time pausing.
            backOff = BackOff()
        }
        var pause = max(backOff.next(now: now, using: &random), requestedPause(&random))
        if kind == .unauthorized { actions.append(.refreshCredentials) }
        if phase == .listing, replacement.isVoluntary, !replacement.isBegun {
            // Nothing of the list was applied: watching on from the old version cannot bring back what is over, and is
            // better than standing still until the server has time for a list.
            step = .watch
            needsConsistentRead = false
            relistAt = MonotonicTime.moment(now, after: MonotonicTime.spread(Self.relistPutOff, using: &random))
            actions.append(.notice(WatchNotice(.relistPutOff, stream, "not listed anew: \(sentence(failure))")))
        } else {
            tell(kind, failure, wasWatch: phase == .watching, &actions)
            switch kind {
            case .forbidden:
                pause =
                    stream.isOneNamespaceObject && !hasSynced
                    ? MonotonicTime.spread(Self.namespaceObjectPause, using: &random) : BackOff.atCap(using: &random)
            case .missing:
                pause = MonotonicTime.spread(Self.missingPause, using: &random)
            case .expired, .tooLarge, .badRequest, .unauthorized, .internalError, .other: break
            }
        }
        phase = .pausing(until: MonotonicTime.moment(now, after: pause), step)
    }

    /// What to do after the pause; sets what the next replacement must know.
    private mutating func stepAfterFailure(_ failure: Failure, _ now: Int64) -> Step {
        let kind = FailureKind(failure, response.status)
        switch phase {
        case .idle, .pausing, .streaming:
            if kind == .expired || kind == .tooLarge { needsConsistentRead = true }
            return .replace
        case .listing:
            return stepAfterPage(kind)
        case .watching:
            return stepAfterWatch(kind, failure, now)
        }
    }

    private mutating func stepAfterPage(_ kind: FailureKind) -> Step {
        switch kind {
        case .expired, .tooLarge, .badRequest:
            // Rule 1. The rest of an expired list cannot be had: it begins anew, and is complete only then.
            if kind == .expired, !replacement.continueToken.isEmpty { expiredTokens &+= 1 }
            needsConsistentRead = true
            return .replace
        case .forbidden, .missing, .unauthorized, .internalError, .other:
            guard !replacement.continueToken.isEmpty else { return .replace }
            replacement.pageFailures &+= 1
            guard replacement.pageFailures < Self.pageFailureLimit else {
                needsConsistentRead = true
                return .replace
            }
            // A token stands for one state of the set, so that the page can be asked for again.
            return .page
        }
    }

    private mutating func stepAfterWatch(_ kind: FailureKind, _ failure: Failure, _ now: Int64) -> Step {
        switch kind {
        case .expired, .tooLarge, .badRequest:
            needsConsistentRead = true  // Rules 1 and 5.
            return .replace
        case .internalError:
            guard let since = internalErrorsSince else {
                internalErrorsSince = now
                return .watch
            }
            guard MonotonicTime.span(from: since, to: now) >= Self.internalErrorPatience else { return .watch }
            internalErrorsSince = nil
            return .replace  // Rule 5.
        case .forbidden, .missing, .unauthorized, .other:
            guard case .broken = failure else { return .watch }
            brokenWatches &+= 1
            guard brokenWatches >= Self.brokenWatchLimit else { return .watch }
            brokenWatches = 0
            return .replace
        }
    }

    /// Whether the server may not be able to complete a streaming list (rule 9); one that is away or busy may be.
    private func countsAgainstStreaming(_ failure: Failure, _ kind: FailureKind) -> Bool {
        switch failure {
        case .incompleteStream, .broken: true
        case .disconnected: response.isGood
        case .refused(let code): kind == .badRequest || kind == .internalError || (kind == .other && code > 503)
        case .shortWatch: false
        }
    }

    private mutating func stopStreaming(
        _ kind: FailureKind, _ failure: Failure, _ now: Int64, _ actions: inout [WatchAction]
    ) {
        streamingAgainAt = MonotonicTime.moment(now, after: Self.streamingPause)
        actions.append(
            .notice(WatchNotice(.streamingListRefused, stream, "plain lists from now on: \(sentence(failure))")))
    }

    /// The server's wish (429, 503, 504), with jitter of the same length so that not all who were told come back together.
    private func requestedPause(_ random: inout some RandomNumberGenerator) -> Int64 {
        let wish = response.status?.retryAfterSeconds ?? response.retryAfterSeconds ?? 0
        guard wish > 0 else { return 0 }
        let span = Int64(min(wish, Self.retryAfterCap)) &* MonotonicTime.second
        return span &+ Int64.random(in: 0...min(span, MonotonicTime.second &* 5), using: &random)
    }

    private mutating func tell(
        _ kind: FailureKind, _ failure: Failure, wasWatch: Bool, _ actions: inout [WatchAction]
    ) {
        let message = response.status?.message ?? ""
        switch kind {
        case .forbidden:
            change(to: .forbidden, &actions)
            // A Role cannot allow it, and it is not needed: the namespace counts as existing.
            guard !stream.isOneNamespaceObject else { return }
            say(.forbidden(stream, isWatch: wasWatch || phase == .streaming, said: message), &actions)
        case .missing:
            change(to: .missing, &actions)
            say(.missing(stream), &actions)
        case .unauthorized:
            refusals &+= 1
            // One refusal is a token that has run out; only fresh credentials that are refused are news.
            guard refusals > 1 else { return }
            change(to: .failing, &actions)
            say(.unauthorized(stream, said: message), &actions)
        case .expired, .tooLarge, .badRequest, .internalError, .other:
            guard !hasSynced || failures >= Self.failingThreshold else { return }
            change(to: .failing, &actions)
            say(
                WatchNotice(.failing, stream, "\(sentence(failure)); tried again with pauses of up to a minute"),
                &actions)
        }
    }

    private mutating func say(_ notice: WatchNotice, _ actions: inout [WatchAction]) {
        if said.insert(notice.kind) { actions.append(.notice(notice)) }
    }

    private func sentence(_ failure: Failure) -> String {
        switch failure {
        case .refused(let code):
            let status = response.status
            let text = [status?.reason ?? "", status?.message ?? ""].filter { !$0.isEmpty }.joined(separator: ": ")
            return "the API server answered \(code)" + (text.isEmpty ? "" : " (\(text.prefix(300)))")
        case .disconnected(let reason): return reason
        case .broken(let reason): return "the API server's response cannot be read: \(reason)"
        case .shortWatch: return "the API server ends watches as soon as they begin"
        case .incompleteStream: return "the API server did not complete a streaming list"
        }
    }
}
