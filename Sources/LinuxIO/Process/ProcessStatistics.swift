import CLinux
import Glibc

/// What the kernel knows about this process, for the process_* metrics of Prometheus.
package struct ProcessStatistics: Equatable, Sendable {
    /// Resident memory in bytes.
    package var residentBytes: UInt64 = 0
    /// Virtual memory in bytes.
    package var virtualBytes: UInt64 = 0
    /// Open descriptors.
    package var openDescriptors = 0
    /// The limit on open descriptors (the soft one); UInt64.max when there is none.
    package var descriptorLimit = UInt64.max
    /// Seconds of processor time, user and system together.
    package var processorSeconds = 0.0
    /// When the process started: seconds since 1970-01-01 UTC.
    package var startSeconds = 0.0

    private static let fileLimit = 1 << 20

    /// The values of now. Throws when /proc cannot be read.
    package static func current() throws(SystemError) -> ProcessStatistics {
        let status = try text("/proc/self/stat")
        let boot = try text("/proc/stat")
        var statistics = parse(
            status: status, boot: boot, ticksPerSecond: sysconf(Int32(_SC_CLK_TCK)),
            pageBytes: sysconf(Int32(_SC_PAGESIZE)))
        statistics.openDescriptors = try countDescriptors()
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            statistics.descriptorLimit = UInt64(limit.rlim_cur)
        }
        return statistics
    }

    /// The values in the text of /proc/self/stat and /proc/stat (proc_pid_stat(5), proc_stat(5)); 0 for what is missing.
    static func parse(status: String, boot: String, ticksPerSecond: Int, pageBytes: Int) -> ProcessStatistics {
        var statistics = ProcessStatistics()
        let ticks = Double(max(1, ticksPerSecond))
        var bootSeconds = 0.0
        for line in boot.split(separator: "\n") where line.hasPrefix("btime ") {
            bootSeconds = Double(line.dropFirst("btime ".count)) ?? 0
        }
        // The command, in parentheses, may hold anything; the fields after it are numbers. The first is field 3.
        guard let end = status.lastIndex(of: ")") else { return statistics }
        let fields = status[status.index(after: end)...].split(whereSeparator: \.isWhitespace)
        func field(_ number: Int) -> UInt64 { fields.dropFirst(number - 3).first.flatMap { UInt64($0) } ?? 0 }
        statistics.processorSeconds = (Double(field(14)) + Double(field(15))) / ticks
        statistics.startSeconds = bootSeconds + Double(field(22)) / ticks
        statistics.virtualBytes = field(23)
        statistics.residentBytes = field(24) &* UInt64(max(0, pageBytes))
        return statistics
    }

    private static func text(_ path: String) throws(SystemError) -> String {
        String(decoding: try FileReader.read(path, limit: fileLimit), as: UTF8.self)
    }

    private static func countDescriptors() throws(SystemError) -> Int {
        guard let folder = opendir("/proc/self/fd") else {
            throw SystemError(call: "opendir", code: ENOENT, subject: "/proc/self/fd")
        }
        defer { closedir(folder) }
        var entries = 0
        while readdir(folder) != nil { entries += 1 }
        // Without ".", ".." and the descriptor of the folder itself.
        return max(0, entries - 3)
    }
}
