package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.postgresql.PostgresqlConnectionConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.postgresql.api.PostgresqlResult;
import io.r2dbc.spi.R2dbcException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The reactive driver through an edge. */
@ExtendWith(PgWire.class)
class PgWireR2dbcTest {

    private static final Duration LIMIT = Duration.ofSeconds(40);

    private final List<PostgresqlConnection> open = new ArrayList<>();

    @BeforeEach
    void createTable() throws SQLException {
        PgWire.postgres()
                .sql(
                        "DROP TABLE IF EXISTS reactive",
                        "CREATE TABLE reactive (id int PRIMARY KEY, name text)",
                        "INSERT INTO reactive SELECT n, 'name ' || n FROM generate_series(1, 50) n");
    }

    @AfterEach
    void closeConnections() {
        open.forEach(connection -> connection.close().block(LIMIT));
    }

    private PostgresqlConnection connect(
            Function<PostgresqlConnectionConfiguration.Builder, PostgresqlConnectionConfiguration.Builder> options) {
        PostgresqlConnectionConfiguration.Builder builder = PostgresqlConnectionConfiguration.builder()
                .host("127.0.0.1")
                .port(PgWire.port("edge-1"))
                .username("postgres")
                .database("postgres");
        PostgresqlConnection connection = new PostgresqlConnectionFactory(
                        options.apply(builder).build())
                .create()
                .block(LIMIT);
        assertThat(connection).isNotNull();
        open.add(connection);
        return connection;
    }

    private static List<String> first(Flux<PostgresqlResult> results) {
        List<String> rows = results.flatMap(result -> result.map((row, metadata) -> String.valueOf(row.get(0))))
                .collectList()
                .block(LIMIT);
        assertThat(rows).isNotNull();
        return rows;
    }

    private static List<String> name(PostgresqlConnection connection, int id) {
        return first(connection
                .createStatement("SELECT name FROM reactive WHERE id = $1")
                .bind("$1", id)
                .execute());
    }

    private static String last(PostgresqlConnection connection) {
        Map<String, Object> row = connection
                .createStatement("SHOW perigee.last")
                .execute()
                .flatMap(result -> result.map((columns, metadata) ->
                        Map.of("outcome", columns.get("outcome"), "reason", String.valueOf(columns.get("reason")))))
                .blockLast(LIMIT);
        assertThat(row).isNotNull();
        return row.get("outcome").equals("hit") ? "hit" : String.valueOf(row.get("reason"));
    }

    private static int readUntilHit(PostgresqlConnection connection, WireEdge.Read read) throws Exception {
        return WireEdge.untilHit(() -> last(connection), read);
    }

    @Test
    void readsAreHitsAndOwnWritesAreSeen() throws Exception {
        for (int cached : List.of(0, 100)) {
            PostgresqlConnection connection = connect(builder -> builder.preparedStatementCacheQueries(cached));
            readUntilHit(connection, () -> assertThat(name(connection, 2)).containsExactly("name 2"));
            assertThat(readUntilHit(
                            connection, () -> assertThat(name(connection, 1)).hasSize(1)))
                    .isLessThanOrEqualTo(5);
            readUntilHit(
                    connection,
                    () -> assertThat(first(connection
                                    .createStatement("SELECT name FROM reactive WHERE id = 3")
                                    .execute()))
                            .containsExactly("name 3"));
            for (int i = 0; i < 30; i++) {
                Long written = connection
                        .createStatement("UPDATE reactive SET name = $1 WHERE id = 1")
                        .bind("$1", "round " + i)
                        .execute()
                        .flatMap(PostgresqlResult::getRowsUpdated)
                        .blockLast(LIMIT);
                assertThat(written).isEqualTo(1);
                assertThat(name(connection, 1)).containsExactly("round " + i);
                assertThat(name(connection, 1)).containsExactly("round " + i);
            }
        }
    }

    @Test
    void fetchSizes() {
        PostgresqlConnection connection = connect(builder -> builder);
        for (int i = 0; i < 3; i++) {
            assertThat(first(connection
                            .createStatement("SELECT id FROM reactive WHERE id > $1 ORDER BY id")
                            .bind("$1", 0)
                            .fetchSize(7)
                            .execute()))
                    .hasSize(50);
            // What is not wanted any more is cancelled.
            assertThat(connection
                            .createStatement("SELECT id FROM reactive WHERE id > $1 ORDER BY id")
                            .bind("$1", 0)
                            .fetchSize(7)
                            .execute()
                            .flatMap(result -> result.map((row, metadata) -> row.get(0, Integer.class)))
                            .take(3)
                            .collectList()
                            .block(LIMIT))
                    .containsExactly(1, 2, 3);
        }
        assertThat(name(connection, 1)).containsExactly("name 1");
    }

    @Test
    void transactionsAndPipelines() throws Exception {
        PostgresqlConnection connection = connect(builder -> builder);
        String count = "SELECT count(*) FROM reactive";
        readUntilHit(
                connection,
                () -> assertThat(first(connection.createStatement(count).execute()))
                        .containsExactly("50"));
        connection.beginTransaction().block(LIMIT);
        connection
                .createStatement("DELETE FROM reactive")
                .execute()
                .flatMap(PostgresqlResult::getRowsUpdated)
                .blockLast(LIMIT);
        assertThat(first(connection.createStatement(count).execute())).containsExactly("0");
        assertThat(last(connection)).isEqualTo("transaction");
        connection.rollbackTransaction().block(LIMIT);
        assertThat(first(connection.createStatement(count).execute())).containsExactly("50");

        List<List<String>> all = Flux.merge(IntStream.rangeClosed(1, 50)
                        .mapToObj(id -> Mono.defer(() -> connection
                                .createStatement("SELECT name FROM reactive WHERE id = $1")
                                .bind("$1", id)
                                .execute()
                                .flatMap(result -> result.map((row, metadata) -> String.valueOf(row.get(0))))
                                .collectList()))
                        .toList())
                .collectList()
                .block(LIMIT);
        assertThat(all).hasSize(50).allMatch(rows -> rows.size() == 1).doesNotHaveDuplicates();
        assertThatThrownBy(
                        () -> first(connection.createStatement("SELECT 1 / 0").execute()))
                .isInstanceOf(R2dbcException.class);
        assertThat(name(connection, 1)).containsExactly("name 1");
    }

    @Test
    void notifications() throws InterruptedException {
        PostgresqlConnection listener = connect(builder -> builder);
        PostgresqlConnection connection = connect(builder -> builder);
        listener.createStatement("LISTEN perigee_r2dbc")
                .execute()
                .flatMap(PostgresqlResult::getRowsUpdated)
                .blockLast(LIMIT);
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        listener.getNotifications().subscribe(notification -> heard.add(String.valueOf(notification.getParameter())));
        for (String payload : List.of("hello", "again")) {
            notify(connection, payload);
            assertThat(heard.poll(LIMIT.toSeconds(), TimeUnit.SECONDS)).isEqualTo(payload);
        }
    }

    private static void notify(PostgresqlConnection connection, String payload) {
        first(connection
                .createStatement("SELECT pg_notify('perigee_r2dbc', $1)")
                .bind("$1", payload)
                .execute());
    }
}
