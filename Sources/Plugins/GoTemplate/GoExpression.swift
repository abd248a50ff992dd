/// What stands between the braces of a template.
indirect enum GoExpression: Sendable {
    case literal(GoValue)
    /// Fields of the data, from the outside in.
    case field([String])
    case method(String, GoExpression)
    case call(GoFunction, [GoExpression])

    /// The expression's value for the data.
    func value(_ data: some GoData) throws(GoRunFailure) -> GoValue {
        switch self {
        case .literal(let value): return value
        case .field(let path): return data.value(of: path)
        case .method(let name, let argument):
            guard case .string(let text) = try argument.value(data) else {
                throw GoRunFailure(message: "wrong type of the argument of .\(name): expected string")
            }
            return data.call(name, text)
        case .call(let function, let arguments):
            // Go: `and` and `or` stop at the first argument that decides.
            if function == .and || function == .or {
                var last = GoValue.missing
                for argument in arguments {
                    last = try argument.value(data)
                    if last.isTrue == (function == .or) { break }
                }
                return last
            }
            var values: [GoValue] = []
            for argument in arguments { values.append(try argument.value(data)) }
            return try function.call(values)
        }
    }
}
