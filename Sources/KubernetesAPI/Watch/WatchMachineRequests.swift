/// What the machine asks for.
extension WatchMachine {
    mutating func tick(
        _ now: Int64, _ random: inout some RandomNumberGenerator, _ actions: inout [WatchAction]
    ) {
        guard let deadline, deadline <= now else { return }
        switch phase {
        case .idle: startReplacement(now, &random, &actions)
        case .pausing(_, let step): take(step, now, &random, &actions)
        case .listing: break
        case .streaming:
            actions.append(.cancel)
            fail(.incompleteStream, now, &random, &actions)
        case .watching: tickWatch(now, &random, &actions)
        }
    }

    private mutating func tickWatch(
        _ now: Int64, _ random: inout some RandomNumberGenerator, _ actions: inout [WatchAction]
    ) {
        guard response.code != 0 else {
            actions.append(.cancel)
            return fail(
                .disconnected("the API server has taken the request and does not answer"), now, &random, &actions)
        }
        if isTroubled, MonotonicTime.span(from: response.startedAt, to: now) >= Self.shortWatch {
            prove(now, &actions)
        }
        let silence = MonotonicTime.span(from: lastActivity, to: now)
        let isSilent = options.silenceLimit.map { silence >= $0 } ?? false
        guard isSilent || isRelistDue(now) else { return }
        if isSilent {
            let minutes = silence / MonotonicTime.minute
            actions.append(
                .notice(
                    WatchNotice(.silent, stream, "neither an event nor a bookmark for \(minutes) minutes; listing anew")
                ))
        }
        actions.append(.cancel)
        startReplacement(isVoluntary: true, now, &random, &actions)
    }

    mutating func take(
        _ step: Step, _ now: Int64, _ random: inout some RandomNumberGenerator, _ actions: inout [WatchAction]
    ) {
        switch step {
        case .replace: startReplacement(now, &random, &actions)
        case .page: requestPage(now, &actions)
        case .watch: watchOn(now, &random, &actions)
        }
    }

    /// Watches from the last version, where there is one and it is not time for a relist.
    mutating func watchOn(
        _ now: Int64, _ random: inout some RandomNumberGenerator, _ actions: inout [WatchAction]
    ) {
        if hasNoVersion {
            startReplacement(now, &random, &actions)  // What was deleted between two such watches would never be known.
        } else if isRelistDue(now) {
            startReplacement(isVoluntary: true, now, &random, &actions)
        } else {
            startWatch(now, &random, &actions)
        }
    }

    private func isRelistDue(_ now: Int64) -> Bool { relistAt.map { $0 <= now } ?? false }

    mutating func startReplacement(
        isVoluntary: Bool = false, _ now: Int64, _ random: inout some RandomNumberGenerator,
        _ actions: inout [WatchAction]
    ) {
        // What a server's watch cache missed, a list from that cache misses too: hence a consistent read, and no stream.
        // And what a part of a replacement has shown must not be taken back by one from an older cache.
        if isVoluntary || (hasSynced && replacement.isBegun) { needsConsistentRead = true }
        replacement = Replacement(isVoluntary: isVoluntary)
        if let again = streamingAgainAt, again <= now {
            streamingAgainAt = nil
            incompleteStreams = 0
        }
        guard options.usesStreamingLists, streamingAgainAt == nil, !isVoluntary else {
            return requestPage(now, &actions)
        }
        phase = .streaming
        lastActivity = now
        response = Response(startedAt: now)
        // Rule 9. Without a version it is a consistent read, of which the watch cache does the most.
        requestWatch(
            from: needsConsistentRead || hasNoVersion ? nil : version, initialEvents: true, &random, &actions)
    }

    /// The first page, or the one that `replacement.continueToken` names.
    mutating func requestPage(_ now: Int64, _ actions: inout [WatchAction]) {
        phase = .listing
        response = Response(startedAt: now)
        var limit = expiredTokens < Self.expiredTokenLimit ? options.pageSize : 0
        var resourceVersion: String?
        var notOlderThan = false
        // With a continue token the version must be left out: the token holds it.
        if replacement.continueToken.isEmpty, !needsConsistentRead {
            if hasNoVersion {
                resourceVersion = "0"  // Rule 1: from the watch cache, which ignores the limit.
            } else {
                // Rule 1. A limit would take the list from etcd, past the watch cache, in the very hour when everybody
                // lists anew; and without NotOlderThan it would ask for exactly this version.
                resourceVersion = version
                notOlderThan = true
                limit = 0
            }
        }
        actions.append(
            .request(
                WatchRequest(
                    kind: .list(limit: limit, continueToken: replacement.continueToken),
                    resourceVersion: resourceVersion, notOlderThan: notOlderThan, idleTimeout: Self.listSilence)))
    }

    mutating func startWatch(
        _ now: Int64, _ random: inout some RandomNumberGenerator, _ actions: inout [WatchAction]
    ) {
        phase = .watching
        response = Response(startedAt: now)
        // Rule 3: a watch from no version begins with an ADDED event for each object there is, in no order.
        addedMovesVersion = !hasNoVersion
        requestWatch(from: version.isEmpty ? nil : version, initialEvents: false, &random, &actions)
    }

    private mutating func requestWatch(
        from version: String?, initialEvents: Bool, _ random: inout some RandomNumberGenerator,
        _ actions: inout [WatchAction]
    ) {
        let seconds = Int.random(in: Self.watchSeconds, using: &random)
        let idleTimeout = Int64(seconds) &* MonotonicTime.second &+ Self.idleMargin
        actions.append(
            .request(
                WatchRequest(
                    kind: .watch(timeoutSeconds: seconds, initialEvents: initialEvents), resourceVersion: version,
                    notOlderThan: initialEvents, idleTimeout: idleTimeout)))
    }

    /// Whether there is no version, or one that says any.
    var hasNoVersion: Bool { version.isEmpty || version == "0" }
}
