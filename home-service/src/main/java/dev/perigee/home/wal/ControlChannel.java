package dev.perigee.home.wal;

import io.r2dbc.spi.Connection;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiFunction;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Between the feed and what homes share: what is to be known before the feed is followed, and what it then says. */
public final class ControlChannel {

    /** Hears of control messages. */
    public interface Listener {

        /**
         * A message has been decoded. Called on the feed's thread, in the order of the commits; must neither block nor
         * throw.
         *
         * @param version at which it stands
         */
        void decoded(ControlMessage message, long version);
    }

    private final List<BiFunction<Connection, String, Mono<Void>>> backfills = new CopyOnWriteArrayList<>();
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();

    /**
     * Adds something to read whenever the feed connects: after the slot was made, so that whatever is committed later is
     * heard of, and before the log begins or goes on. If it fails, so does connecting.
     *
     * @param backfill is given a connection to the server the feed reads, and the epoch's name
     */
    public void beforeFollowing(BiFunction<Connection, String, Mono<Void>> backfill) {
        backfills.add(backfill);
    }

    /** Adds a listener. */
    public void onMessage(Listener listener) {
        listeners.add(listener);
    }

    Mono<Void> backfill(Connection connection, String epoch) {
        return Flux.fromIterable(backfills)
                .concatMap(backfill -> backfill.apply(connection, epoch))
                .then();
    }

    /** These have been decoded, at this version. For the feed to call. */
    public void decoded(List<ControlMessage> messages, long version) {
        for (ControlMessage message : messages) {
            listeners.forEach(listener -> listener.decoded(message, version));
        }
    }
}
