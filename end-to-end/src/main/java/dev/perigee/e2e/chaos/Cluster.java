package dev.perigee.e2e.chaos;

import dev.perigee.e2e.Ports;
import dev.perigee.e2e.ServiceProcess;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;

/** Two homes and three edges as real processes over one PostgreSQL with a standby, and every way between them. */
final class Cluster implements AutoCloseable {

    static final List<String> HOMES = List.of("home-1", "home-2");
    static final List<String> EDGES = List.of("edge-1", "edge-2", "edge-3");

    /** The edge whose wall clock can be set. */
    static final String EDGE_WITH_CLOCK = "edge-3";

    /** The edges' bound, their default. */
    static final Duration MAX_STALENESS = Duration.ofSeconds(5);

    static final String CLIENT = "client-token-for-chaos";
    static final String METRICS = "metrics-token-for-chaos";

    private static final String WIRE = " over the wire";

    final Database primary;
    final Database standby;
    private final Path directory;
    private final Path jars;
    private final Map<String, Integer> ports = new LinkedHashMap<>();
    private final Map<String, Link> links = new LinkedHashMap<>();
    private final Map<String, ServiceProcess> processes = new ConcurrentHashMap<>();
    private volatile boolean closed;

    Cluster(Path directory, Path jars) throws IOException, SQLException {
        this.directory = directory;
        this.jars = jars;
        List<Database> databases = Database.make(directory);
        primary = databases.get(0);
        standby = databases.get(1);
        for (String name : HOMES) {
            ports.put(name, Ports.free());
            links.put(name, new Link(primary.port()));
        }
        for (String edge : EDGES) {
            ports.put(edge, Ports.free());
            ports.put(edge + WIRE, Ports.free());
            for (String home : HOMES) {
                links.put(edge + ">" + home, new Link(port(home)));
            }
        }
        Files.writeString(clockFile(), "0");
        jar("agent.jar", WallClockAgent.class);
        jar("boot.jar", ShiftedClock.class);
    }

    void start() throws IOException, SQLException, InterruptedException {
        primary.start();
        standby.start();
    }

    void startServices() {
        HOMES.forEach(home -> launchHome(home, Set.of()));
        EDGES.forEach(this::launchEdge);
        HOMES.forEach(this::awaitListening);
        EDGES.forEach(this::awaitListening);
    }

    /** Starts a home that does not know the tokens of some edges. */
    void launchHome(String id, Set<String> revoked) {
        Map<String, String> environment = new LinkedHashMap<>();
        int index = 0;
        for (String edge : EDGES) {
            if (!revoked.contains(edge)) {
                token(environment, index, token(edge), "EDGE");
                environment.put("PERIGEE_SECURITY_TOKENS_" + index + "_EDGEID", edge);
                index++;
            }
        }
        token(environment, index++, CLIENT, "CLIENT");
        token(environment, index, METRICS, "METRICS");
        launch(
                id,
                "home-service",
                environment,
                List.of(),
                List.of(
                        "--perigee.home.id=" + id,
                        // One of each kind.
                        "--perigee.home.slot.durable=" + id.equals("home-1"),
                        "--perigee.home.edges.liveness=5s",
                        "--spring.r2dbc.url=r2dbc:postgresql://127.0.0.1:" + link(id).port() + "/postgres",
                        "--spring.r2dbc.username=postgres"));
    }

    void launchEdge(String id) {
        List<String> homes = new ArrayList<>(HOMES);
        if (id.equals("edge-2")) {
            Collections.reverse(homes);
        }
        Map<String, String> environment = new LinkedHashMap<>();
        token(environment, 0, CLIENT, "CLIENT");
        token(environment, 1, METRICS, "METRICS");
        environment.put("PERIGEE_AUTHTOKEN", token(id));
        launch(
                id,
                "edge-service",
                environment,
                id.equals(EDGE_WITH_CLOCK)
                        ? List.of("-javaagent:" + directory.resolve("agent.jar") + "=" + directory.resolve("boot.jar")
                                + "," + clockFile())
                        : List.of(),
                List.of(
                        "--perigee.edge.id=" + id,
                        "--perigee.edge.max-staleness=" + MAX_STALENESS.toSeconds() + "s",
                        "--perigee.home-url="
                                + homes.stream()
                                        .map(home -> link(id, home).url().toString())
                                        .collect(Collectors.joining(","))));
    }

    private void launch(
            String name, String module, Map<String, String> environment, List<String> jvm, List<String> arguments) {
        List<String> options = new ArrayList<>(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        options.addAll(jvm);
        List<String> all = new ArrayList<>(arguments);
        all.add("--server.port=" + port(name));
        if (module.equals("edge-service")) {
            all.add("--perigee.edge.pgwire.port=" + port(name + WIRE));
            all.add("--perigee.edge.pgwire.address=127.0.0.1");
            // The database lets everybody in that comes from here.
            all.add("--perigee.edge.pgwire.allow-trust=true");
            // One of each kind.
            all.add("--perigee.edge.pgwire.upstream="
                    + (name.equals("edge-2") ? "127.0.0.1:" + primary.port() : "home"));
        }
        all.add("--server.address=127.0.0.1");
        synchronized (processes) {
            if (closed) {
                throw new IllegalStateException("everything is being stopped");
            }
            processes.put(
                    name,
                    ServiceProcess.start(
                            name, jars.resolve(module + "/" + module + ".jar"), directory, environment, options, all));
        }
    }

    private static String token(String edge) {
        return edge + "-token-for-chaos";
    }

    private static void token(Map<String, String> environment, int index, String value, String role) {
        String prefix = "PERIGEE_SECURITY_TOKENS_" + index + "_";
        environment.put(prefix + "NAME", "token-" + index);
        environment.put(prefix + "VALUE", value);
        environment.put(prefix + "ROLES", role);
    }

    void awaitListening(String name) {
        process(name).awaitListening(url(name));
    }

    ServiceProcess process(String name) {
        return Objects.requireNonNull(processes.get(name), name);
    }

    /** Freezes a process, or lets it go on. */
    void signal(String name, String signal) throws IOException, InterruptedException {
        int status = new ProcessBuilder(
                        "kill", "-" + signal, Long.toString(process(name).pid()))
                .inheritIO()
                .start()
                .waitFor();
        if (status != 0) {
            throw new IOException("kill -" + signal + " " + name + " ended with " + status);
        }
    }

    private int port(String name) {
        return Objects.requireNonNull(ports.get(name), name);
    }

    URI url(String name) {
        return URI.create("http://127.0.0.1:" + port(name));
    }

    /** A session of PostgreSQL's protocol at an edge. */
    Connection connect(String edge, boolean simple) throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port(edge + WIRE)
                + "/postgres?user=postgres&connectTimeout=5&socketTimeout=8&loginTimeout=8&prepareThreshold=3"
                + "&preferQueryMode=" + (simple ? "simple" : "extended"));
    }

    /** From an edge to a home. */
    Link link(String edge, String home) {
        return Objects.requireNonNull(links.get(edge + ">" + home), edge);
    }

    /** From a home to PostgreSQL. */
    Link link(String home) {
        return Objects.requireNonNull(links.get(home), home);
    }

    List<Link> linksFrom(String edge) {
        return HOMES.stream().map(home -> link(edge, home)).toList();
    }

    List<Link> linksTo(String home) {
        return EDGES.stream().map(edge -> link(edge, home)).toList();
    }

    /** Sets the wall clock of the edge that has one of its own. */
    void shiftClock(long millis) throws IOException {
        Files.writeString(clockFile(), Long.toString(millis));
    }

    private Path clockFile() {
        return directory.resolve("clock");
    }

    private void jar(String name, Class<?> content) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().putValue("Premain-Class", WallClockAgent.class.getName());
        manifest.getMainAttributes().putValue("Can-Retransform-Classes", "true");
        try (OutputStream out = Files.newOutputStream(directory.resolve(name));
                JarOutputStream jar = new JarOutputStream(out, manifest)) {
            for (String suffix : content == WallClockAgent.class ? List.of("", "$Redirect") : List.of("")) {
                String file = content.getName().replace('.', '/') + suffix + ".class";
                try (InputStream in = content.getClassLoader().getResourceAsStream(file)) {
                    jar.putNextEntry(new JarEntry(file));
                    Objects.requireNonNull(in, file).transferTo(jar);
                }
            }
        }
    }

    /** Ends everything at once. */
    @Override
    public void close() {
        synchronized (processes) {
            closed = true;
            processes.values().forEach(ServiceProcess::kill);
        }
        primary.close();
        standby.close();
        links.values().forEach(link -> {
            try {
                link.close();
            } catch (IOException already) {
                throw new UncheckedIOException(already);
            }
        });
        try {
            TimeUnit.MILLISECONDS.sleep(200);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
