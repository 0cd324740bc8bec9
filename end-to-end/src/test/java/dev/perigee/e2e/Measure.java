package dev.perigee.e2e;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/**
 * Measures, on this machine, two figures and prints them as a baseline, a figure and their ratio: how long after a commit
 * an edge no longer serves what it made stale, and how many hits of 1 KiB an edge answers beside a bare reactor-netty
 * handler that returns the same bytes. Run it with {@code end-to-end/measure}; the second needs {@code wrk} and {@code
 * taskset}.
 */
final class Measure {

    private static final int COMMITS = 1000;
    private static final int ROUNDS = 5;
    private static final String SERVER_CORE = "0";
    private static final String LOAD_CORE = "1";

    private Measure() {}

    public static void main(String[] args) throws Exception {
        if (args.length == 2 && args[0].equals("--bare")) {
            serveBare(Integer.parseInt(args[1]));
            return;
        }
        try (Postgres postgres = Postgres.start()) {
            postgres.sql(
                    "CREATE TABLE t (id int PRIMARY KEY, body text)",
                    "INSERT INTO t SELECT n, repeat('x', 940) FROM generate_series(1, 100) n");
            try (Fleet fleet = new Fleet(postgres).inProduction().startHome().startEdge("edge-1")) {
                commitToGone(postgres, fleet);
                hitsPerSecond(fleet);
            }
        }
    }

    private static void commitToGone(Postgres postgres, Fleet fleet) throws SQLException {
        String read = "SELECT body FROM t WHERE id = 1";
        List<Double> millis = new ArrayList<>();
        try (Connection connection = postgres.connect();
                PreparedStatement update =
                        connection.prepareStatement("UPDATE t SET body = repeat('y', 940) || ? WHERE id = 1")) {
            for (int n = 0; n < COMMITS; n++) {
                fleet.warm("edge-1", read);
                update.setString(1, String.valueOf(n));
                update.executeUpdate();
                long committed = System.nanoTime();
                while (Http.onlyIfCached(fleet.edge("edge-1"), read).status() != 504) {
                    Thread.onSpinWait();
                }
                millis.add((System.nanoTime() - committed) / 1e6);
            }
        }
        double[] sorted =
                millis.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        System.out.printf(
                Locale.ROOT,
                "commit returned -> entry gone, as a client of the edge sees it, %d commits: p50 %.2f ms, p99 %.2f ms, max %.2f ms%n",
                COMMITS,
                sorted[COMMITS / 2],
                sorted[COMMITS * 99 / 100],
                sorted[COMMITS - 1]);
    }

    private static void hitsPerSecond(Fleet fleet) throws IOException, InterruptedException {
        String read = "SELECT body FROM t WHERE id = 2";
        byte[] body = fleet.warm("edge-1", read).body().getBytes(StandardCharsets.UTF_8);
        Path directory = Files.createTempDirectory("perigee-measure");
        Files.write(directory.resolve("body"), body);
        Path script = Files.writeString(directory.resolve("post.lua"), """
                wrk.method = "POST"
                wrk.body = '{"sql":"%s","params":[]}'
                wrk.headers["Content-Type"] = "application/json"
                wrk.headers["Authorization"] = "Bearer %s"
                """.formatted(read, Fleet.CLIENT));
        int barePort = Ports.free();
        Process bare = new ProcessBuilder(
                        "taskset",
                        "-c",
                        SERVER_CORE,
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Measure.class.getName(),
                        "--bare",
                        String.valueOf(barePort))
                .inheritIO()
                .redirectInput(directory.resolve("body").toFile())
                .start();
        try {
            pin(fleet.process("edge-1").pid());
            String edge = fleet.edge("edge-1") + "/api/query";
            String baseline = "http://127.0.0.1:" + barePort + "/api/query";
            wrk(edge, script, 10);
            wrk(baseline, script, 5);
            double[] ofEdge = new double[ROUNDS];
            double[] ofBare = new double[ROUNDS];
            for (int round = 0; round < ROUNDS; round++) {
                ofBare[round] = wrk(baseline, script, 5);
                ofEdge[round] = wrk(edge, script, 5);
            }
            Arrays.sort(ofBare);
            Arrays.sort(ofEdge);
            System.out.printf(
                    Locale.ROOT,
                    "hits of %d bytes, one core: bare reactor-netty %.0f/s (%.0f-%.0f), edge %.0f/s (%.0f-%.0f), ratio %.2f%n",
                    body.length,
                    ofBare[ROUNDS / 2],
                    ofBare[0],
                    ofBare[ROUNDS - 1],
                    ofEdge[ROUNDS / 2],
                    ofEdge[0],
                    ofEdge[ROUNDS - 1],
                    ofEdge[ROUNDS / 2] / ofBare[ROUNDS / 2]);
        } finally {
            bare.destroy();
            bare.waitFor();
        }
    }

    private static void serveBare(int port) throws IOException {
        byte[] body = System.in.readAllBytes();
        DisposableServer server = HttpServer.create()
                .host("127.0.0.1")
                .port(port)
                .handle((request, response) -> request.receive()
                        .aggregate()
                        .then(response.header("Content-Type", "application/json")
                                .header("Content-Length", String.valueOf(body.length))
                                .sendByteArray(Mono.just(body))
                                .then()))
                .bindNow();
        server.onDispose().block();
    }

    private static void pin(long pid) throws IOException, InterruptedException {
        run("taskset", "-a", "-c", "-p", SERVER_CORE, String.valueOf(pid));
    }

    private static double wrk(String url, Path script, int seconds) throws IOException, InterruptedException {
        String output = run(
                "taskset", "-c", LOAD_CORE, "wrk", "-t1", "-c32", "-d" + seconds + "s", "-s", script.toString(), url);
        Matcher rate = Pattern.compile("Requests/sec:\\s+([0-9.]+)").matcher(output);
        if (output.contains("Non-2xx") || !rate.find()) {
            throw new IllegalStateException(output);
        }
        return Double.parseDouble(rate.group(1));
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException(String.join(" ", command) + ": " + output);
        }
        return output;
    }
}
