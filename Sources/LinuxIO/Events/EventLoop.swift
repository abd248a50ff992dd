import CLinux
import Glibc
import Synchronization

/// One thread's events: descriptors that become ready (epoll, level-triggered), timers, and work handed in by others.
///
/// `@unchecked Sendable`: `execute`, `stop` and `isOnLoopThread` may be called from any thread and touch only atomics and
/// a mutex. Everything else belongs to the thread that is in `run` (or `turn`), and before the first run to the thread that
/// made the loop; debug builds assert this.
package final class EventLoop: @unchecked Sendable {
    /// What a descriptor can be ready for.
    package struct Events: OptionSet, Sendable, BitwiseCopyable {
        package let rawValue: UInt32

        package init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        /// There is something to read, or the stream's end.
        package static let readable = Events(rawValue: UInt32(CLINUX_EPOLL_IN))
        /// There is room to write.
        package static let writable = Events(rawValue: UInt32(CLINUX_EPOLL_OUT))
        /// Reported whether asked for or not: both directions are closed.
        package static let hangup = Events(rawValue: UInt32(CLINUX_EPOLL_HUP))
        /// Reported whether asked for or not: the descriptor has an error.
        package static let error = Events(rawValue: UInt32(CLINUX_EPOLL_ERR))
    }

    /// Called on the loop's thread with what the descriptor is ready for.
    package typealias Handler = (Events) -> Void

    private final class Registration {
        let handler: Handler
        /// Tells a registration from an earlier one of the same descriptor number.
        let generation: UInt32

        init(handler: @escaping Handler, generation: UInt32) {
            self.handler = handler
            self.generation = generation
        }
    }

    private struct Work {
        var pending: [@Sendable () -> Void] = []
    }

    /// The wake-up descriptor's token: no registration has it, as descriptors are not negative.
    private static let wakeToken = UInt64.max

    private let epoll: SocketDescriptor
    private let wake: SocketDescriptor
    private let clock: Clock
    private let work = Mutex(Work())
    private let stopping = Atomic(false)
    /// The thread in `run`, 0 when there is none.
    private let owner = Atomic<UInt>(0)

    /// By descriptor: the kernel gives out the lowest free numbers, so the array is as long as many are open.
    private var registrations: ContiguousArray<Registration?> = []
    private var generation: UInt32 = 0
    private var timers = TimerQueue<() -> Void>()
    private let events: UnsafeMutablePointer<clinux_event>
    /// What is to be done at the end of this turn.
    private var endings: ContiguousArray<() -> Void> = []

    /// The monotonic time at the start of this turn, in nanoseconds: what handlers should use for deadlines.
    package private(set) var now: UInt64

    /// A loop that tells time by `clock`. Throws the error of epoll_create1 or eventfd, such as EMFILE.
    package init(clock: Clock = .system) throws(SystemError) {
        let epoll = SocketDescriptor(owning: try SystemError.check(clinux_epoll_create(), "epoll_create1"))
        let wake = SocketDescriptor(owning: try SystemError.check(clinux_eventfd(), "eventfd"))
        let added = clinux_epoll_add(epoll.number, wake.number, UInt32(CLINUX_EPOLL_IN), Self.wakeToken)
        _ = try SystemError.check(added, "epoll_ctl", "eventfd")
        self.epoll = epoll
        self.wake = wake
        self.clock = clock
        now = clock.monotonic()
        events = .allocate(capacity: CLINUX_EPOLL_BATCH)
    }

    deinit {
        events.deallocate()
    }

    // MARK: Any thread

    /// Has the loop's thread run `work` soon, after what was handed in before. Work handed in after the end of `run` is
    /// kept until the next one.
    package func execute(_ work: @Sendable @escaping () -> Void) {
        let first = self.work.withLock { queue in
            queue.pending.append(work)
            return queue.pending.count == 1
        }
        // The loop empties the queue after it has cleared the wake-up, so only the first has to wake it.
        if first { _ = clinux_eventfd_signal(wake.number) }
    }

    /// Ends `run` after the turn it is in and the work that is waiting.
    package func stop() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        _ = clinux_eventfd_signal(wake.number)
    }

    /// Whether the caller is the thread in `run`.
    package var isOnLoopThread: Bool {
        owner.load(ordering: .relaxed) == UInt(pthread_self())
    }

    // MARK: The loop's thread

    private func assertOwned() {
        assert(isOnLoopThread || owner.load(ordering: .relaxed) == 0, "an event loop belongs to its thread")
    }

    private func registration(_ descriptor: Int32) -> Registration? {
        descriptor >= 0 && Int(descriptor) < registrations.count ? registrations[Int(descriptor)] : nil
    }

    /// Calls `handler` whenever the descriptor is ready for what is asked, until `unregister`.
    ///
    /// Throws the error of epoll_ctl, EEXIST when the descriptor is registered. The descriptor stays the caller's and must be
    /// unregistered before it is closed.
    package func register(
        _ descriptor: Int32, _ interest: Events, handler: @escaping Handler
    ) throws(SystemError) {
        assertOwned()
        generation &+= 1
        let token = UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
        let result = clinux_epoll_add(epoll.number, descriptor, interest.rawValue, token)
        _ = try SystemError.check(result, "epoll_ctl", "descriptor \(descriptor)")
        let index = Int(descriptor)
        if index >= registrations.count {
            registrations.append(contentsOf: repeatElement(nil, count: index + 1 - registrations.count))
        }
        registrations[index] = Registration(handler: handler, generation: generation)
    }

    /// Changes what a registered descriptor's handler is called for. Throws ENOENT when it is not registered.
    package func modify(_ descriptor: Int32, _ interest: Events) throws(SystemError) {
        assertOwned()
        guard let registration = registration(descriptor) else {
            throw SystemError(call: "epoll_ctl", code: ENOENT, subject: "descriptor \(descriptor)")
        }
        let token = UInt64(registration.generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
        let result = clinux_epoll_modify(epoll.number, descriptor, interest.rawValue, token)
        _ = try SystemError.check(result, "epoll_ctl", "descriptor \(descriptor)")
    }

    /// Forgets a descriptor; its handler is not called again, not even for an event that has already been fetched.
    package func unregister(_ descriptor: Int32) {
        assertOwned()
        guard registration(descriptor) != nil else { return }
        registrations[Int(descriptor)] = nil
        _ = clinux_epoll_delete(epoll.number, descriptor)
    }

    /// Forgets every descriptor and timer, for a loop that is not to run again: handlers hold servers, which hold the loop,
    /// and only this takes them apart. The descriptors stay open until their owners close them.
    package func forgetAll() {
        assertOwned()
        let forgotten = (registrations, timers, endings)
        endings = []
        for index in registrations.indices where registrations[index] != nil {
            _ = clinux_epoll_delete(epoll.number, Int32(index))
        }
        registrations = []
        timers = TimerQueue()
        // Released only now: what a handler held may call the loop as it goes away.
        withExtendedLifetime(forgotten) {}
    }

    /// Calls `action` once, at or soon after `deadline` (nanoseconds of the loop's clock).
    @discardableResult
    package func schedule(at deadline: UInt64, _ action: @escaping () -> Void) -> TimerID {
        assertOwned()
        return timers.insert(deadline: deadline, payload: action)
    }

    /// Calls `action` once, `nanoseconds` after this turn's `now`.
    @discardableResult
    package func schedule(after nanoseconds: UInt64, _ action: @escaping () -> Void) -> TimerID {
        let (deadline, overflow) = now.addingReportingOverflow(nanoseconds)
        return schedule(at: overflow ? .max : deadline, action)
    }

    /// Takes back a timer. Whether it was still waiting.
    @discardableResult
    package func cancel(_ timer: TimerID) -> Bool {
        assertOwned()
        return timers.cancel(timer) != nil
    }

    /// Calls `action` once, when everything that this turn is for has been done: what was put together meanwhile can be sent at
    /// once then. What it asks for in turn comes right after.
    package func atEndOfTurn(_ action: @escaping () -> Void) {
        assertOwned()
        endings.append(action)
    }

    /// Does now what was to be done at the end of the turn.
    package func endTurn() {
        while !endings.isEmpty {
            let actions = endings
            endings = []
            for action in actions { action() }
        }
    }

    /// Turns until `stop`; then runs the work that waits, and returns.
    package func run() {
        owner.store(UInt(pthread_self()), ordering: .relaxed)
        while !stopping.load(ordering: .sequentiallyConsistent) {
            turnOnce(maximumMilliseconds: nil)
        }
        runWork()
        endTurn()
        stopping.store(false, ordering: .sequentiallyConsistent)
        owner.store(0, ordering: .relaxed)
    }

    /// One turn on the caller's thread: waits at most so long for the first event, then handles what is due.
    package func turn(maximumMilliseconds: Int32 = 0) {
        owner.store(UInt(pthread_self()), ordering: .relaxed)
        turnOnce(maximumMilliseconds: maximumMilliseconds)
        owner.store(0, ordering: .relaxed)
    }

    private func turnOnce(maximumMilliseconds: Int32?) {
        now = clock.monotonic()
        let count = clinux_epoll_wait(epoll.number, events, waitMilliseconds(maximum: maximumMilliseconds))
        now = clock.monotonic()
        // A negative count is EINTR: nothing has come, and the loop goes round.
        for index in 0..<Int(max(0, count)) {
            // SAFETY: the kernel has filled `count` of the CLINUX_EPOLL_BATCH events.
            let event = events[index]
            if event.token == Self.wakeToken {
                _ = clinux_eventfd_clear(wake.number)
                runWork()
                continue
            }
            let descriptor = Int32(bitPattern: UInt32(truncatingIfNeeded: event.token))
            // An earlier handler of this turn may have unregistered the descriptor, or another one has its number now.
            guard let registration = registration(descriptor), registration.generation == UInt32(event.token >> 32)
            else {
                continue
            }
            registration.handler(Events(rawValue: event.events))
        }
        let mark = timers.mark
        while let action = timers.takeDue(now: now, before: mark) { action() }
        endTurn()
    }

    private func runWork() {
        let pending = work.withLock { queue in
            let pending = queue.pending
            queue.pending = []
            return pending
        }
        for work in pending { work() }
    }

    /// How long to wait: until the next timer, rounded up so that it is due then; -1 is for ever.
    private func waitMilliseconds(maximum: Int32?) -> Int32 {
        var wait = Int32(-1)
        if let deadline = timers.nextDeadline() {
            let rest = deadline > now ? clock.wait(deadline - now) : 0
            wait = Int32(clamping: rest / Clock.millisecond + (rest % Clock.millisecond == 0 ? 0 : 1))
        }
        guard let maximum else { return wait }
        return wait < 0 ? maximum : min(wait, maximum)
    }
}
