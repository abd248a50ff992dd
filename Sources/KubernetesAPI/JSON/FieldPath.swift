/// Where a field stands in its object; becomes text only for an error message: `spec.ports[0].port`.
package indirect enum FieldPath: CustomStringConvertible {
    /// The object itself.
    case object
    /// The value of a key.
    case key(FieldPath, String)
    /// An element of a list, from 0.
    case index(FieldPath, Int)

    package var description: String {
        switch self {
        case .object: ""
        case .key(.object, let name): name
        case .key(let parent, let name): "\(parent).\(name)"
        case .index(let parent, let index): "\(parent)[\(index)]"
        }
    }
}
