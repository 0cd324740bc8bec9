package dev.perigee.e2e;

import dev.perigee.e2e.QuickstartClient.Answer;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;

/**
 * Perigee at work, for somebody who sees it for the first time: starts a home with its embedded PostgreSQL and two
 * edges, reads, writes, and shows what became of it. What {@code ./quickstart} runs.
 */
public final class Quickstart {

    private static final PrintStream OUT = System.out;
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final int WARM_UP = 1000;
    private static final String READ = "SELECT name, price FROM shop.products WHERE id = $1";
    private static final String READ_BODY = "{\"sql\":\"" + READ + "\",\"params\":[1]}";

    private final boolean check;
    private final int portBase;
    private final Path root;
    private final QuickstartClient client;
    private final Map<String, String> tokens = new LinkedHashMap<>();
    private final Deque<ServiceProcess> services = new ArrayDeque<>();
    private String jdbcUrl = "";

    private Quickstart(boolean check, int portBase, Path root) {
        this.check = check;
        this.portBase = portBase;
        this.root = root;
        for (String role : List.of("EDGE", "CLIENT", "ADMIN", "METRICS")) {
            byte[] random = new byte[12];
            new SecureRandom().nextBytes(random);
            tokens.put(role, HexFormat.of().formatHex(random));
        }
        this.client = new QuickstartClient(token("CLIENT"));
    }

    /**
     * Runs it.
     *
     * @param args {@code --check}: exit when done, 0 if all went as it should; {@code --port-base N}: home listens on N,
     *     the edges on N+1 and N+2, and for PostgreSQL's protocol on N+3 and N+4
     */
    public static void main(String[] args) {
        boolean check = false;
        int portBase = 8080;
        for (int i = 0; i < args.length; i++) {
            if (args[i].equals("--check")) {
                check = true;
            } else if (args[i].equals("--port-base") && i + 1 < args.length && args[i + 1].matches("[0-9]{1,5}")) {
                portBase = Integer.parseInt(args[++i]);
            } else {
                System.err.println("usage: ./quickstart [--check] [--port-base N]");
                System.exit(2);
            }
        }
        if (portBase < 1 || portBase > 65_531) {
            System.err.println("quickstart: the port base must be 1 to 65531");
            System.exit(2);
        }
        System.exit(new Quickstart(check, portBase, Path.of("").toAbsolutePath()).run());
    }

    private int run() {
        Thread stop = new Thread(this::stopServices, "stop");
        Runtime.getRuntime().addShutdownHook(stop);
        try {
            start();
            show();
            if (check) {
                OUT.println("\nAll as it should be.");
                return 0;
            }
            invite();
            new CountDownLatch(1).await();
            return 0;
        } catch (IllegalStateException | IOException | SQLException failure) {
            System.err.println("\nquickstart: " + failure.getMessage());
            return 1;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return 1;
        } finally {
            stopServices();
        }
    }

    private void start() throws IOException {
        for (int port : IntStream.rangeClosed(portBase, portBase + 4).toArray()) {
            requireFree(port);
        }
        OUT.println("Starting a home with its embedded PostgreSQL, and two edges ...");
        long began = System.nanoTime();
        Path work = root.resolve("target/quickstart");
        int databasePort = Ports.free();
        // The data stays where home keeps it by default, ./data, but for a check, which leaves nothing behind.
        ServiceProcess home = service(
                "home",
                "home-service",
                check ? work : root,
                portBase,
                List.of("--perigee.home.database.port=" + databasePort, "--perigee.home.database.ephemeral=" + check));
        home.awaitListening(url(0));
        for (int n = 1; n <= 2; n++) {
            service(
                    "edge-" + n,
                    "edge-service",
                    work,
                    portBase + n,
                    List.of(
                            "--perigee.edge.id=edge-" + n,
                            "--perigee.edge.region=region-" + n,
                            "--perigee.edge.pgwire.port=" + wirePort(n),
                            "--perigee.edge.pgwire.address=127.0.0.1",
                            // As the embedded PostgreSQL does itself: whoever comes from this machine.
                            "--perigee.edge.pgwire.allow-trust=true",
                            "--perigee.home-url=" + url(0)));
        }
        for (int n = 1; n <= 2; n++) {
            URI health = url(n).resolve("/actuator/health");
            services.peek().awaitListening(url(n));
            services.peek()
                    .await(
                            "in step with home",
                            SOON,
                            () -> client.get(health).body().contains("\"status\":\"UP\""));
        }
        OUT.printf("  up after %.1f s%n", seconds(began));
        jdbcUrl = "jdbc:postgresql://127.0.0.1:" + databasePort + "/postgres?user=postgres";
    }

    private ServiceProcess service(String name, String module, Path directory, int port, List<String> arguments)
            throws IOException {
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put("PERIGEE_AUTHTOKEN", token("EDGE"));
        int index = 0;
        for (Map.Entry<String, String> entry : tokens.entrySet()) {
            String prefix = "PERIGEE_SECURITY_TOKENS_" + index++ + "_";
            environment.put(prefix + "NAME", "quickstart-" + entry.getKey());
            environment.put(prefix + "VALUE", entry.getValue());
            environment.put(prefix + "ROLES", entry.getKey());
        }
        Path jar = root.resolve("target/quickstart/" + module + "/" + module + ".jar");
        Files.createDirectories(root.resolve("target/quickstart"));
        List<String> all = new ArrayList<>(arguments);
        all.add("--server.port=" + port);
        all.add("--server.address=127.0.0.1");
        ServiceProcess service = ServiceProcess.start(name, jar, directory, environment, List.of("-Xmx256m"), all);
        services.push(service);
        return service;
    }

    private void show() throws SQLException {
        try (Connection sql = DriverManager.getConnection(jdbcUrl);
                Statement statement = sql.createStatement()) {
            statement.execute("CREATE SCHEMA IF NOT EXISTS shop");
            statement.execute("DROP TABLE IF EXISTS shop.products");
            statement.execute("CREATE TABLE shop.products (id int PRIMARY KEY, name text, price numeric(10,2))");
            statement.execute(
                    "INSERT INTO shop.products SELECT n, 'Product ' || n, 10.00 FROM generate_series(1, 1000) n");
            OUT.println("\nA table shop.products with 1000 rows. " + READ + ":\n");
            warmUp();

            step("cold read through edge 1", 1, query(1, READ_BODY), "fwd=", "10.00");
            step("the same again", 1, query(1, READ_BODY), "hit", "10.00");
            step("cold read through edge 2", 2, query(2, READ_BODY), "fwd=", "10.00");
            step("the same again", 2, query(2, READ_BODY), "hit", "10.00");

            Answer write =
                    query(2, "{\"sql\":\"UPDATE shop.products SET price = 12.50 WHERE id = $1\",\"params\":[1]}");
            long committed = System.nanoTime();
            step("UPDATE through edge 2: price = 12.50", 2, write, "fwd=", "\"row_count\":1");
            awaitGone(committed);
            step(
                    "read your write, at edge 1",
                    1,
                    query(1, READ_BODY, "Perigee-Min-Version", write.version()),
                    "",
                    "12.50");
            step("read it at edge 2", 2, query(2, READ_BODY), "fwd=", "12.50");
            query(1, READ_BODY);
            step("and from memory again", 1, query(1, READ_BODY), "hit", "12.50");

            OUT.println("\nNow a write around Perigee: plain SQL over JDBC, straight to PostgreSQL.\n");
            statement.executeUpdate("UPDATE shop.products SET price = 99.90 WHERE id = 1");
            committed = System.nanoTime();
            awaitGone(committed);
            step("read through edge 1", 1, query(1, READ_BODY), "fwd=", "99.90");
            step("read through edge 2", 2, query(2, READ_BODY), "fwd=", "99.90");
            step("and from memory again", 1, query(1, READ_BODY), "hit", "99.90");
        }
        OUT.println("\nAnd PostgreSQL's own protocol: JDBC, with another port in its URL and nothing else.\n");
        try (Connection sql = DriverManager.getConnection(wireUrl(1));
                Statement statement = sql.createStatement()) {
            Answer first = QuickstartClient.query(statement, READ.replace("$1", "1"));
            step("read through edge 1", 1, first, "", "99.90");
            services.peek()
                    .await(
                            "a hit by PostgreSQL's protocol",
                            SOON,
                            () -> QuickstartClient.query(statement, READ.replace("$1", "1"))
                                    .cacheStatus()
                                    .equals("hit"));
            step("the same again", 1, QuickstartClient.query(statement, READ.replace("$1", "1")), "hit", "99.90");
            statement.executeUpdate("UPDATE shop.products SET price = 10.00 WHERE id = 1");
            step(
                    "read your write, in the same session",
                    1,
                    QuickstartClient.query(statement, READ.replace("$1", "1")),
                    "",
                    "10.00");
        } catch (SQLException failure) {
            throw new IllegalStateException("by PostgreSQL's protocol: " + failure.getMessage(), failure);
        }
    }

    /**
     * A new table may be cached as soon as home has taken it into the publication. And a JVM that has just started
     * would show its compiler's speed, not Perigee's.
     */
    private void warmUp() {
        for (int n = 1; n <= 2; n++) {
            int edge = n;
            services.peek()
                    .await(
                            "a hit at edge " + n,
                            SOON,
                            () -> query(edge, READ_BODY.replace("[1]", "[2]"))
                                    .cacheStatus()
                                    .contains("hit"));
            IntStream.rangeClosed(3, WARM_UP).parallel().forEach(id -> {
                String body = READ_BODY.replace("[1]", "[" + id + "]");
                query(edge, body);
                query(edge, body);
            });
        }
    }

    private void awaitGone(long committed) {
        String[] seen = new String[2];
        IntStream.rangeClosed(1, 2).parallel().forEach(n -> {
            services.peek()
                    .await(
                            "invalidation at edge " + n,
                            SOON,
                            () -> query(n, READ_BODY, "Cache-Control", "only-if-cached")
                                            .status()
                                    == 504);
            seen[n - 1] = String.format("edge %d after %.1f ms", n, (System.nanoTime() - committed) / 1e6);
        });
        OUT.printf("     %-42s %s%n", "the stale entry is gone from", String.join(", ", seen));
    }

    private static void step(String what, int edge, Answer answer, String status, String body) {
        OUT.printf("     %-42s %6.1f ms   %-40s %s%n", what, answer.millis(), answer.shortStatus(), answer.shortBody());
        if (!answer.cacheStatus().contains(status) || !answer.body().contains(body)) {
            throw new IllegalStateException(
                    "edge " + edge + " answered " + answer.status() + " \"" + answer.cacheStatus() + "\" "
                            + answer.body() + ", but \"" + status + "\" and " + body + " were expected");
        }
    }

    private void invite() {
        OUT.printf(
                """

                home    %s   (EDGE %s, ADMIN %s, METRICS %s)
                console %s/  (sign in with the token ADMIN)
                edge 1  %s
                edge 2  %s
                client  %s
                psql    '%s'   (edge 1; straight: '%s')

                Try:
                  curl -i %s/api/query -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d '%s'
                  curl -s %s/api/edge -H 'Authorization: Bearer %s'
                  curl -s '%s/api/edge/invalidate?await=acked' -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d '{"all":true}'

                Ctrl-C ends it.
                """,
                url(0),
                token("EDGE"),
                token("ADMIN"),
                token("METRICS"),
                url(0),
                url(1),
                url(2),
                token("CLIENT"),
                psql(wireUrl(1)),
                psql(jdbcUrl),
                url(1),
                token("CLIENT"),
                READ_BODY,
                url(0),
                token("ADMIN"),
                url(0),
                token("ADMIN"));
    }

    private String token(String role) {
        String token = tokens.get(role);
        if (token == null) {
            throw new IllegalArgumentException(role);
        }
        return token;
    }

    private Answer query(int edge, String body, String... headers) {
        return client.query(url(edge), body, headers);
    }

    private int wirePort(int edge) {
        return portBase + 2 + edge;
    }

    private String wireUrl(int edge) {
        return "jdbc:postgresql://127.0.0.1:" + wirePort(edge) + "/postgres?user=postgres";
    }

    private static String psql(String jdbcUrl) {
        return jdbcUrl.replace("jdbc:", "").replace("?user=postgres", "").replace("//", "//postgres@");
    }

    private URI url(int service) {
        return URI.create("http://127.0.0.1:" + (portBase + service));
    }

    private static void requireFree(int port) {
        if (!Ports.isFree(port)) {
            throw new IllegalStateException("port " + port + " is in use; choose others with --port-base N");
        }
    }

    private static double seconds(long began) {
        return (System.nanoTime() - began) / 1e9;
    }

    private synchronized void stopServices() {
        while (!services.isEmpty()) {
            services.pop().terminate();
        }
    }
}
