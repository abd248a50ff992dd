import PluginKit
import Server
import ServerHarness

/// The values of a metric whose labels have all of `labels`, in the order in which they are written.
func metric(_ name: String, _ server: RunningServer, _ labels: [String: String] = [:]) throws -> [String] {
    var values: [String] = []
    for family in server.configuration.process.metrics.all {
        for sample in family.collect() where family.name + sample.suffix == name {
            let own = Dictionary(sample.labels, uniquingKeysWith: { first, _ in first })
            guard labels.allSatisfy({ own[$0.key] == $0.value }) else { continue }
            values.append(sample.value == sample.value.rounded() ? "\(Int(sample.value))" : "\(sample.value)")
        }
    }
    return values
}
