import LinuxIO

/// A plain table: what was measured, the number, and the goal beside it.
struct Table {
    private let title: String
    private var rows: [[String]] = [["what", "measured", "goal", ""]]

    /// The rows whose number is not what its goal asks for.
    private(set) var missed: [String] = []

    init(_ title: String) { self.title = title }

    /// A row without a goal.
    mutating func add(_ what: String, _ measured: String) { rows.append([what, measured, "", ""]) }

    /// A row whose number should be at most the goal.
    mutating func add(_ what: String, _ value: Double, _ unit: String, atMost goal: Double?, digits: Int = 1) {
        add(what, value, unit, goal, digits, sign: "<=") { value <= $0 }
    }

    /// A row whose number should be at least the goal.
    mutating func add(_ what: String, _ value: Double, _ unit: String, atLeast goal: Double?, digits: Int = 0) {
        add(what, value, unit, goal, digits, sign: ">=") { value >= $0 }
    }

    private mutating func add(
        _ what: String, _ value: Double, _ unit: String, _ goal: Double?, _ digits: Int, sign: String,
        _ isReached: (Double) -> Bool
    ) {
        let measured = "\(Self.text(value, digits)) \(unit)"
        guard let goal else { return add(what, measured) }
        let limit = "\(sign) \(Self.text(goal, goal == goal.rounded() ? 0 : max(1, digits)))"
        if !isReached(goal) { missed.append(what) }
        rows.append([what, measured, limit, isReached(goal) ? "reached" : "MISSED"])
    }

    /// A number with so many digits behind the point.
    static func text(_ value: Double, _ digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<max(0, digits) { scale *= 10 }
        let scaled = (abs(value) * scale).rounded()
        // Beyond this a Double has no digits to spare; nothing measured comes near.
        guard scaled < 1e15 else { return String(value) }
        let whole = Int64(scaled)
        let unit = Int64(scale)
        let sign = value < 0 && whole != 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(whole)" }
        let fraction = String(whole % unit)
        return "\(sign)\(whole / unit)." + String(repeating: "0", count: digits - fraction.count) + fraction
    }

    /// Writes the table to standard output.
    func show() {
        var widths = [0, 0, 0, 0]
        for row in rows {
            for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) }
        }
        var lines = ["", title]
        for row in rows {
            var line = ""
            for (column, cell) in row.enumerated() {
                let gap = String(repeating: " ", count: widths[column] - cell.count)
                // Numbers stand under each other by their ends.
                line += (column == 1 ? gap + cell : cell + gap) + "  "
            }
            while line.last == " " { line.removeLast() }
            lines.append(line)
        }
        Output.standard.writeLine(lines.joined(separator: "\n"))
    }
}
