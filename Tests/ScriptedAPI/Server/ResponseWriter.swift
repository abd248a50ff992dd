/// Writes one answer, with its faults at their places.
final class ResponseWriter {
    let faults: FaultSet
    private let channel: Channel
    private let server: ScriptedAPIServer
    private let chunkBytes: Int
    private var isChunked = false
    private var output: [UInt8] = []
    /// Bytes of the body until now, and frames.
    private var offset = 0
    private var frame = 0
    /// Body offsets at which a fault comes, ascending.
    private var places: [(offset: Int, action: FaultSet.BodyAction)] = []

    /// Output that is held back at most.
    private static let outputLimit = 131_072

    init(channel: Channel, server: ScriptedAPIServer, faults: FaultSet, chunkBytes: Int) {
        self.channel = channel
        self.server = server
        self.faults = faults
        self.chunkBytes = max(1, chunkBytes)
        channel.slow = faults.slow
        for (position, action) in faults.body {
            if case .byte(let place) = position { places.append((place, action)) }
        }
        places.sort { $0.offset < $1.offset }
    }

    /// - Parameter length: nil for a chunked body.
    func start(
        status: Int, contentType: String, length: Int? = nil, headers: [(name: String, value: String)] = []
    ) throws(ChannelEnd) {
        if faults.stallBeforeHead.isSet {
            try server.stall(channel, milliseconds: faults.stallBeforeHead.milliseconds, since: faults.resumes)
        }
        isChunked = length == nil
        var head = "HTTP/1.1 \(status) \(Self.phrase(status))\r\n"
        head += "audit-id: 23e8ada6-7f4b-419a-95ac-922228dabb17\r\ncache-control: no-cache, private\r\n"
        head += "content-type: \(faults.contentType ?? contentType)\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        head += "x-kubernetes-pf-flowschema-uid: 137ccfdc-ed42-40fd-9df6-ac7d0e5d1abf\r\n"
        head += "x-kubernetes-pf-prioritylevel-uid: f15ae7ba-cc8e-40f2-b0b9-2511925521b8\r\n"
        head += length.map { "content-length: \($0)\r\n" } ?? "transfer-encoding: chunked\r\n"
        if faults.closesAfter { head += "connection: close\r\n" }
        head += "\r\n"
        output.append(contentsOf: head.utf8)
        if faults.hangsUpInHead {
            output.removeLast(output.count / 2)
            try flush()
            throw .fault
        }
    }

    /// A frame of a watch; a list as a whole is written in parts, after `begin`.
    func write(frame bytes: [UInt8]) throws(ChannelEnd) {
        begin(frameOf: bytes.count)
        if let microseconds = faults.halfFrames {
            try write(bytes[..<(bytes.count / 2)])
            try flush()
            try channel.pause(until: monotonicNow() + Int64(microseconds) * 1000, unless: { false })
            try write(bytes[(bytes.count / 2)...])
            try flush()
        } else {
            try write(bytes[...])
        }
    }

    /// Says how long the next frame is, so that its middle is known.
    func begin(frameOf count: Int) {
        for (position, action) in faults.body {
            guard case .frame(let number) = position, number == frame else { continue }
            places.append((offset + count / 2, action))
            places.sort { $0.offset < $1.offset }
        }
        frame += 1
    }

    /// Bytes of the body.
    func write(_ bytes: ArraySlice<UInt8>) throws(ChannelEnd) {
        var rest = bytes
        while let place = places.first, place.offset < offset + rest.count {
            let part = rest.prefix(max(0, place.offset - offset))
            try chunks(part)
            rest = rest.dropFirst(part.count)
            places.removeFirst()
            try flush()
            try act(place.action)
        }
        try chunks(rest)
    }

    private func act(_ action: FaultSet.BodyAction) throws(ChannelEnd) {
        switch action {
        case .hangUp: throw .fault
        case .stall(let milliseconds): try server.stall(channel, milliseconds: milliseconds)
        case .garbage(let count, let seed):
            var random = SplitMix64(seed: seed)
            var bytes: [UInt8] = []
            for _ in 0..<count { bytes.append(UInt8(truncatingIfNeeded: random.next())) }
            frameChunk(bytes[...])
        }
    }

    private func chunks(_ bytes: ArraySlice<UInt8>) throws(ChannelEnd) {
        var rest = bytes
        while !rest.isEmpty {
            let part = rest.prefix(chunkBytes)
            rest = rest.dropFirst(part.count)
            offset += part.count
            frameChunk(part)
            if output.count >= Self.outputLimit { try flush() }
        }
    }

    private func frameChunk(_ bytes: ArraySlice<UInt8>) {
        guard isChunked else { return output.append(contentsOf: bytes) }
        output.append(contentsOf: String(bytes.count, radix: 16).utf8)
        output.append(contentsOf: [13, 10])
        output.append(contentsOf: bytes)
        output.append(contentsOf: [13, 10])
    }

    /// Sends what is held back. True where there was anything.
    @discardableResult
    func flush() throws(ChannelEnd) -> Bool {
        guard !output.isEmpty else { return false }
        try server.waitWhilePaused(channel)
        try channel.send(output)
        output.removeAll(keepingCapacity: true)
        return true
    }

    /// The end of the body.
    func finish() throws(ChannelEnd) {
        // A fault behind the last byte comes at the end.
        while let place = places.first {
            places.removeFirst()
            try flush()
            try act(place.action)
        }
        if faults.hangsUpBeforeEnd {
            try flush()
            throw .fault
        }
        if isChunked { output.append(contentsOf: "0\r\n\r\n".utf8) }
        try flush()
        channel.slow = nil
    }

    private static func phrase(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 410: "Gone"
        case 422: "Unprocessable Entity"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Scripted"
        }
    }
}
