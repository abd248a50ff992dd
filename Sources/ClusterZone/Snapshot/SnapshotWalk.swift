import KubernetesAPI

/// Walks over the documents of a snapshot and collects the objects; at any time only one object's tree is in memory,
/// but for typed lists that name their kind at the end.
struct SnapshotWalk<Source: NodeSource> {
    private var source: Source
    private let decoder: ObjectDecoder
    private var services = KeyedObjects<ServiceObject>()
    private var endpointSlices = KeyedObjects<EndpointSliceObject>()
    private var endpoints = KeyedObjects<EndpointsObject>()
    private var pods = KeyedObjects<PodObject>()
    private var namespaces = KeyedObjects<NamespaceObject>()
    private var serviceImports = KeyedObjects<ServiceImportObject>()
    private var skippedKinds: [String: Int] = [:]

    /// A walk over what `source` reads.
    init(_ source: Source, detail: ObjectDetail) {
        self.source = source
        decoder = ObjectDecoder(detail: detail)
    }

    /// Reads everything.
    mutating func run() throws(NodeFault) -> ClusterObjects {
        var isEmpty = true
        while try source.nextDocument() {
            if try document() { isEmpty = false }
        }
        guard !isEmpty else { throw NodeFault(nil, "no objects, expected what kubectl get -o json or yaml prints") }
        return ClusterObjects(
            services: services.objects, endpointSlices: endpointSlices.objects, endpoints: endpoints.objects,
            pods: pods.objects, namespaces: namespaces.objects,
            serviceImports: serviceImports.objects, skippedKinds: skippedKinds)
    }

    /// Reads one document; false where there is nothing in it (a `---` at the end of the file).
    private mutating func document() throws(NodeFault) -> Bool {
        switch try source.shape() {
        case .mapping:
            try mapping()
        case .sequence:
            try source.enter()
            var isFirst = true
            while try source.nextElement(isFirst: isFirst) {
                isFirst = false
                try mapping()
            }
        case .scalar:
            let node = try source.node(.everything)
            if case .null = node.value { return false }
            throw NodeFault(node.position, "\(node.shown) is no object, expected a mapping with kind and metadata")
        }
        return true
    }

    /// Reads a mapping that is an object, or a list of objects.
    private mutating func mapping() throws(NodeFault) {
        guard case .mapping = try source.shape() else {
            let node = try source.node(.everything)
            throw NodeFault(node.position, "\(node.shown) is no object, expected a mapping with kind and metadata")
        }
        let start = source.position
        var fields: [TextNode.Field] = []
        var hasItems = false
        var waiting: [TextNode] = []
        var isFirst = true
        try source.enter()
        while let key = try source.nextKey(isFirst: isFirst) {
            isFirst = false
            if key == "items" {
                guard case .sequence = try source.shape() else {
                    // A list without items may say null; anything else is no list.
                    if case .scalar = try source.shape() {
                        try source.skip()
                        continue
                    }
                    throw NodeFault(start, "items is a mapping, expected a list")
                }
                hasItems = true
                try items(of: TextNode(position: start, value: .mapping(fields)), &waiting)
            } else if let wanted = WantedFields.object.below(key) {
                try source.append(key, wanted, to: &fields, checkingDuplicates: true)
            } else {
                try source.skip()
            }
        }
        let head = TextNode(position: start, value: .mapping(fields))
        let kind = head["kind"]?.text
        if kind == "Status" {
            let message = head["message"]?.text.map { ": \($0)" } ?? ""
            throw NodeFault(start, "the API server's answer to a request that failed, expected objects\(message)")
        }
        if hasItems {
            // kubectl's YAML has the kind last: without it a file has been cut.
            guard kind != nil else { throw NodeFault(start, "kind is missing, expected List: is the file whole?") }
            for item in waiting { try add(item, of: head) }
        } else if !Self.isList(kind) {
            // A list without items is an empty one.
            collect(try decoder.decode(head, kind: nil, apiVersion: nil))
        }
    }

    /// Reads the items of a list. Those that do not know their kind wait if the list has not said it yet.
    private mutating func items(of head: TextNode, _ waiting: inout [TextNode]) throws(NodeFault) {
        try source.enter()
        var isFirst = true
        while try source.nextElement(isFirst: isFirst) {
            isFirst = false
            let item = try source.node(.object)
            if item["kind"] == nil, head["kind"] == nil {
                waiting.append(item)
            } else {
                try add(item, of: head)
            }
        }
    }

    private mutating func add(_ item: TextNode, of list: TextNode) throws(NodeFault) {
        if let kind = item["kind"]?.text, Self.isList(kind) {
            throw NodeFault(item.position, "a \(kind) inside a list, expected an object")
        }
        var kind: String?
        if let listKind = list["kind"]?.text, listKind.hasSuffix("List"), listKind != "List" {
            kind = String(listKind.dropLast("List".count))
        }
        collect(try decoder.decode(item, kind: kind, apiVersion: list["apiVersion"]?.text))
    }

    private mutating func collect(_ object: ObjectDecoder.Decoded) {
        switch object {
        case .service(let service): services.add(service)
        case .endpointSlice(let slice): endpointSlices.add(slice)
        case .endpoints(let object): endpoints.add(object)
        case .pod(let pod): pods.add(pod)
        case .namespace(let namespace): namespaces.add(namespace)
        case .serviceImport(let imported): serviceImports.add(imported)
        case .skipped(let kind): skippedKinds[kind, default: 0] += 1
        }
    }

    /// Whether `kind` is that of a list. Custom kinds may end in List too (an AllowList), so only these count.
    private static func isList(_ kind: String?) -> Bool {
        switch kind {
        case "List", "ServiceList", "EndpointSliceList", "EndpointsList", "PodList", "NamespaceList",
            "ServiceImportList":
            true
        default: false
        }
    }
}
