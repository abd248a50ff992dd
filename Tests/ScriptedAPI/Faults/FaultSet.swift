/// The faults of one answer, sorted by where they are looked at.
struct FaultSet {
    enum BodyAction {
        case hangUp
        case stall(milliseconds: Int?)
        case garbage(count: Int, seed: UInt64)
    }

    var hangsUpBeforeHead = false
    var hangsUpInHead = false
    var hangsUpBeforeEnd = false
    var isReset = false
    var stallBeforeHead: (isSet: Bool, milliseconds: Int?) = (false, nil)
    /// How many calls of `resume()` there had been when the request came: one more ends a stall before the head, also where that
    /// has not begun yet.
    let resumes: Int
    var body: [(position: ScriptedPosition, action: BodyAction)] = []
    var slow: (count: Int, microseconds: Int)?
    var halfFrames: Int?
    var contentType: String?
    var status: (code: Int, retryAfterSeconds: Int?)?
    var dropsInitialEventsEnd = false
    var eventLimit: Int?
    var duplicates = false
    var errorEvent: (status: ScriptedStatus, afterEvents: Int)?
    var closesAfter = false

    init(_ faults: [ScriptedFault], resumes: Int) {
        self.resumes = resumes
        for fault in faults { add(fault) }
    }

    private mutating func add(_ fault: ScriptedFault) {
        switch fault {
        case .hangUpBeforeHead: hangsUpBeforeHead = true
        case .hangUpInHead: hangsUpInHead = true
        case .hangUp(let position): body.append((position, .hangUp))
        case .hangUpBeforeEnd: hangsUpBeforeEnd = true
        case .reset: isReset = true
        case .stallBeforeHead(let milliseconds): stallBeforeHead = (true, milliseconds)
        case .stall(let position, let milliseconds): body.append((position, .stall(milliseconds: milliseconds)))
        case .garbage(let position, let count, let seed):
            body.append((position, .garbage(count: count, seed: seed)))
        case .slowBytes(let count, let microseconds): slow = (count, microseconds)
        case .halfFrames(let microseconds): halfFrames = microseconds
        case .contentType(let type): contentType = type
        case .status(let code, let retry): status = (code, retry)
        case .dropInitialEventsEnd: dropsInitialEventsEnd = true
        case .shortWatch(let events): eventLimit = events
        case .duplicateEvents: duplicates = true
        case .errorEvent(let status, let events): errorEvent = (status, events)
        case .closeAfter: closesAfter = true
        }
    }
}
