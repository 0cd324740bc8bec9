package dev.perigee.home.edges;

import dev.perigee.home.log.InvalidationLog;
import dev.perigee.web.WireJson;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.http.HttpHeaders;
import org.springframework.test.web.reactive.server.WebTestClient;
import tools.jackson.databind.JsonNode;

/** A home over a real port, with one token for each role. */
@SpringBootTest(
        classes = HttpTestApplication.class,
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {
            "perigee.max-edges=3",
            "perigee.home.edges.window=4",
            "perigee.security.tokens[0].name=edge",
            "perigee.security.tokens[0].value=edge-token",
            "perigee.security.tokens[0].roles=EDGE",
            "perigee.security.tokens[1].name=client",
            "perigee.security.tokens[1].value=client-token",
            "perigee.security.tokens[1].roles=CLIENT",
            "perigee.security.tokens[2].name=admin",
            "perigee.security.tokens[2].value=admin-token",
            "perigee.security.tokens[2].roles=ADMIN",
            "perigee.security.tokens[3].name=metrics",
            "perigee.security.tokens[3].value=metrics-token",
            "perigee.security.tokens[3].roles=METRICS",
            "perigee.security.tokens[4].name=bound",
            "perigee.security.tokens[4].value=bound-token",
            "perigee.security.tokens[4].roles=EDGE",
            "perigee.security.tokens[4].edge-id=edge-b",
        })
abstract class HttpTest {

    @LocalServerPort
    int port;

    @Autowired
    HttpTestApplication.HandFeed feed;

    @Autowired
    InvalidationLog log;

    @Autowired
    EdgeRegistry registry;

    private final List<StreamClient> streams = new ArrayList<>();

    @BeforeEach
    void begin() {
        if (log.current() == null) {
            feed.begin();
        }
    }

    @AfterEach
    void leave() {
        streams.forEach(StreamClient::close);
        registry.sessions().forEach(registry::ended);
    }

    WebTestClient client(String token) {
        WebTestClient.Builder client = WebTestClient.bindToServer()
                .baseUrl("http://localhost:" + port)
                .responseTimeout(Duration.ofSeconds(20));
        return token == null
                ? client.build()
                : client.defaultHeader(HttpHeaders.AUTHORIZATION, "Bearer " + token)
                        .build();
    }

    StreamClient stream(String edgeId, String lastEventId) {
        StreamClient stream = StreamClient.open(port, "edge-token", edgeId, lastEventId);
        streams.add(stream);
        return stream;
    }

    WebTestClient.ResponseSpec acknowledge(String edgeId, long generation, long version) {
        return client("edge-token")
                .post()
                .uri("/api/edge/{id}/ack", edgeId)
                .header(HttpHeaders.CONTENT_TYPE, "application/json")
                .bodyValue("{\"generation\":" + generation + ",\"up_to_version\":" + version + "}")
                .exchange();
    }

    static JsonNode json(byte[] body) {
        return WireJson.mapper().readTree(body);
    }
}
