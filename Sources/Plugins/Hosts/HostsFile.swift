import DNSWire
import Glibc
import LinuxIO
import PluginKit
import RecordIndex
import Synchronization

/// A hosts file that is followed: looked at again at an interval, and read anew when it has changed. Where it cannot be read,
/// what it said last stays.
final class HostsFile: Sendable {
    /// The interval without `reload` in nanoseconds (CoreDNS).
    static let defaultInterval = 5 * Clock.second
    /// Bytes of a file: lists of advertisers with some million names.
    static let sizeLimit = 256 << 20

    private struct State {
        var stamp: FileStamp?
        /// What was reported last about the file; nil where all was well.
        var reported: String?
    }

    let path: String
    /// What the file says, for the workers.
    let published: Published<HostsTable>
    /// What the Corefile says.
    let inline: HostsTable
    private let interval: UInt64
    private let zones: [DomainName]
    private let reverses: Bool
    private let hash = SeededHash()
    private let process: ProcessContext
    private let metrics: HostsMetrics
    private let state = Mutex(State())
    private let follower = PluginTask()

    init(_ options: HostsOptions, _ process: ProcessContext) {
        path = options.path
        interval = options.interval
        zones = options.zones.names
        reverses = options.reverses
        self.process = process
        metrics = .of(process)
        inline = HostsTable(HostsText(Array(options.inline.utf8), zones: zones, reverses: reverses), hash: hash)
        published = Published(HostsTable(HostsText([], zones: [], reverses: false), hash: hash))
    }

    /// Reads the file if it is not what was read last.
    func look() {
        do throws(SystemError) {
            let stamp = try FileStamp.current(path)
            if state.withLock({ $0.stamp == stamp }) { return }
            let bytes = try FileReader.read(path, limit: Self.sizeLimit)
            // The stamp is that of before reading: what was written meanwhile is read by the next look.
            state.withLock {
                $0.stamp = stamp
                $0.reported = nil
            }
            take(bytes, stamp)
            // Reading leaves a heap larger than the file behind, which goes back to the system.
            MemoryAllocator.trim()
        } catch {
            // CoreDNS: what the file said last stays; that there is none yet was said when the Corefile was read.
            let isNew = state.withLock { state in
                let isFirst = state.stamp == nil && error.code == ENOENT
                state.stamp = nil
                defer { state.reported = error.description }
                return state.reported != error.description && !isFirst
            }
            if isNew { process.log.warning("plugin/hosts: \(error); what was read before stays in use") }
        }
    }

    private func take(_ bytes: [UInt8], _ stamp: FileStamp) {
        let text = HostsText(bytes, zones: zones, reverses: reverses)
        let table = HostsTable(text, hash: hash)
        published.publish(table)
        metrics.set(path, count: table.count + inline.count)
        metrics.setModified(stamp.modifiedNanoseconds)
        process.log.debug("plugin/hosts: Parsed hosts file into \(table.count) entries")
        if let first = text.firstPassedOver {
            let count = text.passedOver == 1 ? "" : " (and \(text.passedOver - 1) more that were passed over)"
            process.log.warning("plugin/hosts: \(path):\(first.line): \(first.problem)\(count)")
        }
    }

    /// Reads the file for the first time and begins to follow it.
    func start() throws(StartError) {
        metrics.set(path, count: inline.count)
        look()
        guard interval > 0 else { return }
        let schedule = IntervalSchedule(interval: interval)
        try follower.start("hosts", name: "hosts", clock: process.clock) { [weak self] now in
            guard let self else { return nil }
            return schedule.run(now) { self.look() }
        }
    }

    /// Ends following the file.
    func stop() {
        follower.stop()
    }
}
