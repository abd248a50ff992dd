import Testing

@testable import KubernetesAPI

/// A watch machine with a time and chance of its own, to be driven by hand.
struct MachineRig {
    static let second: Int64 = 1_000_000_000

    var machine: WatchMachine
    var now: Int64 = 1_000 * second
    var random: SplitMix64
    /// All requests so far.
    var requests: [WatchRequest] = []
    /// All notices so far.
    var notices: [WatchNotice] = []

    init(
        _ stream: WatchStream = WatchStream(.services), streaming: Bool = false, seed: UInt64 = 1,
        _ change: (inout WatchOptions) -> Void = { _ in }
    ) {
        var options = WatchOptions()
        options.usesStreamingLists = streaming
        change(&options)
        machine = WatchMachine(stream: stream, options: options)
        random = SplitMix64(state: seed)
    }

    /// Sends inputs, all at the same time, `seconds` after the last; returns what the machine wants.
    @discardableResult
    mutating func send(_ inputs: WatchInput..., after seconds: Double = 0) -> [WatchAction] {
        now += Int64(seconds * Double(Self.second))
        var actions: [WatchAction] = []
        for input in inputs { machine.handle(input, now: now, using: &random, into: &actions) }
        for action in actions {
            if case .request(let request) = action { requests.append(request) }
            if case .notice(let notice) = action { notices.append(notice) }
        }
        return actions
    }

    /// Goes on to the machine's deadline; returns the actions and how many seconds passed.
    @discardableResult
    mutating func wait() throws -> (actions: [WatchAction], seconds: Double) {
        let deadline = try #require(machine.deadline)
        let before = now
        now = max(now, deadline)
        return (send(.tick), Double(now - before) / Double(Self.second))
    }

    /// Until the first list is complete and watched from version 10.
    mutating func sync(version: String = "10") {
        send(.tick)
        send(.head(status: 200, retryAfterSeconds: nil), .object(.listed, version: "7"))
        send(.listEnd(version: version, continueToken: ""), .finished)
    }

    /// Until the watch is open too and has seen an event of version 11.
    mutating func watch() {
        sync()
        send(.head(status: 200, retryAfterSeconds: nil), .object(.modified, version: "11"))
    }

    /// The whole of a response with an error.
    @discardableResult
    mutating func refuse(_ code: Int, reason: String = "", message: String = "", retryAfter: Int? = nil)
        -> [WatchAction]
    {
        send(
            .head(status: code, retryAfterSeconds: retryAfter),
            .status(APIStatus(code: code, reason: reason, message: message)), .finished)
    }

    var lastRequest: WatchRequest? { requests.last }
}

extension WatchAction {
    var request: WatchRequest? {
        if case .request(let request) = self { request } else { nil }
    }
}

extension [WatchAction] {
    /// The actions without requests and notices, which are compared by themselves.
    var steps: [WatchAction] {
        filter {
            switch $0 {
            case .request, .notice: false
            default: true
            }
        }
    }
    var request: WatchRequest? { lazy.compactMap(\.request).first }
}

extension WatchInput {
    static let ok = WatchInput.head(status: 200, retryAfterSeconds: nil)

    /// The Status that kube-api/watch-too-old-pb has.
    static let tooOld = WatchInput.status(
        APIStatus(code: 410, reason: "Expired", message: "too old resource version: 1 (1492)"))

    static let internalError = WatchInput.status(APIStatus(code: 500, reason: "InternalError", message: "etcd is away"))
}

extension WatchRequest {
    /// A short form to compare: `list rv=0 limit=500`, `watch rv=10`, `stream`.
    var summary: String {
        var words: [String] = []
        switch kind {
        case .list(let limit, let token):
            words.append("list")
            if limit > 0 { words.append("limit=\(limit)") }
            if !token.isEmpty { words.append("continue=\(token)") }
        case .watch(_, let initialEvents): words.append(initialEvents ? "stream" : "watch")
        }
        if let resourceVersion { words.append("rv=\(resourceVersion)") }
        if notOlderThan, !words.contains("stream") { words.append("notOlder") }
        return words.joined(separator: " ")
    }
}
