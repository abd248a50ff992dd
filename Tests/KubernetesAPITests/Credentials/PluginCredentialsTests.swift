import Foundation
import Glibc
import LinuxIO
import Testing

@testable import KubernetesAPI

@Suite struct PluginCredentialsTests {
    private static let version = ExecPlugin.Version.v1

    private static func plugin(
        _ folder: TestFolder, _ script: String, arguments: [String] = [], environment: [ExecPlugin.Variable] = []
    ) throws -> ExecPlugin {
        // Run by a shell that is there already: a file just written may be open for writing in a child of another test's
        // thread, and cannot be run then (ETXTBSY).
        try folder.write("plugin", script)
        return ExecPlugin(
            version: version, command: "/bin/sh", arguments: [folder.path("plugin")] + arguments,
            environment: environment, installHint: "", cluster: nil)
    }

    private static func output(_ status: String) -> String {
        "{\"apiVersion\": \"\(version.rawValue)\", \"kind\": \"ExecCredential\", \"status\": {\(status)}}"
    }

    /// Asks until the plugin does not run any more, at most patience long; time stands still for it.
    private static func settled(
        _ credentials: inout PluginCredentials, now: Int64, wall: Int64 = 0
    ) -> PluginCredentials.State {
        let end = Clock.system.monotonic() + HTTPClient.patience
        while true {
            let state = credentials.current(now: now, wall: wall)
            guard case .running = state, Clock.system.monotonic() < end else { return state }
            var waits = credentials.descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            poll(&waits, nfds_t(waits.count), 20)
        }
    }

    private static func token(_ state: PluginCredentials.State) -> String? {
        if case .ready(let credential) = state { credential.token } else { nil }
    }

    @Test func aPluginRunsAgainBeforeItsEndAndWhenRefused() throws {
        let folder = try TestFolder()
        let script = """
            echo x >> \(folder.path("runs"))
            echo '\(Self.output("\"token\": \"t-%s\", \"expirationTimestamp\": \"1970-01-01T00:10:00Z\""))' \
            | sed s/%s/$(wc -l < \(folder.path("runs")))/
            """
        var credentials = PluginCredentials(try Self.plugin(folder, script))
        let second: Int64 = 1_000_000_000
        #expect(Self.token(Self.settled(&credentials, now: 0)) == "t-1")
        #expect(Self.token(Self.settled(&credentials, now: 100 * second, wall: 100)) == "t-1")
        #expect(Self.token(Self.settled(&credentials, now: 500 * second, wall: 584)) == "t-1")
        // It ends at 600 s; a moment before that there is a new one, which says that it ends just then too.
        #expect(Self.token(Self.settled(&credentials, now: 600 * second, wall: 585)) == "t-2")
        // Not again and again: there is a second between two runs.
        #expect(Self.token(Self.settled(&credentials, now: 600 * second + second - 1, wall: 586)) == "t-2")
        #expect(Self.token(Self.settled(&credentials, now: 601 * second, wall: 587)) == "t-3")
        // Refused, with time left.
        #expect(Self.token(Self.settled(&credentials, now: 700 * second, wall: 0)) == "t-3")
        credentials.refuse()
        #expect(Self.token(Self.settled(&credentials, now: 701 * second, wall: 0)) == "t-4")
        #expect(Self.token(Self.settled(&credentials, now: 703 * second, wall: 0)) == "t-4")
    }

    @Test func whatAPluginDoesWrongIsTold() throws {
        let rows: [(script: String, says: String)] = [
            ("echo 'line one' >&2; echo 'please log in' >&2; exit 3", "exit code 3, saying: please log in"),
            ("kill -9 $$", "was ended by the signal 9"),
            ("", "printed what cannot be used: nothing, expected an ExecCredential"),
            ("echo secret-garbage", "printed what cannot be used"),
            ("echo '{}'", "kind is missing"),
            ("echo '{\"kind\": \"Pod\"}'", "kind is \"Pod\", expected ExecCredential"),
            ("echo '{\"kind\": \"ExecCredential\", \"apiVersion\": \"v9\"}'", "expected \(Self.version.rawValue)"),
            ("echo '\(Self.output(""))'", "neither token nor clientCertificateData"),
            ("echo '\(Self.output("\"clientKeyData\": \"x\""))'", "without the other"),
            ("echo '\(Self.output("\"token\": \"a\", \"expirationTimestamp\": \"soon\""))'", "expected a time such as"),
            ("head -c 3000000 /dev/zero", "printed more than 1048576 bytes"),
        ]
        for row in rows {
            let folder = try TestFolder()
            var credentials = PluginCredentials(try Self.plugin(folder, row.script))
            guard case .failed(let text) = Self.settled(&credentials, now: 0) else {
                Issue.record("\(row) was taken")
                continue
            }
            #expect(text.contains(row.says), "\(text)")
            #expect(text.contains("plugin /bin/sh ") && !text.contains("secret"), "\(text)")
            // The failure holds for a second, then it runs again.
            if case .failed = credentials.current(now: 999_999_999, wall: 0) {} else { Issue.record("no failure") }
            if case .running = credentials.current(now: 1_000_000_000, wall: 0) {} else { Issue.record("no new run") }
        }
    }

    @Test func aPluginThatIsNotThereSaysHowToGetIt() {
        var credentials = PluginCredentials(
            ExecPlugin(
                version: .v1, command: "apodns-no-such-plugin", arguments: [], environment: [],
                installHint: "Install it from the shelf.", cluster: nil))
        guard case .failed(let text) = Self.settled(&credentials, now: 0) else {
            Issue.record("it was found")
            return
        }
        #expect(text.contains("apodns-no-such-plugin") && text.contains("ENOENT"), "\(text)")
        #expect(text.hasSuffix("Install it from the shelf."), "\(text)")
    }

    @Test func aPluginHasACleanProcess() throws {
        let folder = try TestFolder()
        let script = """
            { echo "$1|$2|$WORD|$HOME|$KUBERNETES_EXEC_INFO"; cat; grep -E 'SigBlk|SigIgn' /proc/self/status
            ls /proc/$$/fd | tr '\\n' ' '; } > \(folder.path("seen"))
            echo '\(Self.output("\"token\": \"t\""))'
            """
        var credentials = PluginCredentials(
            try Self.plugin(folder, script, arguments: ["a b", "$c"], environment: [.init(name: "WORD", value: "w")]))
        // libcurl opens its sockets without close-on-exec.
        let left = fcntl(2, F_DUPFD, 100)
        try #require(left >= 100)
        defer { close(left) }
        // As on the watcher's thread: all signals blocked, and one ignored.
        signal(SIGPIPE, SIG_IGN)
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        #expect(Self.token(Self.settled(&credentials, now: 0)) == "t")
        let seen = try #require(folder.read("seen")).split(separator: "\n").map(String.init)
        let home = ProcessInfo.processInfo.environment["HOME"] ?? ""
        #expect(seen.first?.hasPrefix("a b|$c|w|\(home)|{\"apiVersion\":\"\(Self.version.rawValue)\"") ?? false)
        #expect(seen.contains { $0.hasPrefix("SigBlk:") && $0.hasSuffix("\t0000000000000000") }, "\(seen)")
        let ignored = seen.first { $0.hasPrefix("SigIgn:") }?.split(separator: "\t").last.flatMap {
            UInt64($0, radix: 16)
        }
        #expect(ignored.map { $0 & 1 << UInt64(SIGPIPE - 1) } == 0, "\(seen)")
        let open = seen.last?.split(separator: " ").compactMap { Int($0) } ?? []
        #expect(open.contains(2) && !open.contains(Int(left)), "\(open)")
    }

    @Test func aPluginThatHangsIsStopped() throws {
        let folder = try TestFolder()
        let script = "echo $$ > \(folder.path("me")); sleep 1000 & echo $! > \(folder.path("child")); wait"
        for ending in ["time", "stop", "output closed"] {
            try? FileManager.default.removeItem(atPath: folder.path("child"))
            let plugin = try Self.plugin(folder, ending == "output closed" ? "exec >&- 2>&-\n" + script : script)
            var credentials: PluginCredentials? = PluginCredentials(plugin)
            func running() -> Bool {
                if case .running = credentials?.current(now: 0, wall: 0) { true } else { false }
            }
            let end = Clock.system.monotonic() + HTTPClient.patience
            var child: pid_t?
            while running(), child == nil, Clock.system.monotonic() < end {
                usleep(2000)
                child = folder.read("child").flatMap { pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
            }
            let started = try #require(child)
            #expect(running())
            if ending == "stop" {
                credentials = nil
            } else {
                guard case .failed(let text) = credentials?.current(now: PluginCredentials.longestRun, wall: 0) else {
                    Issue.record("it was not stopped")
                    continue
                }
                #expect(text.contains("has not ended within 60 seconds"))
            }
            // Both are gone: the plugin was reaped, and what it started was killed with it (and is reaped by others).
            let me = try #require(
                folder.read("me").flatMap { pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines)) })
            #expect(kill(me, 0) != 0)
            func isAlive() -> Bool {
                guard let line = FileManager.default.contents(atPath: "/proc/\(started)/stat") else { return false }
                return !String(decoding: line, as: UTF8.self).contains(") Z ")
            }
            while isAlive(), Clock.system.monotonic() < end { usleep(2000) }
            #expect(!isAlive())
        }
    }

    @Test func whatStaysBehindDoesNotHoldUpTheCredentials() throws {
        let folder = try TestFolder()
        var credentials = PluginCredentials(
            try Self.plugin(folder, "sleep 1000 &\necho '\(Self.output("\"token\": \"t\""))'"))
        #expect(Self.token(Self.settled(&credentials, now: 0)) == "t")
    }

    @Test func requestsWaitForThePluginAndAskItAgainWhenRefused() throws {
        let folder = try TestFolder()
        let script = """
            echo x >> \(folder.path("runs"))
            echo '\(Self.output("\"token\": \"t-%s\""))' | sed s/%s/$(wc -l < \(folder.path("runs")))/
            """
        let plugin = try Self.plugin(folder, script)
        let server = try #require(
            PlainServer { talk, head in
                talk.send(response("x", status: head.contains("Bearer t-2\r\n") ? "200 OK" : "401 Unauthorized"))
                return true
            })
        defer { server.stop() }
        let client = try HTTPClient(
            APIServer(
                url: try ServerURL("http://127.0.0.1:\(server.port)", assumesTLS: false), trust: .system,
                authentication: .plugin(plugin), proxy: .direct), limits: unlimited, clock: .system)
        let request = HTTPClientRequest(path: "/", accept: "*/*", idleTimeout: nil)
        #expect(client.exchanges([request, request]).map(\.head?.status) == [401, 401])
        #expect(folder.read("runs") == "x\n")
        // There is a second between two runs; until then the old token is shown.
        let end = Clock.system.monotonic() + HTTPClient.patience
        var status: Int? = 401
        client.refreshCredentials()
        while status == 401, Clock.system.monotonic() < end {
            status = client.exchange().head?.status
            usleep(20_000)
        }
        #expect(status == 200)
        #expect(folder.read("runs") == "x\nx\n")
    }

    @Test func timestampsAreThoseOfRFC3339() {
        let rows: [(text: String, seconds: Int64?)] = [
            ("1970-01-01T00:00:00Z", 0), ("2000-02-29T23:59:59Z", 951_868_799), ("2024-03-01T00:00:00Z", 1_709_251_200),
            ("2030-01-31T12:00:00.123456Z", 1_896_091_200), ("2030-01-31T12:00:00+02:00", 1_896_084_000),
            ("2030-01-31t12:00:00-00:30", 1_896_093_000), ("1969-12-31T23:59:59Z", -1),
            ("0001-01-01T00:00:00Z", -62_135_596_800), ("0000-01-01T00:00:00Z", nil),
            ("", nil), ("2030-01-31", nil), ("2030-01-31T12:00:00", nil), ("2030-13-31T12:00:00Z", nil),
            ("2030-01-31T12:00:00.Z", nil), ("2030-01-31T12:00:00Zx", nil), ("2030-01-31T24:00:00Z", nil),
        ]
        for row in rows { #expect(ExecCredential.seconds(ofTimestamp: row.text) == row.seconds, "\(row.text)") }
    }
}
