/// ObjectMeta of a scripted object, with all the weight that real ones have.
package struct ScriptedMetadata: Sendable, Hashable {
    package var name: String
    package var generateName: String = ""
    /// Empty for what is in no namespace.
    package var namespace: String
    package var uid: String
    /// Set by the cluster at each change.
    package var resourceVersion: UInt64 = 0
    package var generation: Int64 = 0
    /// Seconds since 1970.
    package var creation: Int64
    /// Seconds since 1970; nil unless it is being deleted.
    package var deletion: Int64?
    package var labels: [String: String] = [:]
    package var annotations: [String: String] = [:]
    package var owners: [ScriptedOwner] = []
    package var finalizers: [String] = []
    package var managedFields: [ScriptedManagedFields] = []

    /// The time that objects get which say no other: 2026-11-20T22:56:58Z.
    package static let defaultCreation: Int64 = 1_795_215_418

    /// Metadata with a uid made from namespace, name and `salt`.
    package init(namespace: String, name: String, salt: String = "", creation: Int64 = Self.defaultCreation) {
        self.name = name
        self.namespace = namespace
        self.creation = creation
        self.uid = ScriptedIdentifier.uid(of: "\(salt)/\(namespace)/\(name)")
    }

    /// Where it is kept: `namespace/name`, or the name alone.
    package var key: String { Self.key(namespace: namespace, name: name) }

    /// The key of such an object.
    package static func key(namespace: String, name: String) -> String {
        namespace.isEmpty ? name : namespace + "/" + name
    }
}

/// One `ownerReferences` entry of a controller.
package struct ScriptedOwner: Sendable, Hashable {
    package var apiVersion: String
    package var kind: String
    package var name: String
    package var uid: String

    package init(apiVersion: String, kind: String, name: String, uid: String) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.name = name
        self.uid = uid
    }
}

/// One `managedFields` entry.
package struct ScriptedManagedFields: Sendable, Hashable {
    package var manager: String
    package var apiVersion: String
    /// Seconds since 1970.
    package var time: Int64
    /// The JSON text of `fieldsV1`.
    package var fields: String
    package var subresource: String

    package init(manager: String, apiVersion: String, time: Int64, fields: String, subresource: String = "") {
        self.manager = manager
        self.apiVersion = apiVersion
        self.time = time
        self.fields = fields
        self.subresource = subresource
    }
}
