package dev.perigee.home.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.perigee.home.database.Sql;
import dev.perigee.home.database.TestServer;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class VisibilityProverTest {

    @Test
    void aQuestionThatFailsIsAskedAgain() throws IOException {
        try (TestServer server = TestServer.start()) {
            Connection connection = Mono.from(
                            ConnectionFactories.get(server.options("postgres")).create())
                    .block();
            StepVerifier.create(Sql.execute(connection, "BEGIN").then(Sql.execute(connection, "SELECT 1/0")))
                    .verifyError();
            VisibilityGate gate = new VisibilityGate();
            gate.open("1.1.1", 1000, Snapshot.parse("3:3:"));
            gate.committed(1100, 1150, 3);
            VisibilityProver prover = new VisibilityProver(connection, gate);
            prover.kick();
            // Behind the question that fails, on the same connection.
            StepVerifier.create(Sql.query(connection, "SELECT 1", row -> true)).verifyError();
            assertThat(gate.pending()).isEqualTo(1);
            Sql.execute(connection, "ROLLBACK").block();
            await().until(() -> gate.pending() == 0);
            prover.close();
            Mono.from(connection.close()).block();
        }
    }
}
