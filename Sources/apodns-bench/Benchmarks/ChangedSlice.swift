import ClusterZone
import KubernetesAPI
import RecordIndex
import ScriptedAPI

/// A slice of which one endpoint gets another address with each change.
struct ChangedSlice {
    let name: String
    let slice: ScriptedEndpointSlice
    let service: String

    /// The address of change `number`, and its dashed form.
    static func address(_ number: Int) -> (address: String, label: String) {
        let (high, low) = (number >> 8 & 255, number & 255)
        return ("172.16.\(high).\(low)", "172-16-\(high)-\(low)")
    }

    /// The slice with one endpoint's address changed.
    func changed(_ number: Int) -> ScriptedEndpointSlice {
        var slice = slice
        slice.endpoints[slice.endpoints.count / 2].addresses = [Self.address(number).address]
        slice.endpoints[slice.endpoints.count / 2].ready = true
        return slice
    }

    /// One slice of a generated headless service with ten endpoints, and, where it is there, one of `team-00/large`.
    static func some(of cluster: ScriptedCluster, large: Bool) throws(BenchFailure) -> [ChangedSlice] {
        let (name, namespace) = try ServiceSlices.headlessService(cluster)
        let small = try ServiceSlices.slices(cluster, namespace: namespace, service: name)
        var found = [ChangedSlice(name: "1 of 10 endpoints", slice: small[0], service: "\(name).\(namespace)")]
        guard large else { return found }
        let slices = try ServiceSlices.slices(cluster, namespace: "team-00", service: "large")
        found.append(
            ChangedSlice(name: "1 of 5,000 endpoints", slice: slices[slices.count / 2], service: "large.team-00"))
        return found
    }

    /// What changes cost in process: microseconds of processor time.
    struct Cost {
        /// To read the event.
        var reading = Samples()
        /// To apply it, to compile what changed, and to publish.
        var publishing = Samples()
        /// Instructions of that; nothing where nobody counts them.
        var instructions = Samples()
    }

    /// Makes `count` changes and publishes each.
    func publish(
        _ count: Int, _ cluster: ScriptedCluster, _ built: inout BuiltIndex, _ counter: InstructionCounter?
    ) throws(BenchFailure) -> Cost {
        var cost = Cost()
        for number in 0..<count {
            let frame = cluster.modifiedFrame(.endpointSlice(changed(number)), .protobuf)
            var object: WatchedObject?
            let start = ProcessorTime.thread
            try ObjectReading.read(frame, .protobuf, .endpointSlices, isWatch: true) { object = $0 }
            let middle = ProcessorTime.thread
            guard let object else { throw BenchFailure("a made-up event has no object") }
            let before = counter?.count ?? 0
            built.state.apply(.modified, object)
            let change = built.state.takeChange()
            guard let change, built.index.apply(change, serial: UInt32(number)).isPublished else {
                throw BenchFailure("\(service): a change was not published")
            }
            if let counter { cost.instructions.add(Double(counter.count - before)) }
            cost.publishing.add((ProcessorTime.thread - middle) * 1e6)
            cost.reading.add((middle - start) * 1e6)
            // What changes nothing is not published.
            built.state.apply(.modified, object)
            if let same = built.state.takeChange(), built.index.apply(same, serial: UInt32(number)).isPublished {
                throw BenchFailure("\(service): a change that changes nothing was published")
            }
        }
        return cost
    }
}
