package dev.perigee.home.security;

import dev.perigee.home.edges.HttpTestApplication;
import dev.perigee.testing.TokenIssuer;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.http.HttpHeaders;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.web.reactive.server.WebTestClient;

/** An issuer that cannot be reached keeps nobody from starting, nor anybody out who has another token. */
@SpringBootTest(
        classes = HttpTestApplication.class,
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {
            "spring.security.oauth2.resourceserver.jwt.audiences=" + TokenIssuer.AUDIENCE,
            "perigee.security.tokens[0].name=admin",
            "perigee.security.tokens[0].value=ADMIN-token",
            "perigee.security.tokens[0].roles=ADMIN",
        })
class IssuerAwayTest {

    private static String token;

    @LocalServerPort
    private int port;

    @DynamicPropertySource
    static void issuer(DynamicPropertyRegistry registry) {
        try (TokenIssuer gone = new TokenIssuer()) {
            token = gone.token("ADMIN");
            registry.add("spring.security.oauth2.resourceserver.jwt.issuer-uri", gone::uri);
        }
    }

    @Test
    void itsTokensAreNeitherRightNorWrong() {
        WebTestClient client = WebTestClient.bindToServer()
                .baseUrl("http://localhost:" + port)
                .responseTimeout(Duration.ofSeconds(20))
                .build();
        for (int i = 0; i < 30; i++) {
            client.get()
                    .uri("/api/edge")
                    .headers(headers -> headers.setBearerAuth(token))
                    .exchange()
                    .expectStatus()
                    .isEqualTo(503)
                    .expectHeader()
                    .valueEquals(HttpHeaders.RETRY_AFTER, "1")
                    .expectBody()
                    .jsonPath("$.code")
                    .isEqualTo("issuer-unavailable");
        }
        client.get()
                .uri("/api/edge")
                .headers(headers -> headers.setBearerAuth("ADMIN-token"))
                .exchange()
                .expectStatus()
                .isOk();
    }
}
