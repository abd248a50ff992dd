import PluginKit
import Synchronization

/// Who may write which `last_state` file: while a reload has two clusters with the same file, the newer one.
final class LastStateOwners: Sendable {
    private let owners = Mutex<[String: [ObjectIdentifier]]>([:])

    static func of(_ process: ProcessContext) -> LastStateOwners { process.shared { LastStateOwners() } }

    /// Makes `state` the owner of the file at `path`, until it is removed or another comes.
    func add(_ state: LastState, _ path: String) {
        owners.withLock { $0[path, default: []].append(ObjectIdentifier(state)) }
    }

    func remove(_ state: LastState, _ path: String) {
        owners.withLock { owners in
            let left = (owners[path] ?? []).filter { $0 != ObjectIdentifier(state) }
            owners[path] = left.isEmpty ? nil : left
        }
    }

    func isOwner(_ state: LastState, _ path: String) -> Bool {
        owners.withLock { $0[path]?.last == ObjectIdentifier(state) }
    }
}
