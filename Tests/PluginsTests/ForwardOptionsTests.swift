import Testing

@testable import Plugins

/// What a person sees who writes `forward` wrongly: the block's text begins in line 2 of the file.
struct ForwardOptionsTests {
    static let rows: [(text: String, error: String)] = [
        ("forward . 127.0.0.1", ""),
        ("forward . 127.0.0.1:5353 [::1]:53 ::1 dns://10.0.0.1", ""),
        ("forward example.org 10.0.0.1 {\n except a.example.org b.example.org\n}", ""),
        ("forward . 10.0.0.1 {\n force_tcp\n prefer_udp\n expire 20s\n max_age 30s\n max_idle_conns 3\n}", ""),
        ("forward . 10.0.0.1 {\n read_timeout 5s\n max_fails 0\n max_connect_attempts 0\n max_concurrent 1000\n}", ""),
        ("forward . 10.0.0.1 {\n policy round_robin\n health_check 5s no_rec domain example.org\n}", ""),
        ("forward . 10.0.0.1 {\n next NXDOMAIN servfail\n next_on_nodata\n failover SERVFAIL\n}", ""),
        ("forward . 10.0.0.1 {\n source_address 127.0.0.1\n resolver 10.0.0.1 10.0.0.2:53\n doh_method GET\n}", ""),
        ("forward . 10.0.0.1 {\n failfast_all_unhealthy_upstreams\n}\nforward example.org 10.0.0.2", ""),
        ("forward", "Corefile:2:1: 'forward' has no argument, expected at least 2 arguments"),
        ("forward .", "Corefile:2:1: 'forward' has 1 argument, expected at least 2 arguments"),
        ("forward . https://9.9.9.9 https://dns.quad9.net https://9.9.9.9%dns.quad9.net:8443", ""),
        (
            "forward . https://a..b",
            "Corefile:2:11: plugin/forward: 'https://a..b' is not an IP address or the name of a host, expected one such as "
                + "https://9.9.9.9%dns.quad9.net:443 or https://dns.quad9.net"
        ),
        (
            "forward . ftp://9.9.9.9",
            "Corefile:2:11: plugin/forward: 'ftp' is not supported as a destination protocol in forward: ftp://9.9.9.9, "
                + "expected dns://, tls:// or https://, or none of them"
        ),
        ("forward . grpc://x", "Corefile:2:11: plugin/forward: 'grpc' is not supported as a destination protocol"),
        ("forward . nobody.example dns://nobody.example:5353 tls://nobody.example localhost", ""),
        (
            "forward . a..b",
            "Corefile:2:11: plugin/forward: not an IP address, file, or valid domain: \"a..b\", expected an address such as "
                + "10.0.0.10 or [2001:db8::53]:5353, a file such as /etc/resolv.conf, or the name of a host such as "
                + "dns.example.com:5353"
        ),
        (
            "forward . /nowhere/resolv.conf",
            "Corefile:2:11: plugin/forward: not an IP address, file, or valid domain: \"/nowhere/resolv.conf\": stat "
                + "/nowhere/resolv.conf: No such file or directory (ENOENT)"
        ),
        (
            "forward . /etc",
            "Corefile:2:11: plugin/forward: not an IP address, file, or valid domain: \"/etc\": read /etc"
        ),
        (
            "forward . dns.example:0",
            "Corefile:2:11: plugin/forward: 'dns.example:0': '0' is no port, expected a number from 1 to 65535"
        ),
        ("forward . 10.0.0.1:0", "Corefile:2:11: plugin/forward: '10.0.0.1:0': '0' is no port, expected a number"),
        (
            "forward . /dev/null",
            "Corefile:2:1: plugin/forward: no valid upstream addresses found: no nameservers found in /dev/null, expected a "
                + "line such as nameserver 10.0.0.10"
        ),
        ("forward . /dev/null 10.0.0.1", ""),
        (
            "forward . 10.0.0.1 {\n polcy random\n}",
            "Corefile:3:2: unknown property 'polcy' of 'forward'"
        ),
        (
            "forward . 10.0.0.1 {\n policy fastest\n}",
            "Corefile:3:9: plugin/forward: unknown policy 'fastest', expected random, round_robin, sequential"
        ),
        ("forward . 10.0.0.1 {\n force_tcp yes\n}", "Corefile:3:12: Unexpected argument 'yes' of 'force_tcp'"),
        ("forward . 10.0.0.1 {\n except\n}", "Corefile:3:2: 'except' has no argument"),
        ("forward . 10.0.0.1 {\n max_fails -1\n}", "Corefile:3:12: '-1' found, expected a whole number from 0"),
        ("forward . 10.0.0.1 {\n max_concurrent many\n}", "Corefile:3:17: 'many' found, expected a whole number"),
        ("forward . 10.0.0.1 {\n expire -1s\n}", "Corefile:3:9: plugin/forward: expire can't be negative: -1s"),
        ("forward . 10.0.0.1 {\n read_timeout 0s\n}", "Corefile:3:2: plugin/forward: read_timeout must be positive"),
        (
            "forward . 10.0.0.1 {\n expire 10s\n max_age 5s\n}",
            "Corefile:2:1: plugin/forward: max_age (5000ms) must not be less than expire (10000ms)"
        ),
        ("forward . 10.0.0.1 {\n health_check soon\n}", "Corefile:3:15: 'soon' is not a duration"),
        (
            "forward . 10.0.0.1 {\n health_check 1s rec\n}",
            "Corefile:3:18: plugin/forward: health_check: unknown option rec, expected no_rec or domain"
        ),
        (
            "forward . 10.0.0.1 {\n health_check 1s domain\n}",
            "Corefile:3:18: plugin/forward: health_check: domain has no name"
        ),
        ("forward . 10.0.0.1 {\n next NOPE\n}", "Corefile:3:7: plugin/forward: NOPE is not a valid rcode"),
        (
            "forward . 10.0.0.1 {\n failover NOERROR\n}",
            "Corefile:3:2: plugin/forward: NoError cannot be used in failover"
        ),
        (
            "forward . 10.0.0.1 {\n resolver here\n}",
            "Corefile:3:11: plugin/forward: resolver must be an IP address or IP:port"
        ),
        (
            "forward . 10.0.0.1 {\n doh_method PUT\n}",
            "Corefile:3:13: plugin/forward: doh_method must be either POST or GET"
        ),
        ("forward . 10.0.0.1 {\n resolver\n}", "Corefile:3:2: 'resolver' has no argument"),
        ("forward . 10.0.0.1 {\n resolver ::1 [::1]:53 10.0.0.1:5353\n}", ""),
        ("forward . 10.0.0.1 {\n resolver ::1 localhost\n}", "Corefile:3:15: plugin/forward: resolver must be an IP"),
        ("forward . 10.0.0.1 {\n resolver dns://10.0.0.1\n}", "Corefile:3:11: plugin/forward: resolver must be an IP"),
        ("forward . 10.0.0.1 {\n resolver :53\n}", "Corefile:3:11: plugin/forward: resolver must be an IP address"),
        (
            "forward . 10.0.0.1 {\n doh_method get\n}",
            "Corefile:3:13: plugin/forward: doh_method must be either POST or"
        ),
        ("forward . 10.0.0.1 {\n doh_method\n}", "Corefile:3:2: 'doh_method' has no argument"),
        ("forward . 10.0.0.1 {\n doh_method GET POST\n}", "Corefile:3:17: Unexpected argument 'POST' of 'doh_method'"),
        ("forward . 10.0.0.1 {\n source_address lo\n}", "Corefile:3:17: plugin/forward: invalid IP address: lo"),
        (
            "forward . " + (1...16).map { "10.0.0.\($0)" }.joined(separator: " "),
            "Corefile:2:1: plugin/forward: more than 15 TOs configured: 16"
        ),
        // A file that counts for nothing is not counted, and what stands twice is (as in CoreDNS).
        ("forward . /dev/null " + (1...15).map { "10.0.0.\($0)" }.joined(separator: " "), ""),
        (
            "forward . " + [String](repeating: "10.0.0.1", count: 16).joined(separator: " "),
            "Corefile:2:1: plugin/forward: more than 15 TOs configured: 16"
        ),
    ]

    @Test(arguments: rows)
    func option(text: String, error: String) {
        let found = PluginBench().failure(ForwardPlugin.self, text)
        #expect(error.isEmpty ? found.isEmpty : found.hasPrefix(error), "\(found)")
    }
}
