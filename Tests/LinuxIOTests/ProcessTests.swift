import Glibc
import Synchronization
import Testing

@testable import LinuxIO

@Suite struct ProcessTests {
    struct Group: Sendable {
        let name: String
        let affinity: Int
        let files: [String: String]
        let expected: Int
    }

    static let v2 = "/sys/fs/cgroup"
    static let groups: [Group] = [
        Group(name: "no files", affinity: 8, files: [:], expected: 8),
        Group(name: "unknown affinity", affinity: -1, files: [:], expected: 1),
        Group(
            name: "v2 container", affinity: 8,
            files: ["/proc/self/cgroup": "0::/\n", "\(v2)/cpu.max": "200000 100000\n"],
            expected: 2),
        Group(
            name: "v2 rounds up", affinity: 8,
            files: ["/proc/self/cgroup": "0::/\n", "\(v2)/cpu.max": "200001 100000\n"],
            expected: 3),
        Group(
            name: "v2 less than one", affinity: 8,
            files: ["/proc/self/cgroup": "0::/\n", "\(v2)/cpu.max": "20000 100000\n"], expected: 1),
        Group(
            name: "v2 no limit", affinity: 8, files: ["/proc/self/cgroup": "0::/\n", "\(v2)/cpu.max": "max 100000\n"],
            expected: 8),
        Group(
            name: "v2 more than there are", affinity: 4,
            files: ["/proc/self/cgroup": "0::/\n", "\(v2)/cpu.max": "900000 100000\n"], expected: 4),
        Group(
            name: "v2 tightest of the ancestors", affinity: 64,
            files: [
                "/proc/self/cgroup": "0::/kubepods/pod1/c1\n", "\(v2)/kubepods/cpu.max": "800000 100000\n",
                "\(v2)/kubepods/pod1/cpu.max": "300000 100000\n", "\(v2)/kubepods/pod1/c1/cpu.max": "max 100000\n",
            ], expected: 3),
        Group(
            name: "v2 path of the host", affinity: 64,
            files: ["/proc/self/cgroup": "0::/../../host/path\n", "\(v2)/cpu.max": "150000 50000\n"], expected: 3),
        Group(
            name: "v1", affinity: 8,
            files: [
                "/proc/self/cgroup": "12:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n1:name=systemd:/\n0::/\n",
                "/sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us": "150000\n",
                "/sys/fs/cgroup/cpu/docker/x/cpu.cfs_period_us": "100000\n",
            ], expected: 2),
        Group(
            name: "v1 seen from inside", affinity: 8,
            files: [
                "/proc/self/cgroup": "4:cpu,cpuacct:/docker/x\n",
                "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "400000\n",
                "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            ], expected: 4),
        Group(
            name: "v1 no limit", affinity: 8,
            files: [
                "/proc/self/cgroup": "4:cpu:/\n", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            ], expected: 8),
        Group(
            name: "v1 cpuset is not cpu", affinity: 8,
            files: [
                "/proc/self/cgroup": "4:cpuset:/\n", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "100000\n",
                "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            ], expected: 8),
        Group(
            name: "rubbish", affinity: 8,
            files: ["/proc/self/cgroup": "::::\n0\n\n0::/\n", "\(v2)/cpu.max": "x y z\n"], expected: 8),
        Group(
            name: "zero period", affinity: 8, files: ["/proc/self/cgroup": "0::/\n", "\(v2)/cpu.max": "100 0\n"],
            expected: 8),
        Group(
            name: "negative quota", affinity: 8,
            files: ["/proc/self/cgroup": "0::/\n", "\(v2)/cpu.max": "-100 100000\n"], expected: 8),
        Group(
            name: "quota beyond numbers", affinity: 8,
            files: ["/proc/self/cgroup": "0::/\n", "\(v2)/cpu.max": "99999999999999999999 100000\n"], expected: 8),
        Group(
            name: "largest quota", affinity: 8,
            files: ["/proc/self/cgroup": "0::/\n", "\(v2)/cpu.max": "9223372036854775807 1\n"], expected: 8),
    ]

    @Test(arguments: groups) func processorsFollowTheQuota(group: Group) {
        let count = ProcessorCount.available(affinity: { group.affinity }, read: { group.files[$0] })
        #expect(count == group.expected, "\(group.name)")
    }

    @Test func processorsOfThisMachine() {
        #expect((1...4096).contains(ProcessorCount.available()))
    }

    @Test func statisticsAreRead() throws {
        let fields = (4...24).map { number -> String in
            switch number {
            case 14: "250"
            case 15: "150"
            case 22: "12345"
            case 23: "1000000"
            case 24: "30"
            default: "1"
            }
        }
        let statistics = ProcessStatistics.parse(
            status: "7 (a) b (c) R " + fields.joined(separator: " ") + "\n", boot: "cpu 1\nbtime 1000\nx\n",
            ticksPerSecond: 100, pageBytes: 4096)
        var expected = ProcessStatistics()
        expected.processorSeconds = 4
        expected.startSeconds = 1123.45
        expected.virtualBytes = 1_000_000
        expected.residentBytes = 122_880
        #expect(statistics == expected)
        for status in ["", "7 (", "7 (a", "7 (a)", "7 (a) x y"] {
            let none = ProcessStatistics.parse(status: status, boot: "", ticksPerSecond: 0, pageBytes: -1)
            #expect(none == ProcessStatistics())
        }
    }

    @Test func networkBytes() {
        let text = "TcpExt: A B\nTcpExt: 1 2\nIpExt: InPkts InOctets OutOctets\nIpExt: 3 40 50\n"
        #expect(ProcessStatistics.parseNetwork(text) == (40, 50))
        for text in [
            "", "IpExt: InOctets", "IpExt: InOctets\nIpExt:", "IpExt: InOctets\nIpExt: x\n", "IpExt:\nIpExt: 1\n",
        ] {
            #expect(ProcessStatistics.parseNetwork(text) == (0, 0))
        }
    }

    @Test func statisticsOfThisProcess() throws {
        let before = try ProcessStatistics.current()
        #expect(before.residentBytes > 1 << 20)
        #expect(before.virtualBytes > before.residentBytes)
        #expect(before.openDescriptors >= 3)
        #expect(before.descriptorLimit >= UInt64(before.openDescriptors))
        let now = Double(Clock.system.wall().seconds)
        #expect(before.startSeconds > now - 86400 && before.startSeconds < now + 5)
        MemoryAllocator.trim()
    }

    /// The first numbers of the authors' program with the state 1, 2, 3, 4.
    @Test func generatorFollowsItsDefinition() {
        var random = FastRandom(state: (1, 2, 3, 4))
        let first: [UInt64] = [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386]
        #expect((0..<4).map { _ in random.next() } == first)
    }

    @Test func generatorIsSeededAndFair() throws {
        var (one, same, other) = (FastRandom(seed: 7), FastRandom(seed: 7), FastRandom(seed: 8))
        let numbers = (0..<10).map { _ in one.next() }
        #expect(numbers == (0..<10).map { _ in same.next() })
        #expect(numbers != (0..<10).map { _ in other.next() })
        var counts = [Int](repeating: 0, count: 6)
        for _ in 0..<60_000 { counts[Int(one.below(6))] += 1 }
        // The seed is fixed, so this cannot fail by chance.
        #expect(counts.allSatisfy { (9_500...10_500).contains($0) })
        #expect(one.below(0) == 0)
        #expect(one.below(1) == 0)
        #expect(try RandomSeed.word() != RandomSeed.word())
    }

    @Test func seedsFillWholeBuffers() throws {
        var bytes = [UInt8](repeating: 0, count: 1000)
        try bytes.withUnsafeMutableBytes { buffer throws in try RandomSeed.fill(buffer) }
        // A byte is 0 by chance once in 256: 64 in a row never.
        for start in stride(from: 0, to: 1000 - 64, by: 64) {
            #expect(bytes[start..<(start + 64)].contains { $0 != 0 })
        }
    }

    @Test func threadsRunAndAreNamed() throws {
        let name = Mutex("")
        let thread = try Thread.spawn(name: "a name that is too long") {
            let comm = try? FileReader.read("/proc/thread-self/comm", limit: 100)
            name.withLock { $0 = String(decoding: comm ?? [], as: UTF8.self) }
        }
        thread.join()
        thread.join()
        #expect(name.withLock { $0 } == "a name that is \n")
        #expect(Thread.cut("äöüäöüäöü") == "äöüäöüä")
        #expect(Thread.cut("a\0b") == "ab")
    }

    @Test func blockedSignalsAreWaitedFor() throws {
        let seen = Mutex<[Int32]>([])
        let thread = try Thread.spawn(name: "signals") {
            do {
                try Signals.block([SIGUSR1, SIGUSR2])
                // raise(3) is for the thread itself, so no other thread of the test is asked.
                raise(SIGUSR2)
                let first = try Signals.wait([SIGUSR1, SIGUSR2])
                raise(SIGUSR1)
                let second = try Signals.wait([SIGUSR1, SIGUSR2])
                seen.withLock { $0 = [first, second] }
            } catch {
                seen.withLock { $0 = [-1] }
            }
        }
        thread.join()
        #expect(seen.withLock { $0 } == [SIGUSR2, SIGUSR1])
    }

    @Test func brokenPipesAreErrors() throws {
        try Signals.ignoreBrokenPipes()
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        close(ends[0])
        #expect(Output.writeAll([1], to: ends[1]) == EPIPE)
        close(ends[1])
        #expect(Output.writeAll([1], to: -1) == EBADF)
    }

    @Test func manualClockMovesBothTimes() {
        let manual = ManualClock(now: 5, wall: Clock.Wall(seconds: 10, nanoseconds: 999_999_999))
        let clock = manual.clock
        #expect(clock.monotonic() == 5)
        #expect(clock.wall() == Clock.Wall(seconds: 10, nanoseconds: 999_999_999))
        manual.advance(nanoseconds: 2_000_000_001)
        #expect(clock.monotonic() == 2_000_000_006)
        #expect(clock.wall() == Clock.Wall(seconds: 13, nanoseconds: 0))
        #expect(Clock.system.monotonic() <= Clock.system.monotonic())
        #expect(Clock.system.wall().seconds > 1_700_000_000)
    }
}
