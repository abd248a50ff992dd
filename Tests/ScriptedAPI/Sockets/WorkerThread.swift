import Glibc

/// A thread that somebody joins.
struct WorkerThread: @unchecked Sendable {
    private let handle: pthread_t

    /// Bytes of stack: enough for a TLS handshake, and little for a thousand watches.
    private static let stackBytes = 1 << 20

    private final class Body {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    init(_ body: @escaping @Sendable () -> Void) throws(ScriptedAPIError) {
        let boxed = Unmanaged.passRetained(Body(body))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, Self.stackBytes)
        defer { pthread_attr_destroy(&attributes) }
        // No signals here: SIGPIPE of a client that is gone would end the process, and the others belong to the tests.
        var everything = sigset_t()
        var before = sigset_t()
        sigfillset(&everything)
        pthread_sigmask(SIG_SETMASK, &everything, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var handle = pthread_t()
        // SAFETY: the thread takes the reference over; it is released here when there is no thread.
        let result = pthread_create(
            &handle, &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, boxed.toOpaque())
        guard result == 0 else {
            boxed.release()
            throw ScriptedAPIError("pthread_create: error \(result)")
        }
        self.handle = handle
    }

    func join() { pthread_join(handle, nil) }
}
