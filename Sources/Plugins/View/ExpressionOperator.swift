/// An operator between two values.
enum ExpressionOperator: String {
    case or = "||"
    case and = "&&"
    case equal = "=="
    case unequal = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case among = "in"
    case matches
    case contains
    case startsWith
    case endsWith
    case range = ".."
    case plus = "+"
    case minus = "-"
    case times = "*"
    case divided = "/"
    case remainder = "%"
    case power = "**"
    case otherwise = "??"

    init?(_ token: ExpressionToken) {
        switch token.kind {
        case .word("or"): self = .or
        case .word("and"): self = .and
        case .sign("^"): self = .power
        case .word(let text), .sign(let text):
            guard let found = ExpressionOperator(rawValue: text) else { return nil }
            self = found
        default: return nil
        }
    }

    /// How strongly it binds: expr-lang's numbers.
    var precedence: Int {
        switch self {
        case .or: 10
        case .and: 15
        case .equal, .unequal, .less, .lessOrEqual, .greater, .greaterOrEqual, .among, .matches, .contains, .startsWith,
            .endsWith:
            20
        case .range: 25
        case .plus, .minus: 30
        case .times, .divided, .remainder: 60
        case .power: 100
        case .otherwise: 500
        }
    }

    /// The type of the result; nil where the operator is not for values of these types.
    func result(_ left: ExpressionType, _ right: ExpressionType) -> ExpressionType? {
        switch self {
        case .or, .and: left.fits(.boolean) && right.fits(.boolean) ? .boolean : nil
        case .equal, .unequal:
            left.fits(right) || left == .null || right == .null || left.isNumber && right.isNumber ? .boolean : nil
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            left.isNumber && right.isNumber || left.fits(.string) && right.fits(.string) ? .boolean : nil
        case .among: right.fits(.list) ? .boolean : nil
        case .matches, .contains, .startsWith, .endsWith:
            left.fits(.string) && right.fits(.string) ? .boolean : nil
        case .range: left.fits(.integer) && right.fits(.integer) ? .list : nil
        case .plus:
            left.fits(.string) && right.fits(.string) && (left == .string || right == .string)
                ? .string : Self.arithmetic(left, right)
        case .minus, .times: Self.arithmetic(left, right)
        case .divided, .power: left.isNumber && right.isNumber ? .float : nil
        case .remainder: left.fits(.integer) && right.fits(.integer) ? .integer : nil
        case .otherwise: left == .null ? right : left == right ? left : .unknown
        }
    }

    private static func arithmetic(_ left: ExpressionType, _ right: ExpressionType) -> ExpressionType? {
        guard left.isNumber, right.isNumber else { return nil }
        if left == .unknown || right == .unknown { return .unknown }
        return left == .integer && right == .integer ? .integer : .float
    }
}
