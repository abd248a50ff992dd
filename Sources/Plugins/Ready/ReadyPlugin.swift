import Corefile
import LinuxIO
import PluginKit

/// `ready [ADDRESS] { monitor until-ready|continuously }`: an HTTP endpoint that says whether all plugins of the blocks with
/// `ready` can answer.
package final class ReadyPlugin: Plugin {
    package static let directive = "ready"
    package static let seesQueries = false

    /// The port without an address.
    static let defaultPort: UInt16 = 8181

    /// Where the endpoint answers.
    let address: SocketAddress

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.only(directives)
        address = try directive.adminAddress(.wildcard(port: Self.defaultPort))
        for property in try directive.properties() {
            guard property.name.text == "monitor" else {
                throw directive.unknownProperty(property, known: ["monitor"])
            }
            try property.expectNoBlock()
            let mode = try property.onlyArgument()
            switch mode.text {
            case "until-ready": break
            case "continuously": setup.process.lifecycle.monitorsContinuously = true
            default:
                throw mode.error(
                    "plugin/ready: monitor type '\(mode.text)' not supported, expected until-ready or continuously")
            }
        }
        // The responder belongs to the process, which must not be kept by a part of itself.
        let (lifecycle, log) = (setup.process.lifecycle, setup.process.log)
        setup.process.admin.add(address, path: "/ready", at: directive.name.location) { Self.respond(lifecycle, log) }
    }

    private static func respond(_ lifecycle: Lifecycle, _ log: Log) -> HTTPResponse {
        if lifecycle.isStopping { return HTTPResponse(status: 503, text: "Shutting down") }
        let waiting = lifecycle.pluginsNotReady().joined(separator: ",")
        if waiting.isEmpty { return HTTPResponse(status: 200, text: "OK") }
        log.info("plugin/ready: Plugins not ready: \"\(waiting)\"")
        return HTTPResponse(status: 503, text: waiting)
    }
}
