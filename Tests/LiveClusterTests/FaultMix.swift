import ScriptedAPI

/// All that an API server can do wrong, with places and lengths by chance.
enum FaultMix {
    /// How many variants there are of faults that have places.
    private static let variants = 4

    static func all(_ random: inout SplitMix64) -> [ScriptedFault] {
        var faults: [ScriptedFault] = [
            .hangUpBeforeHead, .hangUpInHead, .hangUpBeforeEnd, .reset, .dropInitialEventsEnd, .duplicateEvents,
            .closeAfter, .shortWatch(afterEvents: 0), .contentType("text/html"), .contentType("application/json"),
            .contentType("application/vnd.kubernetes.protobuf"), .contentType(""),
            .status(410, retryAfterSeconds: nil), .status(429, retryAfterSeconds: nil),
            .status(429, retryAfterSeconds: 2), .status(500, retryAfterSeconds: nil),
            .status(503, retryAfterSeconds: 1), .status(504, retryAfterSeconds: nil),
            .status(401, retryAfterSeconds: nil), .status(403, retryAfterSeconds: nil),
            .stallBeforeHead(milliseconds: 40), .stallBeforeHead(milliseconds: nil),
        ]
        for _ in 0..<variants {
            faults.append(.hangUp(at: place(&random)))
            faults.append(.stall(at: place(&random), milliseconds: random.happens(50) ? 30 : nil))
            faults.append(
                .garbage(at: place(&random), count: Int.random(in: 64...300, using: &random), seed: random.next()))
            faults.append(.slowBytes(count: Int.random(in: 1...400, using: &random), microseconds: 50))
            faults.append(.halfFrames(microseconds: Int.random(in: 1...300, using: &random)))
            faults.append(.shortWatch(afterEvents: Int.random(in: 1...8, using: &random)))
            for code in [410, 429, 500, 504] {
                faults.append(
                    .errorEvent(ScriptedStatus(code: code), afterEvents: Int.random(in: 0...8, using: &random)))
            }
        }
        return faults
    }

    private static func place(_ random: inout SplitMix64) -> ScriptedPosition {
        random.happens(50)
            ? .byte(Int.random(in: 0...6000, using: &random)) : .frame(Int.random(in: 0...8, using: &random))
    }
}
