package dev.perigee.web;

import dev.perigee.model.PerigeeHeaders;
import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.observation.DefaultServerRequestObservationConvention;
import org.springframework.http.server.reactive.observation.ServerRequestObservationContext;
import org.springframework.http.server.reactive.observation.ServerRequestObservationConvention;
import reactor.core.publisher.Hooks;

/** What traces need beside what Spring Boot brings, if there are any. */
@Configuration(proxyBeanMethods = false)
@Conditional(TracingSwitch.On.class)
class TracingConfiguration {

    TracingConfiguration() {
        // So that lines of the log carry the ids of the trace they belong to.
        Hooks.enableAutomaticContextPropagation();
    }

    @Bean
    ServerRequestObservationConvention cacheDecisions() {
        return new CacheDecisions();
    }

    /** Says on a request's span what its answer's header fields say: whether it was a hit, and if not, why. */
    static final class CacheDecisions extends DefaultServerRequestObservationConvention {

        @Override
        public KeyValues getHighCardinalityKeyValues(ServerRequestObservationContext context) {
            KeyValues values = super.getHighCardinalityKeyValues(context);
            return context.getResponse() == null
                    ? values
                    : values.and(decisions(context.getResponse().getHeaders()));
        }

        private static KeyValues decisions(HttpHeaders answer) {
            KeyValues values = KeyValues.empty();
            String status = answer.getFirst("Cache-Status");
            if (status != null) {
                values = values.and("perigee.cache.hit", Boolean.toString(status.contains("; hit")));
                values = and(values, "perigee.cache.fwd", parameter(status, "fwd"));
                values = and(values, "perigee.cache.detail", parameter(status, "detail"));
            }
            values = and(values, "perigee.version", answer.getFirst(PerigeeHeaders.VERSION));
            values = and(values, "perigee.tables", answer.getFirst(PerigeeHeaders.TABLES));
            return and(values, "perigee.cacheability", answer.getFirst(PerigeeHeaders.CACHEABILITY));
        }

        private static KeyValues and(KeyValues values, String key, @Nullable String value) {
            return value == null ? values : values.and(KeyValue.of(key, value));
        }

        private static @Nullable String parameter(String status, String name) {
            int start = status.indexOf("; " + name + "=");
            if (start < 0) {
                return null;
            }
            int from = start + name.length() + 3;
            int end = status.indexOf(';', from);
            return status.substring(from, end < 0 ? status.length() : end);
        }
    }
}
