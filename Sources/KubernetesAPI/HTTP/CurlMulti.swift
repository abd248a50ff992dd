import CCurl
import LinuxIO

/// libcurl's multi interface: the transfers of one client, and waiting for all of them at once.
///
/// One thread uses it, but for `wakeUp()`.
final class CurlMulti {
    // SAFETY: made in init and cleaned up in deinit, which is after every transfer was removed: HTTPClient owns both and
    // removes its transfers first. It is never nil.
    private let handle: UnsafeMutableRawPointer

    /// Throws when there is no memory.
    init() throws(HTTPClientFailure) {
        guard CurlLibrary.isReady, let handle = curl_multi_init() else {
            throw HTTPClientFailure(.other, "libcurl cannot be started: not enough memory, or no TLS library")
        }
        self.handle = handle
    }

    deinit {
        curl_multi_cleanup(handle)
    }

    /// Begins a transfer. False where libcurl refuses it, which is only for lack of memory.
    func add(_ transfer: CurlTransfer) -> Bool {
        curl_multi_add_handle(handle, transfer.handle) == CURLM_OK
    }

    /// Ends a transfer, if it has not ended. Not to be called while `perform` runs.
    func remove(_ transfer: CurlTransfer) {
        curl_multi_remove_handle(handle, transfer.handle)
    }

    /// Moves all transfers on as far as possible without waiting; they call their receivers.
    func perform() {
        var running: Int32 = 0
        curl_multi_perform(handle, &running)
    }

    /// The handle of the next transfer that has ended, with what came of it; nil when there is no more.
    func nextEnded() -> (handle: UnsafeMutableRawPointer, code: CURLcode)? {
        var code = CURLE_OK
        guard let ended = apodns_curl_multi_ended(handle, &code) else { return nil }
        return (ended, code)
    }

    /// Waits until something can be done for a transfer, one of the descriptors is readable, `wakeUp` was called, or so
    /// many milliseconds are over.
    func wait(milliseconds: Int32, descriptors: [Int32]) {
        var others = descriptors.map { curl_waitfd(fd: $0, events: Int16(CURL_WAIT_POLLIN), revents: 0) }
        let count = UInt32(others.count)
        // SAFETY: libcurl uses the array during the call only.
        others.withUnsafeMutableBufferPointer { others in
            _ = curl_multi_poll(handle, others.baseAddress, count, milliseconds, nil)
        }
    }

    /// Ends a wait, the present one or the next. Any thread may call it (curl_multi_wakeup(3)).
    func wakeUp() {
        curl_multi_wakeup(handle)
    }
}
