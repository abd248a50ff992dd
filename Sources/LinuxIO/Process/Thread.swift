import CLinux
import Glibc
import Synchronization

/// A POSIX thread with a name, to be joined or left alone.
package final class Thread: Sendable {
    /// Bytes of a name: the kernel keeps 16 with the NUL (pthread_setname_np(3)).
    package static let nameBytes = 15

    /// Carries the body to the new thread, which is its only reader.
    private final class Start: Sendable {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    private let handle: pthread_t
    private let joined = Mutex(false)

    private init(handle: pthread_t) {
        self.handle = handle
    }

    deinit {
        joined.withLock { if !$0 { pthread_detach(handle) } }
    }

    /// Starts a thread that runs `body`; the name is cut to 15 bytes at a character's border. All signals are blocked in
    /// it, so that they come to the main thread: there they end the process until it waits for them.
    ///
    /// Throws the error of pthread_create(3), EAGAIN when there are too many threads.
    package static func spawn(name: String, body: @escaping @Sendable () -> Void) throws(SystemError) -> Thread {
        let start = Unmanaged.passRetained(Start(name: Self.cut(name), run: body))
        var handle = pthread_t()
        // A thread inherits the mask of the one that makes it.
        var everything = sigset_t()
        var before = sigset_t()
        sigfillset(&everything)
        pthread_sigmask(SIG_SETMASK, &everything, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        // SAFETY: the new thread takes over the reference made above; when there is no thread, it is released below.
        let result = pthread_create(
            &handle, nil,
            { context in
                guard let context else { return nil }
                let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                _ = clinux_set_thread_name(start.name)
                start.run()
                return nil
            }, start.toOpaque())
        guard result == 0 else {
            start.release()
            throw SystemError(call: "pthread_create", code: result, subject: name)
        }
        return Thread(handle: handle)
    }

    /// Waits for the thread's end. A second call returns at once. Must not be called by the thread itself.
    package func join() {
        let first = joined.withLock { done in
            defer { done = true }
            return !done
        }
        if first { pthread_join(handle, nil) }
    }

    /// Nobody is going to wait for the thread's end: its memory is given back when it comes.
    package func detach() {
        let first = joined.withLock { done in
            defer { done = true }
            return !done
        }
        if first { pthread_detach(handle) }
    }

    static func cut(_ name: String) -> String {
        var kept = ""
        for character in name where character != "\0" {
            guard kept.utf8.count + character.utf8.count <= nameBytes else { break }
            kept.append(character)
        }
        return kept
    }
}
