package dev.perigee.edge.query;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.edge.link.LinkProperties.WhenStale;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Which statement goes to another home when one fails. */
class StatementFailoverTest extends ReadPathFixture {

    @Test
    void withoutAConnectionTheNextHomeIsAskedAtOnceAlsoForAWrite() {
        ports = List.of(closedPort(), server.port());
        home = (request, response) ->
                response.header("Perigee-Cacheability", "write").sendString(Mono.just("{}"));
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        assertThat(ask(service, WRITE).status()).isEqualTo(200);
        assertThat(asked).hasValue(1);
        ports = List.of(closedPort(), closedPort());
        Reply reply = ask(service(WhenStale.BYPASS, Duration.ZERO), WRITE);
        assertThat(reply.status()).isEqualTo(502);
        assertThat(text(reply)).contains("home-unreachable", "was not sent");
    }

    @Test
    void aReadThatIsLostGoesToTheNextHomeAWriteNowhere() {
        startSecond((request, response) -> cacheable(response, 10, "second"));
        ports = List.of(server.port(), second.port());
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        ask(service, READ);
        home = ReadPathFixture::hangUp;
        assertThat(text(ask(service, READ, "no-cache", null))).contains("second");
        assertThat(asked).as("each home at most once").hasValue(2);
        assertThat(askedSecond).hasValue(1);
        assertThat(text(ask(service, WRITE))).contains("outcome-unknown");
        assertThat(asked).hasValue(3);
        assertThat(askedSecond).hasValue(1);
    }

    @Test
    void aReadThatIsLostInTheMiddleOfItsAnswerGoesToTheNextHome() {
        startSecond((request, response) -> cacheable(response, 10, "second"));
        ports = List.of(server.port(), second.port());
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        ask(service, READ);
        home = (request, response) -> response.header("Content-Length", "1000")
                .sendString(Flux.concat(Mono.just("{\"rows\":[["), Mono.error(new IOException("cut"))));
        assertThat(text(ask(service, READ, "no-cache", null))).contains("second");
        assertThat(text(ask(service, WRITE))).contains("outcome-unknown");
        assertThat(askedSecond).hasValue(1);
    }

    @Test
    void aReadThatIsLostEverywhereWasSent() {
        startSecond(ReadPathFixture::hangUp);
        ports = List.of(server.port(), second.port(), closedPort());
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        ask(service, READ);
        home = ReadPathFixture::hangUp;
        assertThat(text(ask(service, READ, "no-cache", null)))
                .contains("home-unreachable")
                .doesNotContain("was not sent");
        assertThat(asked).hasValue(2);
        assertThat(askedSecond).hasValue(1);
    }
}
