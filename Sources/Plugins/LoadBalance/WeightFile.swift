import Corefile
import Glibc
import LinuxIO
import PluginKit
import Synchronization

/// A weight file that is followed: looked at again at an interval, and read anew when it has changed. A version that is broken
/// is reported once, and the last good one stays.
final class WeightFile: Sendable {
    /// The interval without `reload`.
    static let defaultInterval = 30 * Clock.second
    /// Bytes of a file: some hundred thousand addresses.
    static let sizeLimit = 16 << 20

    /// Why a file was not taken.
    enum Failure: Error {
        /// There is no such file, or it cannot be read.
        case unreadable(SystemError)
        case wrong(WeightTable.Failure)
    }

    private struct State {
        var stamp: FileStamp?
        var table = WeightTable()
        /// What was reported last about the file; nil where all was well.
        var reported: String?
    }

    let path: String
    /// Nanoseconds between two looks; 0 looks only once.
    let interval: UInt64
    private let log: Log
    private let clock: Clock
    private let state = Mutex(State())
    private let follower = PluginTask()

    init(path: String, interval: UInt64, process: ProcessContext) {
        self.path = path
        self.interval = interval
        log = process.log
        clock = process.clock
    }

    /// The weights as they stand.
    var table: WeightTable { state.withLock { $0.table } }

    /// Reads the file if it is not what was read last.
    func refresh() throws(Failure) {
        let bytes: [UInt8]
        do throws(SystemError) {
            let stamp = try FileStamp.current(path)
            if state.withLock({ $0.stamp == stamp }) { return }
            bytes = try FileReader.read(path, limit: Self.sizeLimit)
            // A version that is broken is not looked at again either.
            state.withLock { $0.stamp = stamp }
        } catch {
            state.withLock { $0.stamp = nil }
            throw .unreadable(error)
        }
        do throws(WeightTable.Failure) {
            try take(String(decoding: bytes, as: UTF8.self))
        } catch {
            throw .wrong(error)
        }
    }

    private func take(_ text: String) throws(WeightTable.Failure) {
        let table = try WeightTable(parsing: text)
        state.withLock {
            $0.table = table
            $0.reported = nil
        }
        log.info("plugin/loadbalance: Successfully reloaded weight file \(path)")
    }

    /// Looks at the file again, and reports what is wrong with it unless that was said before.
    func look() {
        do throws(Failure) {
            try refresh()
        } catch {
            let text = describe(error)
            let isNew = state.withLock { state in
                defer { state.reported = text }
                return state.reported != text
            }
            if isNew { log.error("plugin/loadbalance: \(text)") }
        }
    }

    private func describe(_ failure: Failure) -> String {
        switch failure {
        case .unreadable(let error): "weight file open error: \(error)"
        case .wrong(let error): "\(path):\(error)"
        }
    }

    /// Reads the file for the first time. One that is not there yet may still come.
    func read() throws(StartError) {
        do throws(Failure) {
            try refresh()
        } catch {
            guard case .unreadable = error, interval > 0 else {
                throw StartError("plugin/loadbalance: \(describe(error))")
            }
            let text = describe(error)
            state.withLock { $0.reported = text }
            log.warning(
                "plugin/loadbalance: Failed to open weight file: \(text). Will try again in "
                    + describeDuration(Int64(clamping: interval)))
        }
    }

    /// Reads the file and begins to follow it.
    func start() throws(StartError) {
        try read()
        guard interval > 0 else { return }
        let schedule = IntervalSchedule(interval: interval)
        try follower.start("loadbalance", name: "weights", clock: clock) { [weak self] now in
            guard let self else { return nil }
            return schedule.run(now) { self.look() }
        }
    }

    /// Ends following the file.
    func stop() {
        follower.stop()
    }
}
