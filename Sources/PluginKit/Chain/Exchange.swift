import DNSWire
import LinuxIO

/// How a query came.
package enum Transport: UInt8, Sendable {
    case udp
    case tcp

    /// The name that logs and metrics have for it.
    package var name: String { self == .udp ? "udp" : "tcp" }
}

/// One query and its answer, while a chain works on it. Each worker has a single exchange, in memory of its own, and
/// resets it for every query: nothing in it is allocated or counted.
package struct Exchange {
    /// The lower-cased name of the question; what the client wrote stands at offset 12 of the message.
    package let name: QuestionName
    /// What the client asks.
    package var request = Request()
    /// Length of the request in bytes.
    package var requestLength = 0
    /// Bytes of the memory that the message stands in.
    package var capacity = 0
    /// Writes the response over the request.
    package var writer: ResponseWriter
    /// The response code as it stands.
    package var code = ResponseCode.noError
    /// `Header.authoritative` and `Header.recursionAvailable` as they apply.
    package var flags: UInt16 = 0
    package var transport = Transport.udp
    /// Whether upstreams are asked over UDP first, and over TCP where that answer is truncated, though `transport` leaves room for
    /// any: for a question of the server's own, behind which stands a client that asks over UDP, or none.
    package var prefersUDP = false
    /// How the client asks that stands behind the query: what expressions and logs have.
    package var clientTransport: Transport { prefersUDP ? .udp : transport }
    /// Who asks.
    package var client = SocketAddress(ipv4: 0, port: 0)
    /// The address asked.
    package var local = SocketAddress(ipv4: 0, port: 0)
    /// A number that turns the order of addresses in an answer; 0 leaves it. Set by `loadbalance`.
    package var rotation: UInt32 = 0
    /// The worker's source of random numbers.
    package var random: FastRandom
    /// Monotonic time in nanoseconds at which the query was taken up: of its batch, where it came in one.
    package var startedAt: UInt64 = 0
    /// Number of the plugin that answered (its place in the order of plugins), `nobody` where none did.
    package var answeredBy = Exchange.nobody
    /// Where `cache` has answered: the plugin whose answer it gave out.
    package var keptOf = Exchange.nobody
    /// The upstream that the response came from; nil where it came from none. Set by `forward`.
    package var upstream: SocketAddress?
    /// What went wrong, for `errors`; nil where nothing did.
    package var failure: Failure?
    /// Monotonic time in nanoseconds from which on nobody waits for the answer any more; `.max` where `cancel` sets none. A
    /// plugin that waits for others gives up then, and sends nothing.
    package var deadline = UInt64.max
    /// The extended error (RFC 8914, section 4) that the response carries; `noExtendedError` for none. Only for responses
    /// without records.
    package var extendedError = Exchange.noExtendedError
    /// Offset within the message of an alias's target that lies outside of the zones of the plugin that answered; 0 where
    /// there is none. The server looks it up in its own blocks and puts what they say behind the alias.
    package var aliasTarget = 0
    /// What the look-up of `aliasTarget` came to: its response code, nil where nobody answered.
    package var aliasCode: ResponseCode?
    /// How many records the look-up has put behind the alias.
    package var aliasAnswerCount: UInt16 = 0
    /// Whether an alias has led to something that the `kubernetes` plugin says, which is not to be kept under any name.
    package var aliasLedToCluster = false
    /// Called once the look-up has come to its end, before the response is closed: for a plugin that has more to write behind
    /// the answer section. Set together with `aliasTarget`.
    package var aliasDone: AliasDone?
    package var aliasDoneContext: UnsafeMutableRawPointer?
    /// How `aliasTarget` is looked up, and with what; nil where aliases are left as they are.
    package var aliasLookup: AliasLookup?
    package var aliasContext: UnsafeMutableRawPointer?
    /// How the exchange goes on after a step has said `.later`; nil on threads that do not wait.
    package var resumption: WaitingExchange.Resumption?
    /// Set by a step on the way up that has more to find out before the response may go on: on the event loop it has taken a
    /// `WaitingExchange`, and the way up goes on above it once that is resumed; on a worker's thread the query moves to the
    /// event loop, as with `.later`. For steps with `mayWait`.
    package var holdsResponse = false
    /// The number of the plugin that has held the response last (`holdsResponse`), also on the worker's thread from which the
    /// query came to the event loop; `nobody` where none has.
    package var heldBy = Exchange.nobody
    /// Whether the response waits at `waitingPlace` on its way up.
    var waitsOnWayUp = false
    /// Whether a step has said `.later` (or the look-up of an alias has).
    package internal(set) var isWaiting = false
    /// The place in the chain of the step that said so.
    var waitingPlace = 0
    /// Whether the answer is there, and only an alias is waited for.
    var waitsForAlias = false
    /// Length of a response that was taken over whole, OPT record and all (`take(response:)`); 0 where records were written.
    package var wholeLength = 0
    /// Options that the response's OPT record is to carry, in wire form; set by `attach`.
    @usableFromInline package internal(set) var options = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Of a question of the server's own: the number of the plugin that asks, and the address of its `OwnQuery.subject`.
    /// `nobody` for a client's query.
    package var asker = Exchange.nobody
    package var ownQuery: UnsafeMutableRawPointer?
    /// The place in the chain of the topmost plugin that has a part in the exchange.
    var topPlace = 0
    /// What `cache` remembers between the way down and the way up; 0 for nothing.
    package var cacheNotes: UInt8 = 0
    /// Length of the finished response in bytes: known on the way up.
    package var responseLength = 0
    /// Number of the plugin that last put another request in the place of the client's; `nobody` where it is the client's.
    @usableFromInline package internal(set) var replacedBy = Exchange.nobody
    /// What was replaced, the newest first.
    var replaced: Unmanaged<ReplacedRequest>?

    /// Stands for no plugin: the server itself wrote the response.
    @inlinable package static var nobody: UInt8 { .max }
    /// Stands for no extended error: the last code for private use, which nobody needs here (RFC 8914, section 5.2).
    @inlinable package static var noExtendedError: UInt16 { .max }

    /// An error that `errors` logs: which plugin met it, and what it is.
    package struct Failure {
        /// Which plugin stands before the message; `nobody` where none does.
        package var plugin: UInt8
        private let message: StaticString
        private let text: UnsafeRawBufferPointer?

        package init(plugin: UInt8, message: StaticString) {
            self.plugin = plugin
            self.message = message
            text = nil
        }

        /// - Parameter text: UTF-8, whose memory has to last until the exchange is answered.
        package init(plugin: UInt8, text: UnsafeRawBufferPointer) {
            self.plugin = plugin
            message = ""
            self.text = text
        }

        /// What went wrong, in words.
        package var words: String {
            guard let text else { return "\(message)" }
            return String(decoding: text, as: UTF8.self)
        }
    }

    /// - Parameter random: seeded for this worker.
    package init(random: FastRandom) {
        name = QuestionName()
        self.random = random
        // Replaced by `take` before anything is written.
        writer = ResponseWriter(base: UnsafeMutableRawPointer(name.bytes), position: 0, limit: 0)
    }

    /// Gives the exchange's memory back; it must not be used afterwards.
    package mutating func deallocate() {
        forgetReplaced()
        name.deallocate()
    }

    /// Takes up the request of `length` bytes at `buffer`, whose memory holds `capacity` bytes, and reads it.
    @inlinable package mutating func take(
        _ buffer: UnsafeMutableRawPointer, length: Int, capacity: Int, transport: Transport
    ) -> RequestVerdict {
        // Left behind by a query that nobody has answered.
        if replacedBy != Exchange.nobody { forgetReplaced() }
        requestLength = length
        self.capacity = capacity
        self.transport = transport
        prefersUDP = false
        code = .noError
        flags = 0
        rotation = 0
        answeredBy = Exchange.nobody
        failure = nil
        upstream = nil
        aliasTarget = 0
        aliasCode = nil
        aliasAnswerCount = 0
        aliasLedToCluster = false
        aliasDone = nil
        deadline = .max
        extendedError = Exchange.noExtendedError
        options = UnsafeRawBufferPointer(start: nil, count: 0)
        isWaiting = false
        holdsResponse = false
        heldBy = Exchange.nobody
        waitsOnWayUp = false
        wholeLength = 0
        asker = Exchange.nobody
        ownQuery = nil
        cacheNotes = 0
        let verdict = request.read(buffer, length: length, name: name)
        // SAFETY: the writer's limit is at most the capacity of the buffer.
        let allowed = if case .udp = transport { min(request.udpSize, capacity) } else { capacity }
        writer = ResponseWriter(base: buffer, position: request.questionEnd, limit: room(allowed))
        return verdict
    }

    /// Looks up what an answer's alias points at; set once by the server for each worker. Says false where that takes
    /// waiting: then it resumes the exchange, or (where nothing can wait) the query moves to the event loop.
    package typealias AliasLookup =
        @convention(c) (_ context: UnsafeMutableRawPointer, _ exchange: UnsafeMutableRawPointer) -> Bool

    /// Called once the look-up of an alias is over; set by the step that wrote the alias.
    package typealias AliasDone =
        @convention(c) (_ context: UnsafeMutableRawPointer, _ exchange: UnsafeMutableRawPointer) -> Void

    /// Whether a plugin has counted the query: those below one that has held its response on a worker's thread see it a second
    /// time on the event loop, from the beginning.
    @inlinable package func isCounted(by plugin: UInt8) -> Bool { plugin > heldBy }

    /// Limits the response to `size` bytes in all, which is at most what `take` allowed.
    @inlinable package mutating func limit(to size: Int) {
        writer.limit = min(writer.limit, room(size))
    }

    /// What is left of `size` bytes once the OPT record is taken off.
    @inlinable func room(_ size: Int) -> Int {
        request.hasEDNS ? size &- ResponseWriter.optLength : size
    }

    /// Forgets all records written so far.
    @inlinable package mutating func clearRecords() {
        writer.position = request.questionEnd
        writer.answerCount = 0
        writer.authorityCount = 0
        writer.additionalCount = 0
        writer.isTruncated = false
        wholeLength = 0
    }

    /// Makes the response one of `code` without records.
    @inlinable package mutating func fail(_ code: ResponseCode) {
        clearRecords()
        self.code = code
        flags = 0
    }

    /// Writes header and OPT record; afterwards the response is whole.
    @inlinable package mutating func finish() -> Int {
        if wholeLength > 0 {
            responseLength = wholeLength
            return wholeLength
        }
        responseLength = writer.finish(request, code: code, flags: flags)
        if !options.isEmpty { writeOptions() }
        if extendedError != Exchange.noExtendedError { addExtendedError() }
        return responseLength
    }
}
