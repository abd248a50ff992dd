import LinuxIO
import PluginKit

/// Metrics in Prometheus's text format, version 0.0.4: families by name, samples by labels, as CoreDNS writes them.
enum MetricsText {
    /// The content type of the format.
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The text of all families that have samples.
    static func write(_ families: [MetricsRegistry.Family]) -> String {
        var text = ""
        for family in families {
            let samples = merged(family)
            if samples.isEmpty { continue }
            text += "# HELP \(family.name) \(escaped(family.help, quotes: false))\n"
            text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
            for sample in samples {
                let labels = sample.labels.isEmpty ? "" : "{\(sample.labels)}"
                text += "\(family.name)\(sample.suffix)\(labels) \(ShortestDecimal(sample.value).general)\n"
            }
        }
        return text
    }

    private struct Line {
        let suffix: String
        /// The labels as they are written.
        let labels: String
        /// The values of all labels but `le`, in the order of the labels' names.
        let order: [String]
        var value: Double
    }

    /// Name of the label that a histogram's buckets have.
    private static let bound = "le"

    /// The family's samples in their order. Those of several workers with the same labels are one: counts are added up, and of
    /// gauges the last one holds.
    private static func merged(_ family: MetricsRegistry.Family) -> [Line] {
        var lines: [Line] = []
        var places: [String: Int] = [:]
        for sample in family.collect() {
            var labels = sample.labels.filter { $0.0 != bound }.sorted { $0.0 < $1.0 }
            let order = labels.map(\.1)
            labels += sample.labels.filter { $0.0 == bound }
            let text = labels.map { "\($0.0)=\"\(escaped($0.1, quotes: true))\"" }.joined(separator: ",")
            let key = sample.suffix + "{" + text
            if let place = places[key] {
                lines[place].value = family.kind == .gauge ? sample.value : lines[place].value + sample.value
            } else {
                places[key] = lines.count
                lines.append(Line(suffix: sample.suffix, labels: text, order: order, value: sample.value))
            }
        }
        // A histogram's own lines stay in the order in which they came.
        return lines.enumerated().sorted { left, right in
            if left.element.order == right.element.order { return left.offset < right.offset }
            return left.element.order.lexicographicallyPrecedes(right.element.order)
        }.map(\.element)
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
