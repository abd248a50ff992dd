import Corefile
import DNSWire
import Glibc
import LinuxIO
import PluginKit

/// What one `file` directive says.
struct ZoneSource {
    /// The interval without `reload` in nanoseconds (CoreDNS).
    static let defaultInterval = 60 * Clock.second
    private static let properties = ["reload", "reload_by_mtime", "fallthrough"]

    /// The path's place in the Corefile.
    let token: Token
    let path: String
    /// The zones that the file is read for, once for each.
    let zones: ZoneArguments
    /// Nanoseconds between two looks at the file; 0 looks only once.
    private(set) var interval = Self.defaultInterval
    /// Whether a changed file counts although its SOA serial is the same.
    private(set) var takesAnyChange = false
    private(set) var fallthroughZones = ZoneArguments.none

    init(_ directive: Directive, _ setup: BlockSetup) throws(CorefileError) {
        try directive.expectArguments(1...)
        guard let file = directive.arguments.first else { throw directive.error("'file' has no argument") }
        token = file
        path = setup.resolve(file.text)
        zones = try ZoneArguments(directive.arguments.dropFirst(), otherwise: setup.zones, at: directive.name)
        for property in try directive.properties() {
            try property.expectNoBlock()
            switch property.name.text {
            case "reload":
                let argument = try property.onlyArgument()
                let duration = try argument.duration()
                guard duration >= 0 else {
                    throw argument.error(
                        "plugin/file: invalid reload duration '\(argument.text)', expected 0s or more")
                }
                interval = UInt64(duration)
            case "reload_by_mtime":
                try property.expectArguments(0)
                takesAnyChange = true
            case "fallthrough": fallthroughZones = try ZoneArguments(fallthrough: property)
            case "upstream":
                setup.warn(property.name.location, "plugin/file: 'upstream' is obsolete and ignored")
            default: throw directive.unknownProperty(property, known: Self.properties)
            }
        }
    }

    /// Reads the file for each of the zones.
    ///
    /// - Parameter stamps: gets the files that were opened, also where an error is thrown.
    func read(_ stamps: inout [String: FileStamp?]) throws(ZoneFileError) -> [Zone] {
        var read: [Zone] = []
        for origin in zones.names {
            var reader = ZoneFileReader()
            defer { for entry in reader.stamps { stamps[entry.path] = entry.stamp } }
            try reader.read(path, origin: origin)
            read.append(try Zone(origin: origin, path: path, lines: reader.lines))
        }
        return read
    }
}
