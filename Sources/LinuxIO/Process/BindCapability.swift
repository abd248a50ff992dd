import CLinux

/// The right to bind to ports below 1024 without being root: CAP_NET_BIND_SERVICE (capabilities(7)).
package enum BindCapability {
    /// Makes the right effective for this thread, and those that it starts, where it is permitted. Where it is not, binding
    /// to such a port says so.
    ///
    /// The image's file permits the right without making it effective: a file that did both could not be started at all in a
    /// container that drops the capability (execve(2), EPERM).
    package static func use() {
        _ = clinux_use_bind_capability()
    }
}
