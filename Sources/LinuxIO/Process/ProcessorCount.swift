import CLinux

/// How many processors this process can really use: those it may run on, within its control group's quota.
package enum ProcessorCount {
    /// A limit on what is read: /proc/self/cgroup has a line per hierarchy, cpu.max two numbers.
    private static let fileLimit = 64 << 10
    /// Levels of nested control groups that are looked at; Kubernetes nests four or five.
    private static let depthLimit = 32

    /// min(affinity, quota rounded up), at least 1.
    package static func available() -> Int {
        available(
            affinity: { Int(clinux_affinity_count()) },
            read: { path in
                guard let bytes = try? FileReader.read(path, limit: fileLimit) else { return nil }
                return String(decoding: bytes, as: UTF8.self)
            })
    }

    /// The same over given sources: `affinity` counts the processors allowed (below 1: unknown), `read` returns a file's
    /// text or nil.
    package static func available(affinity: () -> Int, read: (String) -> String?) -> Int {
        let allowed = max(1, affinity())
        guard let quota = quota(read: read) else { return allowed }
        return max(1, min(allowed, quota))
    }

    /// The tightest quota of this process's control group and those above it, in whole processors rounded up.
    private static func quota(read: (String) -> String?) -> Int? {
        var tightest: Int?
        for line in (read("/proc/self/cgroup") ?? "").split(separator: "\n") {
            // cgroups(7): "hierarchy:controllers:path", with no controllers for version 2.
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let controllers = fields[1].split(separator: ",")
            for group in ancestors(fields[2]) {
                var found: Int?
                if fields[0] == "0", fields[1].isEmpty {
                    found = read("/sys/fs/cgroup\(group)/cpu.max").flatMap(version2)
                } else if controllers.contains("cpu") {
                    found = version1(group, mounts: ["cpu", String(fields[1])], read: read)
                }
                if let found { tightest = min(tightest ?? found, found) }
            }
        }
        return tightest
    }

    /// A group and those above it, to the root (""): inside a container the path may be that of the host, where only the
    /// root can be read, which is the container's own group.
    private static func ancestors(_ path: Substring) -> [String] {
        var parts = path.split(separator: "/").suffix(depthLimit)
        var groups: [String] = []
        while !parts.isEmpty {
            groups.append("/" + parts.joined(separator: "/"))
            parts.removeLast()
        }
        return groups + [""]
    }

    /// cpu.max: "QUOTA PERIOD" in microseconds, or "max PERIOD" (kernel: Documentation/admin-guide/cgroup-v2.rst).
    private static func version2(_ text: String) -> Int? {
        let fields = text.split(whereSeparator: \.isWhitespace)
        guard fields.count == 2 else { return nil }
        return processors(quota: fields[0], period: fields[1])
    }

    /// cpu.cfs_quota_us (-1: none) and cpu.cfs_period_us (kernel: Documentation/scheduler/sched-bwc.rst).
    private static func version1(_ group: String, mounts: [String], read: (String) -> String?) -> Int? {
        for mount in mounts {
            let folder = "/sys/fs/cgroup/\(mount)\(group)"
            guard let quota = read("\(folder)/cpu.cfs_quota_us"), let period = read("\(folder)/cpu.cfs_period_us")
            else {
                continue
            }
            let numbers = (quota + " " + period).split(whereSeparator: \.isWhitespace)
            guard numbers.count == 2 else { continue }
            return processors(quota: numbers[0], period: numbers[1])
        }
        return nil
    }

    private static func processors(quota: Substring, period: Substring) -> Int? {
        guard let quota = Int(quota), let period = Int(period), quota > 0, period > 0 else { return nil }
        let (whole, rest) = quota.quotientAndRemainder(dividingBy: period)
        return rest == 0 ? whole : whole + 1
    }
}
