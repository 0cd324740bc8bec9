package dev.perigee.home.wal;

import dev.perigee.home.log.EpochLog;
import dev.perigee.home.log.InvalidationLog;
import dev.perigee.model.SlotState;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.boot.health.contributor.AbstractReactiveHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import reactor.core.publisher.Mono;

/** Whether changes are arriving, how old what has arrived is, what waits to become visible, and the slots. */
final class FeedHealthIndicator extends AbstractReactiveHealthIndicator {

    private final WalFeed feed;
    private final InvalidationLog log;
    private final VisibilityGate gate;
    private final HomeId home;

    FeedHealthIndicator(WalFeed feed, InvalidationLog log, VisibilityGate gate, HomeId home) {
        super("The feed cannot be looked at");
        this.feed = feed;
        this.log = log;
        this.gate = gate;
        this.home = home;
    }

    @Override
    protected Mono<Health> doHealthCheck(Health.Builder builder) {
        (feed.connected() ? builder.up() : builder.down())
                .withDetail("home_id", home.value())
                .withDetail("connected", feed.connected())
                .withDetail("age_ms", feed.age().toMillis())
                .withDetail("as_of", feed.asOf().toString())
                .withDetail("gate_open", gate.read() != null)
                .withDetail("gate_pending", gate.pending());
        SlotState slot = feed.slot();
        if (slot != null) {
            builder.withDetail("slot", described(slot));
        }
        builder.withDetail("slots_lost", feed.slotsLost()).withDetail("slots_abandoned", feed.abandonedSlots());
        EpochLog current = log.current();
        if (current != null) {
            builder.withDetail("epoch", current.epoch()).withDetail("head", current.head());
        }
        return Mono.just(builder.build());
    }

    private static Map<String, Object> described(SlotState slot) {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("name", slot.name());
        details.put("durable", slot.durable());
        details.put("active", slot.active());
        if (slot.walStatus() != null) {
            details.put("wal_status", slot.walStatus());
        }
        if (slot.retainedBytes() != null) {
            details.put("retained_bytes", slot.retainedBytes());
        }
        return details;
    }
}
