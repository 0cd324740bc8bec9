package dev.perigee.edge.cache;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.perigee.model.EdgeConfig;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Puts the cache together. */
@Configuration(proxyBeanMethods = false)
class CacheConfiguration {

    @Bean
    Ticker ticker() {
        return Ticker.systemTicker();
    }

    @Bean
    Watermarks watermarks() {
        return new Watermarks();
    }

    @Bean
    ResultCache resultCache(EdgeConfig config, CacheProperties properties, Watermarks watermarks, Ticker ticker) {
        return new ResultCache(config.maxEntries(), properties.maxBytes().toBytes(), watermarks, ticker);
    }

    @Bean
    Statements statements(Watermarks watermarks) {
        return new Statements(watermarks);
    }

    @Bean
    Traffic traffic(ResultCache cache) {
        return new Traffic(cache);
    }

    @Bean
    CacheSurvey cacheSurvey(ResultCache cache, Ticker ticker) {
        return new CacheSurvey(cache, ticker);
    }

    @Bean
    CacheSweep cacheSweep(ResultCache cache) {
        return new CacheSweep(cache);
    }

    @Bean
    MeterBinder cacheMetrics(ResultCache cache, Watermarks watermarks, Statements statements) {
        return registry -> {
            Gauge.builder("perigee.edge.entries", cache, ResultCache::size)
                    .description("Results in the cache")
                    .register(registry);
            Gauge.builder("perigee.edge.bytes", cache, ResultCache::bytes)
                    .description("Memory taken by results and their keys")
                    .baseUnit("bytes")
                    .register(registry);
            Gauge.builder("perigee.edge.max.bytes", cache, ResultCache::maxBytes)
                    .description("The most memory results and their keys may take now")
                    .baseUnit("bytes")
                    .register(registry);
            Gauge.builder("perigee.edge.watermarks", watermarks, Watermarks::size)
                    .description("Tables that have a watermark of their own")
                    .register(registry);
            Gauge.builder("perigee.edge.statements", statements, Statements::size)
                    .description("Statements known to be reads that may be kept")
                    .register(registry);
            FunctionCounter.builder("perigee.edge.admissions.refused", cache, ResultCache::refused)
                    .description("Results not kept because they were stale, or purged, before they arrived")
                    .register(registry);
            FunctionCounter.builder("perigee.edge.swept", cache, ResultCache::swept)
                    .description("Dead results removed by the background sweep")
                    .register(registry);
        };
    }
}
