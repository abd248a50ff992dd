import DNSWire
import ServerHarness
import Testing

/// `file` over sockets, with aliases that lead from one zone to another.
@Suite struct FileTests {
    private static func server(_ folder: TemporaryFolder) throws -> RunningServer {
        try folder.write(
            "corp.zone",
            """
            $TTL 600
            @ IN SOA ns1 hostmaster 7 7200 3600 1209600 120
            @ IN NS ns1
            out IN CNAME www.example.
            gone IN CNAME nothere.example.
            mail IN CNAME other.example.
            lost IN CNAME www.elsewhere.
            dn IN DNAME example.
            """)
        try folder.write(
            "example.zone",
            """
            $TTL 300
            @ IN SOA ns1 hostmaster 1 2 3 4 5
            @ IN NS ns1
            www IN A 192.0.2.80
            www IN A 192.0.2.81
            back IN CNAME out.corp.test.
            other IN TXT x
            """)
        return try RunningServer(
            """
            corp.test {
                bind 127.0.0.1
                file corp.zone
            }
            example {
                bind 127.0.0.1
                file example.zone
            }
            """, directory: folder.path)
    }

    private static let servers = "corp.test. 600 NS ns1.corp.test."
    private static let soa = "corp.test. 600 SOA ns1.corp.test. hostmaster.corp.test. SERIAL 7200 3600 1209600 120"
    private static let addresses = ["www.example. 300 A 192.0.2.80", "www.example. 300 A 192.0.2.81"]

    static let rows: [(name: String, code: ResponseCode, answer: [String], authority: String)] = [
        ("out.corp.test.", .noError, ["out.corp.test. 600 CNAME www.example."] + addresses, servers),
        ("gone.corp.test.", .nameError, ["gone.corp.test. 600 CNAME nothere.example."], soa),
        ("mail.corp.test.", .noError, ["mail.corp.test. 600 CNAME other.example."], soa),
        ("lost.corp.test.", .noError, ["lost.corp.test. 600 CNAME www.elsewhere."], servers),
        (
            "www.dn.corp.test.", .noError,
            ["dn.corp.test. 600 DNAME example.", "www.dn.corp.test. 600 CNAME www.example."] + addresses, servers
        ),
        (
            "back.example.", .noError,
            ["back.example. 300 CNAME out.corp.test.", "out.corp.test. 600 CNAME www.example."] + addresses,
            "example. 300 NS ns1.example."
        ),
    ]

    @Test func aliasesLeadFromZoneToZone() throws {
        let folder = try TemporaryFolder()
        let server = try Self.server(folder)
        for row in Self.rows {
            for response in [
                try server.datagramClient().ask(DNSQuestion(row.name)),
                try server.streamClient().ask(DNSQuestion(row.name)),
            ] {
                #expect(response.code == row.code, "\(row.name)")
                #expect(response.flagNames == ["AA", "QR", "RD"], "\(row.name)")
                #expect(response.answerLines == row.answer.sorted(), "\(row.name)")
                #expect(DNSResponse.lines(response.authority) == [row.authority], "\(row.name)")
            }
        }
    }
}
