import Glibc

/// Work on a thread of its own that runs at certain times, and when somebody wakes it.
///
/// What is due when is for the work to say, by the clock it is given, so that it can be tested by calling it; here is only the
/// waiting.
///
/// `@unchecked Sendable`: everything that changes is behind `mutex`.
package final class ScheduledTask: @unchecked Sendable {
    /// Does what is due at `now` (monotonic nanoseconds) and says when there is something next; nil waits to be woken.
    package typealias Work = @Sendable (_ now: UInt64) -> UInt64?

    private let name: String
    private let clock: Clock
    private let niceness: Int32
    private let work: Work
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private var thread: Thread?
    private var isWoken = false
    private var isStopping = false

    /// - Parameters:
    ///   - name: the thread's.
    ///   - niceness: 0 as all other threads, up to 19 for work that can wait (setpriority(2)).
    ///   - work: runs on the task's thread only.
    package init(name: String, clock: Clock = .system, niceness: Int32 = 0, work: @escaping Work) {
        self.name = name
        self.clock = clock
        self.niceness = niceness
        self.work = work
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        changed = .allocate(capacity: 1)
        changed.initialize(to: pthread_cond_t())
        // Waits must not depend on the time of day, which may be set.
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        // SAFETY: the thread holds a reference to the task, so it has ended.
        pthread_cond_destroy(changed)
        changed.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Starts the thread, which does at once what is due. A task that has been started must be stopped to be freed.
    ///
    /// Throws the error of pthread_create(3). Has no effect on a task that was started before.
    package func start() throws(SystemError) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard thread == nil else { return }
        thread = try Thread.spawn(name: name) { self.run() }
    }

    /// Makes the work run now. Any thread may call it.
    package func wake() {
        pthread_mutex_lock(mutex)
        isWoken = true
        pthread_cond_signal(changed)
        pthread_mutex_unlock(mutex)
    }

    /// Ends the thread, once what it is just doing is done. Must not be called by the work itself.
    package func stop() {
        pthread_mutex_lock(mutex)
        isStopping = true
        let thread = thread
        pthread_cond_signal(changed)
        pthread_mutex_unlock(mutex)
        thread?.join()
    }

    private func run() {
        // On Linux this is the calling thread's own value (setpriority(2), "C library/kernel differences").
        if niceness != 0 { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness) }
        pthread_mutex_lock(mutex)
        while !isStopping {
            isWoken = false
            pthread_mutex_unlock(mutex)
            let next = work(clock.monotonic())
            pthread_mutex_lock(mutex)
            wait(until: next)
        }
        pthread_mutex_unlock(mutex)
    }

    /// Waits with the mutex held, until it is `deadline` by the task's clock or there is something else to do.
    private func wait(until deadline: UInt64?) {
        guard let deadline else {
            while !isWoken, !isStopping { pthread_cond_wait(changed, mutex) }
            return
        }
        let now = clock.monotonic()
        guard deadline > now else { return }
        let span = clock.wait(deadline &- now)
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let nanoseconds = UInt64(truncatingIfNeeded: time.tv_nsec) &+ span % Clock.second
        // A wait of more than 2^31 seconds ends with the process.
        let seconds = min(span / Clock.second, UInt64(Int32.max)) &+ nanoseconds / Clock.second
        time.tv_sec += Int(truncatingIfNeeded: seconds)
        time.tv_nsec = Int(truncatingIfNeeded: nanoseconds % Clock.second)
        while !isWoken, !isStopping {
            if pthread_cond_timedwait(changed, mutex, &time) == ETIMEDOUT { return }
        }
    }
}
