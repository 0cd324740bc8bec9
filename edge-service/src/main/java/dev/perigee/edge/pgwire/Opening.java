package dev.perigee.edge.pgwire;

import dev.perigee.edge.pgwire.Upstream.Connection;
import dev.perigee.edge.pgwire.Upstream.Route;
import io.netty.channel.Channel;
import io.netty.channel.ConnectTimeoutException;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** A connection that is being opened: what it becomes, and that it is closed if nothing becomes of it. */
@SuppressWarnings("FutureReturnValueIgnored") // of a connection that is to be closed nothing more is wanted
final class Opening {

    private Opening() {}

    /** Takes the last step on this channel, within this time, and then hands it over; or closes it. */
    static void finish(
            Channel channel,
            Duration timeout,
            Promise<Connection> promise,
            Future<Boolean> encrypted,
            Function<Boolean, Route> route) {
        timed(channel, timeout, promise);
        encrypted.addListener((Future<Boolean> done) -> {
            if (!done.isSuccess()) {
                promise.tryFailure(done.cause());
                return;
            }
            channel.config().setAutoRead(false);
            boolean tls = done.getNow();
            promise.trySuccess(new Connection(channel, route.apply(tls), tls));
        });
    }

    /** Closes the channel if nothing has become of it in time, or nothing at all. */
    static void timed(Channel channel, Duration timeout, Promise<?> promise) {
        Future<?> timer = channel.eventLoop()
                .schedule(
                        () -> promise.tryFailure(new ConnectTimeoutException("no answer within " + timeout)),
                        timeout.toMillis(),
                        TimeUnit.MILLISECONDS);
        promise.addListener(done -> {
            timer.cancel(false);
            if (!done.isSuccess()) {
                channel.close();
            }
        });
    }
}
