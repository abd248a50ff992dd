/// One thing that goes wrong with the answer to one request. Several may go wrong with the same one.
package enum ScriptedFault: Sendable {
    /// The connection ends before the first byte of the answer.
    case hangUpBeforeHead
    /// The connection ends in the middle of the head.
    case hangUpInHead
    /// The connection ends in the body.
    case hangUp(at: ScriptedPosition)
    /// The connection ends after the whole body (for a watch: when it times out), without the last chunk.
    case hangUpBeforeEnd
    /// The connection ends with a reset instead of a FIN, wherever another fault ends it.
    case reset
    /// Nothing is sent before the head: for some time, or (nil) until `resume()`.
    case stallBeforeHead(milliseconds: Int?)
    /// Nothing more is sent from there on: for some time, or (nil) until `resume()`.
    case stall(at: ScriptedPosition, milliseconds: Int?)
    /// Bytes that mean nothing, from a generator of this seed, are put into the body.
    case garbage(at: ScriptedPosition, count: Int, seed: UInt64)
    /// The first `count` bytes of the answer, head and framing included, come one at a time, each after a pause.
    case slowBytes(count: Int, microseconds: Int)
    /// Every frame of a watch, and a list, comes in two halves with a pause between them, each a chunk of its own.
    case halfFrames(microseconds: Int)
    /// Content-Type says this, whatever the body is.
    case contentType(String)
    /// The answer is a Status of this code.
    case status(Int, retryAfterSeconds: Int?)
    /// The bookmark that ends the initial events of a streaming list is left out.
    case dropInitialEventsEnd
    /// The watch ends properly after so many events.
    case shortWatch(afterEvents: Int)
    /// Every event of a watch comes twice.
    case duplicateEvents
    /// A watch says ERROR after so many events, and ends.
    case errorEvent(ScriptedStatus, afterEvents: Int)
    /// The answer says `Connection: close` and is the last one of the connection.
    case closeAfter
}

/// A place in a body.
package enum ScriptedPosition: Sendable {
    /// Behind so many bytes; the end, when there are fewer.
    case byte(Int)
    /// In the middle of the frame of this number, from 0. A list has one frame.
    case frame(Int)
}

/// Which requests are meant.
package struct ScriptedRequestMatch: Sendable {
    /// Nil: of any kind.
    package var resource: ScriptedResource?
    /// Nil: in any namespace and in all.
    package var namespace: String?
    /// Nil: lists and watches.
    package var isWatch: Bool?
    /// What the target contains; empty: anything.
    package var text: String = ""

    package init(
        _ resource: ScriptedResource? = nil, namespace: String? = nil, isWatch: Bool? = nil, text: String = ""
    ) {
        self.resource = resource
        self.namespace = namespace
        self.isWatch = isWatch
        self.text = text
    }

    /// Every request.
    package static let any = ScriptedRequestMatch()

    /// Lists, of a kind or of all.
    package static func list(_ resource: ScriptedResource? = nil) -> Self { Self(resource, isWatch: false) }

    /// Watches, of a kind or of all.
    package static func watch(_ resource: ScriptedResource? = nil) -> Self { Self(resource, isWatch: true) }

    func matches(_ request: ScriptedRequest) -> Bool {
        if let resource, request.route?.resource != resource { return false }
        if let namespace, request.route?.namespace != namespace { return false }
        if let isWatch, request.isWatch != isWatch { return false }
        return text.isEmpty || request.target.contains(text)
    }
}
