import PluginKit
import Synchronization

/// Keeps log lines.
final class JournalOfLines: Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }
    var log: Log { Log { line in self.kept.withLock { $0.append(line) } } }
}
