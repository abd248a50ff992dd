// swift-tools-version: 6.1
import PackageDescription

// The order of the targets is the order of the layers: an import only ever goes up this list, and the build checks it
// (--explicit-target-dependency-import-check error, see Tests/run.sh).

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "apodns",
    products: [.executable(name: "apodns", targets: ["apodns"])],
    targets: [
        // Thin C: what Swift cannot import from Glibc, and the well-kept C libraries in use.
        .target(name: "CLinux"),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),

        .target(name: "DNSWire", swiftSettings: strict),
        .target(name: "Corefile", swiftSettings: strict),
        .target(name: "RecordIndex", dependencies: ["DNSWire"], swiftSettings: strict),
        .target(name: "LinuxIO", dependencies: ["CCurl", "CLinux", "COpenSSL"], swiftSettings: strict),
        .target(name: "KubernetesAPI", dependencies: ["CCurl", "CYAML", "LinuxIO"], swiftSettings: strict),
        .target(
            name: "ClusterZone", dependencies: ["DNSWire", "KubernetesAPI", "RecordIndex"],
            swiftSettings: strict),
        .target(name: "PluginKit", dependencies: ["Corefile", "DNSWire", "LinuxIO"], swiftSettings: strict),
        .target(
            name: "Plugins",
            dependencies: [
                "CPCRE2", "ClusterZone", "Corefile", "DNSWire", "KubernetesAPI", "LinuxIO", "PluginKit", "RecordIndex",
            ], swiftSettings: strict),
        .target(
            name: "Server", dependencies: ["Corefile", "DNSWire", "LinuxIO", "PluginKit", "Plugins"],
            swiftSettings: strict),
        .executableTarget(
            name: "apodns", dependencies: ["Corefile", "LinuxIO", "PluginKit", "Plugins", "Server"],
            swiftSettings: strict),

        .testTarget(name: "DNSWireTests", dependencies: ["DNSWire"], swiftSettings: strict),
        .testTarget(name: "CorefileTests", dependencies: ["Corefile"], exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(name: "RecordIndexTests", dependencies: ["RecordIndex", "DNSWire"], swiftSettings: strict),
        .testTarget(
            name: "LinuxIOTests", dependencies: ["COpenSSL", "LinuxIO", "ScriptedAPI"], swiftSettings: strict),
        // A stand-in for an API server: real sockets, TLS, and every fault that one can have.
        .target(name: "ScriptedAPI", dependencies: ["COpenSSL"], path: "Tests/ScriptedAPI", swiftSettings: strict),
        // Measuring; nothing that ships needs it.
        .target(name: "CAllocationCount"),
        .target(name: "CInstructionCount"),
        .executableTarget(
            name: "apodns-bench",
            dependencies: [
                "CAllocationCount", "CInstructionCount", "ClusterZone", "DNSWire", "KubernetesAPI", "LinuxIO",
                "RecordIndex", "ScriptedAPI",
            ], swiftSettings: strict),
        .testTarget(name: "ScriptedAPITests", dependencies: ["ScriptedAPI"], swiftSettings: strict),
        .testTarget(
            name: "KubernetesAPITests", dependencies: ["KubernetesAPI", "LinuxIO", "ScriptedAPI"],
            exclude: ["Fixtures"],
            swiftSettings: strict),
        .testTarget(
            name: "ClusterZoneTests", dependencies: ["ClusterZone", "KubernetesAPI", "RecordIndex", "DNSWire"],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "PluginKitTests", dependencies: ["PluginKit", "DNSWire", "LinuxIO", "Corefile"], swiftSettings: strict
        ),
        .testTarget(
            name: "PluginsTests",
            dependencies: ["ClusterZone", "Plugins", "PluginKit", "DNSWire", "Corefile", "LinuxIO", "ScriptedAPI"],
            swiftSettings: strict),
        // What the tests over sockets have in common: a running server and clients that ask it.
        .target(
            name: "ServerHarness", dependencies: ["Server", "Plugins", "PluginKit", "DNSWire", "Corefile", "LinuxIO"],
            path: "Tests/ServerHarness", swiftSettings: strict),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "ServerHarness", "ScriptedAPI", "Server", "Plugins", "PluginKit", "DNSWire", "Corefile", "LinuxIO",
            ],
            exclude: ["Fixtures"], swiftSettings: strict),
        // A live cluster, as far as the answers: a scripted API server on one side, DNS clients on the other.
        .testTarget(
            name: "LiveClusterTests",
            dependencies: [
                "apodns", "ServerHarness", "ScriptedAPI", "Server", "Plugins", "PluginKit", "ClusterZone",
                "KubernetesAPI",
                "RecordIndex", "Corefile", "DNSWire", "LinuxIO",
            ], swiftSettings: strict),
        .testTarget(
            name: "apodnsTests", dependencies: ["apodns", "ServerHarness", "ScriptedAPI", "DNSWire", "LinuxIO"],
            exclude: ["Fixtures"],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
