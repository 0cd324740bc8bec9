package dev.perigee.home.database;

import io.r2dbc.spi.Connection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * The event triggers that write DDL into the WAL, where logical decoding would not show it. Only a superuser can
 * install them; without them a change of the catalog is noticed by nobody, and cached results and decisions outlive it
 * until their time is up.
 */
final class DdlTrigger {

    private static final Logger log = LoggerFactory.getLogger(DdlTrigger.class);

    /** So that homes that start together do not install it twice. Any constant. */
    private static final long LOCK = 0x70657269676565L;

    private static final String PRESENT = """
            SELECT count(*) = 2 FROM pg_event_trigger
             WHERE evtname IN ('perigee_ddl', 'perigee_drop') AND evtenabled = 'A'
               AND obj_description(oid, 'pg_event_trigger') = $1""";

    private final ServerConnections connections;
    private final SqlScript script = SqlScript.read("ddl-trigger.sql");
    private volatile boolean installed;

    DdlTrigger(ServerConnections connections) {
        this.connections = connections;
    }

    /** Installs the triggers unless they are there already, or may not be: then {@link #script} is to be run by hand. */
    Mono<Void> install() {
        return connections.with(connection -> script.install(connection, LOCK, PRESENT, script())
                .then(check(connection))
                .onErrorResume(error -> {
                    log.warn("The DDL trigger is not installed ({}): see the health endpoint", error.getMessage());
                    installed = false;
                    return Mono.empty();
                }));
    }

    /** Looks again whether the triggers are there. */
    Mono<Boolean> check() {
        return connections.with(connection -> check(connection).thenReturn(installed));
    }

    private Mono<Void> check(Connection connection) {
        return script.isInstalled(connection, PRESENT)
                .doOnNext(there -> installed = there)
                .then();
    }

    /** Whether the triggers were there when last looked at. */
    boolean installed() {
        return installed;
    }

    /** What a superuser runs to install the triggers. Running it again does no harm. */
    String script() {
        return script.text()
                + "COMMENT ON EVENT TRIGGER perigee_ddl IS '" + script.fingerprint() + "';\n"
                + "COMMENT ON EVENT TRIGGER perigee_drop IS '" + script.fingerprint() + "';\n";
    }
}
