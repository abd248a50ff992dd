import Synchronization

@testable import KubernetesAPI

/// Writes down what it is told, a few words each.
final class RecordingSink: WatchSink {
    private let lines = Mutex<[String]>([])
    let called = WakeUp()

    private func add(_ line: String) {
        lines.withLock { $0.append(line) }
        called.signal()
    }

    /// What came since the last call.
    func take() -> [String] {
        lines.withLock { lines in
            defer { lines = [] }
            return lines
        }
    }

    func apply(_ change: BodyEvent.Change, _ object: WatchedObject, version: String, triggerTime: Int64?) {
        add("\(change) \(object.key.name) \(version)")
    }
    func beginReplace(_ stream: WatchStream) { add("begin \(stream)") }
    func endReplace(_ stream: WatchStream) { add("end \(stream)") }
    func keep(_ key: ObjectKey, _ stream: WatchStream) { add("keep \(key.name)") }
    func flush() { add("flush") }
    func changed(_ stream: WatchStream, _ state: WatchState) { add("\(stream) \(state)") }
    func sawActivity(_ stream: WatchStream) { add("activity \(stream)") }
}
