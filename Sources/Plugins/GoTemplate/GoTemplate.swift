/// A template in the language of Go's text/template: as much of it as resource records need. Fields, calls of functions,
/// pipelines, `if`, comments and trimmed blanks; no variables, no `range`, no `with`, no templates within templates.
struct GoTemplate: Sendable {
    /// A part of a template.
    indirect enum Node: Sendable {
        case text(String)
        case output(GoExpression)
        case condition(GoExpression, then: [Node], otherwise: [Node])
    }

    /// Why a text is no template, and where: `offset` counts its Unicode scalars.
    struct Failure: Error, Equatable {
        let message: String
        let offset: Int
    }

    /// The template as it was given.
    let source: String
    private let nodes: [Node]

    /// Parses a template that will be given data with the fields of `fields`.
    init(_ source: String, fields: GoFields) throws(Failure) {
        self.source = source
        var parser = GoTemplateParser(try GoTemplateLexer.tokens(source), fields: fields)
        nodes = try parser.nodes()
    }

    /// What the template makes of the data.
    func run(_ data: some GoData) throws(GoRunFailure) -> String {
        var text = ""
        try Self.run(nodes, data, &text)
        return text
    }

    private static func run(_ nodes: [Node], _ data: some GoData, _ text: inout String) throws(GoRunFailure) {
        for node in nodes {
            switch node {
            case .text(let piece): text += piece
            case .output(let expression): text += try expression.value(data).description
            case .condition(let condition, let then, let otherwise):
                try run(try condition.value(data).isTrue ? then : otherwise, data, &text)
            }
        }
    }
}

/// Why a template could not be carried out with the data at hand, in the words of Go.
struct GoRunFailure: Error, Equatable {
    let message: String
}

/// The fields that templates may name.
struct GoFields: Sendable {
    /// Fields of the data, and what they are.
    let kinds: [String: Kind]

    /// What a field is to the parser.
    enum Kind: Sendable {
        /// A value without fields.
        case plain
        /// A map: any key is a field.
        case map
        /// A structure with these fields.
        case structure([String])
        /// A method that takes one argument.
        case method
    }
}

/// What a template is given.
protocol GoData {
    /// The value of a field of `GoFields`; of a structure's, with the path.
    func value(of path: [String]) -> GoValue
    /// What a method says to its argument.
    func call(_ method: String, _ argument: String) -> GoValue
}
