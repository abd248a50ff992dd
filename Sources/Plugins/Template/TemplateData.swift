import DNSWire
import PluginKit

/// What a template of `template` is given: the query and what the rule matched of it.
struct TemplateData: GoData {
    /// What the metrics' labels and templates say of the query.
    let zone: String
    let name: String
    let recordClass: String
    let type: String
    /// The pattern that matched.
    let pattern: String
    let matches: [String]
    let groups: [String: String]
    /// Who asks, without the port.
    let remote: String
    /// The question's name as the client wrote it.
    let questionName: String
    let request: Request
    let identifier: UInt16
    /// What `var` has named.
    var variables: [String: GoValue] = [:]
    /// The value of a label of `metadata`.
    var metadata: (String) -> String? = { _ in nil }

    /// The fields that a template may name: those of CoreDNS.
    static let fields = GoFields(kinds: [
        "Zone": .plain, "Name": .plain, "Regex": .plain, "Match": .plain, "Group": .map, "Var": .map, "Class": .plain,
        "Type": .plain, "Remote": .plain, "Meta": .method, "Question": .structure(["Name", "Qtype", "Qclass"]),
        "Message": .structure([
            "Id", "Response", "Opcode", "Authoritative", "Truncated", "RecursionDesired", "RecursionAvailable", "Zero",
            "AuthenticatedData", "CheckingDisabled", "Rcode",
        ]),
    ])

    func value(of path: [String]) -> GoValue {
        guard let first = path.first else { return .missing }
        let second = path.count > 1 ? path[1] : ""
        switch first {
        case "Zone": return .string(zone)
        case "Name": return .string(name)
        case "Regex": return .string(pattern)
        case "Match": return .strings(matches)
        case "Group": return path.count > 1 ? groups[second].map { .string($0) } ?? .missing : .map(groups)
        case "Var":
            return path.count > 1 ? variables[second] ?? .missing : .map(variables.mapValues(\.description))
        case "Class": return .string(recordClass)
        case "Type": return .string(type)
        case "Remote": return .string(remote)
        case "Question": return question(second)
        case "Message": return message(second)
        default: return .missing
        }
    }

    /// `.Meta`: the value of a label, empty for none.
    func call(_ method: String, _ argument: String) -> GoValue { .string(metadata(argument) ?? "") }

    private func question(_ field: String) -> GoValue {
        switch field {
        case "Name": .string(questionName)
        case "Qtype": .unsigned(UInt64(request.type.rawValue))
        case "Qclass": .unsigned(UInt64(request.recordClass.rawValue))
        // As Go's library prints a question.
        default: .string(";\(questionName)\t\(request.recordClass)\t \(request.type)")
        }
    }

    private func message(_ field: String) -> GoValue {
        func flag(_ bit: UInt16) -> GoValue { .boolean(request.flags & bit != 0) }
        switch field {
        case "Id": return .unsigned(UInt64(identifier))
        case "Response": return .boolean(false)
        case "Opcode": return .integer(Int64(request.opcode.rawValue))
        case "Authoritative": return flag(Header.authoritative)
        case "Truncated": return flag(Header.truncated)
        case "RecursionDesired": return flag(Header.recursionDesired)
        case "RecursionAvailable": return flag(Header.recursionAvailable)
        case "Zero": return flag(0x0040)
        case "AuthenticatedData": return flag(Header.authenticData)
        case "CheckingDisabled": return flag(Header.checkingDisabled)
        case "Rcode": return .integer(Int64(request.flags & Header.responseCodeMask))
        // The message as a whole, in short: nothing that a record could have a use for.
        default: return .string(";; id: \(identifier) \(questionName) \(request.recordClass) \(request.type)")
        }
    }
}

extension GoValue {
    /// The value of an expression as templates have it.
    init(_ value: ExpressionValue) {
        switch value {
        case .string(let text): self = .string(text)
        case .integer(let number): self = .integer(Int64(number))
        case .float(let number): self = .string(ShortestDecimal(number).general)
        case .boolean(let truth): self = .boolean(truth)
        case .list(let values): self = .strings(values.map { GoValue($0).description })
        case .null: self = .missing
        }
    }
}
