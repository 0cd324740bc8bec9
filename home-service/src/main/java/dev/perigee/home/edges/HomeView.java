package dev.perigee.home.edges;

import dev.perigee.home.log.EpochLog;
import dev.perigee.home.log.InvalidationLog;
import dev.perigee.home.wal.Feed;
import dev.perigee.home.wal.HomeId;
import dev.perigee.home.wal.VisibilityGate;
import dev.perigee.model.HomeNode;
import dev.perigee.model.StreamPosition;
import java.time.Duration;
import java.time.Instant;

/** This home, as it describes itself. */
final class HomeView {

    private final HomeId home;
    private final Feed feed;
    private final InvalidationLog log;
    private final VisibilityGate gate;
    private final EdgeRegistry registry;
    private final Instant startedAt = Instant.now();

    HomeView(HomeId home, Feed feed, InvalidationLog log, VisibilityGate gate, EdgeRegistry registry) {
        this.home = home;
        this.feed = feed;
        this.log = log;
        this.gate = gate;
        this.registry = registry;
    }

    String id() {
        return home.value();
    }

    HomeNode now() {
        EpochLog current = log.current();
        StreamPosition visible = gate.read();
        Duration age = feed.age();
        return new HomeNode(
                home.value(),
                startedAt,
                Instant.now(),
                feed.connected(),
                current == null ? null : current.epoch(),
                current == null ? null : current.head(),
                visible == null ? null : visible.version(),
                // Before the first heartbeat it is very long.
                age.toSeconds() >= Integer.MAX_VALUE || feed.asOf().equals(Instant.EPOCH) ? null : age.toMillis(),
                feed.slot(),
                registry.size());
    }

    static HomeNode lastSeen(HomeNode node, Instant lastSeen) {
        return new HomeNode(
                node.homeId(),
                node.startedAt(),
                lastSeen,
                node.feedConnected(),
                node.epoch(),
                node.version(),
                node.visibleVersion(),
                node.feedAgeMs(),
                node.slot(),
                node.edges());
    }
}
