import Corefile
import DNSWire
import Glibc
import LinuxIO
import PluginKit
import Synchronization

/// The zones of one block's `file` directives, in their order; nil for one whose file is not there yet.
final class ZoneSet: Sendable {
    let zones: [Zone?]

    init(_ zones: [Zone?]) { self.zones = zones }
}

/// The files of one block's `file` directives, which are followed: each is looked at again at its interval, and read anew when
/// it, or a file that it includes, has changed. A version that is broken is reported once, and the one before stays.
final class ZoneFiles: Sendable {
    let sources: [ZoneSource]
    /// For the workers.
    let published: Published<ZoneSet>
    /// For each source the place of its first zone within the set.
    private let firstZone: [Int]
    private let process: ProcessContext
    /// For each source the files that were opened last, and their stamps.
    private let stamps: Mutex<[[String: FileStamp?]]>
    private let follower = PluginTask()

    /// Reads all files. One that is not there may still come, unless it is never looked at again.
    init(_ sources: [ZoneSource], _ setup: BlockSetup) throws(CorefileError) {
        self.sources = sources
        process = setup.process
        var zones: [Zone?] = []
        var firstZone: [Int] = []
        var stamps: [[String: FileStamp?]] = []
        for source in sources {
            firstZone.append(zones.count)
            var seen: [String: FileStamp?] = [:]
            do throws(ZoneFileError) {
                let read = try source.read(&seen)
                for zone in read { Self.warn(zone, source, setup.process.log) }
                zones += read
            } catch {
                guard error.code == ENOENT, source.interval > 0 else {
                    throw source.token.error("plugin/file: \(error)")
                }
                setup.process.log.warning(
                    "plugin/file: Failed to open \"\(error)\": trying again in "
                        + describeDuration(Int64(clamping: source.interval)))
                zones += source.zones.names.map { _ in nil }
            }
            stamps.append(seen)
        }
        self.firstZone = firstZone
        self.stamps = Mutex(stamps)
        published = Published(ZoneSet(zones))
    }

    /// Says what is probably not meant.
    private static func warn(_ zone: Zone, _ source: ZoneSource, _ log: Log) {
        if let owner = zone.foreignAuthority {
            log.warning("plugin/file: \(source.path): the SOA record is that of \(owner), and the zone \(zone.origin)")
        }
        if let first = zone.firstLeftOut {
            let more = zone.leftOut > 1 ? " (and \(zone.leftOut - 1) more)" : ""
            log.warning("plugin/file: \(first) lies outside of the zone \(zone.origin) and is left out\(more)")
        }
    }

    /// Begins to follow the files.
    func start() throws(StartError) {
        MemoryAllocator.trim()
        let schedules = sources.map { $0.interval > 0 ? IntervalSchedule(interval: $0.interval) : nil }
        guard schedules.contains(where: { $0 != nil }) else { return }
        try follower.start("file", name: "zones", clock: process.clock) { [weak self] now in
            guard let self else { return nil }
            var next: UInt64?
            for (place, schedule) in schedules.enumerated() {
                guard let schedule else { continue }
                let due = schedule.run(now) { self.look(place) }
                next = min(next ?? due, due)
            }
            return next
        }
    }

    /// Ends following the files.
    func stop() {
        follower.stop()
    }

    /// Reads the file of a source if it has changed.
    func look(_ place: Int) {
        let source = sources[place]
        let known = stamps.withLock { $0[place] }
        guard known.contains(where: { (try? FileStamp.current($0.key)) != $0.value }) else { return }
        var seen: [String: FileStamp?] = [:]
        // Noted whatever comes of it, so that what is wrong with a version is said once.
        defer { stamps.withLock { $0[place] = seen } }
        do throws(ZoneFileError) {
            take(try source.read(&seen), place)
        } catch {
            process.log.error("plugin/file: \(error); what was read before stays in use")
        }
    }

    private func take(_ read: [Zone], _ place: Int) {
        let source = sources[place]
        var zones = published.current.zones
        var isChanged = false
        for (index, zone) in read.enumerated() {
            let slot = firstZone[place] + index
            guard slot < zones.count else { continue }
            // CoreDNS: it is the serial that says whether a zone has changed.
            if let old = zones[slot], old.serial == zone.serial, !source.takesAnyChange {
                process.log.warning(
                    "plugin/file: \(source.path) has changed, but the SOA serial of \(zone.origin) is still "
                        + "\(zone.serial), so that it is not taken")
                continue
            }
            Self.warn(zone, source, process.log)
            zones[slot] = zone
            isChanged = true
            process.log.info(
                "plugin/file: Successfully reloaded zone \"\(zone.origin)\" in \"\(source.path)\" with \(zone.serial) SOA "
                    + "serial")
        }
        guard isChanged else { return }
        published.publish(ZoneSet(zones))
        // Reading leaves a heap larger than the file behind, which goes back to the system.
        MemoryAllocator.trim()
    }
}
