import Corefile
import Glibc
import LinuxIO
import PluginKit

/// What a `hosts` directive says.
struct HostsOptions {
    /// The file without an argument.
    private static let systemFile = "/etc/hosts"
    /// Seconds (CoreDNS).
    private static let longestTTL = 65_535
    private static let properties = [
        "ttl", "no_reverse", "reload", "fallthrough", "fallthrough_unsupported",
    ]

    var path = Self.systemFile
    /// Names of other zones are not answered, and not read.
    var zones = ZoneArguments.none
    /// Lines of the Corefile in the form of the file.
    var inline = ""
    /// Seconds.
    var ttl: UInt32 = 3600
    var reverses = true
    /// Nanoseconds between two looks at the file; 0 looks only once.
    var interval = HostsFile.defaultInterval
    var fallthroughZones = ZoneArguments.none
    var passesOnOtherTypes = false

    init(_ directive: Directive, _ setup: BlockSetup) throws(CorefileError) {
        if let file = directive.arguments.first {
            path = setup.resolve(file.text)
            try Self.check(path, file, setup)
        }
        zones = try ZoneArguments(directive.arguments.dropFirst(), otherwise: setup.zones, at: directive.name)
        var unsupportedAt: Property?
        for property in try directive.properties() {
            try property.expectNoBlock()
            switch property.name.text {
            case "fallthrough": fallthroughZones = try ZoneArguments(fallthrough: property)
            case "fallthrough_unsupported":
                try property.expectArguments(0)
                passesOnOtherTypes = true
                unsupportedAt = property
            case "no_reverse":
                try property.expectArguments(0)
                reverses = false
            case "ttl": ttl = UInt32(try property.onlyArgument().integer(in: 1...Self.longestTTL))
            case "reload":
                let argument = try property.onlyArgument()
                let duration = try argument.duration()
                guard duration >= 0 else {
                    throw argument.error(
                        "plugin/hosts: invalid negative duration for reload '\(argument.text)', expected 0s or more")
                }
                interval = UInt64(duration)
            default:
                // CoreDNS: entries stand before `fallthrough`.
                guard fallthroughZones.names.isEmpty else {
                    throw directive.unknownProperty(property, known: Self.properties)
                }
                addInline(property, setup)
            }
        }
        if let unsupportedAt, fallthroughZones.names.isEmpty {
            throw unsupportedAt.error("plugin/hosts: fallthrough_unsupported requires fallthrough")
        }
    }

    /// Takes a line of the Corefile as an entry. One that is none has no effect in CoreDNS, and nothing says so; here a
    /// warning does.
    private mutating func addInline(_ property: Property, _ setup: BlockSetup) {
        let word = property.name.text
        if !HostsText.isAddress(word) {
            let hint = nearestName(to: word, in: Self.properties).map { " (did you mean '\($0)'?)" } ?? ""
            setup.warn(
                property.name.location,
                "plugin/hosts: '\(word)' is neither an address nor a property, the line has no effect\(hint)")
        } else if property.arguments.isEmpty {
            setup.warn(property.name.location, "plugin/hosts: no name behind the address \(word)")
        }
        inline += ([word] + property.arguments.map(\.text)).joined(separator: " ") + "\n"
    }

    /// CoreDNS: a file that is not there may still come.
    private static func check(_ path: String, _ file: Token, _ setup: BlockSetup) throws(CorefileError) {
        do throws(SystemError) {
            _ = try FileStamp.current(path)
        } catch {
            guard error.code == ENOENT else {
                throw file.error("plugin/hosts: unable to access hosts file '\(path)': \(error)")
            }
            setup.process.log.warning("plugin/hosts: File does not exist: \(path)")
            return
        }
        // With a dot behind it, only a folder has a stamp.
        if (try? FileStamp.current(path + "/.")) != nil {
            setup.process.log.warning("plugin/hosts: Hosts file \"\(path)\" is a directory")
        }
    }
}
