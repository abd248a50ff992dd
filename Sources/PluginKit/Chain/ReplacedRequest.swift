import DNSWire

/// A request that a plugin has put another one in the place of, until the answer comes back up.
package final class ReplacedRequest {
    /// The message as the plugin found it.
    package let message: [UInt8]
    /// What the plugin has to know on the way up.
    package let memo: AnyObject?
    /// How long the response may be, as it was then.
    let limit: Int
    let owner: UInt8
    /// The request as plugins knew it: they may have noted in it what the message does not say (`nsid`, `bufsize`).
    let request: Request
    /// What had been replaced before.
    let earlier: ReplacedRequest?

    init(message: [UInt8], memo: AnyObject?, limit: Int, owner: UInt8, request: Request, earlier: ReplacedRequest?) {
        self.message = message
        self.memo = memo
        self.limit = limit
        self.owner = owner
        self.request = request
        self.earlier = earlier
    }
}

extension Exchange {
    /// Puts `message` in the place of the request, on the way down: question, options and everything that `request` and `name`
    /// say are its own from here on. Whoever does that calls `restoreRequest` on the way up, where `replacedBy` is its number.
    ///
    /// A query that is taken up once more, on another thread, is taken up with `clientRequest`, and replaced again.
    ///
    /// - Parameters:
    ///   - message: a query with one question.
    ///   - plugin: the number of the plugin that does it.
    ///   - memo: what it has to know on the way up.
    /// - Returns: false where the message does not fit or is none; then all is as before.
    package mutating func replaceRequest(with message: [UInt8], by plugin: UInt8, memo: AnyObject?) -> Bool {
        guard message.count <= capacity, plugin != Exchange.nobody else { return false }
        let found = Array(UnsafeRawBufferPointer(start: writer.base, count: requestLength))
        let before = request
        guard write(message) == .answer, request.questionEnd < writer.limit - ResponseWriter.optLength else {
            _ = write(found)
            request = before
            return false
        }
        let saved = ReplacedRequest(
            message: found, memo: memo, limit: writer.limit, owner: plugin, request: before,
            earlier: replaced?.takeRetainedValue())
        replaced = .passRetained(saved)
        replacedBy = plugin
        if request.hasEDNS, !before.hasEDNS {
            // The response will have an OPT record, which `finish` writes without asking for room.
            writer.limit &-= ResponseWriter.optLength
        }
        return true
    }

    /// Makes `request` and `name` what they were before the last `replaceRequest`. The response in the message is not changed:
    /// it has the question of the other request still.
    package mutating func restoreRequest() -> ReplacedRequest? {
        guard let saved = replaced?.takeRetainedValue() else { return nil }
        replaced = saved.earlier.map { .passRetained($0) }
        replacedBy = saved.earlier?.owner ?? Exchange.nobody
        requestLength = saved.message.count
        saved.message.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { _ = request.read(base, length: bytes.count, name: name) }
        }
        request = saved.request
        writer.limit = saved.limit
        return saved
    }

    /// The request as it came from the client, whatever has been put in its place. On the way down only: a response is written
    /// over it. Valid until the request is replaced or restored.
    package func withClientRequest<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        guard var first = replaced?.takeUnretainedValue() else {
            return body(UnsafeRawBufferPointer(start: writer.base, count: requestLength))
        }
        while let earlier = first.earlier { first = earlier }
        return first.message.withUnsafeBytes(body)
    }

    /// Puts a message where the request is, and reads it.
    private mutating func write(_ message: [UInt8]) -> RequestVerdict {
        message.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return .drop }
            // SAFETY: the caller has compared the count with the capacity.
            writer.base.copyMemory(from: start, byteCount: bytes.count)
            requestLength = bytes.count
            let verdict = request.read(UnsafeRawPointer(writer.base), length: bytes.count, name: name)
            writer.position = request.questionEnd
            return verdict
        }
    }

    /// Forgets what has been replaced: nobody will answer the query.
    @inline(never) @usableFromInline mutating func forgetReplaced() {
        replaced?.release()
        replaced = nil
        replacedBy = Exchange.nobody
    }
}

extension Exchange {
    /// What the plugin that last replaced the request has to know.
    package var replacedMemo: AnyObject? { replaced?.takeUnretainedValue().memo }
}
