/// What a command line asks for: to serve, which is what it is for without a command, as with CoreDNS, or one of apodns's own
/// commands. A command stands before or behind flags; its flags and words come in any order.
enum Invocation: Equatable, Sendable {
    case serve(Arguments)
    /// `check`: say what is wrong with the Corefile.
    case check(Arguments)
    /// `explain`: say what a name resolves to.
    case explain(Question)
    /// `help`: show the flags and commands.
    case help

    /// What `explain` is asked.
    struct Question: Equatable, Sendable {
        let arguments: Arguments
        let name: String
        let type: String?
    }

    /// The words that are commands.
    static let commands = ["check", "explain", "help"]

    /// - Parameter words: the command line without the program's name.
    init(_ words: [String]) throws(Arguments.Failure) {
        var arguments = try Arguments()
        var rest = words[...]
        try arguments.takeFlags(&rest)
        switch rest.first {
        case nil:
            try Self.withoutExplaining(arguments)
            self = .serve(arguments)
        case "check":
            let words = try Self.words(behind: rest, &arguments)
            guard words.isEmpty else { throw .extraArguments(words) }
            try Self.withoutExplaining(arguments)
            self = arguments.asksForText ? .serve(arguments) : .check(try Self.withoutServing(arguments, "check"))
        case "explain":
            let words = try Self.words(behind: rest, &arguments)
            self =
                arguments.asksForText
                ? .serve(arguments) : .explain(try Self.question(try Self.withoutServing(arguments, "explain"), words))
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

    private static func question(
        _ arguments: Arguments, _ words: [String]
    ) throws(Arguments.Failure) -> Question {
        guard let name = words.first else {
            throw .usage(
                "explain: no name, expected explain NAME [TYPE], such as explain web.shop.svc.cluster.local AAAA")
        }
        guard words.count <= 2 else {
            throw .usage("explain: found \(words.count) words, expected NAME [TYPE]: \(words.joined(separator: " "))")
        }
        return Question(arguments: arguments, name: name, type: words.count > 1 ? words[1] : nil)
    }

    private static func withoutExplaining(_ arguments: Arguments) throws(Arguments.Failure) {
        // As of a flag that there is not: only `explain` has these.
        if !arguments.snapshot.isEmpty { throw .usage("flag provided but not defined: -snapshot") }
        if arguments.timeout != nil { throw .usage("flag provided but not defined: -timeout") }
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
