/// The metadata of an object while its bytes arrive.
struct MetadataDraft {
    /// An entry of the labels or annotations, whose key and value may come in either order.
    struct Entry {
        var isAnnotation = false
        /// What a key is wanted for; nil until it was read.
        var use: Use?
        /// The key, where all labels are kept.
        var key = ""
        var value = ""

        /// Whether the value is worth reading: it may be megabytes.
        var wantsValue: Bool { use != .nothing }

        enum Use {
            case nothing
            case serviceName
            case importName
            case sourceCluster
            case triggerTime
            case initialEventsEnd
            /// Any other label, kept with the rest.
            case label
        }
    }

    var namespace = ""
    var name = ""
    var version = ""
    var isTerminating = false
    var entry = Entry()
    var entryCount = 0
    var labels: [String: String] = [:]
    var serviceName: String?
    var importName: String?
    var sourceCluster: String?
    var triggerTime: Int64?
    var endsInitialEvents = false

    /// What the label `key` is wanted for.
    static func use(ofLabel key: UnsafeBufferPointer<UInt8>, keepsLabels: Bool) -> Entry.Use {
        if key.elementsEqual(EndpointSliceObject.serviceNameLabel.utf8) { return .serviceName }
        if key.elementsEqual(EndpointSliceObject.importNameLabel.utf8) { return .importName }
        if key.elementsEqual(EndpointSliceObject.sourceClusterLabel.utf8) { return .sourceCluster }
        return keepsLabels ? .label : .nothing
    }

    /// What the annotation `key` is wanted for.
    static func use(ofAnnotation key: UnsafeBufferPointer<UInt8>) -> Entry.Use {
        if key.elementsEqual(TriggerTime.annotation.utf8) { return .triggerTime }
        if key.elementsEqual(EventType.initialEventsEnd.utf8) { return .initialEventsEnd }
        return .nothing
    }

    /// Takes the entry that was read.
    mutating func endEntry(keepsLabels: Bool) {
        switch entry.use {
        case nil, .nothing: return
        case .serviceName: serviceName = entry.value
        case .importName: importName = entry.value
        case .sourceCluster: sourceCluster = entry.value
        case .triggerTime: triggerTime = TriggerTime.nanoseconds(entry.value.utf8)
        case .initialEventsEnd: endsInitialEvents = entry.value == "true"
        case .label: break
        }
        if keepsLabels, entry.use != .triggerTime, entry.use != .initialEventsEnd { labels[entry.key] = entry.value }
    }
}
