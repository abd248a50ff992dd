import Corefile

/// What the command line says: CoreDNS's flags with their meaning, in the form of Go's flag package (`-p 53`, `-p=53`,
/// `--p 53`).
struct Arguments: Equatable, Sendable {
    /// `-conf`: the Corefile; "stdin" reads standard input; nil looks for `Corefile` in the current folder.
    var configuration: String?
    /// `-dns.port` and `-p`: the port of zones that name none.
    var port: UInt16 = 53
    /// `-pidfile`
    var pidFile: String?
    /// `-plugins`: list the plugins and end.
    var listsPlugins = false
    /// `-quiet`: no banner.
    var isQuiet = false
    /// `-snapshot`, of `explain` only: files to read in place of what the Corefile says of the cluster.
    var snapshot: [String] = []
    /// `-timeout`, of `explain` only: how long an API server may take, in nanoseconds.
    var timeout: Int64?
    /// `-version`: show the version and end.
    var showsVersion = false
    /// `-h`, `-help`: show the flags and end.
    var showsHelp = false

    /// Whether nothing is to be done but to show something of the program.
    var asksForText: Bool { showsHelp || showsVersion || listsPlugins }

    /// What is wrong with a command line.
    enum Failure: Error, Equatable {
        /// Not a flag, or not a value of its kind: the flags are shown, and the exit status is 2 (Go's flag package).
        case usage(String)
        /// Words after the flags: exit status 1 (CoreDNS).
        case extraArguments([String])
    }

    /// The flags and commands, as `-help` and `help` show them.
    static let usage = """
        Usage of apodns:
          -conf string
            \tCorefile to load (default "Corefile"; "stdin" reads standard input)
          -dns.port string
            \tDefault port (default "53")
          -p string
            \tDefault port (default "53")
          -pidfile string
            \tPath to write pid file
          -plugins
            \tList installed plugins
          -quiet
            \tQuiet mode (no initialization output)
          -version
            \tShow version
        Commands:
          check [-conf FILE] [-p PORT]
            \tSay what is wrong with the Corefile, without serving it
          explain [-conf FILE] [-p PORT] [-snapshot FILE]... [-timeout DURATION] NAME [TYPE]
            \tSay what a name resolves to, and why; with the objects of saved files (-snapshot), or of the cluster that the
            \tCorefile names, which may take 15s, or -timeout
          help
            \tShow this
        """

    /// - Parameter words: the command line without the program's name.
    init(_ words: [String] = []) throws(Failure) {
        var rest = words[...]
        try takeFlags(&rest)
        if !rest.isEmpty { throw .extraArguments(Array(rest)) }
    }

    /// Takes the flags before the first word that is none.
    mutating func takeFlags(_ rest: inout ArraySlice<String>) throws(Failure) {
        while let word = rest.first {
            // Go's flag package stops at the first word that is not a flag, at "-", and behind "--".
            guard word.hasPrefix("-"), word != "-" else { break }
            rest.removeFirst()
            if word == "--" { break }
            let body = word.drop { $0 == "-" }
            guard word.count - body.count <= 2, !body.isEmpty, body.first != "=" else {
                throw .usage("bad flag syntax: \(word)")
            }
            let equals = body.firstIndex(of: "=")
            let name = String(body[..<(equals ?? body.endIndex)])
            let value = equals.map { String(body[body.index(after: $0)...]) }
            try read(name, value, &rest)
        }
    }

    private mutating func read(_ name: String, _ value: String?, _ rest: inout ArraySlice<String>) throws(Failure) {
        switch name {
        case "conf": configuration = try Self.value(name, value, &rest)
        case "pidfile": pidFile = try Self.value(name, value, &rest)
        case "dns.port", "p":
            let text = try Self.value(name, value, &rest)
            guard let number = UInt16(text) else {
                throw .usage("invalid value \"\(text)\" for flag -\(name): expected a port from 0 to 65535")
            }
            port = number
        case "snapshot": snapshot.append(try Self.value(name, value, &rest))
        case "timeout":
            let text = try Self.value(name, value, &rest)
            guard let duration = try? parseDuration(text), duration > 0 else {
                throw .usage("invalid value \"\(text)\" for flag -timeout: expected a duration such as 30s")
            }
            timeout = duration
        case "plugins": listsPlugins = try Self.flag(name, value)
        case "quiet": isQuiet = try Self.flag(name, value)
        case "version": showsVersion = try Self.flag(name, value)
        case "h", "help": showsHelp = try Self.flag(name, value)
        default: throw .usage("flag provided but not defined: -\(name)")
        }
    }

    private static func value(
        _ name: String, _ value: String?, _ rest: inout ArraySlice<String>
    ) throws(Failure) -> String {
        if let value { return value }
        guard let next = rest.popFirst() else { throw .usage("flag needs an argument: -\(name)") }
        return next
    }

    private static func flag(_ name: String, _ value: String?) throws(Failure) -> Bool {
        switch value {
        case nil, "1", "t", "T", "true", "TRUE", "True": return true
        case "0", "f", "F", "false", "FALSE", "False": return false
        case .some(let text): throw .usage("invalid boolean value \"\(text)\" for -\(name)")
        }
    }
}
