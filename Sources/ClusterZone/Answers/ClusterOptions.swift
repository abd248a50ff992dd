/// How the `pods` option answers names below `pod.ZONE`.
package enum PodMode: UInt8, Sendable {
    /// No such names.
    case disabled
    /// Whatever address the name spells.
    case insecure
    /// Only addresses of pods that exist.
    case verified
}

/// What the kubernetes plugin's options mean for answers; plain values that every worker copies.
package struct ClusterOptions: Sendable {
    /// TTL of all records in seconds, 0 to 3600.
    package var ttl: UInt32 = 5
    package var podMode = PodMode.disabled
    /// Whether pods answer to their names, beside what `podMode` says.
    package var podNames = false
    /// Whether zone-scoped names of headless services answer.
    package var zonal = false

    package init() {}
}
