import Corefile
import DNSWire
import PluginKit

/// `file PATH [ZONE...] { reload DURATION; reload_by_mtime; fallthrough [ZONE...] }`: answers for zones out of master files. May
/// stand more than once.
package final class FilePlugin: Plugin {
    package static let directive = "file"

    let files: ZoneFiles
    /// All zones, in the order of the directives.
    let zones: ZoneMatcher
    /// For each zone the directive's place.
    let sourceOfZone: [Int]

    package init(_ directives: [Directive], _ setup: BlockSetup) throws(CorefileError) {
        var sources: [ZoneSource] = []
        var names: [DomainName] = []
        var sourceOfZone: [Int] = []
        for directive in directives {
            let source = try ZoneSource(directive, setup)
            for name in source.zones.names {
                if names.contains(name) {
                    throw directive.error(
                        "plugin/file: the zone \(name) has a file already, expected one for each zone")
                }
                names.append(name)
                sourceOfZone.append(sources.count)
            }
            sources.append(source)
        }
        files = try ZoneFiles(sources, setup)
        zones = ZoneMatcher(names.map(\.wire))
        self.sourceOfZone = sourceOfZone
    }

    package func start() throws(StartError) { try files.start() }

    package func stop() { files.stop() }
}
