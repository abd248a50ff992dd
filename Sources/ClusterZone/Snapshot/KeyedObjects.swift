import KubernetesAPI

/// An object that has a namespace and a name.
protocol KeyedObject {
    /// Namespace and name.
    var key: ObjectKey { get }
}

extension ServiceObject: KeyedObject {}
extension EndpointSliceObject: KeyedObject {}
extension EndpointsObject: KeyedObject {}
extension PodObject: KeyedObject {}
extension NamespaceObject: KeyedObject {}
extension ServiceImportObject: KeyedObject {}

/// Objects of one kind in the order in which they first came; one that comes again takes the place of the earlier.
struct KeyedObjects<Object: KeyedObject> {
    /// The objects.
    private(set) var objects: [Object] = []
    private var places: [ObjectKey: Int] = [:]

    /// Adds `object`, in place of the one with the same namespace and name.
    mutating func add(_ object: Object) {
        if let place = places[object.key] {
            objects[place] = object
        } else {
            places[object.key] = objects.count
            objects.append(object)
        }
    }

    /// Adds `newer` to `older`.
    static func merged(_ older: [Object], with newer: [Object]) -> [Object] {
        if older.isEmpty { return newer }
        var result = KeyedObjects()
        for object in older { result.add(object) }
        for object in newer { result.add(object) }
        return result.objects
    }
}
