/// Where a field stands in its object; becomes text only for an error message: `spec.ports[0].port`.
indirect enum FieldPath: CustomStringConvertible {
    case object
    case key(FieldPath, String)
    case index(FieldPath, Int)

    var description: String {
        switch self {
        case .object: ""
        case .key(.object, let name): name
        case .key(let parent, let name): "\(parent).\(name)"
        case .index(let parent, let index): "\(parent)[\(index)]"
        }
    }
}
