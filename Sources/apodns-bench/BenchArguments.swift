import LinuxIO

/// What the command line asks for.
struct BenchArguments {
    enum Part: String, CaseIterable {
        case decode
        case start
        case change
        case micro
        case gate
    }

    /// The words, as shown to those who use others.
    static let usage = """
        Usage: apodns-bench [decode|start|change|micro|gate|all] [--quick] [--rounds N] [--program PATH] [--only TEXT]
          decode   MB of API responses read in a second of processor time
          start    time and processor time of a start, and memory, of an apodns that watches a scripted API server
          change   what one changed endpoint costs, inside and from outside
          micro    the smallest parts: a request read, a service found, an answer written, an index built
          gate     micro, held against committed numbers; status 1 where one is exceeded
          all      everything but gate (the default)
          --quick         one round of each, of fewer steps
          --rounds N      rounds of which the median is shown (5; 1 to 99); change: 200 changes each
          --program PATH  the apodns to measure (the one beside this program; build it with
                          swift build -c release --product apodns)
          --only TEXT     only the rows whose name has TEXT in it (start, change, micro, gate)
        Measured on this machine, over loopback, with processes of its own, which it ends.
        """

    private var parts = Part.allCases.filter { $0 != .gate }
    private var plan = BenchPlan()
    private var showsHelp = false

    /// - Parameter words: the command line without the program's name.
    init(_ words: [String]) throws(BenchFailure) {
        var rest = words[...]
        var hasPart = false
        while let word = rest.popFirst() {
            switch word {
            case "--quick":
                plan.isQuick = true
                plan.rounds = 1
            case "--rounds":
                guard let text = rest.popFirst(), let count = Int(text), 1...99 ~= count else {
                    throw Self.misused("--rounds needs a number from 1 to 99")
                }
                plan.rounds = count
            case "--program":
                guard let path = rest.popFirst(), !path.isEmpty else { throw Self.misused("--program needs a path") }
                plan.program = path
            case "--only":
                guard let text = rest.popFirst(), !text.isEmpty else { throw Self.misused("--only needs a text") }
                plan.only = text
            case "-h", "--help": showsHelp = true
            case "all" where !hasPart: hasPart = true
            default:
                guard let part = Part(rawValue: word), !hasPart else { throw Self.misused("\(word) is not known") }
                parts = [part]
                hasPart = true
            }
        }
    }

    private static func misused(_ what: String) -> BenchFailure {
        BenchFailure("apodns-bench: \(what)\n\(usage)", status: 2)
    }

    /// Runs what was asked for, and shows a table for each part.
    func run() throws(BenchFailure) {
        if showsHelp { return Output.standard.writeLine(Self.usage) }
        for part in parts {
            switch part {
            case .decode: try DecodeBenchmark(plan).run()
            case .start: try StartBenchmark(plan).run()
            case .change: try ChangeBenchmark(plan).run()
            case .micro: try MicroBenchmark(plan).run()
            case .gate: try Gate(plan).run()
            }
        }
    }
}
