import Corefile
import PluginKit

/// `hosts [FILE [ZONE...]] { ADDRESS NAME...; ttl SECONDS; no_reverse; reload DURATION; fallthrough [ZONE...];
/// fallthrough_unsupported }`: answers A, AAAA and PTR from a file like /etc/hosts, and from lines of the Corefile.
package final class HostsPlugin: Plugin {
    package static let directive = "hosts"

    let options: HostsOptions
    let file: HostsFile

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        options = try HostsOptions(try Self.only(directives), setup)
        file = HostsFile(options, setup.process)
    }

    package func checkStart() throws(StartError) { file.look() }

    package func start() throws(StartError) { try file.start() }

    package func stop() { file.stop() }
}
