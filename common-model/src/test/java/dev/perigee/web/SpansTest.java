package dev.perigee.web;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.observation.ServerRequestObservationContext;
import org.springframework.mock.env.MockEnvironment;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import reactor.core.publisher.Mono;

class SpansTest {

    private static final String KEY = "micrometer.observation";
    private static final String[] AUTO_CONFIGURATIONS = {
        "org.springframework.boot.micrometer.tracing.opentelemetry.autoconfigure.OpenTelemetryTracingAutoConfiguration",
        "org.springframework.boot.opentelemetry.autoconfigure.OpenTelemetrySdkAutoConfiguration",
        "org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration",
        null
    };

    @ParameterizedTest
    @CsvSource({", true, false", "'', true, false", "http://127.0.0.1:1, true, true", "http://127.0.0.1:1, false, false"
    })
    void nothingOfItIsConfiguredUnlessItIsSaidWhereTo(String endpoint, boolean enabled, boolean on) {
        MockEnvironment environment = new MockEnvironment();
        environment.setProperty("management.tracing.export.enabled", Boolean.toString(enabled));
        if (endpoint != null) {
            environment.setProperty(TracingSwitch.ENDPOINT, endpoint);
        }
        TracingSwitch filter = new TracingSwitch();
        filter.setEnvironment(environment);
        assertThat(filter.match(AUTO_CONFIGURATIONS, null)).containsExactly(on, on, true, true);
    }

    @ParameterizedTest
    @CsvSource({
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01, true",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03, true",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00, false",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x, false",
        "00-01, false",
        ", false",
    })
    void whatIsSampledSaysSo(String traceparent, boolean sampled) {
        assertThat(Spans.isSampled(traceparent)).isEqualTo(sampled);
    }

    @Test
    void aCallIsASpanOfTheRequestItIsMadeFor() {
        List<Observation.Context> ended = new ArrayList<>();
        Spans spans = new Spans(registry(ended));
        Observation request = Observation.start("request", registry(new ArrayList<>()));
        Mono<String> call = Mono.deferContextual(
                view -> Mono.just(view.<Observation>get(KEY).getContext().getName()));
        String inside = spans.around("call", "CALL", "peer", KeyValues.of("k", "v"), null, call)
                .contextWrite(context -> context.put(KEY, request))
                .block();
        assertThat(inside).isEqualTo("call");
        assertThat(ended).singleElement().satisfies(span -> {
            assertThat(span.getContextualName()).isEqualTo("CALL");
            assertThat(span.getParentObservation()).isSameAs(request);
            assertThat(span.getHighCardinalityKeyValue("k")).isEqualTo(KeyValue.of("k", "v"));
        });
    }

    @Test
    void itEndsWithAnErrorTooAndWhenNobodyWaitsForItAnyMore() {
        List<Observation.Context> ended = new ArrayList<>();
        Spans spans = new Spans(registry(ended));
        Observation request = Observation.start("request", registry(new ArrayList<>()));
        spans.around("call", "CALL", "peer", KeyValues.empty(), null, Mono.error(new IllegalStateException("refused")))
                .contextWrite(context -> context.put(KEY, request))
                .onErrorComplete()
                .block();
        spans.around("call", "CALL", "peer", KeyValues.empty(), null, Mono.never())
                .contextWrite(context -> context.put(KEY, request))
                .subscribe()
                .dispose();
        assertThat(ended).hasSize(2);
        assertThat(ended.get(0).getError()).hasMessage("refused");
    }

    @Test
    void withoutARequestThereIsNone() {
        List<Observation.Context> ended = new ArrayList<>();
        new Spans(registry(ended))
                .around("call", "CALL", "peer", KeyValues.empty(), null, Mono.just(1))
                .block();
        assertThat(ended).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "edge-1; hit; ttl=57, true, -, -",
                "edge-1; fwd=uri-miss; fwd-status=200; stored, false, uri-miss, -",
                "edge-1; fwd=stale; fwd-status=200; detail=invalidated, false, stale, invalidated",
                "edge-1; detail=absent, false, -, absent",
                "-, -, -, -",
            })
    void theAnswersHeaderTellsTheDecision(String status, String hit, String forward, String detail) {
        MockServerHttpResponse response = new MockServerHttpResponse();
        if (status != null) {
            response.getHeaders().set("Cache-Status", status);
        }
        KeyValues values = new TracingConfiguration.CacheDecisions()
                .getHighCardinalityKeyValues(new ServerRequestObservationContext(
                        MockServerHttpRequest.method(HttpMethod.POST, "/api/query")
                                .build(),
                        response,
                        Map.of()));
        assertThat(value(values, "perigee.cache.hit")).isEqualTo(hit);
        assertThat(value(values, "perigee.cache.fwd")).isEqualTo(forward);
        assertThat(value(values, "perigee.cache.detail")).isEqualTo(detail);
    }

    private static String value(KeyValues values, String key) {
        return values.stream()
                .filter(value -> value.getKey().equals(key))
                .map(KeyValue::getValue)
                .findFirst()
                .orElse(null);
    }

    private static ObservationRegistry registry(List<Observation.Context> ended) {
        ObservationRegistry registry = ObservationRegistry.create();
        registry.observationConfig().observationHandler(new ObservationHandler<>() {
            @Override
            public void onStop(Observation.Context context) {
                ended.add(context);
            }

            @Override
            public boolean supportsContext(Observation.Context context) {
                return true;
            }
        });
        return registry;
    }
}
