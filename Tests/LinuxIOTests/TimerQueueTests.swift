import Testing

@testable import LinuxIO

@Suite struct TimerQueueTests {
    @Test func timersComeInOrder() {
        var queue = TimerQueue<String>()
        _ = queue.insert(deadline: 30, payload: "c")
        _ = queue.insert(deadline: 10, payload: "a")
        let b = queue.insert(deadline: 20, payload: "b")
        _ = queue.insert(deadline: 20, payload: "b2")
        #expect(queue.nextDeadline() == 10)
        #expect(queue.takeDue(now: 9, before: queue.mark) == nil)
        #expect(queue.takeDue(now: 20, before: queue.mark) == "a")
        #expect(queue.cancel(b) == "b")
        #expect(queue.cancel(b) == nil)
        #expect(queue.takeDue(now: 20, before: queue.mark) == "b2")
        #expect(queue.takeDue(now: 20, before: queue.mark) == nil)
        #expect(queue.nextDeadline() == 30)
        #expect(queue.count == 1)
    }

    @Test func timersInsertedMeanwhileWait() {
        var queue = TimerQueue<Int>()
        _ = queue.insert(deadline: 1, payload: 1)
        let mark = queue.mark
        _ = queue.insert(deadline: 1, payload: 2)
        #expect(queue.takeDue(now: 5, before: mark) == 1)
        #expect(queue.takeDue(now: 5, before: mark) == nil)
        #expect(queue.takeDue(now: 5, before: queue.mark) == 2)
    }

    @Test func cancelledTimersDoNotPileUp() {
        var queue = TimerQueue<Int>()
        _ = queue.insert(deadline: 5, payload: 0)
        for number in 1...10_000 {
            queue.cancel(queue.insert(deadline: 1000, payload: number))
        }
        #expect(queue.count == 1)
        #expect(queue.heldEntries <= 64)
    }

    /// The same as a sorted list, whatever the order of operations.
    @Test func agreesWithASortedList() throws {
        let seed = try RandomSeed.word()
        var random = FastRandom(seed: seed)
        var queue = TimerQueue<UInt64>()
        var model: [(deadline: UInt64, id: TimerID)] = []
        var now: UInt64 = 0
        for _ in 0..<20_000 {
            switch random.below(10) {
            case 0..<5:
                let deadline = now + UInt64(random.below(50))
                let id = queue.insert(deadline: deadline, payload: deadline)
                let place = model.firstIndex { $0.deadline > deadline } ?? model.endIndex
                model.insert((deadline, id), at: place)
            case 5..<7 where !model.isEmpty:
                let gone = model.remove(at: Int(random.below(UInt32(model.count))))
                #expect(queue.cancel(gone.id) == gone.deadline, "seed \(seed)")
            default:
                now += UInt64(random.below(5))
                while let first = model.first, first.deadline <= now {
                    model.removeFirst()
                    #expect(queue.takeDue(now: now, before: queue.mark) == first.deadline, "seed \(seed)")
                    #expect(queue.cancel(first.id) == nil, "seed \(seed)")
                }
                #expect(queue.takeDue(now: now, before: queue.mark) == nil, "seed \(seed)")
            }
            #expect(queue.count == model.count, "seed \(seed)")
            #expect(queue.nextDeadline() == model.first?.deadline, "seed \(seed)")
        }
    }

    @Test func activityOrderAgreesWithAList() throws {
        let seed = try RandomSeed.word()
        var random = FastRandom(seed: seed)
        var order = ActivityOrder()
        var model: [(member: Int32, time: UInt64)] = []
        for time in 0..<UInt64(20_000) {
            let member = Int32(random.below(40))
            model.removeAll { $0.member == member }
            if random.below(3) == 0 {
                order.remove(member)
            } else {
                order.touch(member, time: time)
                model.append((member, time))
            }
            #expect(order.count == model.count, "seed \(seed)")
            #expect(order.oldest?.member == model.first?.member, "seed \(seed)")
            #expect(order.oldest?.time == model.first?.time, "seed \(seed)")
            #expect(order.contains(member) == model.contains { $0.member == member }, "seed \(seed)")
        }
        order.touch(-1, time: 1)
        order.remove(-1)
        #expect(order.count == model.count)
    }
}
