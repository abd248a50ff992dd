import Foundation
import ScriptedAPI
import Testing

@testable import LinuxIO

/// Files that cannot be used, and names that are none.
@Suite struct TLSContextTests {
    /// What is in a file.
    enum Content: Sendable {
        case certificate
        case chain
        case key
        case otherKey
        case encryptedKey
        case brokenCertificate
        case text(String)
        case missing
        /// No file at all: the argument is left out.
        case none
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let certificate: Content
        let key: Content
        let authorities: Content
        let file: TLSFileError.File?
        let words: [String]

        var testDescription: String { "\(certificate), \(key), \(authorities)" }
    }

    static let rows: [Row] = [
        Row(certificate: .certificate, key: .key, authorities: .none, file: nil, words: []),
        Row(certificate: .chain, key: .key, authorities: .certificate, file: nil, words: []),
        Row(
            certificate: .missing, key: .key, authorities: .none, file: .certificate,
            words: ["open ", "No such file or directory (ENOENT), expected a file in PEM form"]),
        Row(
            certificate: .text("hello\n"), key: .key, authorities: .none, file: .certificate,
            words: [
                "certificate 1 cannot be read from ", "no start line",
                "expected PEM form, which begins with -----BEGIN",
            ]),
        Row(certificate: .text(""), key: .key, authorities: .none, file: .certificate, words: ["certificate 1"]),
        Row(certificate: .key, key: .key, authorities: .none, file: .certificate, words: ["certificate 1"]),
        Row(
            certificate: .brokenCertificate, key: .key, authorities: .none, file: .certificate,
            words: ["certificate 2 cannot be read from "]),
        Row(certificate: .certificate, key: .missing, authorities: .none, file: .key, words: ["ENOENT"]),
        Row(
            certificate: .certificate, key: .text("-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----\n"),
            authorities: .none, file: .key, words: ["no key can be read from ", "expected one in PEM form"]),
        Row(
            certificate: .certificate, key: .otherKey, authorities: .none, file: .key,
            words: ["does not belong to the certificate in ", "expected the one it was made with"]),
        Row(
            certificate: .certificate, key: .encryptedKey, authorities: .none, file: .key,
            words: ["is behind a passphrase, expected one without"]),
        Row(certificate: .certificate, key: .key, authorities: .missing, file: .authorities, words: ["ENOENT"]),
        Row(
            certificate: .certificate, key: .key, authorities: .key, file: .authorities,
            words: ["certificate 1 cannot be read from "]),
        // As in Go: an old list may have what nobody can read any more.
        Row(certificate: .certificate, key: .key, authorities: .brokenCertificate, file: nil, words: []),
    ]

    private static func path(_ content: Content, _ name: String, in folder: String) throws -> String? {
        let made = try ScriptedCertificates.shared()
        let certificate = made.serverCertificate(.valid)
        let path = folder + "/" + name
        var text: String
        switch content {
        case .none: return nil
        case .missing: return path
        case .certificate: return certificate
        case .key: return made.serverKey(.valid)
        case .otherKey: return made.serverKey(.expired)
        case .text(let words): text = words
        case .chain:
            text = try String(contentsOfFile: certificate, encoding: .utf8)
            text += try String(contentsOfFile: made.authority, encoding: .utf8)
        case .brokenCertificate:
            text = try String(contentsOfFile: certificate, encoding: .utf8)
            text += "-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n"
        case .encryptedKey:
            let command = Process()
            command.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            command.arguments = [
                "openssl", "pkey", "-in", made.serverKey(.valid), "-aes256", "-passout", "pass:secret", "-out", path,
            ]
            try command.run()
            command.waitUntilExit()
            return path
        }
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    @Test(arguments: rows)
    func files(row: Row) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apodns-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let certificate = try #require(try Self.path(row.certificate, "certificate", in: folder))
        let key = try #require(try Self.path(row.key, "key", in: folder))
        let authorities = try Self.path(row.authorities, "authorities", in: folder)
        for isServer in [true, false] {
            do throws(TLSFileError) {
                _ =
                    isServer
                    ? try TLSContext(serverCertificate: certificate, key: key, authorities: authorities)
                    : try TLSContext(client: (certificate, key), authorities: authorities)
                #expect(row.file == nil)
            } catch {
                #expect(error.file == row.file)
                for words in row.words { #expect("\(error)".contains(words), "\(error)") }
            }
        }
    }

    @Test(arguments: [
        ("dns.quad9.net", "dns.quad9.net"), ("dns.quad9.net.", "dns.quad9.net"), ("DNS_1.example", "DNS_1.example"),
        ("9.9.9.9", "9.9.9.9"), ("2620:FE::9", "2620:fe::9"), ("[2620:fe::9]", "2620:fe::9"), ("a", "a"),
        ("", nil), (".", nil), ("..", nil), ("a..b", nil), (".a", nil), ("a b", nil), ("a/b", nil), ("a:853", nil),
        ("*.example", nil), ("ä.example", nil), ("a\0b", nil), (String(repeating: "a.", count: 127) + "b", nil),
    ])
    func peerNames(text: String, expected: String?) {
        #expect(TLSPeerName(text)?.description == expected)
    }
}
