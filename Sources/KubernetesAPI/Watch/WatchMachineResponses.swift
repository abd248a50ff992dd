/// What the machine makes of responses that are as they should be.
extension WatchMachine {
    mutating func note(
        _ change: BodyEvent.Change, _ version: String, _ now: Int64, _ actions: inout [WatchAction]
    ) {
        guard response.isGood else { return }
        lastActivity = now
        switch phase {
        case .watching:
            if change != .added { addedMovesVersion = true }
            if addedMovesVersion, !version.isEmpty { self.version = version }
            response.sawEvent = true
            if isTroubled { prove(now, &actions) }
        case .streaming, .listing:
            begin(&actions)
        case .idle, .pausing: break
        }
    }

    mutating func note(
        bookmark version: String, _ endsInitialEvents: Bool, _ now: Int64, _ random: inout some RandomNumberGenerator,
        _ actions: inout [WatchAction]
    ) {
        guard response.isGood else { return }
        switch phase {
        case .watching:
            // Rule 4. Nothing before this version is still to come, so that ADDED events from here on are new.
            lastActivity = now
            addedMovesVersion = true
            if !version.isEmpty { self.version = version }
            response.sawEvent = true
            if isTroubled { prove(now, &actions) }
        case .streaming:
            // Rules 4 and 10: only the end of the initial events makes the set complete. An object may be newer than its
            // siblings until then, so that no version before it is one to go on from.
            guard endsInitialEvents else { return }
            lastActivity = now
            begin(&actions)
            incompleteStreams = 0
            phase = .watching
            response.sawEvent = true
            addedMovesVersion = true
            complete(version: version, now, &random, &actions)
            prove(now, &actions)
        case .idle, .pausing, .listing: break
        }
    }

    /// Says that the replacement begins, once, when the first of it is there.
    mutating func begin(_ actions: inout [WatchAction]) {
        guard !replacement.isBegun else { return }
        replacement.isBegun = true
        actions.append(.beginReplace)
    }

    mutating func finish(_ now: Int64, _ random: inout some RandomNumberGenerator, _ actions: inout [WatchAction]) {
        guard response.isGood else {
            return fail(
                response.code == 0 ? .disconnected("the API server closed the connection") : .refused(response.code),
                now, &random, &actions)
        }
        switch phase {
        case .idle, .pausing: break
        case .listing:
            guard let end = response.listEnd else {
                return fail(.broken("the list ended before its end"), now, &random, &actions)
            }
            finishPage(end.version, end.continueToken, now, &random, &actions)
        case .streaming:
            fail(.incompleteStream, now, &random, &actions)
        case .watching:
            let lasted = MonotonicTime.span(from: response.startedAt, to: now)
            guard response.sawEvent || lasted >= Self.shortWatch else {
                return fail(.shortWatch, now, &random, &actions)  // Rule 6.
            }
            if isTroubled { prove(now, &actions) }
            brokenWatches = 0
            // Rule 8: at once, from the last version, and without a list. A server that ends each watch after one event
            // must not be asked more than once in a second, though.
            guard lasted >= Self.shortWatch else {
                phase = .pausing(until: MonotonicTime.moment(response.startedAt, after: Self.shortWatch), .watch)
                return
            }
            watchOn(now, &random, &actions)
        }
    }

    private mutating func finishPage(
        _ version: String, _ continueToken: String, _ now: Int64, _ random: inout some RandomNumberGenerator,
        _ actions: inout [WatchAction]
    ) {
        replacement.pages &+= 1
        replacement.pageFailures = 0
        if replacement.version.isEmpty { replacement.version = version }
        guard continueToken.isEmpty else {
            guard replacement.pages < Self.pageLimit else {
                replacement.continueToken = ""
                return fail(.broken("the list has more than \(Self.pageLimit) pages"), now, &random, &actions)
            }
            replacement.continueToken = continueToken
            return requestPage(now, &actions)
        }
        expiredTokens = 0
        complete(version: replacement.version, now, &random, &actions)
        lastActivity = now
        startWatch(now, &random, &actions)
    }

    private mutating func complete(
        version: String, _ now: Int64, _ random: inout some RandomNumberGenerator, _ actions: inout [WatchAction]
    ) {
        self.version = version
        needsConsistentRead = false
        internalErrorsSince = nil
        brokenWatches = 0
        replacement = Replacement()
        replacements &+= 1
        hasSynced = true
        relistAt = options.consistencyInterval.map {
            MonotonicTime.moment(now, after: MonotonicTime.spread($0, using: &random))
        }
        actions.append(.endReplace)
        // A list that goes well does not mend a watch that does not.
        if replacements == 1 || !isTroubled { change(to: .synced, &actions) }
    }

    mutating func change(to state: WatchState, _ actions: inout [WatchAction]) {
        guard self.state != state else { return }
        self.state = state
        actions.append(.changed(state))
    }

    /// Whether something has gone wrong since the last watch that went well.
    var isTroubled: Bool { failures > 0 }

    /// A watch goes well: what went wrong before is over.
    mutating func prove(_ now: Int64, _ actions: inout [WatchAction]) {
        failures = 0
        refusals = 0
        internalErrorsSince = nil
        if !said.isEmpty {
            said = NoticeSet()
            let seconds = MonotonicTime.span(from: failingSince, to: now) / MonotonicTime.second
            actions.append(
                .notice(WatchNotice(.recovered, stream, "watched again, after \(seconds) s of trouble")))
        }
        if hasSynced { change(to: .synced, &actions) }
    }
}
