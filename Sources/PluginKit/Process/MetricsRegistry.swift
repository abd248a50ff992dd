import Synchronization

/// The metrics that are exported, as families of the Prometheus text format. Nothing is counted here: each family is asked
/// for its samples when somebody scrapes.
package final class MetricsRegistry: Sendable {
    package enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    /// One line of a family.
    package struct Sample: Sendable {
        /// What follows the family's name: "", or `_bucket`, `_sum`, `_count` of a histogram.
        package var suffix: String
        /// Names and values, in the order in which they are written.
        package var labels: [(String, String)]
        package var value: Double

        package init(suffix: String = "", labels: [(String, String)] = [], value: Double) {
            self.suffix = suffix
            self.labels = labels
            self.value = value
        }
    }

    /// A family and everybody who has samples of it.
    package struct Family: Sendable {
        package let name: String
        package let help: String
        package let kind: Kind
        var collectors: [@Sendable () -> [Sample]]

        /// The samples of all collectors, in the order in which they were registered.
        package func collect() -> [Sample] { collectors.flatMap { $0() } }
    }

    private let families = Mutex<[String: Family]>([:])

    package init() {}

    /// Adds a collector to the family `name`; the first to name a family says what it is.
    package func register(
        _ name: String, help: String, kind: Kind, collect: @escaping @Sendable () -> [Sample]
    ) {
        families.withLock { families in
            families[name, default: Family(name: name, help: help, kind: kind, collectors: [])].collectors.append(
                collect)
        }
    }

    /// All families in the order of their names.
    package var all: [Family] {
        families.withLock { families in families.values.sorted { $0.name < $1.name } }
    }
}
