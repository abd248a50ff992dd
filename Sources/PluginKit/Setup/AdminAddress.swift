import Corefile
import LinuxIO

extension Directive {
    /// The address of an HTTP endpoint: the directive's only argument, or `fallback` without one. As in Go it needs a port
    /// (`:8080`, `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`); names other than localhost are not looked up.
    package func adminAddress(_ fallback: SocketAddress) throws(CorefileError) -> SocketAddress {
        try expectArguments(0...1)
        guard let argument = arguments.first else { return fallback }
        guard let address = SocketAddress.parse(argument.text) else {
            throw argument.error(
                "plugin/\(name.text): '\(argument.text)' is not an address with a port, expected one such as "
                    + ":\(fallback.port), 127.0.0.1:\(fallback.port) or [::1]:\(fallback.port)")
        }
        return address
    }
}
