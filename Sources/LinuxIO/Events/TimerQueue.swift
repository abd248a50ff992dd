/// Names a timer of a `TimerQueue`.
package struct TimerID: Hashable, Sendable, BitwiseCopyable {
    let number: UInt64
}

/// Timers in the order of their deadlines: a binary heap, without a clock of its own.
///
/// Inserting, cancelling and taking the next one cost O(log n), amortised. Equal deadlines keep the order of insertion.
package struct TimerQueue<Payload> {
    private struct Entry {
        let deadline: UInt64
        let number: UInt64

        func precedes(_ other: Entry) -> Bool {
            deadline != other.deadline ? deadline < other.deadline : number < other.number
        }
    }

    /// A binary heap, by deadline. Cancelled timers stay in it until they surface or outnumber the others.
    private var heap: [Entry] = []
    private var payloads: [UInt64: Payload] = [:]
    private var nextNumber: UInt64 = 0

    /// Below this many entries cancelled ones are not worth a rebuild.
    private static var rebuildThreshold: Int { 64 }

    /// A queue without timers.
    package init() {}

    /// Timers that are waiting.
    package var count: Int { payloads.count }

    /// Entries held, with the cancelled ones.
    var heldEntries: Int { heap.count }

    /// Adds a timer that is due at `deadline` (nanoseconds of a monotonic clock).
    package mutating func insert(deadline: UInt64, payload: Payload) -> TimerID {
        let number = nextNumber
        nextNumber &+= 1
        payloads[number] = payload
        heap.append(Entry(deadline: deadline, number: number))
        siftUp(heap.count - 1)
        return TimerID(number: number)
    }

    /// Takes a timer out; returns its payload, nil when it has been taken or cancelled before.
    @discardableResult
    package mutating func cancel(_ timer: TimerID) -> Payload? {
        guard let payload = payloads.removeValue(forKey: timer.number) else { return nil }
        if heap.count >= Self.rebuildThreshold, heap.count > 2 * payloads.count { rebuild() }
        return payload
    }

    /// The earliest deadline, nil when no timer waits.
    package mutating func nextDeadline() -> UInt64? {
        dropCancelled()
        return heap.first?.deadline
    }

    /// The mark that `takeDue` needs: timers inserted from now on are not taken with it.
    package var mark: UInt64 { nextNumber }

    /// Takes the earliest timer that is due at `now` and was inserted before `mark`, so that a timer that inserts a due
    /// timer cannot keep its caller for ever.
    package mutating func takeDue(now: UInt64, before mark: UInt64) -> Payload? {
        dropCancelled()
        guard let first = heap.first, first.deadline <= now, first.number < mark else { return nil }
        removeFirst()
        return payloads.removeValue(forKey: first.number)
    }

    private mutating func dropCancelled() {
        while let first = heap.first, payloads[first.number] == nil { removeFirst() }
    }

    private mutating func removeFirst() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        siftDown(0)
    }

    private mutating func rebuild() {
        heap.removeAll { payloads[$0.number] == nil }
        // An array in order is a heap.
        heap.sort { $0.precedes($1) }
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard heap[index].precedes(heap[parent]) else { return }
            heap.swapAt(index, parent)
            index = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        while true {
            var least = index
            for child in (2 * index + 1)...(2 * index + 2) where child < heap.count && heap[child].precedes(heap[least])
            {
                least = child
            }
            if least == index { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
