package dev.perigee.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.perigee.model.Acknowledgement;
import dev.perigee.model.EdgeConfig;
import dev.perigee.model.EdgeStats;
import dev.perigee.model.Goodbye;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.QueryRequest;
import dev.perigee.model.Reset;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

class WireJsonTest {

    private final JsonMapper json = WireJson.mapper();

    @Test
    void configurationMakesTheRoundTrip() {
        EdgeConfig config = new EdgeConfig(
                EdgeConfig.Role.EDGE, List.of(URI.create("http://home:8080")), "token", Duration.ofMillis(1500), 5, 6);
        String text = json.writeValueAsString(config);
        assertThat(text).contains("\"role\":\"edge\"", "\"home_urls\":[\"http://home:8080\"]", "\"default_ttl\":");
        assertThat(json.readValue(text, EdgeConfig.class)).isEqualTo(config);
        assertThat(json.readValue("{\"role\":\"home\"}", EdgeConfig.class).maxEdges())
                .isEqualTo(32);
    }

    @Test
    void framesMakeTheRoundTrip() {
        InvalidationEvent event =
                new InvalidationEvent(7, List.of("public.a"), Instant.parse("2026-11-21T01:02:03.000004Z"));
        String text = json.writeValueAsString(event);
        assertThat(text)
                .isEqualTo(
                        "{\"up_to_version\":7,\"tables\":[\"public.a\"],\"committed_at\":\"2026-11-21T01:02:03.000004Z\"}");
        assertThat(json.readValue(text, InvalidationEvent.class)).isEqualTo(event);
        assertThat(json.writeValueAsString(new Goodbye(Goodbye.Reason.SUPERSEDED, 5)))
                .isEqualTo("{\"reason\":\"superseded\",\"retry_ms\":5}");
        assertThat(json.readValue("{\"up_to_version\":1,\"reason\":\"ahead\"}", Reset.class))
                .isEqualTo(new Reset(1, Reset.Reason.AHEAD));
    }

    @Test
    void anAcknowledgementNeedNotCarryStatistics() {
        assertThat(json.readValue("{\"generation\":1,\"up_to_version\":2}", Acknowledgement.class))
                .isEqualTo(new Acknowledgement(1, 2, null));
        assertThat(json.readValue(
                                "{\"generation\":1,\"up_to_version\":2,\"stats\":{\"hits\":1,\"misses\":2,\"bypasses\":3,"
                                        + "\"entries\":4,\"bytes\":5}}",
                                Acknowledgement.class)
                        .stats())
                .isEqualTo(new EdgeStats(1, 2, 3, 4, 5, null, null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"generation\":1}",
                "{\"generation\":1,\"up_to_version\":null}",
                "{\"generation\":1,\"up_to_version\":-1}",
                "{\"generation\":1,\"up_to_version\":1.5}",
                "{\"generation\":1,\"up_to_version\":\"2\"}",
                "{\"generation\":1,\"up_to_version\":2,\"other\":3}",
                "{\"generation\":1,\"up_to_version\":2,\"up_to_version\":3}",
                "{\"generation\":1,\"up_to_version\":9223372036854775808}",
                "{\"generation\":1,\"up_to_version\":2} x",
            })
    void refusesWhatIsNotMeantSo(String text) {
        assertThatThrownBy(() -> json.readValue(text, Acknowledgement.class)).isInstanceOf(JacksonException.class);
    }

    @Test
    void numbersStayExact() {
        QueryRequest request = json.readValue(
                "{\"sql\":\"select $1\",\"params\":[0.1000000000000000055511151231257827,null,12345678901234567890]}",
                QueryRequest.class);
        assertThat(request.params().get(0)).isEqualTo(new BigDecimal("0.1000000000000000055511151231257827"));
        assertThat(request.params().get(1)).isNull();
        assertThat(request.params().get(2).toString()).isEqualTo("12345678901234567890");
    }

    @Test
    void nestingIsBounded() {
        String deep = "{\"sql\":\"s\",\"params\":" + "[".repeat(100) + "]".repeat(100) + "}";
        assertThatThrownBy(() -> json.readValue(deep, QueryRequest.class)).isInstanceOf(JacksonException.class);
    }
}
