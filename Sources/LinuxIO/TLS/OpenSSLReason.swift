import COpenSSL

/// The words of OpenSSL's errors. They wait in a queue of the calling thread.
enum OpenSSLReason {
    /// Takes the thread's errors and says what the first of them says, as "key values mismatch"; nil where there is none.
    static func take() -> String? {
        let code = ERR_get_error()
        ERR_clear_error()
        return code == 0 ? nil : text(code)
    }

    /// The words of one error.
    static func text(_ code: UInt) -> String {
        // SAFETY: a constant string of OpenSSL, or NULL.
        guard let words = ERR_reason_error_string(code) else { return "error \(code & 0xFFFF)" }
        return String(cString: words)
    }
}
