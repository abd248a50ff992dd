@testable import KubernetesAPI

/// Bodies of lines: `listed NAME VERSION` (also added, modified, deleted), `unusable NAME VERSION`, `bookmark VERSION`,
/// `complete VERSION`, `end VERSION [TOKEN]`, `status CODE [RETRY]`; anything else is broken.
struct FakeBody: WatchBody {
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    private let resource: WatchedResource
    private var tail = ""

    init(resource: WatchedResource, contentType: String, isWatch: Bool, detail: ObjectDetail) throws(Fault) {
        guard contentType == "fake" else { throw Fault(description: "a body of \(contentType)") }
        self.resource = resource
    }

    mutating func read(_ bytes: UnsafeRawBufferPointer, _ handler: (BodyEvent) -> Void) throws(Fault) {
        tail += String(decoding: bytes, as: UTF8.self)
        while let end = tail.firstIndex(of: "\n") {
            let line = String(tail[..<end])
            tail = String(tail[tail.index(after: end)...])
            handler(try event(line.split(separator: " ").map(String.init)))
        }
    }

    mutating func end(_ handler: (BodyEvent) -> Void) throws(Fault) {
        guard tail.isEmpty else { throw Fault(description: "it ends inside \(tail)") }
    }

    private func event(_ words: [String]) throws(Fault) -> BodyEvent {
        let second = words.count > 1 ? words[1] : ""
        let third = words.count > 2 ? words[2] : ""
        let changes: [String: BodyEvent.Change] = [
            "listed": .listed, "added": .added, "modified": .modified, "deleted": .deleted,
        ]
        switch words.first ?? "" {
        case "unusable":
            return .unusable(.modified, ObjectKey(namespace: "ns", name: second), version: third, problem: "no address")
        case "bookmark": return .bookmark(version: second, endsInitialEvents: false)
        case "complete": return .bookmark(version: second, endsInitialEvents: true)
        case "end": return .listEnd(version: second, continueToken: third)
        case "status": return .status(APIStatus(code: Int(second) ?? 0, retryAfterSeconds: Int(third)))
        case let word:
            guard let change = changes[word] else { throw Fault(description: "\"\(word)\"") }
            let object = WatchedObject.service(ServiceObject(namespace: "ns", name: second))
            return .object(change, object, version: third, triggerTime: nil)
        }
    }
}
