package dev.perigee.home.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import dev.perigee.home.edges.HttpTestApplication;
import dev.perigee.home.log.InvalidationLog;
import dev.perigee.testing.TokenIssuer;
import dev.perigee.web.WireJson;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Iterator;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import tools.jackson.databind.JsonNode;

/** Tokens of a real issuer: which are accepted, what they allow, and that they end when they expire. */
@SpringBootTest(
        classes = HttpTestApplication.class,
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {
            "spring.security.oauth2.resourceserver.jwt.audiences=" + TokenIssuer.AUDIENCE,
            "perigee.security.jwt.clock-skew=0s",
            "perigee.security.jwt.edge-id-claim=edge_id",
            // Each of them is a wrong one of its own.
            "perigee.security.guesses.allowed=1000",
            "perigee.security.tokens[0].name=admin",
            "perigee.security.tokens[0].value=ADMIN-token",
            "perigee.security.tokens[0].roles=ADMIN",
        })
class JwtTest {

    private static final TokenIssuer ISSUER = new TokenIssuer();

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @LocalServerPort
    private int port;

    @Autowired
    private InvalidationLog log;

    @DynamicPropertySource
    static void issuer(DynamicPropertyRegistry registry) {
        registry.add("spring.security.oauth2.resourceserver.jwt.issuer-uri", ISSUER::uri);
    }

    @AfterAll
    static void close() {
        ISSUER.close();
    }

    @BeforeEach
    void begin() {
        log.begin("7.1.1", 1, Instant.EPOCH);
    }

    private HttpRequest.Builder request(String path, String token) {
        return HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                .timeout(Duration.ofSeconds(20))
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer " + token);
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), BodyHandlers.ofString());
    }

    private HttpResponse<Stream<String>> register(String token, String id) throws Exception {
        return client.send(
                request("/api/edge/register", token)
                        .POST(BodyPublishers.ofString(
                                "{\"edge_id\":\"" + id + "\",\"region\":\"here\",\"base_url\":\"http://a\"}"))
                        .build(),
                BodyHandlers.ofLines());
    }

    private static void problem(HttpResponse<String> answer, int status, String code) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(WireJson.mapper().readTree(answer.body()).get("code").asString())
                .isEqualTo(code);
    }

    private static Date in(int seconds) {
        return Date.from(Instant.now().plusSeconds(seconds));
    }

    private static JWTClaimsSet.Builder admin() {
        return ISSUER.claims("ADMIN");
    }

    /** The public key as if it were a secret: the classic. */
    private static String confused() {
        try {
            SignedJWT token = new SignedJWT(
                    new JWSHeader.Builder(JWSAlgorithm.HS256)
                            .keyID(ISSUER.key().getKeyID())
                            .build(),
                    admin().build());
            token.sign(new MACSigner(ISSUER.key().toECPublicKey().getEncoded()));
            return token.serialize();
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String altered(String token) {
        String[] parts = token.split("\\.", -1);
        return parts[0] + "."
                + new PlainJWT(ISSUER.claims("ADMIN", "EDGE").build())
                        .serialize()
                        .split("\\.", -1)[1] + "." + parts[2];
    }

    private static String withoutSignature(String token) {
        return token.substring(0, token.lastIndexOf('.') + 1);
    }

    static Stream<Arguments> wrong() {
        ECKey another = TokenIssuer.newKey(ISSUER.key().getKeyID());
        return Stream.of(
                Arguments.of("expired", ISSUER.sign(admin().expirationTime(in(-1)))),
                Arguments.of("not yet valid", ISSUER.sign(admin().notBeforeTime(in(60)))),
                Arguments.of("without an expiry", ISSUER.sign(admin().expirationTime(null))),
                Arguments.of("of another issuer", ISSUER.sign(admin().issuer("https://other.example"))),
                Arguments.of("of no issuer", ISSUER.sign(admin().issuer(null))),
                Arguments.of("for others", ISSUER.sign(admin().audience("other"))),
                Arguments.of("for nobody", ISSUER.sign(admin().audience((String) null))),
                Arguments.of("bound to a key", ISSUER.sign(admin().claim("cnf", Map.of("jkt", "x")))),
                Arguments.of("another key of the same name", TokenIssuer.sign(admin(), another)),
                Arguments.of("an unknown key", TokenIssuer.sign(admin(), TokenIssuer.newKey("unknown"))),
                Arguments.of("no algorithm", new PlainJWT(admin().build()).serialize()),
                Arguments.of("the public key as a secret", confused()),
                Arguments.of("altered", altered(ISSUER.sign(admin()))),
                Arguments.of("without its signature", withoutSignature(ISSUER.sign(admin()))),
                Arguments.of("too long", ISSUER.sign(admin().claim("x", "x".repeat(9000)))),
                Arguments.of("nonsense", "eyJ.eyJ.x"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("wrong")
    void wrongOnesAreRefused(String what, String token) throws Exception {
        problem(send(request("/api/edge", token)), 401, "unauthorized");
        problem(send(request("/api/edge", token)), 401, "unauthorized");
    }

    @Test
    void whatTheRolesSayIsAllowedAndNoMore() throws Exception {
        assertThat(send(request("/api/edge", ISSUER.token("ADMIN"))).statusCode())
                .isEqualTo(200);
        assertThat(send(request("/api/edge", ISSUER.token("admin", "unheard-of")))
                        .statusCode())
                .isEqualTo(200);
        problem(send(request("/api/edge", ISSUER.token("CLIENT"))), 403, "forbidden");
        problem(send(request("/api/edge", ISSUER.token())), 403, "forbidden");
        assertThat(send(request("/api/edge", "ADMIN-token")).statusCode()).isEqualTo(200);
    }

    @Test
    void anEdgeIsWhoItsClaimSays() throws Exception {
        String edge = ISSUER.sign(ISSUER.claims("EDGE").claim("edge_id", "edge-j"));
        assertThat(register(edge, "edge-k").statusCode()).isEqualTo(403);
        problem(
                send(request("/api/edge/edge-k/ack", edge)
                        .POST(BodyPublishers.ofString("{\"generation\":1,\"up_to_version\":1}"))),
                403,
                "edge-id-mismatch");
        assertThat(register(ISSUER.token("EDGE"), "edge-j").statusCode()).isEqualTo(403);
        HttpResponse<Stream<String>> stream = register(edge, "edge-j");
        assertThat(stream.statusCode()).isEqualTo(200);
        stream.body().close();
    }

    /** The data of the next frame of this kind. */
    private static JsonNode frame(Iterator<String> lines, String event) {
        while (!lines.next().equals("event:" + event)) {}
        return WireJson.mapper().readTree(lines.next().substring("data:".length()));
    }

    @Test
    void aStreamEndsWhenItsTokenExpiresAndSoDoAcknowledgements() throws Exception {
        String token =
                ISSUER.sign(ISSUER.claims("EDGE").claim("edge_id", "edge-s").expirationTime(in(8)));
        HttpResponse<Stream<String>> stream = register(token, "edge-s");
        assertThat(stream.statusCode()).isEqualTo(200);
        Iterator<String> lines = stream.body().iterator();
        long generation = frame(lines, "hello").get("generation").asLong();
        long reset = frame(lines, "reset").get("up_to_version").asLong();
        HttpRequest.Builder ack = request("/api/edge/edge-s/ack", token)
                .POST(BodyPublishers.ofString("{\"generation\":" + generation + ",\"up_to_version\":" + reset + "}"));
        // A client of their own, so that they all go over one connection: most of them beneath the framework.
        HttpClient acks =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        for (int i = 0; i < 5; i++) {
            assertThat(acks.send(ack.build(), BodyHandlers.ofString()).statusCode())
                    .isEqualTo(200);
        }
        JsonNode goodbye = frame(lines, "goodbye");
        assertThat(goodbye.get("reason").asString()).isEqualTo("auth");
        assertThat(goodbye.get("retry_ms").asLong()).isEqualTo(100);
        lines.forEachRemaining(line -> assertThat(line).isEmpty());
        problem(acks.send(ack.build(), BodyHandlers.ofString()), 401, "unauthorized");
        assertThat(register(token, "edge-s").statusCode()).isEqualTo(401);
    }

    @Test
    void aSignatureIsLookedAtOnceAndANewKeyIsFound() throws Exception {
        String token = ISSUER.token("ADMIN");
        assertThat(send(request("/api/edge", token)).statusCode()).isEqualTo(200);
        ECKey former = ISSUER.key();
        ISSUER.use(TokenIssuer.newKey("second"));
        try {
            assertThat(send(request("/api/edge", ISSUER.token("ADMIN"))).statusCode())
                    .isEqualTo(200);
            int asked = ISSUER.asked();
            assertThat(send(request("/api/edge", token)).statusCode()).isEqualTo(200);
            assertThat(ISSUER.asked()).isEqualTo(asked);
            // Whoever repeats a token with an unheard-of key does not have the issuer asked each time.
            String unknown = TokenIssuer.sign(admin(), TokenIssuer.newKey("third"));
            for (int i = 0; i < 5; i++) {
                problem(send(request("/api/edge", unknown)), 401, "unauthorized");
            }
            assertThat(ISSUER.asked()).isEqualTo(asked + 1);
        } finally {
            ISSUER.use(former);
        }
        await().until(() -> send(request("/api/edge", ISSUER.token("ADMIN"))).statusCode() == 200);
    }
}
