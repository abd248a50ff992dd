import Glibc
import Synchronization

/// Wakes a thread that waits in poll(2), from any other.
final class Wakeup: Sendable {
    let descriptor: Int32
    private let writing: Int32
    private let isPending = Atomic(false)

    init() throws(ScriptedAPIError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ScriptedAPIError.call("pipe") }
        for end in ends { setNonBlocking(end) }
        descriptor = ends[0]
        writing = ends[1]
    }

    deinit {
        close(descriptor)
        close(writing)
    }

    func signal() {
        guard !isPending.exchange(true, ordering: .acquiringAndReleasing) else { return }
        var byte: UInt8 = 1
        _ = write(writing, &byte, 1)
    }

    /// Call it before looking at what may have changed.
    func clear() {
        var bytes: [UInt8] = [0, 0, 0, 0]
        while read(descriptor, &bytes, 4) > 0 {}
        isPending.store(false, ordering: .releasing)
    }
}

func setNonBlocking(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
}
