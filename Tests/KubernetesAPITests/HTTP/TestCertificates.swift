import Foundation

/// Certificates for a test, made by the openssl command in a folder of their own.
struct TestCertificates {
    let folder: TestFolder

    var authority: String { folder.path("ca.crt") }
    var otherAuthority: String { folder.path("other.crt") }

    /// Makes two authorities.
    init() throws {
        folder = try TestFolder()
        for name in ["ca", "other"] {
            try openssl(
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                    folder.path("\(name).key"), "-out", folder.path("\(name).crt"), "-subj", "/CN=\(name)", "-days",
                    "2",
                ])
        }
    }

    /// Makes a certificate NAME.crt with NAME.key, signed by the first authority; `days` may be negative.
    func make(_ name: String, names: String, days: Int = 2) throws {
        try folder.write("\(name).ext", "subjectAltName=\(names)\n")
        try openssl(
            [
                "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                folder.path("\(name).key"), "-out", folder.path("\(name).csr"), "-subj", "/O=group/CN=\(name)",
            ])
        try openssl(
            [
                "x509", "-req", "-in", folder.path("\(name).csr"), "-CA", authority, "-CAkey", folder.path("ca.key"),
                "-CAcreateserial", "-days", "\(days)", "-extfile", folder.path("\(name).ext"), "-out",
                folder.path("\(name).crt"),
            ])
    }

    private func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    }
}
