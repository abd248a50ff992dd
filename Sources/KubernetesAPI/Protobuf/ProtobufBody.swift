/// Reads answers in `application/vnd.kubernetes.protobuf` as their bytes arrive, in pieces of any size.
///
/// An answer is the four bytes `k8s\0` and a `runtime.Unknown`; a watch is frames, each a length of four bytes (big endian)
/// and a `WatchEvent`, whose object is such an answer again. Messages are not collected: the reader keeps a stack of those
/// that it is in, moves over what nobody wants, and hands each wanted text on where it lies, unless a piece ends within.
/// See protobuf.dev/programming-guides/encoding for the format and Kubernetes's API concepts for the envelope.
struct ProtobufBody {
    /// Puts the objects together.
    private var assembly: ProtobufAssembly
    /// The messages that the reader is in, from the outside.
    private var stack: [Level] = []
    /// The innermost one.
    private var top = Level(message: .watchEvent, end: Int.max)
    private var phase = Phase.prefix
    /// How many bytes of the body were read before this piece.
    private var base = 0
    /// The field at hand.
    private var field = ProtobufField.skip
    /// The number at hand, as far as it was read.
    private var varint: UInt64 = 0
    private var varintShift: UInt64 = 0
    /// The four bytes at hand, as far as they were read.
    private var prefix: UInt32 = 0
    private var prefixCount = 0
    /// Bytes left of what is skipped or collected.
    private var remaining = 0
    /// A text that a piece ended within.
    private var collected: [UInt8] = []
    /// Whether the answer's object was read to its end.
    private var isWhole = false

    /// A message that the reader is in.
    private struct Level {
        let message: ProtobufMessage
        /// The offset in the body behind its last byte.
        let end: Int
    }

    /// What is read next.
    private enum Phase {
        /// Four bytes: a frame's length, or the mark of an answer.
        case prefix
        /// A field's number and wire type.
        case tag
        /// The value of a number.
        case number
        /// The length of bytes.
        case length
        /// Bytes that nobody wants.
        case skip
        /// The bytes of a text, which did not come in one piece.
        case text
    }

    private static let mark: UInt32 = 0x6b38_7300

    /// A reader of a watch, or of a single answer.
    init(resource: WatchedResource, detail: ObjectDetail, isWatch: Bool) {
        assembly = ProtobufAssembly(resource: resource, detail: detail)
        assembly.isWatch = isWatch
        stack.reserveCapacity(12)
        if !isWatch { beginAnswer() }
    }

    /// Reads the next piece.
    mutating func read(_ bytes: UnsafeRawBufferPointer, _ handler: (BodyEvent) -> Void) throws(BodyFault) {
        // SAFETY: bytes may be looked at as UInt8; the pointer does not leave this call. Every index below is checked against
        // `piece.count` before it is used, because a release build does not check those of unsafe buffers.
        let piece = bytes.assumingMemoryBound(to: UInt8.self)
        var at = 0
        do throws(BodyFault) {
            try read(piece, &at, handler)
        } catch {
            var fault = error
            fault.offset = base + at
            throw fault
        }
        base += piece.count
    }

    /// The body ended.
    mutating func end(_ handler: (BodyEvent) -> Void) throws(BodyFault) {
        let isBetween = phase == .tag && varintShift == 0
        do throws(BodyFault) {
            if assembly.isWatch {
                guard stack.isEmpty, phase == .prefix, prefixCount == 0 else {
                    throw BodyFault("the answer ends inside an event")
                }
            } else {
                guard isWhole, isBetween, stack.count == 1 else { throw BodyFault("the answer ends inside its object") }
                try assembly.finish(handler)
            }
        } catch {
            var fault = error
            fault.offset = base
            throw fault
        }
    }

    private mutating func beginAnswer() {
        assembly.isWatch = false
        top = Level(message: .unknown, end: Int.max)
        stack.append(top)
        phase = .prefix
    }

    /// Reads from `piece[at]` to its end.
    private mutating func read(
        _ piece: UnsafeBufferPointer<UInt8>, _ at: inout Int, _ handler: (BodyEvent) -> Void
    ) throws(BodyFault) {
        while true {
            switch phase {
            case .tag:
                if base &+ at == top.end, varintShift == 0 {
                    try leave(handler)
                    continue
                }
                guard let tag = try takeVarint(piece, &at) else { return }
                guard base &+ at <= top.end else { throw pastEnd("a field") }
                try begin(tag, at)
            case .number:
                guard let value = try takeVarint(piece, &at) else { return }
                guard base &+ at <= top.end else { throw pastEnd("a number") }
                if case .number(let number) = field { assembly.take(number, value) }
                phase = .tag
            case .length:
                guard let length = try takeVarint(piece, &at) else { return }
                let start = base &+ at
                guard start <= top.end, length <= UInt64(top.end &- start) else {
                    throw pastEnd("a length of \(length)")
                }
                try beginBytes(Int(length), piece, &at)
            case .skip:
                let count = min(remaining, piece.count &- at)
                at &+= count
                remaining &-= count
                guard remaining == 0 else { return }
                phase = .tag
            case .text:
                let count = min(remaining, piece.count &- at)
                // SAFETY: `count` bytes are left from `at` on.
                collected.append(contentsOf: UnsafeBufferPointer(rebasing: piece[at..<at + count]))
                at &+= count
                remaining &-= count
                guard remaining == 0 else { return }
                try takeCollected()
            case .prefix:
                guard at < piece.count else { return }
                prefix = prefix << 8 | UInt32(piece[at])
                prefixCount &+= 1
                at &+= 1
                if prefixCount == 4 { try endPrefix(at) }
            }
        }
    }

    /// A base 128 number of at most 64 bits; nil where the piece ends within, and more of it is to come.
    @inline(__always)
    private mutating func takeVarint(_ piece: UnsafeBufferPointer<UInt8>, _ at: inout Int) throws(BodyFault) -> UInt64?
    {
        // Nearly all tags and lengths have one byte.
        if varintShift == 0, at < piece.count, piece[at] < 0x80 {
            let value = UInt64(piece[at])
            at &+= 1
            return value
        }
        return try takeLongVarint(piece, &at)
    }

    @inline(never)
    private mutating func takeLongVarint(
        _ piece: UnsafeBufferPointer<UInt8>, _ at: inout Int
    ) throws(BodyFault) -> UInt64? {
        while at < piece.count {
            let byte = piece[at]
            at &+= 1
            // The tenth byte has the last of 64 bits.
            guard varintShift < 63 || byte <= 1 else { throw BodyFault("a number of more than 64 bits") }
            varint |= UInt64(byte & 0x7f) << varintShift
            varintShift &+= 7
            if byte < 0x80 {
                defer {
                    varint = 0
                    varintShift = 0
                }
                return varint
            }
        }
        return nil
    }

    /// A field begins.
    @inline(__always)
    private mutating func begin(_ tag: UInt64, _ at: Int) throws(BodyFault) {
        guard let number = UInt32(exactly: tag >> 3), number > 0 else {
            throw BodyFault("a field of the number \(tag >> 3), expected one from 1 on")
        }
        field = try assembly.field(top.message, number)
        switch tag & 7 {
        case 0:
            switch field {
            case .skip, .number: phase = .number
            case .enter, .envelope, .text: throw wrongWireType(tag)
            }
        case 2:
            if case .number = field { throw wrongWireType(tag) }
            phase = .length
        case 1, 5:
            guard case .skip = field else { throw wrongWireType(tag) }
            remaining = tag & 7 == 1 ? 8 : 4
            guard remaining <= top.end &- (base &+ at) else { throw pastEnd("a number") }
            phase = .skip
        default:
            // 3 and 4 are groups, which Kubernetes never used; 6 and 7 are nothing.
            throw wrongWireType(tag)
        }
    }

    /// The bytes of a field begin: `length` of them, which are within the message.
    private mutating func beginBytes(
        _ length: Int, _ piece: UnsafeBufferPointer<UInt8>, _ at: inout Int
    ) throws(BodyFault) {
        switch field {
        case .skip, .number:
            remaining = length
            phase = .skip
        case .enter(let message):
            try enter(message, length, at)
            phase = .tag
        case .envelope:
            guard length >= 4 else { throw BodyFault("an object of \(length) bytes, expected the mark \"k8s\\0\"") }
            try enter(.unknown, length, at)
            phase = .prefix
        case .text(let text):
            guard length <= text.limit else {
                try assembly.skip(text, length: length)
                remaining = length
                phase = .skip
                return
            }
            guard length <= piece.count &- at else {
                collected.removeAll(keepingCapacity: true)
                remaining = length
                phase = .text
                return
            }
            let start = at
            at &+= length
            phase = .tag
            // SAFETY: `length` bytes were left from `start` on; the assembly copies what it keeps.
            try assembly.take(text, UnsafeBufferPointer(rebasing: piece[start..<at]))
        }
    }

    private mutating func takeCollected() throws(BodyFault) {
        phase = .tag
        guard case .text(let text) = field else { return }
        // Out of self, so that the assembly can be changed while its bytes are read.
        let whole = collected
        // SAFETY: the assembly copies what it keeps; the pointer is used within the closure only.
        try whole.withUnsafeBufferPointer { bytes throws(BodyFault) in try assembly.take(text, bytes) }
    }

    private mutating func endPrefix(_ at: Int) throws(BodyFault) {
        let value = prefix
        prefix = 0
        prefixCount = 0
        if stack.isEmpty {
            // A server may answer a watch with a single Status. As a length the mark would be above the limit.
            if value == Self.mark, base + at == 4 {
                beginAnswer()
                phase = .tag
                return
            }
            guard value <= UInt32(BodyLimits.largestEvent) else {
                throw BodyFault("an event of \(value) bytes, expected at most \(BodyLimits.largestEvent)")
            }
            try enter(.watchEvent, Int(value), at)
        } else {
            guard value == Self.mark else { throw BodyFault("an object that does not begin with \"k8s\\0\"") }
        }
        phase = .tag
    }

    private mutating func enter(_ message: ProtobufMessage, _ length: Int, _ at: Int) throws(BodyFault) {
        try assembly.enter(message)
        top = Level(message: message, end: base &+ at &+ length)
        stack.append(top)
    }

    private mutating func leave(_ handler: (BodyEvent) -> Void) throws(BodyFault) {
        try assembly.leave(top.message, handler)
        if top.message == .list || top.message == .status { isWhole = true }
        stack.removeLast()
        if let outer = stack.last {
            top = outer
        } else {
            phase = .prefix
        }
    }

    private func pastEnd(_ what: String) -> BodyFault {
        BodyFault("\(what) that ends behind the message \(top.message) that it is in")
    }

    private func wrongWireType(_ tag: UInt64) -> BodyFault {
        BodyFault("field \(tag >> 3) of the message \(top.message) has the wire type \(tag & 7), expected another one")
    }
}
