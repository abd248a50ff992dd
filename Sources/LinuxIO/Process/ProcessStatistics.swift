import CLinux
import Glibc

/// What the kernel knows about this process, for the process_* metrics of Prometheus.
package struct ProcessStatistics: Equatable, Sendable {
    /// Resident memory in bytes.
    package var residentBytes: UInt64 = 0
    /// Virtual memory in bytes.
    package var virtualBytes: UInt64 = 0
    /// The limit on virtual memory in bytes (the soft one); UInt64.max when there is none.
    package var virtualLimit = UInt64.max
    /// Bytes received and sent over IPv4 in the network namespace of the process; 0 where that is not known.
    package var receivedBytes: UInt64 = 0
    package var sentBytes: UInt64 = 0
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
        if getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 {
            statistics.virtualLimit = UInt64(limit.rlim_cur)
        }
        // Not every sandbox has this file; the other numbers do not depend on it.
        if let network = try? text("/proc/self/net/netstat") {
            (statistics.receivedBytes, statistics.sentBytes) = parseNetwork(network)
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

    /// The bytes received and sent in the text of /proc/self/net/netstat: a line of names, then one of numbers, both begin
    /// with `IpExt:` (proc_pid_net(5)).
    static func parseNetwork(_ text: String) -> (received: UInt64, sent: UInt64) {
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("IpExt:") }.map { $0.split(separator: " ") }
        guard lines.count == 2 else { return (0, 0) }
        let numbers = Dictionary(zip(lines[0], lines[1]), uniquingKeysWith: { first, _ in first })
        func number(_ name: Substring) -> UInt64 { numbers[name].flatMap { UInt64($0) } ?? 0 }
        return (number("InOctets"), number("OutOctets"))
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
