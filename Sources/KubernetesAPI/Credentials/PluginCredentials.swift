import Glibc
import LinuxIO

/// The credentials of a plugin: runs it when there are none, when they end, and when they were refused.
struct PluginCredentials {
    /// What is known when a request asks.
    enum State {
        case ready(ExecCredential)
        case running
        case failed(String)
    }

    /// How long a plugin may run, in nanoseconds. It may ask a server far away, and every request waits for it.
    static let longestRun: Int64 = 60_000_000_000
    /// How long after a run there is no other, in nanoseconds, whatever came of it.
    static let shortestInterval: Int64 = 1_000_000_000
    /// How many seconds before its end a credential is no longer used: a request takes time to arrive, and clocks differ.
    static let marginSeconds: Int64 = 15

    private let plugin: ExecPlugin
    private var child: ChildProcess?
    private var startedAt: Int64 = 0
    private var endedAt: Int64?
    private var result: Result<ExecCredential, HTTPClientFailure>?
    private var isRefused = false

    /// Credentials of this plugin, which has not run yet.
    init(_ plugin: ExecPlugin) {
        self.plugin = plugin
    }

    /// What becomes readable when the plugin writes or ends.
    var descriptors: [Int32] { child?.descriptors ?? [] }

    /// When to look again at a running plugin, at the latest; nil when none runs.
    func deadline(now: Int64) -> Int64? {
        guard let child else { return nil }
        let end = startedAt &+ Self.longestRun
        // With its output closed only its end is waited for, which nothing announces.
        return child.descriptors.count == 2 ? end : min(end, now &+ HTTPClientTiming.pluginTickNanoseconds)
    }

    /// The server refused what the plugin gave.
    mutating func refuse() {
        isRefused = true
    }

    /// The credentials at `now` (monotonic nanoseconds) and `wall` (seconds since 1970).
    mutating func current(now: Int64, wall: Int64) -> State {
        if let child {
            look(child, now: now)
            guard self.child == nil else { return .running }
        }
        let isFresh = endedAt.map { now &- $0 < Self.shortestInterval } ?? false
        switch result {
        case .success(let credential):
            let isOver = credential.expiresAt.map { wall >= $0 &- Self.marginSeconds } ?? false
            if isFresh || !isRefused && !isOver { return .ready(credential) }
        case .failure(let failure):
            if isFresh { return .failed(failure.description) }
        case nil:
            break
        }
        start(now: now)
        if case .failure(let failure) = result, child == nil { return .failed(failure.description) }
        return .running
    }

    private mutating func start(now: Int64) {
        isRefused = false
        startedAt = now
        let added = plugin.environment + [.init(name: "KUBERNETES_EXEC_INFO", value: plugin.information)]
        let names = Set(added.map(\.name))
        // This process's variables as it was started with them.
        let inherited = ((try? FileReader.read("/proc/self/environ", limit: 4 << 20)) ?? [])
            .split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            .filter { !names.contains(String($0.prefix { $0 != "=" })) }
        do throws(SystemError) {
            child = try ChildProcess(
                command: plugin.command, arguments: plugin.arguments,
                environment: inherited + added.map { "\($0.name)=\($0.value)" })
        } catch {
            let hint = plugin.installHint.isEmpty ? "" : ". \(plugin.installHint)"
            end(now: now, .failure(problem("cannot be started: \(error)\(hint)")))
        }
    }

    private mutating func look(_ child: ChildProcess, now: Int64) {
        child.advance()
        if child.hasTooMuchOutput {
            let limit = ChildProcess.maximumOutputBytes
            return end(now: now, .failure(problem("printed more than \(limit) bytes, expected an ExecCredential")))
        }
        switch child.ending {
        case nil:
            guard now &- startedAt >= Self.longestRun else { return }
            let seconds = Self.longestRun / 1_000_000_000
            end(now: now, .failure(problem("has not ended within \(seconds) seconds\(said(child)); it was stopped")))
        case .exit(let code) where code != 0:
            end(now: now, .failure(problem("ended with the exit code \(code)\(said(child))")))
        case .signal(let signal):
            end(now: now, .failure(problem("was ended by the signal \(signal)\(said(child))")))
        case .exit, .unknown:
            do throws(NodeFault) {
                end(now: now, .success(try ExecCredential(output: child.outputBytes, version: plugin.version)))
            } catch {
                // What it printed may be secret, and is not shown.
                end(now: now, .failure(problem("printed what cannot be used: \(error.problem)\(said(child))")))
            }
        }
    }

    private mutating func end(now: Int64, _ result: Result<ExecCredential, HTTPClientFailure>) {
        child?.kill()
        child = nil
        endedAt = now
        self.result = result
    }

    private func problem(_ what: String) -> HTTPClientFailure {
        HTTPClientFailure(.credentials, "the credential plugin \(plugin.command) \(what)")
    }

    /// The last line that it wrote to standard error, for a message.
    private func said(_ child: ChildProcess) -> String {
        let lines = String(decoding: child.errorBytes, as: UTF8.self).split { $0.isNewline }
        guard let last = lines.last(where: { !$0.allSatisfy(\.isWhitespace) }) else { return "" }
        return ", saying: \(last.prefix(300))"
    }
}
