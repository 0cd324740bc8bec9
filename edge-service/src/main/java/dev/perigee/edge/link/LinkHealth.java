package dev.perigee.edge.link;

import com.github.benmanes.caffeine.cache.Ticker;
import java.util.Locale;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.ReactiveHealthIndicator;
import org.springframework.boot.health.contributor.Status;
import reactor.core.publisher.Mono;

/**
 * Whether the edge is in step with home: {@code UP}; {@code DEGRADED} when it is staler than its bound but still
 * answers, through home; {@code OUT_OF_SERVICE} when its policy is to refuse then. That an operator does not let it cache
 * is no fault of its, and only a detail.
 */
final class LinkHealth implements ReactiveHealthIndicator {

    private static final Status DEGRADED = new Status("DEGRADED", "staler than the bound; reads go to home");
    private static final Status REFUSING = new Status(Status.OUT_OF_SERVICE.getCode(), "staler than the bound");

    private final HomeLink link;
    private final Homes homes;
    private final LinkProperties properties;
    private final Ticker ticker;

    LinkHealth(HomeLink link, Homes homes, LinkProperties properties, Ticker ticker) {
        this.link = link;
        this.homes = homes;
        this.properties = properties;
        this.ticker = ticker;
    }

    @Override
    public Mono<Health> health() {
        return Mono.fromSupplier(this::now);
    }

    private Health now() {
        LinkView view = link.view();
        long now = ticker.read();
        Long stalenessMs = view.stalenessMs(now);
        boolean inStep = view.completeTo() != null
                && view.staleness(now) <= properties.maxStaleness().toNanos();
        Status late = properties.whenStale() == LinkProperties.WhenStale.REFUSE ? REFUSING : DEGRADED;
        Health.Builder health = Health.status(inStep ? Status.UP : late)
                .withDetail("link", view.status().name().toLowerCase(Locale.ROOT))
                .withDetail("home_url", homes.current())
                .withDetail("eligible", view.eligibility().enabled())
                .withDetail("staleness_ms", stalenessMs == null ? "unknown" : stalenessMs)
                .withDetail("max_staleness_ms", properties.maxStaleness().toMillis());
        if (view.homeId() != null) {
            health.withDetail("home_id", view.homeId());
        }
        if (view.cursor() != null) {
            health.withDetail("epoch", view.cursor().epoch())
                    .withDetail("cursor", view.cursor().version());
        }
        if (view.completeTo() != null) {
            health.withDetail("complete_to", view.completeTo().version());
        }
        if (view.lastError() != null) {
            health.withDetail("last_error", view.lastError());
        }
        return health.build();
    }
}
