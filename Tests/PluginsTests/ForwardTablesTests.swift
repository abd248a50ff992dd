import LinuxIO
import Testing

@testable import Plugins

/// What `forward` finds its flights by.
struct ForwardTablesTests {
    private static func flight(_ ticket: UInt64) -> Flight {
        Flight(
            ticket: ticket, stage: 0, message: [], questionEnd: 0, needsStream: false, startedAt: 0, deadline: 0,
            upstreams: [], first: 0, mostAttempts: 0)
    }

    @Test func flightsByIdentifier() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = FastRandom(seed: seed)
        var numbers = UnguessableNumbers()
        var table = FlightTable()
        var model: [UInt16: UInt64] = [:]
        for step in 0..<20_000 as Range<UInt64> {
            if random.below(3) > 0 || model.isEmpty {
                let identifier = try #require(table.add(Self.flight(step), &numbers), "seed \(seed)")
                #expect(model.updateValue(step, forKey: identifier) == nil, "seed \(seed)")
            } else if let identifier = model.keys.first {
                #expect(table[identifier]?.ticket == model[identifier], "seed \(seed)")
                table.remove(identifier)
                // An id that is not there (any more) is nobody's.
                table.remove(identifier)
                model[identifier] = nil
                #expect(table[identifier] == nil, "seed \(seed)")
            }
        }
        #expect(table.count == model.count)
        for (identifier, ticket) in model { #expect(table[identifier]?.ticket == ticket, "seed \(seed)") }
        #expect(Dictionary(uniqueKeysWithValues: table.removeAll().map { ($0, $1.ticket) }) == model)
        #expect(table.isEmpty)
    }

    @Test func aFullTable() {
        var numbers = UnguessableNumbers()
        var table = FlightTable()
        var count = 0
        while count < 70_000, table.add(Self.flight(0), &numbers) != nil { count += 1 }
        #expect(count == 16_384)
    }

    @Test func deadlines() {
        let seed = UInt64.random(in: .min ... .max)
        var random = FastRandom(seed: seed)
        var now = 1_000_000 * Clock.second
        var wheel = DeadlineWheel(now: now)
        var waiting: [UInt64: UInt64] = [:]
        for ticket in 0..<5000 as Range<UInt64> {
            let deadline = now + UInt64(random.below(5000)) * Clock.millisecond
            wheel.add(ticket, at: deadline, now: now)
            waiting[ticket] = deadline
            now += UInt64(random.below(30)) * Clock.millisecond
            for due in wheel.takeDue(now: now) {
                // None comes early, and none later than a step after it was due.
                #expect(waiting.removeValue(forKey: due).map { $0 <= now } == true, "seed \(seed)")
            }
            let late = waiting.values.count { $0 + 3 * DeadlineWheel.step < now }
            #expect(late == 0, "seed \(seed)")
        }
        #expect(wheel.count == waiting.count)
        // One beyond a turn comes up early, to be added again.
        wheel.add(9999, at: now + 60 * Clock.second, now: now)
        #expect(wheel.takeDue(now: now + 6 * Clock.second).contains(9999))
        #expect(wheel.count == 0)
    }
}
