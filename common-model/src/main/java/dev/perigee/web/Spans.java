package dev.perigee.web;

import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.SenderContext;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Spans of calls to others, in the trace of the request they serve. Thread-safe. */
public final class Spans {

    /** Does nothing, and costs nothing. */
    public static final Spans NONE = new Spans(ObservationRegistry.NOOP);

    /** Where WebFlux puts the observation of a request: ObservationThreadLocalAccessor.KEY, whose class needs more. */
    private static final String CURRENT = "micrometer.observation";

    private static final int TRACEPARENT_LENGTH = 55;

    private final ObservationRegistry registry;

    Spans(ObservationRegistry registry) {
        this.registry = registry;
    }

    /** Whether there are any. */
    public boolean isOn() {
        return !registry.isNoop();
    }

    /** Whether a request with this {@code traceparent} (W3C Trace Context) is to appear in a trace. */
    public static boolean isSampled(@Nullable String traceparent) {
        if (traceparent == null || traceparent.length() < TRACEPARENT_LENGTH) {
            return false;
        }
        int flags = Character.digit(traceparent.charAt(TRACEPARENT_LENGTH - 1), 16);
        return flags > 0 && (flags & 1) == 1;
    }

    /**
     * Puts a span around a call, if it is made for a request that has one.
     *
     * @param name of the kind of call
     * @param title of this one, of few different ones
     * @param peer whom it goes to
     * @param attributes nothing of a client's values
     * @param carrier gets the header fields that tell the other side of the trace; null if that is not to be told
     */
    public <T> Mono<T> around(
            String name,
            String title,
            String peer,
            KeyValues attributes,
            @Nullable Map<String, String> carrier,
            Mono<T> call) {
        if (!isOn()) {
            return call;
        }
        return Mono.deferContextual(view -> {
            Observation request = view.getOrDefault(CURRENT, null);
            if (request == null) {
                return call;
            }
            SenderContext<Map<String, String>> context = new SenderContext<>(Spans::put, Kind.CLIENT);
            if (carrier != null) {
                context.setCarrier(carrier);
            }
            context.setRemoteServiceName(peer);
            Observation span = Observation.createNotStarted(name, () -> context, registry)
                    .contextualName(title)
                    .highCardinalityKeyValues(attributes)
                    .parentObservation(request)
                    .start();
            return call.doOnError(span::error)
                    .doFinally(end -> span.stop())
                    .contextWrite(inner -> inner.put(CURRENT, span));
        });
    }

    private static void put(@Nullable Map<String, String> carrier, String key, String value) {
        if (carrier != null) {
            carrier.put(key, value);
        }
    }
}
