import Corefile
import LinuxIO

extension ForwardDestination {
    /// Has a destination whose peer is known asked over HTTPS.
    mutating func askOverHTTPS(_ token: Token) throws(CorefileError) {
        if let problem = CurlLibrary.problem {
            throw token.error("plugin/forward: '\(token.text)' cannot be asked over HTTPS: \(problem)")
        }
        isHTTPS = true
    }
}
