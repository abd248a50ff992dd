import Corefile
import Glibc
import LinuxIO
import PluginKit

/// `root PATH`: the folder that relative paths of the block's other plugins start from. Relative itself, it starts from the
/// working folder of the process.
package final class RootPlugin: Plugin {
    package static let directive = "root"
    package static let seesQueries = false

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        let directive = try Self.only(directives)
        try directive.expectNoBlock()
        let path = try directive.onlyArgument()
        do throws(SystemError) {
            _ = try FileStamp.current(path.text)
            // With a dot behind it, a path that is not a folder is ENOTDIR.
            do throws(SystemError) {
                _ = try FileStamp.current(path.text + "/.")
            } catch {
                setup.process.log.warning("plugin/root: Root path is not a directory: \(path.text)")
            }
        } catch {
            guard error.code == ENOENT else {
                throw path.error("plugin/root: unable to access root path '\(path.text)': \(error)")
            }
            // CoreDNS: the folder might appear later, but the user must know.
            setup.process.log.warning("plugin/root: Root path does not exist: \(path.text)")
        }
        setup.root = path.text
    }
}
