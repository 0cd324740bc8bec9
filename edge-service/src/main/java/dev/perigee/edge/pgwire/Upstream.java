package dev.perigee.edge.pgwire;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The way to the database. Thread-safe. */
interface Upstream {

    /**
     * What to try, in this order: the next if {@link #connect} fails, and, as libpq does it, if the first message of the
     * server is an ErrorResponse.
     */
    List<Attempt> attempts();

    /**
     * Opens a connection to the database on which nothing has been said yet; TLS is done. If the future is cancelled, the
     * connection is closed.
     *
     * @param loop on which the channel is to be; its future's listeners run there
     */
    Future<Connection> connect(EventLoop loop, Attempt attempt);

    /** Where a CancelRequest goes whose key was given out by somebody else; null if it is better forgotten. */
    @Nullable
    Route routeOfStrangers();

    /**
     * A connection to the database. Of its channel, {@code autoRead} is off; bytes come in and go out as they are; add
     * handlers last, before the listener that was told of it returns.
     *
     * @param route the way it took
     * @param tls whether it is encrypted up to the database
     */
    record Connection(Channel channel, Route route, boolean tls) {

        /** Whether that attempt would be no other than this one was: the server had been asked for TLS, and had none. */
        boolean was(Attempt attempt) {
            return attempt == Attempt.PLAIN && !tls;
        }
    }

    /** The way that a connection took: to the same home, or host, and encrypted if that was. */
    @FunctionalInterface
    interface Route {

        /** Opens another connection by it; as {@link Upstream#connect} does. */
        Future<Connection> connect(EventLoop loop);
    }
}
