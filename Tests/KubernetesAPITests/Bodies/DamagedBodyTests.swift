import KubernetesAPI
import Testing

@Suite("Bodies in pieces, cut off and damaged")
struct DamagedBodyTests {
    @Test("where a body is cut into pieces makes no difference", arguments: RecordedBody.all)
    func pieces(_ body: RecordedBody) throws {
        let whole = try body.read()
        // Each cut reads the whole body again; JSON takes longer, and is cut within a buffer that is kept anyway.
        let isLarge = body.bytes.count > (body.contentType.contains("json") ? 1 << 10 : 5 << 10)
        var random = SplitMix64(state: 1)
        let cuts =
            isLarge
            ? (0..<50).map { _ in Int.random(in: 0...body.bytes.count, using: &random) } : Array(0...body.bytes.count)
        for cut in cuts {
            #expect(try body.read(cutAt: [cut]) == whole, "cut at \(cut)")
        }
        #expect(try body.read(cutAt: Array(0...body.bytes.count)) == whole, "byte by byte")
        for seed in 1...8 {
            var random = SplitMix64(state: UInt64(seed))
            let most = Int.random(in: 2...64, using: &random)
            let cuts = (0..<most).map { _ in Int.random(in: 0...body.bytes.count, using: &random) }.sorted()
            #expect(try body.read(cutAt: cuts) == whole, "seed \(seed)")
        }
    }

    @Test("a body that is cut off is not taken for a whole one", arguments: RecordedBody.all)
    func truncated(_ body: RecordedBody) throws {
        let whole = try body.read()
        let step = max(1, body.bytes.count / 600)
        for length in stride(from: 0, to: body.bytes.count, by: step) {
            let events: [BodyEvent]
            do throws(BodyFault) {
                events = try BodyBench.read(
                    Array(body.bytes.prefix(length)), body.resource, body.contentType, isWatch: body.isWatch)
            } catch {
                continue
            }
            if body.isWatch {
                // Between two events.
                #expect(events.count < whole.count && events[...] == whole.prefix(events.count), "length \(length)")
            } else {
                // What is missing is the four bytes behind the object, which say nothing, or the end of the line.
                #expect(events == whole && length >= body.bytes.count - 4, "length \(length)")
            }
        }
    }

    @Test("damage never ends the process, and ends the reading", arguments: RecordedBody.all)
    func mutations(_ body: RecordedBody) {
        let rounds = max(20, min(300, 1_500_000 / max(1, body.bytes.count)))
        for seed in 1...UInt64(rounds) {
            var random = SplitMix64(state: seed)
            var bytes = body.bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 1: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
                case 3: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...9, using: &random)))
                default: bytes.replaceSubrange(at..<at, with: repeatElement(0xff, count: 9))
                }
                if bytes.isEmpty { bytes = [0] }
            }
            let cut = Int.random(in: 0...bytes.count, using: &random)
            let outcome = Self.outcome(bytes, body, [])
            // A damaged body says the same however it is cut, faults and their places too.
            #expect(Self.outcome(bytes, body, [cut]) == outcome, "seed \(seed), cut at \(cut)")
        }
    }

    /// What is found until the fault, and the fault.
    private static func outcome(_ bytes: [UInt8], _ body: RecordedBody, _ cuts: [Int]) -> ([BodyEvent], BodyFault?) {
        var events: [BodyEvent] = []
        do throws(BodyFault) {
            var reader = try BodyReader(
                resource: body.resource, contentType: body.contentType, isWatch: body.isWatch, detail: .everything)
            var start = 0
            for end in cuts + [bytes.count] {
                try BodyBench.feed(Array(bytes[start..<end]), to: &reader, &events)
                start = end
            }
            try reader.end { events.append($0) }
            return (events, nil)
        } catch {
            return (events, error)
        }
    }

    @Test("after a fault nothing more is read")
    func broken() throws {
        var reader = try BodyReader(
            resource: .services, contentType: "application/vnd.kubernetes.protobuf", isWatch: false, detail: [])
        var events: [BodyEvent] = []
        let first = #expect(throws: BodyFault.self) { try BodyBench.feed(Array("<html>".utf8), to: &reader, &events) }
        let body = RecordedBody("services-default-pb")
        let second = #expect(throws: BodyFault.self) { try BodyBench.feed(body.bytes, to: &reader, &events) }
        #expect(first == second)
        #expect(throws: BodyFault.self) { try reader.end { events.append($0) } }
        #expect(events.isEmpty)
    }
}
