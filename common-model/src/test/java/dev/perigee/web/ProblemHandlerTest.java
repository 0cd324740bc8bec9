package dev.perigee.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.model.ProblemCode;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.core.codec.DecodingException;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.web.server.MethodNotAllowedException;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebInputException;
import reactor.test.StepVerifier;
import tools.jackson.databind.JsonNode;

class ProblemHandlerTest {

    private final MockServerWebExchange exchange = MockServerWebExchange.from(MockServerHttpRequest.get("/"));

    private JsonNode answer(Throwable error) {
        StepVerifier.create(new ProblemHandler().handle(exchange, error)).verifyComplete();
        assertThat(exchange.getResponse().getHeaders().getContentType()).isEqualTo(MediaType.APPLICATION_PROBLEM_JSON);
        assertThat(exchange.getResponse().getHeaders().getCacheControl()).isEqualTo("no-store");
        JsonNode body = WireJson.mapper()
                .readTree(exchange.getResponse().getBodyAsString().block());
        assertThat(exchange.getResponse().getStatusCode().value())
                .isEqualTo(body.get("status").asInt());
        return body;
    }

    @Test
    void ownProblemsCarryTheirMembersAtTheTop() {
        JsonNode body = answer(new ProblemException(ProblemCode.TABLE_UNKNOWN, "no x").with("tables", List.of("x")));
        assertThat(body.get("code").asString()).isEqualTo("table-unknown");
        assertThat(body.get("status").asInt()).isEqualTo(422);
        assertThat(body.get("detail").asString()).isEqualTo("no x");
        assertThat(body.get("tables").get(0).asString()).isEqualTo("x");
        assertThat(body.has("properties")).isFalse();
    }

    @Test
    void saysWhenToTryAgain() {
        answer(new ProblemException(ProblemCode.CAPACITY_EXCEEDED, "full").retryAfter(Duration.ofMillis(200)));
        assertThat(exchange.getResponse().getHeaders().getFirst(HttpHeaders.RETRY_AFTER))
                .isEqualTo("1");
    }

    @Test
    void whatAValidatorSaidIsPassedOn() {
        JsonNode body = answer(new ServerWebInputException(
                "Failed to read HTTP message",
                null,
                new DecodingException("JSON decoding error", new IllegalArgumentException("region must be short"))));
        assertThat(body.get("code").asString()).isEqualTo("invalid-request");
        assertThat(body.get("detail").asString()).isEqualTo("region must be short");
    }

    @Test
    void whatCannotBeShownIsNotRepeated() {
        assertThat(answer(new ProblemException(ProblemCode.TABLE_UNKNOWN, "no \u001b[2J\u202e\u0000x"))
                        .get("detail")
                        .asString())
                .isEqualTo("no ?[2J??x");
    }

    @Test
    void aBodyOverTheLimitIsTooLarge() {
        JsonNode body = answer(new ServerWebInputException("Failed", null, new DataBufferLimitException("limit")));
        assertThat(body.get("code").asString()).isEqualTo("payload-too-large");
    }

    @Test
    void aWrongMethodIsToldTheRightOnes() {
        assertThat(answer(new MethodNotAllowedException("PUT", List.of(HttpMethod.GET)))
                        .get("code")
                        .asString())
                .isEqualTo("method-not-allowed");
        assertThat(exchange.getResponse().getHeaders().getAllow()).containsExactly(HttpMethod.GET);
    }

    @Test
    void deniedIsForbidden() {
        assertThat(answer(new AccessDeniedException("denied")).get("code").asString())
                .isEqualTo("forbidden");
    }

    @Test
    void whatIsNotExpectedStaysInside() {
        JsonNode body = answer(new IllegalStateException("jdbc:secret"));
        assertThat(body.get("code").asString()).isEqualTo("internal-error");
        assertThat(body.toString()).doesNotContain("secret");
    }

    @Test
    void aClientErrorWithoutACodeOfItsOwnIsNotOurFault() {
        JsonNode body = answer(new ResponseStatusException(HttpStatus.EXPECTATION_FAILED));
        assertThat(body.get("code").asString()).isEqualTo("invalid-request");
    }

    @Test
    void leavesAuthenticationToTheSecurityChain() {
        StepVerifier.create(new ProblemHandler().handle(exchange, new BadCredentialsException("no")))
                .verifyError(BadCredentialsException.class);
    }

    @Test
    void doesNotTouchAnAnswerUnderWay() {
        exchange.getResponse().setComplete().block();
        StepVerifier.create(new ProblemHandler().handle(exchange, new IllegalStateException("late")))
                .verifyError(IllegalStateException.class);
    }
}
