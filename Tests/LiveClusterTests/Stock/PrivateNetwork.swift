import Glibc
import LinuxIO
import ServerHarness
import Synchronization

/// Networks of a test's own (network_namespaces(7)): every address and port is free, and nothing leads out of them.
///
/// A namespace belongs to a thread and is passed on to the threads and processes that it starts, so what runs in one runs on a
/// thread of its own.
enum PrivateNetwork {
    /// Whether this process may make one: as root, unless a container forbids it.
    static let isPermitted: Bool = {
        let succeeded = Outcome()
        let thread = try? Thread.spawn(name: "probe") {
            do {
                try enter()
                // Its files are mounted elsewhere, too.
                succeeded.set(try ChildProcess("/usr/bin/unshare", ["-m", "true"]).waitForExit() == 0 ? nil : unknown)
            } catch {
                succeeded.set(error)
            }
        }
        thread?.join()
        return thread != nil && succeeded.error == nil
    }()

    private static let unknown = ClientError(description: "no namespace")

    /// What became of a thread.
    private final class Outcome: Sendable {
        private let kept = Mutex<(any Error)?>(nil)

        func set(_ error: (any Error)?) { kept.withLock { $0 = error } }
        var error: (any Error)? { kept.withLock { $0 } }
    }

    /// Runs two halves, each in a network of its own, with a cable between them.
    ///
    /// - Parameters:
    ///   - outside: addresses of the other network; all that is not in the inner one is looked for there.
    ///   - prepare: runs in the other network, once its addresses are there; what it returns stays until `body` is done.
    ///   - inside: addresses of the inner network besides those of the loopback interface.
    ///   - body: runs in the inner network.
    static func with<Outside>(
        outside: [String], prepare: @escaping @Sendable () throws -> Outside, inside: [String],
        _ body: @escaping @Sendable (Outside) throws -> Void
    ) throws {
        try run("outside") {
            // A process that does nothing is the handle of a network.
            let holder = try ChildProcess("/bin/sleep", ["600"])
            try ip("link", "add", "cable", "type", "veth", "peer", "name", "pod")
            for address in [gateway + "/24"] + outside.map({ $0 + "/32" }) {
                try ip("address", "add", address, "dev", "cable")
            }
            try ip("link", "set", "cable", "up")
            let prepared = Kept(try prepare())
            try run("inside") {
                let pod = try ChildProcess("/bin/sleep", ["600"])
                try command(
                    "nsenter", "-t", "\(holder.identifier)", "-n", "ip", "link", "set", "pod", "netns",
                    "\(pod.identifier)")
                try ip("link", "set", "pod", "up")
                for address in [podAddress + "/24"] + inside.map({ $0 + "/32" }) {
                    try ip("address", "add", address, "dev", "pod")
                }
                try ip("route", "add", "default", "via", gateway)
                try body(prepared.value)
                withExtendedLifetime(pod) {}
            }
            withExtendedLifetime(holder) {}
        }
    }

    private static let gateway = "198.18.0.1"
    private static let podAddress = "198.18.0.2"

    /// `@unchecked Sendable`: handed to one thread, whose end is waited for.
    private final class Kept<Value>: @unchecked Sendable {
        let value: Value

        init(_ value: Value) { self.value = value }
    }

    /// Runs `body` on a thread in a new network with a loopback interface.
    private static func run(_ name: String, _ body: @escaping @Sendable () throws -> Void) throws {
        let outcome = Outcome()
        let thread = try Thread.spawn(name: name) {
            do {
                try enter()
                try ip("link", "set", "lo", "up")
                try body()
            } catch {
                outcome.set(error)
            }
        }
        thread.join()
        if let error = outcome.error { throw error }
    }

    /// unshare(2), which Glibc's module does not show.
    private static func enter() throws {
        typealias Unshare = @convention(c) (Int32) -> Int32
        let newNetwork: Int32 = 0x4000_0000
        // SAFETY: the C library's function of that name takes flags and returns 0 or -1.
        guard let symbol = dlsym(nil, "unshare"), unsafeBitCast(symbol, to: Unshare.self)(newNetwork) == 0 else {
            throw unknown
        }
    }

    private static func ip(_ words: String...) throws { try command(["ip"] + words) }

    private static func command(_ words: String...) throws { try command(words) }

    private static func command(_ words: [String]) throws {
        let child = try ChildProcess("/usr/bin/env", words)
        guard child.waitForExit() == 0 else {
            throw ClientError(description: "\(words.joined(separator: " ")): \(child.error)")
        }
    }
}
