import PluginKit
import Testing

@testable import Plugins

/// What a person sees who writes a directive wrongly: the block's text begins in line 2 of the file.
struct SetupErrorTests {
    static let rows: [(type: any Plugin.Type, text: String, error: String)] = [
        (BindPlugin.self, "bind 127.0.0.1", ""),
        (BindPlugin.self, "bind 127.0.0.1 ::1\nbind 10.0.0.1", ""),
        (BindPlugin.self, "bind lo {\n except 127.0.0.1 10.9.9.9\n}\nbind 127.0.0.2", ""),
        (
            BindPlugin.self, "bind",
            "Corefile:2:1: plugin/bind: at least one address or interface name is expected"
        ),
        (
            BindPlugin.self, "bind 127.0.0.1 nosuchif0",
            "Corefile:2:16: plugin/bind: not a valid IP address or interface name: \"nosuchif0\""
        ),
        (
            BindPlugin.self, "bind 127.0.0.1 {\n except\n}",
            "Corefile:3:2: plugin/bind: at least one address or interface must be given to except subdirective"
        ),
        (
            BindPlugin.self, "bind 127.0.0.1 {\n expect ::1\n}",
            "Corefile:3:2: unknown property 'expect' of 'bind', expected except (did you mean 'except'?)"
        ),
        (
            BindPlugin.self, "bind 127.0.0.1 {\n except 127.0.0.1\n}",
            "Corefile:2:1: plugin/bind: no address is left to listen at, expected at least one"
        ),
        (RootPlugin.self, "root /", ""),
        (RootPlugin.self, "root /no/such/folder", ""),
        (RootPlugin.self, "root", "Corefile:2:1: 'root' has no argument, expected 1 argument"),
        (RootPlugin.self, "root a b", "Corefile:2:8: Unexpected argument 'b' of 'root', expected 1 argument"),
        (
            RootPlugin.self, "root /\nroot /tmp",
            "Corefile:3:1: plugin/root: this plugin can only be used once per Server Block"
        ),
        (
            RootPlugin.self, "root /etc/passwd/x",
            "Corefile:2:6: plugin/root: unable to access root path '/etc/passwd/x': stat /etc/passwd/x: Not a directory "
                + "(ENOTDIR)"
        ),
        (DebugPlugin.self, "debug", ""),
        (DebugPlugin.self, "debug on", "Corefile:2:7: Unexpected argument 'on' of 'debug', expected none"),
        (DebugPlugin.self, "debug {\n}", "Corefile:2:1: 'debug' has a block, expected none"),
        (WhoamiPlugin.self, "whoami", ""),
        (WhoamiPlugin.self, "whoami x", "Corefile:2:8: Unexpected argument 'x' of 'whoami', expected none"),
        (ErrorsPlugin.self, "errors", ""),
        (ErrorsPlugin.self, "errors stdout", ""),
        (ErrorsPlugin.self, "errors {\n}", ""),
        (ErrorsPlugin.self, "errors {\n stacktrace\n consolidate 5m \".* i/o timeout$\" warning show_first\n}", ""),
        (ErrorsPlugin.self, "errors {\n consolidate 0 x show_first\n consolidate 1h30m \"^Failed\" debug\n}", ""),
        (
            ErrorsPlugin.self, "errors /var/log/x",
            "Corefile:2:8: plugin/errors: invalid log file: /var/log/x, expected stdout or nothing"
        ),
        (
            ErrorsPlugin.self, "errors stdout stderr",
            "Corefile:2:15: Unexpected argument 'stderr' of 'errors', expected at most 1 argument"
        ),
        (
            ErrorsPlugin.self, "errors\nerrors",
            "Corefile:3:1: plugin/errors: this plugin can only be used once per Server Block"
        ),
        (
            ErrorsPlugin.self, "errors {\n consolidat 5m x\n}",
            "Corefile:3:2: unknown property 'consolidat' of 'errors', expected one of consolidate, stacktrace (did you mean "
                + "'consolidate'?)"
        ),
        (
            ErrorsPlugin.self, "errors {\n stacktrace on\n}",
            "Corefile:3:13: Unexpected argument 'on' of 'stacktrace', expected none"
        ),
        (
            ErrorsPlugin.self, "errors {\n consolidate 5m\n}",
            "Corefile:3:2: 'consolidate' has 1 argument, expected 2 to 4 arguments"
        ),
        (
            ErrorsPlugin.self, "errors {\n consolidate 5 x\n}",
            "Corefile:3:14: '5' is not a duration: no unit after the number (ns, us, ms, s, m, h), expected a form such as 5s "
                + "or 1h30m"
        ),
        (
            ErrorsPlugin.self, "errors {\n consolidate -5s x\n}",
            "Corefile:3:14: plugin/errors: '-5s' is negative, expected a duration such as 30s"
        ),
        (
            ErrorsPlugin.self, "errors {\n consolidate 5s \"(a\"\n}",
            "Corefile:3:17: plugin/errors: '(a' is not a regular expression: missing closing parenthesis at offset 2"
        ),
        (
            ErrorsPlugin.self, "errors {\n consolidate 5s \(String(repeating: "a", count: 10_001))\n}",
            "Corefile:3:17: plugin/errors: regex pattern too long: 10001 > 10000"
        ),
        (
            ErrorsPlugin.self, "errors {\n consolidate 5s x loud\n}",
            "Corefile:3:19: plugin/errors: unknown option in consolidate: loud, expected warning, error, info, debug or "
                + "show_first"
        ),
        (
            ErrorsPlugin.self, "errors {\n consolidate 5s x error info\n}",
            "Corefile:3:25: plugin/errors: multiple log levels specified in consolidate"
        ),
        (
            ErrorsPlugin.self, "errors {\n consolidate 5s x show_first info\n}",
            "Corefile:3:30: plugin/errors: log level must come before show_first in consolidate"
        ),
        (LogPlugin.self, "log", ""),
        (LogPlugin.self, "log . {combined}", ""),
        (LogPlugin.self, "log example.org example.net. \"{name} {type}\" {\n class error denial\n class all\n}", ""),
        (LogPlugin.self, "log a..b", "Corefile:2:5: plugin/log: 'a..b' is not a domain name: a label is empty"),
        (
            LogPlugin.self, "log {\n class\n}",
            "Corefile:3:2: 'class' has no argument, expected at least 1 argument"
        ),
        (
            LogPlugin.self, "log . {\n class success failure\n}",
            "Corefile:3:16: plugin/log: invalid Class: failure, expected success, denial, error or all"
        ),
        (LogPlugin.self, "log . {\n format x\n}", "Corefile:3:2: unknown property 'format' of 'log', expected class"),
        (HealthPlugin.self, "health", ""),
        (HealthPlugin.self, "health localhost:8091 {\n lameduck 5s\n}", ""),
        (HealthPlugin.self, "health [::1]:8080", ""),
        (
            HealthPlugin.self, "health localhost",
            "Corefile:2:8: plugin/health: 'localhost' is not an address with a port, expected one such as :8080, "
                + "127.0.0.1:8080 or [::1]:8080"
        ),
        (
            HealthPlugin.self, "health :1 :2",
            "Corefile:2:11: Unexpected argument ':2' of 'health', expected at most 1 argument"
        ),
        (HealthPlugin.self, "health {\n lameduck\n}", "Corefile:3:2: 'lameduck' has no argument, expected 1 argument"),
        (
            HealthPlugin.self, "health {\n lameduck soon\n}",
            "Corefile:3:11: 'soon' is not a duration: no number, expected a form such as 5s or 1h30m"
        ),
        (
            HealthPlugin.self, "health {\n lameduk 5s\n}",
            "Corefile:3:2: unknown property 'lameduk' of 'health', expected lameduck (did you mean 'lameduck'?)"
        ),
        (ReadyPlugin.self, "ready", ""),
        (ReadyPlugin.self, "ready :8182 {\n monitor continuously\n}", ""),
        (ReadyPlugin.self, "ready {\n monitor until-ready\n}", ""),
        (
            ReadyPlugin.self, "ready\nready :1",
            "Corefile:3:1: plugin/ready: this plugin can only be used once per Server Block"
        ),
        (
            ReadyPlugin.self, "ready {\n monitor always\n}",
            "Corefile:3:10: plugin/ready: monitor type 'always' not supported, expected until-ready or continuously"
        ),
        (ReadyPlugin.self, "ready {\n monitor\n}", "Corefile:3:2: 'monitor' has no argument, expected 1 argument"),
        (PrometheusPlugin.self, "prometheus", ""),
        (PrometheusPlugin.self, "prometheus :9153 {\n runtime_metrics\n}", ""),
        (
            PrometheusPlugin.self, "prometheus 9153",
            "Corefile:2:12: plugin/prometheus: '9153' is not an address with a port, expected one such as :9153, "
                + "127.0.0.1:9153 or [::1]:9153"
        ),
        (
            PrometheusPlugin.self, "prometheus {\n tls /x\n}",
            "Corefile:3:2: plugin/prometheus: 'tls' is an option of CoreDNS that apodns does not have yet"
        ),
        (
            PrometheusPlugin.self, "prometheus {\n metrics\n}",
            "Corefile:3:2: unknown property 'metrics' of 'prometheus', expected runtime_metrics"
        ),
        (HostsPlugin.self, "hosts", ""),
        (HostsPlugin.self, "hosts /dev/null example.org example.net {\n 10.0.0.1 a\n fallthrough\n}", ""),
        (
            HostsPlugin.self, "hosts {\n reload 0s\n no_reverse\n fallthrough a b\n fallthrough_unsupported\n ttl 1\n}",
            ""
        ),
        (
            HostsPlugin.self, "hosts\nhosts",
            "Corefile:3:1: plugin/hosts: this plugin can only be used once per Server Block"
        ),
        (
            HostsPlugin.self, "hosts /dev/null/x",
            "Corefile:2:7: plugin/hosts: unable to access hosts file '/dev/null/x': stat /dev/null/x: Not a directory (ENOTDIR)"
        ),
        (
            HostsPlugin.self, "hosts /dev/null a..b",
            "Corefile:2:17: 'a..b' is not a zone: empty label, expected text before every dot"
        ),
        (
            HostsPlugin.self, "hosts {\n ttl 65536\n}",
            "Corefile:3:6: '65536' found, expected a whole number from 1 to 65535"
        ),
        (
            HostsPlugin.self, "hosts {\n reload -5s\n}",
            "Corefile:3:9: plugin/hosts: invalid negative duration for reload '-5s', expected 0s or more"
        ),
        (HostsPlugin.self, "hosts {\n reload\n}", "Corefile:3:2: 'reload' has no argument, expected 1 argument"),
        (
            HostsPlugin.self, "hosts {\n fallthrough_unsupported\n}",
            "Corefile:3:2: plugin/hosts: fallthrough_unsupported requires fallthrough"
        ),
        (
            HostsPlugin.self, "hosts {\n fallthrough\n 10.0.0.1 a\n}",
            "Corefile:4:2: unknown property '10.0.0.1' of 'hosts', expected one of ttl, no_reverse, reload, fallthrough, "
                + "fallthrough_unsupported"
        ),
        (FilePlugin.self, "file no.db", ""),
        (FilePlugin.self, "file no.db a b {\n reload 30s\n reload_by_mtime\n fallthrough a\n}\nfile no.db c", ""),
        (FilePlugin.self, "file", "Corefile:2:1: 'file' has no argument, expected at least 1 argument"),
        (
            FilePlugin.self, "file no.db {\n reload 0\n}",
            "Corefile:2:6: plugin/file: open /conf/no.db: No such file or directory (ENOENT)"
        ),
        (
            FilePlugin.self, "file /etc",
            "Corefile:2:6: plugin/file: read /etc: Is a directory (EISDIR)"
        ),
        (
            FilePlugin.self, "file no.db {\n reload -1s\n}",
            "Corefile:3:9: plugin/file: invalid reload duration '-1s', expected 0s or more"
        ),
        (FilePlugin.self, "file no.db {\n reload\n}", "Corefile:3:2: 'reload' has no argument, expected 1 argument"),
        (
            FilePlugin.self, "file no.db {\n transfer to *\n}",
            "Corefile:3:2: unknown property 'transfer' of 'file', expected one of reload, reload_by_mtime, fallthrough"
        ),
        (
            FilePlugin.self, "file no.db a\nfile other.db b A",
            "Corefile:3:1: plugin/file: the zone a. has a file already, expected one for each zone"
        ),
        (ReloadPlugin.self, "reload", ""),
        (ReloadPlugin.self, "reload 2s 1s", ""),
        (ReloadPlugin.self, "reload off", ""),
        (
            ReloadPlugin.self, "reload 1s",
            "Corefile:2:8: plugin/reload: interval '1s' is too short, expected 2s or more, or off"
        ),
        (
            ReloadPlugin.self, "reload -3s",
            "Corefile:2:8: plugin/reload: interval '-3s' is too short, expected 2s or more, or off"
        ),
        (
            ReloadPlugin.self, "reload 2s 500ms",
            "Corefile:2:11: plugin/reload: jitter '500ms' is too short, expected 0s, or 1s or more"
        ),
        (
            ReloadPlugin.self, "reload soon",
            "Corefile:2:8: 'soon' is not a duration: no number, expected a form such as 5s or 1h30m"
        ),
        (
            ReloadPlugin.self, "reload 2s 1s 1s",
            "Corefile:2:14: Unexpected argument '1s' of 'reload', expected at most 2 arguments"
        ),
        (
            ReloadPlugin.self, "reload off 1s",
            "Corefile:2:12: Unexpected argument '1s' of 'reload', expected 1 argument"
        ),
        (
            ReloadPlugin.self, "reload\nreload",
            "Corefile:3:1: plugin/reload: this plugin can only be used once per Server Block"
        ),
        (LoadBalancePlugin.self, "loadbalance", ""),
        (LoadBalancePlugin.self, "loadbalance round_robin {\n prefer 10.9.20.0/24 fd00::/8\n}", ""),
        (LoadBalancePlugin.self, "loadbalance weighted w {\n reload 10s\n prefer 10.0.0.0/8\n}", ""),
        (
            LoadBalancePlugin.self, "loadbalance random",
            "Corefile:2:13: plugin/loadbalance: unknown policy: random, expected round_robin or weighted"
        ),
        (
            LoadBalancePlugin.self, "loadbalance round_robin x",
            "Corefile:2:25: Unexpected argument 'x' of 'loadbalance', expected 1 argument"
        ),
        (
            LoadBalancePlugin.self, "loadbalance weighted",
            "Corefile:2:13: plugin/loadbalance: missing weight file argument"
        ),
        (
            LoadBalancePlugin.self, "loadbalance {\n reload 5s\n}",
            "Corefile:3:2: unknown property 'reload' of 'loadbalance', expected prefer"
        ),
        (
            LoadBalancePlugin.self, "loadbalance weighted w {\n reload -1s\n}",
            "Corefile:3:9: plugin/loadbalance: invalid reload duration '-1s', expected 0s or more"
        ),
        (
            LoadBalancePlugin.self, "loadbalance {\n prefer 10.0.0.0/33\n}",
            "Corefile:3:9: plugin/loadbalance: invalid CIDR \"10.0.0.0/33\", expected one such as 10.9.20.0/24"
        ),
        (
            LoadBalancePlugin.self, "loadbalance {\n prefer\n}",
            "Corefile:3:2: 'prefer' has no argument, expected at least 1 argument"
        ),
    ]

    @Test(arguments: rows.indices)
    func says(_ row: Int) {
        func failure<P: Plugin>(_ type: P.Type) -> String { PluginBench().failure(type, Self.rows[row].text) }
        #expect(failure(Self.rows[row].type) == Self.rows[row].error)
    }
}
