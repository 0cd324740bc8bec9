package dev.perigee.edge.pgwire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.perigee.edge.pgwire.CancelRegistry.Registration;
import dev.perigee.edge.pgwire.Upstream.Connection;
import dev.perigee.edge.pgwire.Upstream.Route;
import io.netty.buffer.Unpooled;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@SuppressWarnings("FutureReturnValueIgnored") // it is the way taken that tells
class CancelRegistryTest {

    private static final byte[] KEY = {1, 2, 3, 4};
    private static final byte[] OTHER = {1, 2, 3, 5};
    private static final byte[] LONG = new byte[256];

    private final EventLoop loop = new DefaultEventLoop();
    private final List<String> taken = new ArrayList<>();
    private final List<Promise<Connection>> connecting = new ArrayList<>();
    private final CancelRegistry registry = new CancelRegistry(new Nowhere(), new CancelSender(Duration.ofSeconds(1)));

    private static final class Nowhere implements Upstream {

        @Override
        public List<Attempt> attempts() {
            return List.of();
        }

        @Override
        public Future<Connection> connect(EventLoop loop, Attempt attempt) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Route routeOfStrangers() {
            return null;
        }
    }

    @AfterEach
    void shutDown() {
        loop.shutdownGracefully().getNow();
    }

    /** A way on which nobody arrives. */
    private Route route(String name) {
        return on -> {
            taken.add(name);
            Promise<Connection> promise = on.newPromise();
            connecting.add(promise);
            return promise;
        };
    }

    private Future<?> cancel(int processId, byte[] key) {
        return registry.cancel(
                loop,
                Unpooled.buffer()
                        .writeInt(12 + key.length)
                        .writeInt(StartupNegotiation.CANCEL_REQUEST)
                        .writeInt(processId)
                        .writeBytes(key));
    }

    @Test
    void theKeyDecidesNotTheProcess() {
        registry.register(7, KEY, route("one"));
        registry.register(7, OTHER, route("other"));
        registry.register(8, LONG, route("long"));
        cancel(7, OTHER);
        cancel(7, KEY);
        cancel(8, LONG);
        cancel(8, KEY);
        cancel(9, KEY);
        cancel(7, new byte[] {1, 2, 3, 4, 0});
        assertThat(taken).containsExactly("other", "one", "long");
    }

    @Test
    void whatIsRemovedIsForgotten() {
        Registration first = registry.register(7, KEY, route("first"));
        registry.register(7, KEY, route("second"));
        first.remove();
        first.remove();
        cancel(7, KEY);
        assertThat(taken).containsExactly("second");
        assertThat(registry.size()).isOne();
    }

    @Test
    void noMoreThanSoManyAreOnTheirWay() {
        registry.register(7, KEY, route("way"));
        for (int i = 0; i < 32; i++) {
            assertThat(cancel(7, KEY).isDone()).isFalse();
        }
        assertThat(cancel(7, KEY).isDone()).isTrue();
        assertThat(taken).hasSize(32);
        connecting.get(0).setFailure(new IllegalStateException("not reached")).awaitUninterruptibly();
        await().untilAsserted(() -> {
            cancel(7, KEY);
            assertThat(taken).hasSize(33);
        });
    }
}
