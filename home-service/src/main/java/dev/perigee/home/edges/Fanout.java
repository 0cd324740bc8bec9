package dev.perigee.home.edges;

import dev.perigee.home.log.EpochLog;
import dev.perigee.home.log.InvalidationLog;
import io.netty.channel.EventLoop;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Wakes all streams. It carries no news itself, only tells them to look again. Thread-safe; whoever asks pays for one
 * hand-over to each event loop at the most, however many streams there are.
 */
final class Fanout {

    private final Map<EventLoop, Lane> lanes = new ConcurrentHashMap<>();
    private final Wakeups progress;

    /**
     * Without streams.
     *
     * @param progress is woken when streams have handed over everything there was
     */
    Fanout(Wakeups progress) {
        this.progress = progress;
    }

    /** Where the streams of an event loop are. */
    Lane lane(EventLoop loop) {
        return lanes.computeIfAbsent(loop, one -> new Lane(one, progress::wake));
    }

    /** Wakes every stream. Never blocks. */
    void wake() {
        lanes.values().forEach(Lane::wake);
    }

    /** As {@link #wake}, for what is no invalidation: it may wait a little, and be told with the next one. */
    void wakeSoon() {
        lanes.values().forEach(Lane::wakeSoon);
    }

    /** What to run, on the writing thread, whenever the log has changed. */
    Runnable following(InvalidationLog log) {
        return new Runnable() {
            private @Nullable EpochLog known;
            private long appended;

            @Override
            public void run() {
                EpochLog present = log.current();
                long count = present == null ? 0 : present.appended();
                if (present == known && count == appended) {
                    wakeSoon();
                    return;
                }
                known = present;
                appended = count;
                wake();
            }
        };
    }
}
