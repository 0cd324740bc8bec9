package dev.perigee.edge.pgwire;

import dev.perigee.edge.link.HomeAccess;
import dev.perigee.edge.link.HomeHttp;
import dev.perigee.edge.link.Homes;
import dev.perigee.edge.link.LinkProperties;
import dev.perigee.edge.pgwire.StartupNegotiation.ServerSide;
import dev.perigee.model.EdgeConfig;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.ssl.SslBundles;

/** The transport as the configuration puts it together, with sessions of a test. */
final class EdgeFixture implements AutoCloseable {

    static final String TOKEN = "the-edge";

    final EventLoops loops = new EventLoops();
    final PgWireProperties properties;
    final Upstream upstream;
    final CancelRegistry cancels;
    final Connections connections;
    final PgWireServer server;

    /**
     * @param homes their URLs; one that nobody listens on if there are none
     * @param sessions made of this fixture
     * @param settings names (after the prefix) and values
     */
    EdgeFixture(
            SslBundles bundles,
            List<String> homes,
            Function<EdgeFixture, SessionFactory> sessions,
            String... settings) {
        TransportConfiguration configuration = new TransportConfiguration();
        properties = properties(settings);
        EdgeConfig config = new EdgeConfig(
                EdgeConfig.Role.EDGE,
                homes.isEmpty()
                        ? List.of(URI.create("http://127.0.0.1:11"))
                        : homes.stream().map(URI::create).toList(),
                TOKEN,
                null,
                null,
                null);
        upstream = configuration.pgWireUpstream(
                properties,
                loops,
                bundles,
                Homes.of(config),
                HomeHttp.of(
                        config,
                        bind("perigee.edge", LinkProperties.class),
                        HomeAccess.NONE,
                        TestCertificates.bundles()));
        cancels = configuration.cancelRegistry(upstream, properties);
        connections = configuration.pgWireConnections(properties);
        server = new PgWireServer(
                properties,
                loops,
                new ServerSide(
                        connections,
                        (client, startup) -> sessions.apply(this).begin(client, startup),
                        cancels,
                        properties.serverTlsBundle() == null
                                ? null
                                : WireTls.toClients(bundles, properties.serverTlsBundle()),
                        properties.requireTls()));
        try {
            server.start();
        } catch (RuntimeException refused) {
            loops.close();
            throw refused;
        }
    }

    /**
     * With sessions that only pass on what is said.
     *
     * @param way {@code home}, or straight to the database
     */
    static EdgeFixture relaying(String way, String mode, Postgres postgres, TunnelHome home) {
        return new EdgeFixture(
                TestCertificates.bundles(),
                List.of(home.url()),
                Relay::sessions,
                "upstream",
                way.equals("home") ? "home" : "localhost:" + postgres.port(),
                "tls-mode",
                mode);
    }

    static PgWireProperties properties(String... settings) {
        return bind("perigee.edge.pgwire", PgWireProperties.class, settings);
    }

    private static <T> T bind(String prefix, Class<T> type, String... settings) {
        Map<String, String> values =
                new HashMap<>(Map.of("perigee.edge.pgwire.port", "0", "perigee.edge.pgwire.address", "127.0.0.1"));
        for (int i = 0; i < settings.length; i += 2) {
            values.put(prefix + "." + settings[i], settings[i + 1]);
        }
        return new Binder(new MapConfigurationPropertySource(values))
                .bindOrCreate(prefix, Bindable.of(type), BindHandler.DEFAULT);
    }

    int port() {
        return server.port();
    }

    /** Stops the server, and waits until it has. */
    void stop() {
        CountDownLatch stopped = new CountDownLatch(1);
        server.stop(stopped::countDown);
        try {
            if (!stopped.await(10, TimeUnit.SECONDS)) {
                throw new IllegalStateException("not stopped; connections: " + connections.size());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        stop();
        loops.close();
    }
}
