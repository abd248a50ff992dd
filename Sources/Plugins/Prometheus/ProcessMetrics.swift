import LinuxIO
import PluginKit

/// What the kernel knows about the process, in the families of Prometheus's Go client.
enum ProcessMetrics {
    /// Registers the families with a registry.
    static func register(_ metrics: MetricsRegistry) {
        add(metrics, "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", .counter) {
            $0.processorSeconds
        }
        add(metrics, "process_max_fds", "Maximum number of open file descriptors.", .gauge) {
            Double($0.descriptorLimit)
        }
        add(
            metrics, "process_network_receive_bytes_total",
            "Number of bytes received by the process over the network.", .counter
        ) { Double($0.receivedBytes) }
        add(
            metrics, "process_network_transmit_bytes_total", "Number of bytes sent by the process over the network.",
            .counter
        ) { Double($0.sentBytes) }
        add(metrics, "process_open_fds", "Number of open file descriptors.", .gauge) { Double($0.openDescriptors) }
        add(metrics, "process_resident_memory_bytes", "Resident memory size in bytes.", .gauge) {
            Double($0.residentBytes)
        }
        add(
            metrics, "process_start_time_seconds", "Start time of the process since unix epoch in seconds.", .gauge
        ) { $0.startSeconds }
        add(metrics, "process_virtual_memory_bytes", "Virtual memory size in bytes.", .gauge) {
            Double($0.virtualBytes)
        }
        add(
            metrics, "process_virtual_memory_max_bytes", "Maximum amount of virtual memory available in bytes.", .gauge
        ) { Double($0.virtualLimit) }
    }

    private static func add(
        _ metrics: MetricsRegistry, _ name: String, _ help: String, _ kind: MetricsRegistry.Kind,
        _ value: @escaping @Sendable (ProcessStatistics) -> Double
    ) {
        metrics.register(name, help: help, kind: kind) {
            do throws(SystemError) {
                return [MetricsRegistry.Sample(value: value(try ProcessStatistics.current()))]
            } catch {
                // Without /proc there is nothing to say; the other metrics are not to suffer from that.
                return []
            }
        }
    }
}
