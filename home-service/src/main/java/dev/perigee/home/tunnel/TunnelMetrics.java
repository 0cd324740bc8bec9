package dev.perigee.home.tunnel;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

/** Counts tunnels and what goes through them. Thread-safe. */
final class TunnelMetrics {

    private final Counter toDatabase;
    private final Counter fromDatabase;

    TunnelMetrics(MeterRegistry registry, Tunnels tunnels) {
        Gauge.builder("perigee.home.tunnel.connections", tunnels, Tunnels::open)
                .description("Tunnels to the database that are open")
                .register(registry);
        this.toDatabase = bytes(registry, "to-database");
        this.fromDatabase = bytes(registry, "from-database");
    }

    private static Counter bytes(MeterRegistry registry, String direction) {
        return Counter.builder("perigee.home.tunnel.bytes")
                .description("What has gone through tunnels")
                .baseUnit("bytes")
                .tag("direction", direction)
                .register(registry);
    }

    void toDatabase(int bytes) {
        toDatabase.increment(bytes);
    }

    void fromDatabase(int bytes) {
        fromDatabase.increment(bytes);
    }
}
