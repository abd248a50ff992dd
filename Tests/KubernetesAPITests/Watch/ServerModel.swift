@testable import KubernetesAPI

/// A model of an API server's side of one resource: its history, its watch cache, its faults. No bytes, no sockets.
struct ServerModel {
    /// One piece of a response, with the object it is about.
    struct Piece {
        let input: WatchInput
        var object: (key: Int, version: Int, isDeleted: Bool)?
        /// The set that the replacement must have become when this piece has been taken in.
        var completes: [Int: Int]?
    }

    enum Streaming: CaseIterable { case works, isRefused, isIgnored, neverEnds }

    var random: SplitMix64
    let streaming: Streaming
    /// What happened, in order: the version is the index plus one.
    private(set) var history: [(key: Int, isDeleted: Bool)] = []
    /// Versions up to this one are compacted.
    private var floor = 0
    private(set) var set: [Int: Int] = [:]
    /// Since which version an object has been there without a break.
    private(set) var since: [Int: Int] = [:]
    var faults = true

    /// The response under way.
    private(set) var isOpen = false
    private var pieces: [Piece] = []
    /// Of a watch: the version up to which events were sent; nil for a list.
    private var sentUpTo: Int?
    private var endsInitialEvents = true

    init(seed: UInt64) {
        random = SplitMix64(state: seed)
        streaming = Streaming.allCases.randomElement(using: &random) ?? .works
    }

    private var version: Int { history.count }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    // MARK: The set

    mutating func put(_ key: Int) {
        history.append((key, false))
        if set[key] == nil { since[key] = version }
        set[key] = version
    }

    mutating func remove(_ key: Int) {
        guard set[key] != nil else { return }
        history.append((key, true))
        set[key] = nil
        since[key] = nil
    }

    mutating func compact() { floor = version }

    private func state(at version: Int) -> [Int: Int] {
        var state: [Int: Int] = [:]
        for (index, event) in history.prefix(version).enumerated() {
            state[event.key] = event.isDeleted ? nil : index + 1
        }
        return state
    }

    // MARK: Requests

    mutating func open(_ request: WatchRequest) {
        isOpen = true
        pieces = []
        sentUpTo = nil
        endsInitialEvents = true
        if faults, chance(20) { return refuse() }
        switch request.kind {
        case .list(let limit, let token): list(request, limit, token)
        case .watch(_, let initialEvents): watch(request, initialEvents)
        }
    }

    mutating func cancel() {
        isOpen = false
        pieces = []
    }

    private mutating func refuse() {
        switch Int.random(in: 0..<9, using: &random) {
        case 0: pieces = [Piece(input: .disconnected(reason: "refused"))]
        case 1: answer(410, "Expired")
        case 2: answer(429, "TooManyRequests", retryAfter: 2)
        case 3: answer(401, "Unauthorized")
        case 4: answer(403, "Forbidden")
        case 5: answer(404, "NotFound")
        case 6: answer(504, "Timeout", message: "Too large resource version: 9, current: 8")
        case 7: answer(500, "InternalError")
        default: answer(503, "ServiceUnavailable")
        }
    }

    private mutating func answer(_ code: Int, _ reason: String, message: String = "", retryAfter: Int? = nil) {
        pieces = [
            Piece(input: .head(status: code, retryAfterSeconds: retryAfter)),
            Piece(input: .status(APIStatus(code: code, reason: reason, message: message))), Piece(input: .finished),
        ]
    }

    private mutating func list(_ request: WatchRequest, _ limit: Int, _ token: String) {
        var version = self.version
        var from = Int.min
        if !token.isEmpty {
            let parts = token.split(separator: "/").compactMap { Int($0) }
            version = parts[0]
            from = parts[1]
            guard version >= floor else { return answer(410, "Expired") }
        } else if request.resourceVersion == "0" {
            // The cache of another server may lag.
            version = faults ? Int.random(in: min(floor, version)...version, using: &random) : version
        } else if request.notOlderThan, let least = Int(request.resourceVersion ?? "") {
            version = Int.random(in: max(least, min(floor, version))...version, using: &random)
        }
        let state = self.state(at: version)
        var keys = state.keys.filter { $0 > from }.sorted()
        var rest = ""
        if limit > 0, request.resourceVersion != "0", keys.count > limit {
            keys = Array(keys.prefix(limit))
            rest = "\(version)/\(keys[limit - 1])"
        }
        pieces = [Piece(input: .head(status: 200, retryAfterSeconds: nil))]
        pieces += keys.map { key in
            let version = state[key] ?? 0
            return Piece(input: .object(.listed, version: String(version)), object: (key, version, false))
        }
        pieces.append(Piece(input: .listEnd(version: String(version), continueToken: rest)))
        pieces.append(Piece(input: .finished, completes: rest.isEmpty ? state : nil))
    }

    private mutating func watch(_ request: WatchRequest, _ initialEvents: Bool) {
        if initialEvents, streaming == .isRefused { return answer(422, "Invalid") }
        pieces = [Piece(input: .head(status: 200, retryAfterSeconds: nil))]
        guard initialEvents else {
            let from = Int(request.resourceVersion ?? "") ?? 0
            guard from >= floor else {
                if chance(50) { return answer(410, "Expired") }
                pieces.append(Piece(input: .tooOld))
                pieces.append(Piece(input: .finished))
                return
            }
            sentUpTo = from
            return
        }
        pieces += set.map { key, version in
            Piece(input: .object(.added, version: String(version)), object: (key, version, false))
        }
        switch streaming {
        case .works, .isRefused:
            pieces.append(Piece(input: .bookmark(version: String(version), endsInitialEvents: true), completes: set))
        case .neverEnds: pieces.append(Piece(input: .finished))
        case .isIgnored: break
        }
        sentUpTo = version
    }

    /// The next piece of the response, if there is one; faults may end it.
    mutating func next() -> Piece? {
        guard isOpen else { return nil }
        if faults, pieces.first?.input != .finished, chance(4) {
            let piece = fault()
            // A response with a fault in it ends, unless it is given up before.
            pieces = [Piece(input: .disconnected(reason: "idle"))]
            sentUpTo = nil
            if case .status = piece.input { return piece }
            return end(piece)
        }
        if !pieces.isEmpty {
            let piece = pieces.removeFirst()
            switch piece.input {
            case .finished, .disconnected, .broken: isOpen = false
            default: break
            }
            return piece
        }
        guard let sent = sentUpTo else { return end(Piece(input: .disconnected(reason: "stalled"))) }
        guard sent < version else {
            if chance(20) { return Piece(input: .bookmark(version: String(version), endsInitialEvents: false)) }
            return faults && chance(10) ? end(Piece(input: .finished)) : nil
        }
        sentUpTo = sent + 1
        // The watch cache loses an event: only a relist finds that out.
        if faults, chance(2) { return nil }
        let event = history[sent]
        let change: BodyEvent.Change = event.isDeleted ? .deleted : chance(50) ? .added : .modified
        return Piece(
            input: .object(change, version: String(sent + 1)), object: (event.key, sent + 1, event.isDeleted))
    }

    private mutating func end(_ piece: Piece) -> Piece {
        isOpen = false
        return piece
    }

    private mutating func fault() -> Piece {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: Piece(input: .finished)
        case 1: Piece(input: .broken(reason: "garbage"))
        case 2: Piece(input: .internalError)
        case 3: Piece(input: .tooOld)
        case 4: Piece(input: .status(APIStatus(code: 429, retryAfterSeconds: 1)))
        default: Piece(input: .disconnected(reason: "reset"))
        }
    }
}
