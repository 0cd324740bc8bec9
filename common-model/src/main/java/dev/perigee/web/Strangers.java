package dev.perigee.web;

import io.netty.channel.Channel;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.springframework.http.server.reactive.AbstractServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import reactor.netty.http.server.HttpServerRequest;

/**
 * The connections on which nobody has shown a valid token yet, and no more than so many. When there are too many, it is the
 * one that has been a stranger longest that is closed, not the newcomer refused: whoever has a token shows it with the
 * first request, a moment after connecting, and so gets in however many others hold connections open for nothing.
 * Thread-safe.
 */
public final class Strangers {

    private final int most;
    /** In the order in which they came. */
    private final Set<Channel> channels = new LinkedHashSet<>();

    public Strangers(int most) {
        this.most = most;
    }

    /** Somebody has connected. */
    @SuppressWarnings("FutureReturnValueIgnored") // of a connection that is to be closed nothing more is wanted
    public void connected(Channel channel) {
        Channel longest = null;
        synchronized (channels) {
            channels.add(channel);
            if (channels.size() > most) {
                longest = channels.iterator().next();
                channels.remove(longest);
            }
        }
        if (longest != null) {
            longest.close();
        }
        channel.closeFuture().addListener(closed -> forget(channel));
    }

    /** Does something with the channel that a request came on. */
    static void onChannel(ServerHttpRequest request, Consumer<Channel> action) {
        ServerHttpRequest plain = request;
        while (plain instanceof ServerHttpRequestDecorator decorated) {
            plain = decorated.getDelegate();
        }
        if (plain instanceof AbstractServerHttpRequest real
                && real.getNativeRequest() instanceof HttpServerRequest served) {
            served.withConnection(connection -> action.accept(connection.channel()));
        }
    }

    /** On this connection a valid token, or whatever takes its place, has been shown. */
    public void known(Channel channel) {
        forget(channel);
    }

    private void forget(Channel channel) {
        synchronized (channels) {
            channels.remove(channel);
        }
    }

    int size() {
        synchronized (channels) {
            return channels.size();
        }
    }
}
