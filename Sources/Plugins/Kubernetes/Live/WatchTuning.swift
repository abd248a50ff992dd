import KubernetesAPI

/// How the clusters of a process are watched where it is not the default, which nobody has to configure: tests have small
/// clusters, and lists of several pages all the same.
package final class WatchTuning: Sendable {
    let options: WatchOptions

    /// These options.
    package init(_ options: WatchOptions = WatchOptions()) {
        self.options = options
    }
}
