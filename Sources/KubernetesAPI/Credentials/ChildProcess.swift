import Glibc
import LinuxIO

/// A program that runs beside this one, with nothing to read, and what it writes. Killed and reaped when this goes away,
/// with all that it started itself.
final class ChildProcess {
    /// How it ended.
    enum Ending: Equatable {
        case exit(Int32)
        case signal(Int32)
        /// Somebody else reaped it.
        case unknown
    }

    /// One of its two outputs.
    private struct Pipe {
        var descriptor: Int32
        var bytes: [UInt8] = []
        let limit: Int
    }

    /// The most that is read of its output, in bytes. A token has 2 kB, a certificate chain with a key 10 kB.
    static let maximumOutputBytes = 1 << 20
    /// The most that is kept of its error output, in bytes: enough for a message.
    static let maximumErrorBytes = 4 << 10

    private let process: pid_t
    private var output: Pipe
    private var errors: Pipe
    private(set) var ending: Ending?

    /// Whether it wrote more than `maximumOutputBytes`.
    var hasTooMuchOutput: Bool { output.bytes.count > output.limit }
    /// What it wrote, so far.
    var outputBytes: [UInt8] { output.bytes }
    /// What it wrote to standard error, so far.
    var errorBytes: [UInt8] { errors.bytes }
    /// What becomes readable when it writes or ends.
    var descriptors: [Int32] { [output.descriptor, errors.descriptor].filter { $0 >= 0 } }

    /// Starts `command`, looked for in PATH if it has no slash, with these arguments (without its name) and environment
    /// (NAME=VALUE). Throws the error of posix_spawn(3) or pipe(2).
    init(command: String, arguments: [String], environment: [String]) throws(SystemError) {
        let words = [command] + arguments
        guard !(words + environment).contains(where: { $0.utf8.contains(0) }) else {
            throw SystemError(call: "posix_spawn", code: EINVAL, subject: command)
        }
        Self.keepDescriptorsHere()
        let (outputRead, outputWrite) = try Self.pipe()
        defer { close(outputWrite) }
        let errorsRead: Int32
        let errorsWrite: Int32
        do throws(SystemError) {
            (errorsRead, errorsWrite) = try Self.pipe()
        } catch {
            close(outputRead)
            throw error
        }
        defer { close(errorsWrite) }
        let (process, code) = Self.spawn(words, environment, output: outputWrite, errors: errorsWrite)
        guard code == 0 else {
            close(outputRead)
            close(errorsRead)
            throw SystemError(call: "posix_spawn", code: code, subject: command)
        }
        self.process = process
        output = Pipe(descriptor: outputRead, limit: Self.maximumOutputBytes)
        errors = Pipe(descriptor: errorsRead, limit: Self.maximumErrorBytes)
    }

    deinit {
        kill()
    }

    /// Takes what there is of its output, and notes whether it has ended. Does not wait.
    func advance() {
        guard ending == nil else { return }
        // Whether it ended is asked first, so that what it wrote before its end is read after it.
        ending = reaped(WNOHANG)
        Self.read(&output, keepingRest: false)
        Self.read(&errors, keepingRest: true)
        if ending != nil { closePipes() }
    }

    /// Ends it and what it started, at once.
    func kill() {
        if ending == nil {
            // It was made the leader of a process group; the number cannot belong to another as it is not yet reaped.
            _ = Glibc.kill(-process, SIGKILL)
            ending = reaped(0) ?? .unknown
        }
        closePipes()
    }

    private func reaped(_ options: Int32) -> Ending? {
        var status: Int32 = 0
        while true {
            let result = waitpid(process, &status, options)
            if result == 0 { return nil }
            if result < 0 {
                if errno == EINTR { continue }
                return .unknown
            }
            // wait(2): the low seven bits are the signal, 0 for an exit, whose code is in the second byte.
            return status & 0x7f == 0 ? .exit(status >> 8 & 0xff) : .signal(status & 0x7f)
        }
    }

    private func closePipes() {
        for descriptor in descriptors { close(descriptor) }
        output.descriptor = -1
        errors.descriptor = -1
    }

    /// Reads until there is nothing, or too much. `keepingRest`: what is too much is read nevertheless, and dropped.
    private static func read(_ pipe: inout Pipe, keepingRest: Bool) {
        guard pipe.descriptor >= 0 else { return }
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        // As many turns as fill the limit, so that a program that never stops writing cannot hold this thread.
        for _ in 0...(maximumOutputBytes / chunk.count) {
            // SAFETY: the kernel writes into the array while the closure runs, at most its count.
            let count = chunk.withUnsafeMutableBytes { Glibc.read(pipe.descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return }
            guard count > 0 else {
                close(pipe.descriptor)
                pipe.descriptor = -1
                return
            }
            let room = keepingRest ? pipe.limit - pipe.bytes.count : pipe.limit + 1 - pipe.bytes.count
            pipe.bytes.append(contentsOf: chunk.prefix(min(count, max(0, room))))
            if !keepingRest, pipe.bytes.count > pipe.limit { return }
        }
    }

    private static func pipe() throws(SystemError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        // SAFETY: pipe(2) writes two descriptors into the array of two.
        guard ends.withUnsafeMutableBufferPointer({ Glibc.pipe($0.baseAddress) }) == 0 else {
            throw SystemError(call: "pipe", code: errno)
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        return (ends[0], ends[1])
    }

    /// Makes all descriptors close-on-exec: libcurl 7.88 opens its sockets without that, and a credential plugin must not
    /// hold connections to the API server open.
    private static func keepDescriptorsHere() {
        guard let folder = opendir("/proc/self/fd") else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            // SAFETY: d_name is a C string within the entry, which stays until the next readdir.
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let number = Int32(name), number > 2 else { continue }
            let flags = fcntl(number, F_GETFD)
            if flags >= 0, flags & FD_CLOEXEC == 0 { _ = fcntl(number, F_SETFD, flags | FD_CLOEXEC) }
        }
    }

    private static func spawn(
        _ words: [String], _ environment: [String], output: Int32, errors: Int32
    ) -> (pid_t, Int32) {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        // The threads here block all signals and the process ignores SIGPIPE; both would be inherited.
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        var process: pid_t = -1
        // SAFETY: both lists have copies of the strings and end with NULL; they are freed after the call, which copies
        // what the new process needs.
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { for string in arguments + variables { free(string) } }
        let code = posix_spawnp(&process, words[0], &actions, &attributes, &arguments, &variables)
        return (process, code)
    }
}
