package dev.perigee.home.edges;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.reactive.context.ReactiveWebServerApplicationContext;

class ShutdownTest {

    @Test
    void streamsAreToldAndNotWaitedFor() {
        ReactiveWebServerApplicationContext home =
                (ReactiveWebServerApplicationContext) new SpringApplicationBuilder(HttpTestApplication.class)
                        .properties(
                                "server.port=0",
                                "perigee.security.tokens[0].name=edge",
                                "perigee.security.tokens[0].value=edge-token",
                                "perigee.security.tokens[0].roles=EDGE",
                                "perigee.security.tokens[1].name=admin",
                                "perigee.security.tokens[1].value=admin-token",
                                "perigee.security.tokens[1].roles=ADMIN")
                        .run();
        home.getBean(HttpTestApplication.HandFeed.class).begin();
        int port = home.getWebServer().getPort();
        List<StreamClient> streams = List.of(
                StreamClient.open(port, "edge-token", "edge-a", null),
                StreamClient.open(port, "edge-token", "edge-b", null));
        streams.forEach(StreamClient::hello);
        StreamClient console = StreamClient.console(port, "admin-token");
        console.await("state");

        long begun = System.nanoTime();
        home.close();
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
        for (StreamClient stream : streams) {
            assertThat(stream.await("goodbye").data()).contains("\"drain\"");
            stream.awaitEnd();
        }
        assertThat(console.await("goodbye").data()).contains("\"drain\"");
        console.awaitEnd();
    }
}
