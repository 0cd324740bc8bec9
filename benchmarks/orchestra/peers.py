"""What people would use instead."""

from processes import SERVERS, Process, listening, port, wait, work


class Nginx(Process):
    """Serves a file; and, by its module nchan, a channel to subscribers."""

    def __init__(self, core=SERVERS):
        self.port = port()
        root = work / "www"
        root.mkdir(exist_ok=True)
        root.chmod(0o755)
        configuration = work / "nginx.conf"
        configuration.write_text(f"""
load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
user www-data;
worker_processes 1;
worker_rlimit_nofile 65536;
daemon off;
pid {work}/nginx.pid;
error_log {work}/nginx-error.log;
events {{ worker_connections 20000; }}
http {{
  access_log off;
  tcp_nodelay on;
  keepalive_requests 100000000;
  client_body_temp_path {work}/nginx-body;
  proxy_temp_path {work}/nginx-proxy;
  fastcgi_temp_path {work}/nginx-fastcgi;
  uwsgi_temp_path {work}/nginx-uwsgi;
  scgi_temp_path {work}/nginx-scgi;
  nchan_shared_memory_size 256M;
  server {{
    listen 127.0.0.1:{self.port} backlog=8192;
    location /answer {{ root {root}; default_type application/json; open_file_cache max=10; open_file_cache_min_uses 1; }}
    location = /publish {{ nchan_publisher; nchan_channel_id events; nchan_message_buffer_length 20000; }}
    location = /subscribe {{ nchan_subscriber eventsource; nchan_channel_id events;
      nchan_subscriber_first_message newest; }}
  }}
}}
""")
        super().__init__("nginx", ["nginx", "-c", configuration], core)
        wait("nginx", lambda: listening(self.port), self)

    def serve(self, body):
        """Gives these bytes from now on."""
        (work / "www/answer").write_bytes(body)
        (work / "www/answer").chmod(0o644)


class Varnish(Process):
    """Answers GETs from its cache, with nginx behind it."""

    def __init__(self, nginx, core=SERVERS):
        self.port = port()
        vcl = work / "default.vcl"
        vcl.write_text(f"""vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{nginx.port}"; }}
sub vcl_backend_response {{ set beresp.ttl = 1d; }}
""")
        super().__init__("varnish", [
            "varnishd", "-F", "-j", "none", "-n", work / "varnish", "-f", vcl, "-a", f"127.0.0.1:{self.port}",
            "-s", "malloc,64m", "-T", "none"], core)
        wait("varnish", lambda: listening(self.port), self)


class Pgpool(Process):
    """pgpool-II with its query cache in shared memory."""

    def __init__(self, postgres_port, core=SERVERS, name="pgpool"):
        self.port = port()
        directory = work / name
        (directory / "oids").mkdir(parents=True)
        settings = {
            "listen_addresses": "'127.0.0.1'", "port": self.port, "unix_socket_directories": f"'{directory}'",
            "pcp_port": port(), "pcp_socket_dir": f"'{directory}'", "backend_hostname0": "'127.0.0.1'",
            "backend_port0": postgres_port, "backend_weight0": 1, "backend_clustering_mode": "'streaming_replication'",
            "sr_check_period": 0, "health_check_period": 0, "enable_pool_hba": "off", "load_balance_mode": "off",
            "num_init_children": 40, "max_pool": 1, "pid_file_name": f"'{directory}/pid'", "logdir": f"'{directory}'",
            "memory_cache_enabled": "on", "memqcache_method": "'shmem'", "memqcache_total_size": "256MB",
            "memqcache_max_num_cache": 200000, "memqcache_expire": 0, "memqcache_oiddir": f"'{directory}/oids'"}
        (directory / "pgpool.conf").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
        (directory / "pcp.conf").write_text("")
        (directory / "pool_hba.conf").write_text("host all all 127.0.0.1/32 trust\n")
        super().__init__(name, ["pgpool", "-n", "-f", directory / "pgpool.conf", "-F", directory / "pcp.conf",
                                "-a", directory / "pool_hba.conf"], core)
        wait("pgpool", lambda: listening(self.port), self)


class Pgbouncer(Process):
    """The least that stands between a client and PostgreSQL; it has no cache."""

    def __init__(self, postgres_port, core=SERVERS):
        self.port = port()
        (work / "users.txt").write_text('"postgres" ""\n')
        (work / "pgbouncer.ini").write_text(f"""[databases]
* = host=127.0.0.1 port={postgres_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = trust
auth_file = {work}/users.txt
ignore_startup_parameters = extra_float_digits
""")
        super().__init__("pgbouncer", ["pgbouncer", work / "pgbouncer.ini"], core, user="postgres")
        wait("pgbouncer", lambda: listening(self.port), self)
