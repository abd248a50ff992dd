import Glibc
import LinuxIO

/// Memory of a process in MiB, as the kernel sees it.
struct ProcessMemory {
    /// Resident (Rss of /proc/PID/smaps_rollup).
    var resident = 0.0
    /// Of it anonymous (Anonymous, likewise).
    var anonymous = 0.0
    /// The most that was resident since the start or `forgetPeak` (VmHWM of /proc/PID/status).
    var peak = 0.0

    private static let fileLimit = 1 << 16

    /// The values of now.
    init(of process: pid_t) throws(BenchFailure) {
        let rollup = try Self.text("/proc/\(process)/smaps_rollup")
        resident = Self.field("Rss:", rollup)
        anonymous = Self.field("Anonymous:", rollup)
        peak = Self.field("VmHWM:", try Self.text("/proc/\(process)/status"))
    }

    /// From now on the peak is counted anew (proc_pid_clear_refs(5)).
    static func forgetPeak(of process: pid_t) {
        let descriptor = open("/proc/\(process)/clear_refs", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = write(descriptor, "5", 1)
        close(descriptor)
    }

    private static func text(_ path: String) throws(BenchFailure) -> String {
        do throws(SystemError) {
            return String(decoding: try FileReader.read(path, limit: fileLimit), as: UTF8.self)
        } catch {
            throw BenchFailure("\(error): has apodns ended?")
        }
    }

    private static func field(_ name: String, _ text: String) -> Double {
        for line in text.split(separator: "\n") where line.hasPrefix(name) {
            // "Rss:       1234 kB", or a tab between.
            let number = line.dropFirst(name.count).split(whereSeparator: \.isWhitespace).first
            return (number.flatMap { Double($0) } ?? 0) / 1024
        }
        return 0
    }
}
