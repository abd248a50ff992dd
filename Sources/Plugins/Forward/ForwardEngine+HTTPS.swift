import DNSWire
import LinuxIO
import PluginKit

/// Questions over HTTPS (RFC 8484).
extension ForwardEngine {
    /// Sends a flight's question to an upstream over HTTPS; nil, with the flight's failure set, where that has failed.
    func sendOverHTTPS(
        _ flight: Flight, to upstream: Upstream, _ https: UpstreamHTTPS, _ stage: EngineStage
    ) -> (channel: UpstreamChannel, identifier: UInt16)? {
        for attempt in flight.outstanding where attempt.upstream === upstream {
            (attempt.channel as? HTTPSChannel)?.isAskedAgain(since: attempt.sentAt)
        }
        guard let channel = httpsChannel(upstream, https, stage), let client = channel.client else {
            flight.failure = "\(https.url): no memory for connections"
            return nil
        }
        guard let identifier = channel.waiting.add(flight.place, &numbers) else {
            flight.failure = "no id is free for \(channel.ends)"
            return nil
        }
        let request = https.request(
            flight.question, isCheck: flight.checked != nil,
            nanoseconds: min(stage.options.readTimeout, Self.longestQuery))
        if let problem = client.begin(UInt64(identifier), request) {
            channel.waiting.remove(identifier)
            flight.failure = "\(https.url): \(problem)"
            return nil
        }
        channel.usedAt = loop.now
        armSweep()
        return (channel, identifier)
    }

    private func httpsChannel(_ upstream: Upstream, _ https: UpstreamHTTPS, _ stage: EngineStage) -> HTTPSChannel? {
        if let channel = upstream.httpsChannel {
            if mayReuse(channel, stage) { return channel }
            retire(channel)
        }
        guard let channel = HTTPSChannel(https, upstream: upstream, engine: self) else { return nil }
        upstream.httpsChannel = channel
        return channel
    }

    /// Takes what came of the request for an id.
    func ended(_ identifier: UInt16, _ outcome: HTTPSOutcome, on channel: HTTPSChannel) {
        guard let flight = channel.waiting[identifier].flatMap({ flights[$0] }) else { return }
        switch outcome {
        case .failed(let failure):
            fail(flight, identifier, channel, failure.description, isFree: failure.hasLostKeptConnection)
        case .response(let response):
            if let problem = Self.problem(response) { return fail(flight, identifier, channel, problem) }
            // SAFETY: the client gives no body that is longer than a message may be.
            input.copyBytes(from: response.body)
            input[0] = UInt8(identifier >> 8)
            input[1] = UInt8(identifier & 0xFF)
            let message = UnsafeMutableRawBufferPointer(rebasing: input[..<response.body.count])
            if response.age > 0 { Self.age(message, questionEnd: flight.question.end, by: response.age) }
            if !received(UnsafeRawBufferPointer(message), on: channel) {
                fail(flight, identifier, channel, "the body is no answer to the question")
            }
        }
    }

    /// What is wrong with a response before its body is looked at.
    private static func problem(_ response: HTTPSResponse) -> String? {
        // RFC 8484, section 4.2.1: only the successful ones have an answer.
        guard 200..<300 ~= response.status else { return "HTTP status \(response.status)" }
        guard response.contentType == UpstreamHTTPS.mediaType else {
            let found = response.contentType.isEmpty ? "nothing" : String(response.contentType.prefix(64))
            return "the content type is \(found), expected \(UpstreamHTTPS.mediaType)"
        }
        guard response.body.count >= Header.length else { return "the body is no answer to the question" }
        return nil
    }

    private func fail(
        _ flight: Flight, _ identifier: UInt16, _ channel: HTTPSChannel, _ problem: String, isFree: Bool = false
    ) {
        channel.waiting.remove(identifier)
        closeIfDone(channel)
        attemptFailed(flight, channel, identifier, "\(channel.ends): \(problem)", isFree: isFree)
    }

    /// RFC 8484, section 5.1: an answer is older by what it was in caches of HTTP.
    private static func age(_ message: UnsafeMutableRawBufferPointer, questionEnd: Int, by seconds: UInt32) {
        guard let base = message.baseAddress, message.count >= Header.length else { return }
        let places = [Header.answerCountOffset, Header.authorityCountOffset, Header.additionalCountOffset]
        let count = places.reduce(0) { $0 + Int(Header.field(base, $1)) }
        var walk = RecordWalk(message: UnsafeRawBufferPointer(message), offset: questionEnd, remaining: count)
        while let record = walk.next() {
            // What stands there in an OPT record is no TTL (RFC 6891, section 6.1.3).
            if record.type == .opt { continue }
            let place = record.fixed + 4
            // SAFETY: the walk has found the ten bytes behind the owner within the message.
            let ttl = UInt32(bigEndian: message.loadUnaligned(fromByteOffset: place, as: UInt32.self))
            message.storeBytes(of: (ttl > seconds ? ttl - seconds : 0).bigEndian, toByteOffset: place, as: UInt32.self)
        }
    }
}
