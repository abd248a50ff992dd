import Synchronization

/// At most one instance of each type, made by whoever asks first.
final class SharedInstances: Sendable {
    private let instances = Mutex<[ObjectIdentifier: any AnyObject & Sendable]>([:])

    /// The one `Instance`; `make` must not ask for another of the same collection.
    func instance<Instance: AnyObject & Sendable>(_ make: () -> Instance) -> Instance {
        instances.withLock { instances in
            let key = ObjectIdentifier(Instance.self)
            if let found = instances[key] as? Instance { return found }
            let made = make()
            instances[key] = made
            return made
        }
    }

    /// Forgets all of them.
    func removeAll() {
        // Released only outside of the lock: they may be the last to hold much.
        let forgotten = instances.withLock { instances in
            let all = instances
            instances = [:]
            return all
        }
        withExtendedLifetime(forgotten) {}
    }
}
