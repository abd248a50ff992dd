/// A watch, from its first event to its end.
struct WatchAnswer {
    let answer: ObjectAnswer
    let route: ScriptedRequest.Route
    let selector: ScriptedSelector
    let format: ScriptedFormat

    /// Events taken from the log at once.
    private static let batch = 512

    func send() throws(ChannelEnd) {
        let request = answer.request
        let text = request.parameter("resourceVersion")
        let version = UInt64(text) ?? 0
        var sendsInitialEvents = false
        if !request.parameter("sendInitialEvents").isEmpty {
            switch answer.settings.streamingLists {
            case .served:
                guard request.parameter("resourceVersionMatch") == "NotOlderThan" else {
                    return try refuse(422, "resourceVersionMatch: Required value: resourceVersionMatch is required")
                }
                sendsInitialEvents = request.parameter("sendInitialEvents") == "true"
            case .refused(let code):
                return try refuse(
                    code,
                    "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList "
                        + "feature gate is enabled")
            case .ignored: break
            }
        } else if !request.parameter("resourceVersionMatch").isEmpty {
            return try refuse(422, "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch")
        }
        if sendsInitialEvents, version > answer.server.cluster.version {
            return try answer.send(ListAnswer.tooLarge(version, current: answer.server.cluster.version), format)
        }
        try answer.writer.start(status: 200, contentType: format.contentType(isWatch: true))
        try stream(from: version, sendsInitialEvents: sendsInitialEvents)
    }

    private func refuse(_ code: Int, _ message: String) throws(ChannelEnd) {
        let status = ScriptedStatus(
            code: code, reason: code == 422 ? "Invalid" : "BadRequest",
            message: "ListOptions.meta.k8s.io \"\" is invalid: " + message)
        try answer.send(status, format)
    }

    private func stream(from version: UInt64, sendsInitialEvents: Bool) throws(ChannelEnd) {
        let cluster = answer.server.cluster
        let writer = answer.writer
        let allowsBookmarks = ["1", "true"].contains(answer.request.parameter("allowWatchBookmarks"))
        let seconds = Int(clamping: answer.number("timeoutSeconds"))
        let end =
            monotonicNow() + Int64(seconds > 0 ? min(seconds, 86_400) : answer.settings.watchSeconds) * 1_000_000_000
        cluster.listen(route.resource, answer.channel.wakeup)
        defer { cluster.unlisten(answer.channel.wakeup) }
        var sender = Sender(watch: self)
        guard try sender.start() else { return }
        var next: Int
        // It counts as served from when its place in the log is known: no change after that is missed or summed up.
        var isCounted = false
        func count() {
            isCounted = true
            answer.server.state.update { $0.watches += 1 }
        }
        defer { if isCounted { answer.server.state.update { $0.watches -= 1 } } }
        // At no version, and at "0", it starts with what there is (Kubernetes API concepts, "Semantics for watch").
        if sendsInitialEvents || version == 0 {
            let start = cluster.watchStart(route.resource)
            next = start.next
            count()
            for object in start.objects where isInScope(object) {
                guard try sender.event("ADDED", object) else { return }
            }
            if sendsInitialEvents, allowsBookmarks, !writer.faults.dropsInitialEventsEnd {
                let frame = format.bookmark(route.resource, version: start.version, endsInitialEvents: true)
                guard try sender.frame(frame) else { return }
            }
        } else {
            switch cluster.watchStart(route.resource, after: version) {
            case .at(let number):
                next = number
                count()
            case .expired(let oldest): return try sendExpired(version, oldest)
            }
        }
        var bookmarkTime = nextBookmark(allowsBookmarks)
        while sender.isOpen {
            guard let events = cluster.events(route.resource, from: next, limit: Self.batch) else {
                return try sendExpired(version, cluster.version)
            }
            next += events.count
            for event in events {
                guard try send(event, allowsBookmarks, &sender) else { return }
            }
            if !events.isEmpty { continue }
            if let time = bookmarkTime, monotonicNow() >= time {
                let frame = format.bookmark(route.resource, version: cluster.version, endsInitialEvents: false)
                guard try sender.frame(frame) else { return }
                bookmarkTime = nextBookmark(allowsBookmarks)
            }
            // Sending may have waited, and taken the wake-up for an event with it.
            if try writer.flush() { continue }
            if monotonicNow() >= end { return try writer.finish() }
            if try answer.channel.wait(1 /* POLLIN */, until: min(end, bookmarkTime ?? end)) == .ready {
                try answer.channel.receive()
            }
        }
    }

    private func nextBookmark(_ isAllowed: Bool) -> Int64? {
        guard isAllowed, let milliseconds = answer.settings.bookmarkMilliseconds else { return nil }
        return monotonicNow() + Int64(milliseconds) * 1_000_000
    }

    private func sendExpired(_ version: UInt64, _ oldest: UInt64) throws(ChannelEnd) {
        let status = ScriptedStatus(
            code: 410, reason: "Expired", message: "too old resource version: \(version) (\(oldest))")
        try answer.writer.write(frame: format.error(status))
        try answer.writer.finish()
    }

    private func isInScope(_ stored: StoredObject) -> Bool {
        (route.namespace == nil || stored.object.metadata.namespace == route.namespace)
            && selector.matches(stored.object)
    }

    /// An object that comes to match is ADDED, one that no longer does is DELETED. False when the watch is over.
    private func send(
        _ event: ScriptedCluster.Event, _ allowsBookmarks: Bool, _ sender: inout Sender
    ) throws(ChannelEnd) -> Bool {
        switch event.change {
        case .set(let object, let previous):
            let wasThere = previous.map(isInScope) ?? false
            if isInScope(object) { return try sender.event(wasThere ? "MODIFIED" : "ADDED", object) }
            guard wasThere, let previous else { return true }
            return try sender.event("DELETED", StoredObject(previous.object, version: event.version))
        case .deleted(let object, let previous):
            return isInScope(previous) ? try sender.event("DELETED", object) : true
        case .bookmark:
            guard allowsBookmarks else { return true }
            return try sender.frame(format.bookmark(route.resource, version: event.version, endsInitialEvents: false))
        }
    }

    /// Counts what is sent, for the faults that come after so many events.
    private struct Sender {
        let watch: WatchAnswer
        private var sent = 0
        var isOpen = true

        init(watch: WatchAnswer) { self.watch = watch }

        mutating func event(_ type: String, _ object: StoredObject) throws(ChannelEnd) -> Bool {
            let resource = watch.route.resource
            return try frame(
                watch.format.event(
                    type, apiVersion: resource.apiVersion, kind: resource.kind, content: watch.format.content(object)))
        }

        mutating func frame(_ bytes: [UInt8]) throws(ChannelEnd) -> Bool {
            guard try !isOver() else { return false }
            let writer = watch.answer.writer
            try writer.write(frame: bytes)
            if writer.faults.duplicates { try writer.write(frame: bytes) }
            sent += 1
            return try !isOver()
        }

        /// Ends the watch where a fault says so.
        private mutating func isOver() throws(ChannelEnd) -> Bool {
            guard isOpen else { return true }
            let writer = watch.answer.writer
            if let error = writer.faults.errorEvent, sent >= error.afterEvents {
                try writer.write(frame: watch.format.error(error.status))
            } else {
                guard let limit = writer.faults.eventLimit, sent >= limit else { return false }
            }
            isOpen = false
            try writer.finish()
            return true
        }

        mutating func start() throws(ChannelEnd) -> Bool { try !isOver() }
    }
}
