/// What a command line asks for: to serve, which is what it is for without a command, as with CoreDNS, or one of apodns's own
/// commands. A command stands before or behind flags; its flags and words come in any order.
enum Invocation: Equatable, Sendable {
    case serve(Arguments)
    /// `check`: say what is wrong with the Corefile.
    case check(Arguments)
    /// `help`: show the flags and commands.
    case help

    /// - Parameter words: the command line without the program's name.
    init(_ words: [String]) throws(Arguments.Failure) {
        var arguments = try Arguments()
        var rest = words[...]
        try arguments.takeFlags(&rest)
        switch rest.first {
        case nil: self = .serve(arguments)
        case "check":
            let words = try Self.words(behind: rest, &arguments)
            guard words.isEmpty else { throw .extraArguments(words) }
            self = arguments.asksForText ? .serve(arguments) : .check(try Self.withoutServing(arguments, "check"))
        case "help": self = .help
        // CoreDNS: no other words.
        case .some: throw .extraArguments(Array(rest))
        }
    }

    /// The words behind a command, once the flags among them are taken.
    private static func words(
        behind command: ArraySlice<String>, _ arguments: inout Arguments
    ) throws(Arguments.Failure) -> [String] {
        var rest = command.dropFirst()
        var words: [String] = []
        while true {
            try arguments.takeFlags(&rest)
            guard let word = rest.popFirst() else { return words }
            words.append(word)
        }
    }

    /// Flags that only a server has a use for are not passed over in silence.
    private static func withoutServing(
        _ arguments: Arguments, _ command: String
    ) throws(Arguments.Failure) -> Arguments {
        if arguments.pidFile != nil { throw .usage("-pidfile means nothing to \(command), which serves nothing") }
        if arguments.isQuiet { throw .usage("-quiet means nothing to \(command), which serves nothing") }
        return arguments
    }
}
