import Corefile
import DNSWire
import PluginKit
import Plugins

extension Configuration {
    /// Whether any block answers for a cluster.
    package var hasKubernetes: Bool { blocks.contains { $0.has(KubernetesPlugin.directive) } }
}

/// What a configuration says to a question, and why, in lines for a person: the answer, the block and the plugins that it went
/// through, and what the plugin that answered made it from.
package struct Explanation {
    package private(set) var lines: [String] = []
    /// Whether the name has records of the type.
    package private(set) var resolves = false

    private let question: ExplainedQuestion
    private let configuration: Configuration

    /// - Parameter configuration: one that explains (`Configuration.startExplaining`).
    package init(_ question: ExplainedQuestion, _ configuration: Configuration) {
        self.question = question
        self.configuration = configuration
        var isExplained = false
        var seen: [SourceLocation] = []
        for plan in configuration.listeners {
            let server = TracedServer(plan)
            let answer = server.ask(question.name, question.type)
            // Blocks that serve several addresses say the same at each.
            guard let block = answer.block, !seen.contains(block.block.location) else { continue }
            seen.append(block.block.location)
            if isExplained { lines.append("") }
            isExplained = true
            explain(answer, block)
        }
        if !isExplained { refuse() }
        hint()
    }

    // MARK: The answer

    private mutating func refuse() {
        lines.append("REFUSED: \(asked)")
        for plan in configuration.listeners {
            let zones = plan.zones.map(\.name)
            lines.append("at \(plan.server) no server block takes it: the zones are \(zones.joined(separator: " "))")
        }
    }

    private var asked: String { "\(question.name) \(question.type)" }

    private mutating func explain(_ answer: TracedAnswer, _ block: ConfiguredBlock) {
        if let response = answer.response {
            let isEmpty = response.code == .noError && response.answer.isEmpty
            lines.append("\(response.code)\(isEmpty ? " without records" : ""): \(asked)")
            if response.code == .noError, !isEmpty { resolves = true }
            for record in response.answer { lines.append("\(record)") }
        } else if answer.passings.last?.verdict == .later {
            lines.append("not known here: \(asked)")
        } else if answer.passings.last?.verdict == .drop {
            lines.append("no response: \(asked)")
        } else {
            lines.append("REFUSED: \(asked)")
        }
        lines.append("")
        if let address = question.address { lines.append("the reverse name of \(address)") }
        lines.append("\(block.block.location): block \(answer.zone) at \(block.servers.joined(separator: " "))")
        if let view = block.view { lines.append("its view \(view.name) takes it from a client on this machine") }
        explainPassings(answer)
        if answer.passings.isEmpty { lines.append("the block has no plugins that answer") }
        let left = block.plugins.map(\.name).filter { mayChange($0, answer) }
        if !left.isEmpty {
            lines.append("not looked into, though it may change the answer: \(left.joined(separator: " "))")
        }
    }

    /// Whether a plugin that is left out may have a part in the answer.
    private func mayChange(_ plugin: String, _ answer: TracedAnswer) -> Bool {
        switch plugin {
        // It keeps no names of a cluster.
        case "cache": !(answer.passings.last.map(isInZone) ?? false)
        case "dns64": question.type == .aaaa
        default: TracedServer.mayChangeAnswers.contains(plugin)
        }
    }

    // MARK: The way

    /// The plugins whose part in a question nobody asks for.
    private static let unmentioned: Set<String> = ["bufsize", "nsid", "metadata", "header", "minimal", "debug", "any"]

    private mutating func explainPassings(_ answer: TracedAnswer) {
        var passedOn: [String] = []
        var name = question.name
        for passing in answer.passings {
            if !passing.name.equalsIgnoringCase(name) {
                lines.append("the alias's target \(passing.name) is looked up:")
                name = passing.name
                passedOn = []
            }
            if passing.verdict == .next, isUntouched(passing), !isInZone(passing) {
                if !Self.unmentioned.contains(passing.plugin) { passedOn.append(passing.plugin) }
                continue
            }
            if !passedOn.isEmpty {
                lines.append("passed on by \(passedOn.joined(separator: " "))")
                passedOn = []
            }
            explain(passing)
            name = passing.nameBehind
        }
        if answer.passings.last?.verdict == .next {
            if !passedOn.isEmpty { lines.append("passed on by \(passedOn.joined(separator: " "))") }
            lines.append("no plugin of the block answers: SERVFAIL")
        }
    }

    private func isUntouched(_ passing: Passing) -> Bool {
        passing.name == passing.nameBehind && passing.type == passing.typeBehind
    }

    /// Whether it is a cluster that has been asked for a name of its own.
    private func isInZone(_ passing: Passing) -> Bool {
        (passing.instance as? KubernetesPlugin)?.zone(of: passing.name) != nil
    }

    private mutating func explain(_ passing: Passing) {
        let start = "\(passing.location): \(passing.plugin)"
        switch passing.verdict {
        case .next where !isUntouched(passing):
            lines.append("\(start) makes it \(passing.nameBehind) \(passing.typeBehind)")
        case .later where !passing.upstreams.isEmpty:
            lines.append("\(start) would ask \(passing.upstreams.joined(separator: " ")), which explain does not")
        case .later: lines.append("\(start) would have to ask elsewhere, which explain does not")
        case .drop: lines.append("\(start) sends no response")
        case .next, .answered:
            guard let kubernetes = passing.instance as? KubernetesPlugin else {
                lines.append("\(start) answers \(passing.code)")
                return
            }
            explain(passing, kubernetes, start)
        }
    }

    private mutating func explain(_ passing: Passing, _ kubernetes: KubernetesPlugin, _ start: String) {
        let zone = kubernetes.zone(of: passing.name) ?? ""
        lines.append(
            passing.verdict == .next
                ? "\(start), zone \(zone), does not have it and passes it on (fallthrough)"
                : "\(start) answers for its zone \(zone) from \(kubernetes.sourceName)")
        let reasons = kubernetes.explain(
            passing.name, passing.type, answer: passing.answer,
            isKnown: passing.verdict == .next || passing.code != .serverFailure)
        for reason in reasons { lines.append("  " + Self.escaped(reason)) }
    }

    /// Names may have any octets: those that move a terminal's cursor, or turn what it shows around, are shown as in names (RFC
    /// 1035, section 5.1).
    private static func escaped(_ text: String) -> String {
        String(
            text.unicodeScalars.reduce(into: "") { shown, scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator:
                    for octet in String(scalar).utf8 {
                        let number = String(octet)
                        shown += "\\" + String(repeating: "0", count: 3 - number.count) + number
                    }
                default: shown.unicodeScalars.append(scalar)
                }
            })
    }

    // MARK: The search path

    /// Most labels of a name that a pod's resolver completes first: with its `ndots:5`, names of fewer than five dots.
    private static let mostSearched = 5

    /// What a pod's search path would make of a name that lies in no cluster zone, where there is something.
    private mutating func hint() {
        guard question.address == nil, (1...Self.mostSearched).contains(question.name.labelCount) else { return }
        for block in configuration.blocks {
            for case let kubernetes as KubernetesPlugin in block.plugins.map(\.plugin) {
                guard kubernetes.zone(of: question.name) == nil else { return }
                hint(kubernetes, block)
                return
            }
        }
    }

    private mutating func hint(_ kubernetes: KubernetesPlugin, _ block: ConfiguredBlock) {
        guard
            let plan = configuration.listeners.first(where: { plan in
                plan.zones.contains { $0.block.block.location == block.block.location }
            })
        else { return }
        let server = TracedServer(plan)
        let zone = kubernetes.primaryZoneName
        var found: [String] = []
        var namespaces: [String] = []
        for namespace in kubernetes.namespaceNames where isThere("\(namespace).svc.\(zone)", server) {
            namespaces.append(namespace)
        }
        for suffix in ["svc.\(zone)", zone] where isThere(suffix, server) { found.append(completed(suffix)) }
        if found.isEmpty, namespaces.isEmpty {
            // Most names that are meant as they stand look like this.
            guard question.name.labelCount == 1 else { return }
            lines.append("")
            lines.append(
                "a pod's search path would try NAMESPACE.svc.\(zone), svc.\(zone) and \(zone) behind it first: nothing is there"
            )
            return
        }
        lines.append("")
        for namespace in namespaces.prefix(Self.mostNamespaces) {
            lines.append(
                "in a pod of the namespace \(namespace) the search path makes it \(completed("\(namespace).svc.\(zone)"))"
            )
        }
        let rest = namespaces.count - Self.mostNamespaces
        if rest > 0 { lines.append("and so in \(rest) more namespaces") }
        for name in found { lines.append("in a pod the search path makes it \(name)") }
    }

    /// Most namespaces that are told one by one.
    private static let mostNamespaces = 5

    private func completed(_ suffix: String) -> String {
        "\(question.name)\(suffix)"
    }

    /// Whether the name has records with a suffix behind it.
    private func isThere(_ suffix: String, _ server: TracedServer) -> Bool {
        guard let suffix = try? DomainName(parsing: suffix), let name = try? question.name.appending(suffix) else {
            return false
        }
        let response = server.ask(name, question.type).response
        return response.map { $0.code == .noError && !$0.answer.isEmpty } ?? false
    }
}
