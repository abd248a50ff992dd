/// One requirement of a label selector: a label's key and what must be true of it.
package struct LabelRequirement: Sendable, Hashable {
    /// What must be true of the label.
    package enum Condition: Sendable, Hashable {
        /// The label is there with one of these values (`=`, `==`, `in`).
        case oneOf([String])
        /// The label is missing, or has none of these values (`!=`, `notin`).
        case noneOf([String])
        /// The label is there (`key`).
        case present
        /// The label is missing (`!key`).
        case absent
    }

    /// The label's key, with its prefix: `app.kubernetes.io/name`.
    package let key: String
    /// What must be true of it.
    package let condition: Condition

    /// A requirement of the label `key`.
    package init(key: String, condition: Condition) {
        self.key = key
        self.condition = condition
    }

    /// Whether the requirement holds for these labels.
    package func matches(_ labels: [String: String]) -> Bool {
        let value = labels[key]
        switch condition {
        case .oneOf(let values):
            guard let value else { return false }
            return values.contains(value)
        case .noneOf(let values):
            // apimachinery: a missing label is not equal to any value.
            guard let value else { return true }
            return !values.contains(value)
        case .present:
            return value != nil
        case .absent:
            return value == nil
        }
    }
}

extension LabelRequirement: CustomStringConvertible {
    /// The requirement as text that parses to an equal one.
    package var description: String {
        switch condition {
        case .oneOf(let values) where values.count == 1: "\(key)=\(values[0])"
        case .oneOf(let values): "\(key) in (\(values.joined(separator: ",")))"
        case .noneOf(let values) where values.count == 1: "\(key)!=\(values[0])"
        case .noneOf(let values): "\(key) notin (\(values.joined(separator: ",")))"
        case .present: key
        case .absent: "!\(key)"
        }
    }
}
