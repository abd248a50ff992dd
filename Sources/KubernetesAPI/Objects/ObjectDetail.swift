/// What readers of objects keep beyond what every DNS zone needs. What is not asked for takes no memory.
package struct ObjectDetail: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Labels of objects other than namespaces (those are always kept): for the `labels` option.
    package static let labels = ObjectDetail(rawValue: 1)
    /// The objects behind endpoints: for `endpoint_pod_names`.
    package static let targets = ObjectDetail(rawValue: 2)
    /// The topology zones of endpoints: for `zonal`.
    package static let topologyZones = ObjectDetail(rawValue: 4)
    /// Names of the pods' own and their host names.
    package static let everything: ObjectDetail = [.labels, .targets, .topologyZones]
}
