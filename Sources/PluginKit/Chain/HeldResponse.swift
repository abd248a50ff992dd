import DNSWire

/// A response that a step holds on its way up (`Exchange.holdsResponse`) until a question of its own has been answered, which
/// may be so at once, while the step is still at work.
///
/// `@unchecked Sendable`: used on the event loop's thread only.
package final class HeldResponse: @unchecked Sendable {
    private let waiting: WaitingExchange
    private var isOver = false
    private var isHeld = false

    package init(_ waiting: WaitingExchange) { self.waiting = waiting }

    /// Everything is known: changes the response, and lets it go on.
    package func end(_ change: (UnsafeMutablePointer<Exchange>) -> Void = { _ in }) {
        guard !isOver else { return }
        isOver = true
        change(waiting.exchange)
        if isHeld { waiting.resume(.answered) }
    }

    /// To be called by the step at its end: whether there is anything to wait for.
    package func settle() {
        if isOver { waiting.exchange.pointee.holdsResponse = false } else { isHeld = true }
    }
}

extension Exchange {
    /// Writes another response in the place of the finished one, behind the same question.
    package mutating func replaceResponse(with response: ResponseMessage) {
        // SAFETY: header and question of the response are within the message's memory.
        let head = Array(UnsafeRawBufferPointer(start: writer.base, count: request.questionEnd))
        withUnsafeMutablePointer(to: &self) { response.write($0, request: head) }
    }
}
