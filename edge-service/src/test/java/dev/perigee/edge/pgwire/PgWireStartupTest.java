package dev.perigee.edge.pgwire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.perigee.edge.EdgeApplication;
import java.io.IOException;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A whole edge. */
@ExtendWith(OutputCaptureExtension.class)
class PgWireStartupTest {

    @Test
    void aPortThatIsTakenIsSaidInALine(CapturedOutput output) throws IOException {
        try (ServerSocket taken = new ServerSocket(0)) {
            assertThatThrownBy(() -> SpringApplication.run(
                    EdgeApplication.class,
                    "--server.port=0",
                    "--perigee.home-url=http://127.0.0.1:11",
                    "--perigee.auth-token=none",
                    "--perigee.edge.pgwire.port=" + taken.getLocalPort()));
            assertThat(output)
                    .contains("perigee.edge.pgwire.port: cannot listen on port " + taken.getLocalPort())
                    .doesNotContain("\tat ");
        }
    }
}
