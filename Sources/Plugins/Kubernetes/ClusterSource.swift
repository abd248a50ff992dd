import ClusterZone
import KubernetesAPI
import PluginKit
import RecordIndex

/// Where a `kubernetes` block's objects come from: saved files, or the API server. Fills an index and keeps it up to date.
protocol ClusterSource: AnyObject, Sendable {
    /// What the objects compile to.
    var index: RecordIndex { get }
    /// The services with addresses outside of the cluster; none unless `keepExternalServices` was called.
    var external: Published<ExternalServices> { get }
    /// Whether everything is known that answers are made of.
    var isReady: Bool { get }
    /// Finds out what `start` would fail with, as far as files say it. Neither the index nor the API server has to do with it.
    func checkStart() throws(StartError)
    /// Begins to fill the index, and waits for the first state as far as that makes sense.
    ///
    /// - Throws: what makes answering impossible: a file that cannot be read, credentials that are not there.
    func start() throws(StartError)
    /// Keeps the services with external addresses as well. To be called before `start`.
    func keepExternalServices()
    /// Keeps which pod has which address as well. To be called before `start`.
    func keepPodAddresses()
    /// The pod at an address; nil unless `keepPodAddresses` was called.
    func pod(at address: AddressKey) -> PodObject?
    /// Ends what `start` began.
    func stop()
}
