import Corefile
import LinuxIO
import PluginKit

extension ForwardTLS {
    /// Reads what follows `https://`: as behind `tls://`, but with another port.
    func httpsDestination(_ text: String, _ token: Token) throws(CorefileError) -> ForwardDestination {
        guard !text.contains("/") else {
            throw token.error(
                "plugin/forward: paths are not allowed in HTTPS upstream addresses (the \(UpstreamHTTPS.path) path is used "
                    + "by default): \(token.text), expected one such as https://9.9.9.9")
        }
        var destination = try destination(text, token, port: UpstreamHTTPS.port)
        try destination.askOverHTTPS(token)
        return destination
    }
}

extension ForwardDestination {
    /// Has a destination whose peer is known asked over HTTPS.
    mutating func askOverHTTPS(_ token: Token) throws(CorefileError) {
        if let problem = CurlLibrary.problem {
            throw token.error("plugin/forward: '\(token.text)' cannot be asked over HTTPS: \(problem)")
        }
        isHTTPS = true
    }
}
