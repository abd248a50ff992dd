import LinuxIO

/// Drives the machines of several streams over one transport, and feeds a sink. One thread has it.
///
/// Streams do not wait for each other: bytes are taken in as they come, each response by its own reader, and between two
/// deliveries every machine whose time has come is seen to.
final class WatchLoop<Transport: WatchTransport, Body: WatchBody> {
    /// One stream and its response.
    private final class Lane {
        let stream: WatchStream
        var machine: WatchMachine
        var request: (id: HTTPClientRequestID, isWatch: Bool)?
        var body: Body?
        var unusable = UnusableObjects()
        /// Of a response with an error: bytes that came, and when to stop waiting for the rest.
        var errorBytes = 0
        var errorDeadline: Int64?

        init(_ stream: WatchStream, _ options: WatchOptions) {
            self.stream = stream
            machine = WatchMachine(stream: stream, options: options)
        }

        var deadline: Int64 { min(machine.deadline ?? .max, errorDeadline ?? .max) }

        /// The request is over: what may still come of it counts for nothing.
        func close() {
            request = nil
            body = nil
            errorBytes = 0
            errorDeadline = nil
        }
    }

    private let detail: ObjectDetail
    private let transport: Transport
    private let sink: any WatchSink
    private let clock: Clock
    private let notice: (WatchNotice) -> Void
    private let lanes: [Lane]
    private var lanesByRequest: [HTTPClientRequestID: Lane] = [:]
    private var random: FastRandom
    /// Kept between calls, so that an event without consequences allocates nothing.
    private var actions: [WatchAction] = []
    /// Whether the sink was told of something since its last flush.
    private var isUnpublished = false
    /// Whether events or bookmarks came since the stream's activity was last told of.
    private var sawEvents = false

    init(
        _ settings: WatchSettings, transport: Transport, body: Body.Type, sink: any WatchSink, clock: Clock,
        seed: UInt64,
        notice: @escaping (WatchNotice) -> Void
    ) {
        detail = settings.detail
        self.transport = transport
        self.sink = sink
        self.clock = clock
        self.notice = notice
        lanes = settings.streams.map { Lane($0, settings.options) }
        random = FastRandom(seed: seed)
    }

    /// One round: what is due, then what arrives, waiting for it at most until `limit`.
    func turn(until limit: Int64 = .max) {
        let now = now()
        var next = limit
        for lane in lanes {
            if let deadline = lane.errorDeadline, deadline <= now {
                abandon(lane, .disconnected(reason: "the response did not end"))
            }
            if let deadline = lane.machine.deadline, deadline <= now { step(lane, .tick) }
            next = min(next, lane.deadline)
        }
        transport.run(until: next) { id, event in take(id, event) }
    }

    /// Gives up all requests.
    func end() {
        for lane in lanes { cancel(lane) }
    }

    private func now() -> Int64 { Int64(clamping: clock.monotonic()) }

    // MARK: What arrives

    private func take(_ id: HTTPClientRequestID, _ event: HTTPClientEvent) {
        guard let lane = lanesByRequest[id] else { return }
        switch event {
        case .head(let head): open(lane, head)
        case .body(let bytes): read(lane, id, bytes)
        case .finished: finish(lane, id)
        case .failed(let failure):
            lanesByRequest[id] = nil
            lane.close()
            step(lane, .disconnected(reason: failure.description))
        }
        if sawEvents { sink.sawActivity(lane.stream) }
        if isUnpublished { sink.flush() }
        sawEvents = false
        isUnpublished = false
    }

    private func open(_ lane: Lane, _ head: HTTPResponseHead) {
        guard let request = lane.request else { return }
        step(lane, .head(status: head.status, retryAfterSeconds: head.retryAfterSeconds))
        let isGood = head.status == WatchMachine.goodStatus
        if !isGood {
            lane.errorDeadline = MonotonicTime.moment(now(), after: WatchLoopLimits.errorPatience)
        }
        do {
            lane.body = try Body(
                resource: lane.stream.resource, contentType: head.contentType, isWatch: request.isWatch && isGood,
                detail: detail)
        } catch {
            // An error page of whoever stands before the API server: the status says enough.
            guard isGood else { return }
            abandon(lane, .broken(reason: error.description))
        }
    }

    private func read(_ lane: Lane, _ id: HTTPClientRequestID, _ bytes: UnsafeRawBufferPointer) {
        if lane.errorDeadline != nil {
            lane.errorBytes &+= bytes.count
            guard lane.errorBytes <= WatchLoopLimits.errorBytes else {
                return abandon(lane, .disconnected(reason: "the response is too long"))
            }
        }
        guard var body = lane.body else { return }
        // Taken out meanwhile: an event may end the request.
        lane.body = nil
        do {
            try body.read(bytes) { event in take(event, lane, id) }
            if lane.request?.id == id { lane.body = body }
        } catch {
            fail(lane, id, error)
        }
    }

    private func finish(_ lane: Lane, _ id: HTTPClientRequestID) {
        lanesByRequest[id] = nil
        var fault: Body.Fault?
        if var body = lane.body {
            lane.body = nil
            do {
                try body.end { event in take(event, lane, id) }
            } catch {
                fault = error
            }
        }
        guard lane.request?.id == id else { return }
        lane.close()
        step(lane, fault.map { .broken(reason: $0.description) } ?? .finished)
    }

    /// The body cannot be read; of an error the status says enough, and the rest is let pass.
    private func fail(_ lane: Lane, _ id: HTTPClientRequestID, _ fault: Body.Fault) {
        guard lane.request?.id == id, lane.errorDeadline == nil else { return }
        abandon(lane, .broken(reason: fault.description))
    }

    private func take(_ event: BodyEvent, _ lane: Lane, _ id: HTTPClientRequestID) {
        guard lane.request?.id == id else { return }
        // Behind another status than 200 nothing but a Status means anything; objects there would never be swept again.
        if lane.errorDeadline != nil { guard case .status = event else { return } }
        switch event {
        case .object(let change, let object, let version, let triggerTime):
            // The machine first: a replacement begins before its first object.
            step(lane, .object(change, version: version))
            sink.apply(change, object, version: version, triggerTime: triggerTime)
        case .unusable(let change, let key, let version, let problem):
            step(lane, .object(change, version: version))
            sink.keep(key, lane.stream)
            if let line = lane.unusable.note(key, problem, lane.stream, now: now()) { notice(line) }
        case .bookmark(let version, let endsInitialEvents):
            step(lane, .bookmark(version: version, endsInitialEvents: endsInitialEvents))
        case .listEnd(let version, let continueToken):
            step(lane, .listEnd(version: version, continueToken: continueToken))
        case .status(let status):
            return step(lane, .status(status))
        }
        sawEvents = true
        isUnpublished = true
    }

    // MARK: What is done

    private func step(_ lane: Lane, _ input: WatchInput) {
        lane.machine.handle(input, now: now(), using: &random, into: &actions)
        guard !actions.isEmpty else { return }
        for action in actions { perform(action, lane) }
        actions.removeAll(keepingCapacity: true)
    }

    private func perform(_ action: WatchAction, _ lane: Lane) {
        switch action {
        case .request(let request):
            let id = transport.start(
                HTTPClientRequest(
                    path: request.path(of: lane.stream), accept: WatchRequest.accept(lane.stream.resource),
                    idleTimeout: request.idleTimeout, isWatch: request.isWatch))
            lane.close()
            lane.request = (id, request.isWatch)
            lanesByRequest[id] = lane
        case .cancel: cancel(lane)
        case .beginReplace: sink.beginReplace(lane.stream)
        case .endReplace:
            sink.endReplace(lane.stream)
            isUnpublished = true
        case .changed(let state): sink.changed(lane.stream, state)
        case .refreshCredentials: transport.refreshCredentials()
        case .notice(let line): notice(line)
        }
    }

    private func cancel(_ lane: Lane) {
        if let request = lane.request {
            lanesByRequest[request.id] = nil
            transport.cancel(request.id)
        }
        lane.close()
    }

    private func abandon(_ lane: Lane, _ input: WatchInput) {
        cancel(lane)
        step(lane, input)
    }
}
