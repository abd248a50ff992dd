import Glibc
import LinuxIO
import Synchronization

/// An apodns that runs beside this program, with a Corefile in a folder of its own. It is ended, and the folder removed,
/// when this goes away, or by a signal that ends this program.
final class RunningProgram {
    let process: pid_t
    let port: UInt16
    /// When it was started (`ProcessorTime.wall`).
    let startedAt: Double
    private let folder: String
    private let corefile: String
    private let log: String

    /// The process that runs now, for the signal handler; 0: none.
    private static let current = Atomic<Int32>(0)
    /// A log is shown up to this length, in bytes, where something went wrong.
    private static let logLimit = 1 << 20

    /// Starts the program at `path`.
    ///
    /// - Parameter kubernetes: lines of the kubernetes block.
    init(_ path: String, kubernetes: [String]) throws(BenchFailure) {
        guard access(path, X_OK) == 0 else {
            throw BenchFailure("\(path) is not a program: build it with swift build -c release --product apodns")
        }
        Self.handleSignals
        port = try LoopbackPort.free()
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array((base + "/apodns-bench-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw BenchFailure("no folder in \(base): error \(errno)") }
        folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        corefile = folder + "/Corefile"
        log = folder + "/log"
        // kubeadm's, as far as the plugins are there.
        let text = """
            .:\(port) {
                bind 127.0.0.1
                errors
                health 127.0.0.1:\(try LoopbackPort.free())
                ready 127.0.0.1:\(try LoopbackPort.free())
                kubernetes cluster.local in-addr.arpa ip6.arpa {
                    \(kubernetes.joined(separator: "\n        "))
                    fallthrough in-addr.arpa ip6.arpa
                    ttl 30
                }
                prometheus 127.0.0.1:\(try LoopbackPort.free())
                loadbalance
            }

            """
        do throws(SystemError) {
            try ReplaceFile.write(Array(text.utf8), to: corefile)
        } catch {
            rmdir(folder)
            throw BenchFailure("\(error)")
        }
        startedAt = ProcessorTime.wall
        process = try Self.spawn([path, "-conf", corefile], log: log)
        Self.current.store(process, ordering: .sequentiallyConsistent)
    }

    deinit {
        kill(process, SIGKILL)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        Self.current.store(0, ordering: .sequentiallyConsistent)
        unlink(corefile)
        unlink(log)
        rmdir(folder)
    }

    /// What it has said so far.
    var messages: String {
        guard let bytes = try? FileReader.read(log, limit: Self.logLimit) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func spawn(_ words: [String], log: String) throws(BenchFailure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var pointers = words.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var process = pid_t()
        let result = posix_spawn(&process, words[0], &actions, nil, &pointers, environ)
        guard result == 0 else { throw BenchFailure("\(words[0]) cannot be started: error \(result)") }
        return process
    }

    /// A signal that ends this program ends the other one first. (A global of its own: set up once.)
    private static let handleSignals: Void = {
        _ = current.load(ordering: .relaxed)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { _ in
                let process = RunningProgram.current.load(ordering: .sequentiallyConsistent)
                // kill(2) and _exit(2) may be called here (signal-safety(7)).
                if process > 0 { kill(process, SIGKILL) }
                _exit(130)
            }
        }
    }()

    /// The apodns beside this program.
    static func besideThis() throws(BenchFailure) -> String {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes -> Int in
            guard let start = bytes.baseAddress else { return -1 }
            // SAFETY: bytes and characters are the same to the call, which writes at most so many.
            return readlink("/proc/self/exe", start.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        guard count > 0 else { throw BenchFailure("/proc/self/exe cannot be read") }
        let path = String(decoding: buffer[..<count], as: UTF8.self)
        guard let slash = path.lastIndex(of: "/") else { throw BenchFailure("\(path) is in no folder") }
        return path[...slash] + "apodns"
    }
}
