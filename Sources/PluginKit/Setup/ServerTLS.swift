import Corefile
import LinuxIO

/// What `tls` says about a block's encrypted listeners.
package struct ServerTLS: Sendable {
    package let context: TLSContext
    /// Everything that was said, with whole paths: what has to be the same for the blocks of one listener.
    package let settings: [String]
    /// Where it stands.
    package let location: SourceLocation

    package init(context: TLSContext, settings: [String], location: SourceLocation) {
        self.context = context
        self.settings = settings
        self.location = location
    }
}
