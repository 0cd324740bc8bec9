package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Homes and edges as real processes over one PostgreSQL. BlockHound watches the event loops of the first home and of the
 * first edge, in every run of theirs; the others run the same code, and start in half the time.
 *
 * <p>What is launched is not waited for, so that many may start at once; what is started is.
 */
final class Fleet implements AutoCloseable {

    static final String EDGE = "edge-token-for-tests";
    static final String CLIENT = "client-token-for-tests";
    static final String ADMIN = "admin-token-for-tests";
    static final String METRICS = "metrics-token-for-tests";
    static final String BOUND = "edge-token-bound-to-edge-1";

    /** The id of the home of a fleet that has but one. */
    static final String HOME = "home";

    private static final Duration IN_STEP = Duration.ofSeconds(60);

    private enum Watch {
        FIRST_OF_A_KIND,
        NONE
    }

    private record Launched(String module, List<String> arguments, ServiceProcess process) {}

    private final Path directory;
    private final Postgres postgres;
    private final Map<String, Launched> services = new LinkedHashMap<>();
    private final Map<String, Integer> ports = new LinkedHashMap<>();
    private final Map<String, String> firsts = new LinkedHashMap<>();
    private Watch watch = Watch.FIRST_OF_A_KIND;

    Fleet(Postgres postgres) throws IOException {
        this.postgres = postgres;
        this.directory = Files.createTempDirectory("perigee-e2e");
    }

    /** For what ends before an event loop turns. */
    Fleet withoutBlockHound() {
        watch = Watch.NONE;
        return this;
    }

    Fleet startHome() throws IOException {
        return startHome(HOME);
    }

    Fleet startHome(String id, String... arguments) throws IOException {
        launchHome(id, arguments);
        awaitListening(id);
        return this;
    }

    ServiceProcess launchHome(String id, String... arguments) throws IOException {
        if (id.startsWith("--")) {
            throw new IllegalArgumentException("the id of a home comes before its arguments: " + id);
        }
        List<String> all = new ArrayList<>(List.of(
                "--perigee.home.id=" + id,
                "--spring.r2dbc.url=" + postgres.r2dbcUrl(),
                "--spring.r2dbc.username=postgres"));
        all.addAll(List.of(arguments));
        return launch(id, "home-service", all);
    }

    /** Starts an edge of all homes there are by now, and waits until it is in step. */
    Fleet startEdge(String id, String... arguments) throws IOException {
        launchEdge(id, arguments);
        awaitInStep(id);
        return this;
    }

    Fleet startEdge(String id, URI homeUrl, String... arguments) throws IOException {
        launchEdge(id, List.of(homeUrl), arguments);
        awaitInStep(id);
        return this;
    }

    ServiceProcess launchEdge(String id, String... arguments) throws IOException {
        return launchEdge(id, homes(), arguments);
    }

    ServiceProcess launchEdge(String id, List<URI> homeUrls, String... arguments) throws IOException {
        List<String> all = new ArrayList<>(List.of(
                "--perigee.home-url=" + homeUrls.stream().map(URI::toString).collect(Collectors.joining(",")),
                "--perigee.auth-token=" + EDGE,
                "--perigee.edge.id=" + id,
                "--perigee.edge.region=test"));
        all.addAll(List.of(arguments));
        return launch(id, "edge-service", all);
    }

    /** Starts a service that has ended with the arguments it had, on the port it had; with more, or others. */
    ServiceProcess launchAgain(String name, String... arguments) throws IOException {
        Launched before = services.get(name);
        List<String> all = new ArrayList<>(before.arguments());
        all.addAll(List.of(arguments));
        return launch(name, before.module(), all);
    }

    Fleet startHomeAgain() throws IOException {
        launchAgain(HOME);
        awaitListening(HOME);
        return this;
    }

    /** Later arguments replace earlier ones of the same name. */
    private ServiceProcess launch(String name, String module, List<String> given) throws IOException {
        Map<String, String> byName = new LinkedHashMap<>();
        byName.put("--server.port", "--server.port=" + port(name));
        byName.put("--perigee.edge.pgwire.port", "--perigee.edge.pgwire.port=0");
        given.forEach(argument -> byName.put(argument.substring(0, argument.indexOf('=')), argument));
        List<String> arguments = List.copyOf(byName.values());
        Map<String, String> environment = new LinkedHashMap<>();
        token(environment, 0, EDGE, "EDGE");
        token(environment, 1, CLIENT, "CLIENT");
        token(environment, 2, ADMIN, "ADMIN");
        token(environment, 3, METRICS, "METRICS");
        token(environment, 4, BOUND, "EDGE");
        environment.put("PERIGEE_SECURITY_TOKENS_4_EDGEID", "edge-1");
        ServiceProcess process = ServiceProcess.start(
                name, Jars.runnable(module), directory, environment, jvmOptions(name, module), arguments);
        services.put(name, new Launched(module, arguments, process));
        return process;
    }

    private List<String> jvmOptions(String name, String module) {
        boolean watched = watch == Watch.FIRST_OF_A_KIND
                && firsts.computeIfAbsent(module, any -> name).equals(name);
        return Stream.concat(Jars.QUICK.stream(), (watched ? Jars.blockHound() : Jars.archive(module)).stream())
                .toList();
    }

    private static void token(Map<String, String> environment, int index, String value, String role) {
        String prefix = "PERIGEE_SECURITY_TOKENS_" + index + "_";
        environment.put(prefix + "NAME", "token-" + index);
        environment.put(prefix + "VALUE", value);
        environment.put(prefix + "ROLES", role);
    }

    void awaitListening(String... names) {
        for (String name : names) {
            process(name).awaitListening(url(name));
        }
    }

    /** Waits until the edges are in step with home. */
    void awaitInStep(String... ids) {
        for (String id : ids) {
            process(id).await("in step", IN_STEP, () -> health(id).contains("\"status\":\"UP\""));
        }
    }

    private String health(String name) {
        try {
            return Http.get(url(name).resolve("/actuator/health"), null).body();
        } catch (UncheckedIOException notListening) {
            return "";
        }
    }

    ServiceProcess process(String name) {
        return services.get(name).process();
    }

    /** The only home, whether it runs already or not. */
    URI home() {
        return url(HOME);
    }

    URI home(String id) {
        return url(id);
    }

    /** All homes that were ever launched; the only home if there are none. */
    List<URI> homes() {
        List<URI> launched = services.keySet().stream()
                .filter(name -> services.get(name).module().equals("home-service"))
                .map(this::url)
                .toList();
        return launched.isEmpty() ? List.of(home()) : launched;
    }

    URI edge(String id) {
        return url(id);
    }

    private URI url(String name) {
        return URI.create("http://127.0.0.1:" + port(name));
    }

    /** Where the service listens, or will. */
    int port(String name) {
        return ports.computeIfAbsent(name, any -> Ports.free());
    }

    Answer query(String edge, String sql, Object... params) {
        return Http.query(edge(edge), sql, params);
    }

    /** Reads until the answer comes from memory: a new table takes a moment to be published. */
    Answer warm(String edge, String sql, Object... params) {
        return await("a hit at " + edge + " of " + sql)
                .atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(10))
                .until(() -> query(edge, sql, params), Answer::isHit);
    }

    /** Reads until all are answered from memory: the publication of the one may have flushed the other. */
    void warmAll(String edge, String... statements) {
        await("hits at " + edge)
                .atMost(Duration.ofSeconds(30))
                .until(() -> Stream.of(statements).map(sql -> query(edge, sql)).allMatch(Answer::isHit));
    }

    /** A sum over the tags of a metric of a service, by its Prometheus name and what the line must contain; 0 if absent. */
    static double metric(URI service, String name, String containing) {
        return Http.get(service.resolve("/actuator/prometheus"), METRICS)
                .body()
                .lines()
                .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
                .filter(line -> line.contains(containing))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** Waits until the edge holds no entry for the statement. */
    void awaitGone(String edge, String sql, Object... params) {
        await("invalidation at " + edge + " of " + sql)
                .atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(2))
                .until(() -> Http.onlyIfCached(edge(edge), sql, params).status() == 504);
    }

    /** Waits until the edge answers with at least this number. */
    void awaitAtLeast(String edge, int number, String sql, Object... params) {
        await(edge + " shows at least " + number)
                .atMost(Duration.ofSeconds(30))
                .until(() -> Integer.parseInt(query(edge, sql, params).column().get(0)) >= number);
    }

    @Override
    public void close() throws IOException {
        services.values().parallelStream().map(Launched::process).forEach(ServiceProcess::terminate);
        List<String> logs = services.values().stream()
                .map(service -> service.process().log())
                .toList();
        try (var files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        }
        for (String log : logs) {
            assertThat(log.lines())
                    .filteredOn(line -> line.contains("BlockingOperationError") || line.contains("-token-for-tests"))
                    .isEmpty();
            assertNothingLeaks(log);
        }
    }

    /**
     * What a service has let go of unreleased. The PostgreSQL driver (1.1.1) has a few races of its own left at a statement
     * that is cancelled and a connection that breaks; of those a service may show a handful. Its frames are known by the
     * decoder of lengths, which nobody else has: only the latest accesses are recorded, and they need not show the driver.
     */
    static void assertNothingLeaks(String log) {
        List<String> leaks = Arrays.stream(log.split("LEAK:", -1)).skip(1).toList();
        assertThat(leaks)
                .filteredOn(
                        leak -> !leak.contains("io.r2dbc.postgresql") && !leak.contains("LengthFieldBasedFrameDecoder"))
                .isEmpty();
        assertThat(leaks).hasSizeLessThan(5);
    }
}
